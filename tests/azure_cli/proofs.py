"""What drifted, mended by the very script, with the real az over HTTPS: on a simulator of the snapshot, and on the drifted one itself.

Run by `make azure-cli`, which installs az into an environment of its own; its name keeps it out of `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.simulator import Simulator, start_simulator

Json = Any
MENDER = {
    "name": "mender", "clientId": "a3c1f0de-51b5-4a0f-9f1b-6d1a2b3c4d0a", "objectId": "b7e2d1cf-62c6-4b10-a02c-7e2b3c4d5e0a",
    "secret": "simulated", "roles": [{"role": "Owner", "scope": "subscription"}],
}  # fmt: skip


def driftline(*arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and what was said."""
    command = [sys.executable, "-m", "scanner.cli", *arguments]
    ran = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def loaded(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def test_what_drifted_is_mended_by_the_script_and_undone_again(tmp_path: Path) -> None:
    state, fix = tmp_path / "state.jsonl", tmp_path / "fix"
    driftline("collect", "--simulate", "drifted", "--output", str(state))
    driftline("scan", "--snapshot", str(state), "--output", str(tmp_path))
    code, said = driftline(
        "remediate", str(tmp_path / "result.json"), "--snapshot", str(state), "--prove-with", "az", "--output", str(fix)
    )
    plan = loaded(fix / "plan.json")
    assert (code, plan["proof"]["by"], plan["proof"]["holds"]) == (0, "az", True), said
    promised = {finding for step in plan["steps"] for finding in step["findings"]} - {
        item["finding"] for item in plan["foreseen"]
    }
    assert {item["finding"] for item in plan["proof"]["fixed"]} == promised
    assert len(plan["steps"]) > 30


@pytest.fixture
def drifted(tmp_path: Path, root: Path) -> Any:
    """A live subscription that drifted, in which someone may mend."""
    folder = root / "baselines" / "openai-chat" / "deployment"
    principals = [*yaml.safe_load((folder / "reference.yaml").read_text(encoding="utf-8"))["principals"], MENDER]
    (tmp_path / "state.yaml").write_text(
        yaml.safe_dump({"state": "live", "from": "drifted.yaml", "principals": principals}), encoding="utf-8"
    )
    with start_simulator(tmp_path / "state.yaml") as simulator:
        yield simulator


def live(simulator: Simulator, command: str, *arguments: str) -> tuple[int, str]:
    """A command on the live subscription, every property read directly."""
    where = [
        "--subscription",
        simulator.subscriptions[0],
        "--arm-endpoint",
        simulator.endpoint,
        "--authority",
        simulator.authority,
    ]
    return driftline(command, *where, "--ca-file", str(simulator.ca_file), "--fresh", *arguments, **simulator.environment())


def run(script: Path, simulator: Simulator, folder: Path, *options: str) -> tuple[int, str]:
    """A script with the real az, signed in as the one who may mend."""
    az = Path(os.environ["DRIFTLINE_AZ"])
    variables = {
        **os.environ, "PATH": f"{az.parent}{os.pathsep}{os.environ['PATH']}", "AZURE_CONFIG_DIR": str(folder / "az"),
        "REQUESTS_CA_BUNDLE": str(simulator.ca_file), "AZURE_CORE_COLLECT_TELEMETRY": "0",
    }  # fmt: skip
    if not (folder / "az").exists():
        login = ["-u", str(MENDER["clientId"]), "-p", "simulated", "--tenant", simulator.deployed.tenant]
        for arguments in (
            ["cloud", "register", "--name", "Local", "--endpoint-resource-manager", simulator.endpoint], ["cloud", "set", "--name", "Local"],
            ["config", "set", "core.instance_discovery=false"], ["login", "--service-principal", *login],
        ):  # fmt: skip
            signed = subprocess.run([az, *arguments], env=variables, capture_output=True, text=True, check=False)
            assert signed.returncode == 0, signed.stderr
    ran = subprocess.run(["bash", script, *options], env=variables, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def failing(folder: Path) -> set[str]:
    return {item["fingerprint"] for item in loaded(folder / "result.json")["findings"] if item["verdict"] == "fail"}


def test_a_live_subscription_is_mended_and_led_back(drifted: Simulator, tmp_path: Path) -> None:
    before, after, fix = tmp_path / "before", tmp_path / "after", tmp_path / "fix"
    assert live(drifted, "collect", "--output", str(tmp_path / "before.jsonl"))[0] == 0
    driftline("scan", "--snapshot", str(tmp_path / "before.jsonl"), "--output", str(before))
    code, said = driftline(
        "remediate", str(before / "result.json"), "--snapshot", str(tmp_path / "before.jsonl"), "--prove", "--output", str(fix)
    )
    assert code == 0, said
    code, said = run(fix / "fix.sh", drifted, tmp_path)
    assert (code, "Nothing was changed." in said) == (0, True), said
    code, said = run(fix / "fix.sh", drifted, tmp_path, "--apply", "--force")  # some steps wait for a person, and nobody comes
    assert code == 0, said
    assert live(drifted, "scan", "--output", str(after))[0] == 1  # what is left to people
    plan = loaded(fix / "plan.json")
    promised = {finding for step in plan["steps"] for finding in step["findings"]}
    assert promised & failing(after) == set()
    assert failing(after) - failing(before) == set()
    code, said = run(fix / "undo.sh", drifted, tmp_path, "--apply")
    assert code == 0, said
    assert live(drifted, "collect", "--output", str(tmp_path / "undone.jsonl"))[0] == 0
    driftline(
        "diff", str(tmp_path / "before.jsonl"), str(tmp_path / "undone.jsonl"), "--format", "json", "--output", str(tmp_path)
    )
    differing = {item["resource"].lower() for item in loaded(tmp_path / "diff.json")["changes"]}
    assert differing == {step["resource"].lower() for step in plan["steps"] if step["undo"] is None}
