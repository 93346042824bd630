"""The real az against the simulator: it deploys main.json per environment, and what it deployed is scanned, compared and predicted.

Run by `make azure-cli`, which installs az into an environment of its own; its name keeps it out of `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.simulator import Simulator, start_simulator
from tests.stated import write_evidence

Json = Any
GROUP = "rg-chat-prod"
#: The rules that judge by what Azure Monitor has measured for days.
MEASURED = {"AI-008a", "COST-003", "REL-008"}
DEPLOYER: Json = {
    "name": "deployer", "clientId": "a3c1f0de-51b5-4a0f-9f1b-6d1a2b3c4d09", "objectId": "b7e2d1cf-62c6-4b10-a02c-7e2b3c4d5e09",
    "secret": "simulated", "roles": [{"role": "Owner", "scope": "subscription"}],
}  # fmt: skip


@dataclass
class Azure:
    """An empty subscription, az signed in to it, and driftline looking at it."""

    simulator: Simulator
    folder: Path
    deployment: Path

    def az(self, *arguments: str) -> Json:
        """The JSON that az prints; what it says on stderr when it fails."""
        environment = {
            **os.environ, "AZURE_CONFIG_DIR": str(self.folder / "az"), "REQUESTS_CA_BUNDLE": str(self.simulator.ca_file),
            "AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_OUTPUT": "json",
        }  # fmt: skip
        command = [os.environ["DRIFTLINE_AZ"], *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # the real az
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def deploy(self, verb: str, environment: str, *more: str) -> Json:
        """`az deployment group VERB` of main.json with the parameters of an environment."""
        files = ["--template-file", str(self.deployment / "main.json")]
        files += ["--parameters", f"@{self.deployment / f'parameters.{environment}.json'}"]
        return self.az("deployment", "group", verb, "--resource-group", GROUP, "--name", "main", *files, *more)

    def driftline(self, *arguments: str, live: bool = True) -> tuple[int, str]:
        """Exit code and stdout of a command."""
        here = self.simulator
        where = ["--subscription", here.subscriptions[0], "--arm-endpoint", here.endpoint, "--authority", here.authority]
        source = [*where, "--ca-file", str(here.ca_file)] if live else []
        command = [sys.executable, "-m", "scanner.cli", *arguments[:1], *source, *arguments[1:]]
        ran = subprocess.run(  # our own command
            command, env={**os.environ, **here.environment()}, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout or ran.stderr


@pytest.fixture
def azure(tmp_path: Path, root: Path) -> Iterator[Azure]:
    deployment = root / "baselines" / "openai-chat" / "deployment"
    reference = yaml.safe_load((deployment / "reference.yaml").read_text(encoding="utf-8"))
    state = {key: reference[key] for key in ("tenant", "subscription", "resourceGroup", "answers")}
    state |= {"state": "empty", "templates": [{"file": "none.json"}], "principals": [*reference["principals"], DEPLOYER]}
    (tmp_path / "state.yaml").write_text(yaml.safe_dump(state), encoding="utf-8")
    (tmp_path / "none.json").write_text('{"resources": []}', encoding="utf-8")
    with start_simulator(tmp_path / "state.yaml") as simulator:
        found = Azure(simulator, tmp_path, deployment)
        found.az("cloud", "register", "--name", "Local", "--endpoint-resource-manager", simulator.endpoint)
        found.az("cloud", "set", "--name", "Local")
        found.az("config", "set", "core.instance_discovery=false")
        signed_in = ["-u", str(DEPLOYER["clientId"]), "-p", "simulated", "--tenant", state["tenant"]]
        found.az("login", "--service-principal", *signed_in)
        yield found


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_what_az_deploys_holds_the_baseline(azure: Azure, environment: str) -> None:
    assert azure.deploy("validate", environment)["error"] is None
    assert azure.deploy("create", environment)["properties"]["provisioningState"] == "Succeeded"
    shown = azure.az("deployment", "group", "show", "--resource-group", GROUP, "--name", "main")
    assert len(shown["properties"]["outputResources"]) > 100
    stated, settings = str(write_evidence(azure.folder / "evidence", DEPLOYER["objectId"])), azure.folder / "driftline.yaml"
    scopes, deployer = [f"/subscriptions/{azure.simulator.subscriptions[0]}"], {"deployPrincipals": [DEPLOYER["objectId"]]}
    workload = {"name": "chat", "scopes": scopes, "parameters": deployer}
    settings.write_text(json.dumps({"workloads": [workload]}), encoding="utf-8")
    judged_by = ("--environment", environment, "--config", str(settings), "--evidence", stated)
    code, text = azure.driftline("scan", *judged_by, "--fail-on", "info", "--format", "json", "--output", str(azure.folder))
    result = json.loads((azure.folder / "result.json").read_text(encoding="utf-8"))
    said = {(item["verdict"], item["rule"]) for item in result["findings"]}
    assert said == {("unknown", rule) for rule in MEASURED}, text  # of what came into being just now nothing was measured
    assert code == 3


def test_one_property_that_az_changes_is_one_line_of_the_comparison(azure: Azure) -> None:
    azure.deploy("create", "prod")
    before, after = str(azure.folder / "before.jsonl"), str(azure.folder / "after.jsonl")
    assert azure.driftline("collect", "--output", before)[0] == 0
    search = f"/subscriptions/{azure.simulator.subscriptions[0]}/resourceGroups/{GROUP}/providers/Microsoft.Search/searchServices"
    azure.az("resource", "update", "--ids", f"{search}/srch-chat-prod", "--set", "properties.replicaCount=4")
    assert azure.driftline("collect", "--output", after)[0] == 0
    code, text = azure.driftline("diff", before, after, live=False)
    changed = [line for line in text.splitlines() if line.lstrip().startswith(("~", "+", "-"))]
    assert (code, changed) == (1, ["  ~ properties.replicaCount: 3 -> 4"])


def test_what_az_predicts_is_judged(azure: Azure) -> None:
    predicted = azure.deploy("what-if", "prod", "--no-pretty-print")
    (azure.folder / "what-if.json").write_text(json.dumps(predicted), encoding="utf-8")
    options = ["--what-if", str(azure.folder / "what-if.json"), "--output", str(azure.folder), "--format", "json"]
    code, text = azure.driftline("scan", *options, live=False)
    result = json.loads((azure.folder / "result.json").read_text(encoding="utf-8"))
    assert (code, [item["rule"] for item in result["findings"] if item["verdict"] == "fail"]) == (3, []), text
    assert sum(len(ids) for _, _, ids in result["passes"]) > 200


def test_a_template_that_arm_refuses_is_refused_by_az(azure: Azure) -> None:
    (azure.folder / "bad.json").write_text('{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "[parameters(\'x\')]"}]}')
    with pytest.raises(AssertionError, match="InvalidTemplate"):
        azure.az("deployment", "group", "create", "-g", GROUP, "--template-file", str(azure.folder / "bad.json"))
