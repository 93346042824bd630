"""Snapshots that are collected and scanned later, secrets that go nowhere, bad input that gets words and exit code 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.report.schemas import schemas
from scanner.simulator import start_simulator
from tests.children import HARD_LIMIT, driftline_child, wait_until

Scan = Callable[..., tuple[int, dict[str, Any]]]
DRIFTLINE = [sys.executable, "-m", "scanner.cli"]
CANARY = "CANARY-77c1"


def driftline(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DRIFTLINE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
    )  # fmt: skip


def test_a_snapshot_scans_as_what_it_was_taken_of(tmp_path: Path, scan: Scan) -> None:
    taken = driftline("collect", "--simulate", "drifted", "--output", "s.jsonl.gz", cwd=tmp_path)
    assert (taken.returncode, taken.stdout) == (0, "")
    live_code, live = scan("--simulate", "drifted")
    code, filed = scan("--snapshot", str(tmp_path / "s.jsonl.gz"))
    assert code == live_code
    assert [(item["rule"], item["resource"], item["subject"]) for item in filed["findings"]] == [
        (item["rule"], item["resource"], item["subject"]) for item in live["findings"]
    ]
    assert filed["passes"] == live["passes"]


def test_snapshot_lines_hold_to_their_schema(tmp_path: Path) -> None:
    driftline("collect", "--simulate", "reference", "--output", "s.jsonl", cwd=tmp_path)
    for line in (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines():
        jsonschema.validate(json.loads(line), schemas()["snapshot"])


def test_a_snapshot_of_other_rules_is_unknown_where_it_was_not_asked(tmp_path: Path, scan: Scan) -> None:
    lines = []
    driftline("collect", "--simulate", "reference", "--output", "s.jsonl", cwd=tmp_path)
    for line in (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        if "schema" in data:
            del data["resources"]  # the count by which a file that was cut off is known
            data["reads"] = [read for read in data["reads"] if read["what"] != "Microsoft.Search/searchServices"]
        elif "searchServices" in str(data["body"].get("id")):
            continue
        lines.append(json.dumps(data))
    (tmp_path / "s.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, result = scan("--snapshot", str(tmp_path / "s.jsonl"))
    assert (code, {item["verdict"] for item in result["findings"]}) == (3, {"unknown"})
    assert {item["rule"] for item in result["findings"]} >= {"NET-004", "KEY-003", "REL-007", "GOV-004a", "MON-001"}
    assert all("searchServices" in item["message"] for item in result["findings"])


def test_the_same_snapshot_and_options_give_the_same_bytes(tmp_path: Path) -> None:
    driftline("collect", "--simulate", "drifted", "--output", "s.jsonl", cwd=tmp_path)
    outputs = [
        driftline("scan", "--snapshot", "s.jsonl", "--format", "json", "--now", "2026-11-23T00:00:00Z", cwd=tmp_path)
        for _ in range(2)
    ]
    assert outputs[0].stdout == outputs[1].stdout
    assert json.loads(outputs[0].stdout)["scan"]["started"] == "2026-11-23T00:00:00Z"


def test_secrets_are_written_nowhere(tmp_path: Path, state: Callable[[str], str]) -> None:
    base = "providers/Microsoft."
    planted = {
        f"{base}Insights/components/appi-chat": "properties.ConnectionString",
        f"{base}KeyVault/vaults/kv-chat-prod/secrets/endpoint-chat-key": "properties.value",
        f"{base}Storage/storageAccounts/stmlchatprod": "properties.primaryKey",
        f"{base}Compute/virtualMachines/vm-jumpbox": "properties.osProfile.customData",
        f"{base}MachineLearningServices/workspaces/mlw-chat-prod": "properties.connectionString",
        f"{base}CognitiveServices/accounts/oai-chat-prod": "properties.apiProperties.clientSecret",
        f"{base}Web/sites/app-chat-prod": "properties.siteConfig",
    }
    changes = [
        {
            "title": "A secret",
            "set": {
                "resource": resource,
                "values": {path: {"appSettings": [{"value": CANARY}]} if path.endswith("siteConfig") else CANARY},
            },
        }
        for resource, path in planted.items()
    ]
    path = state(json.dumps({"changes": changes})[1:-1].replace('"changes"', "changes", 1))
    assert (
        driftline("collect", "--simulate", path, "--output", "s.jsonl", "--log-file", "log", "--verbose", cwd=tmp_path).returncode
        == 0
    )
    scanned = driftline(
        "scan", "--simulate", path, "--output", "out", "--log-file", "log", "--verbose", "--include-passes", cwd=tmp_path
    )
    assert scanned.returncode in (0, 1)
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "state.yaml"]
    assert {"s.jsonl", "result.json"} <= {file.name for file in written}
    assert [file.name for file in written if CANARY in file.read_text(encoding="utf-8", errors="replace")] == []
    assert CANARY not in scanned.stdout + scanned.stderr
    assert (tmp_path / "s.jsonl").read_text(encoding="utf-8").count("(removed: secret)") >= len(planted)


RULE = """id: OUR-001
title: t
severity: low
target: {type: Microsoft.Storage/storageAccounts}
assert: {field: properties.supportsHttpsTrafficOnly, equals: true}
"""


@pytest.mark.parametrize(
    ("files", "arguments", "words"),
    [
        ({"our/a.yaml": RULE.replace("equals", "equal")}, ["--rules", "our"], 'our/a.yaml:5: unknown key "equal"; did you mean "equals"?'),
        ({"our/a.yaml": RULE.replace("Https", "Http")}, ["--rules", "our"], 'did you mean "properties.supportsHttpsTrafficOnly"?'),
        ({"our/a.yaml": RULE.replace("severity: low", "severity: lwo")}, ["--rules", "our"], "our/a.yaml:3:"),
        ({"our/a.yaml": RULE.replace("storageAccounts", "storageAccount")}, ["--rules", "our"], 'did you mean "Microsoft.Storage/storageAccounts"?'),
        ({"our/a.yaml": RULE + "colour: red\n"}, ["--rules", "our"], 'our/a.yaml:6: unknown key "colour"'),
        ({"our/a.yaml": RULE + "title: again\n"}, ["--rules", "our"], 'our/a.yaml:6: the key "title" stands here twice'),
        ({"our/a.yaml": RULE.replace("title: t\n", "")}, ["--rules", "our"], '"title" is missing'),
        ({"our/a.yaml": RULE, "our/b.yaml": RULE}, ["--rules", "our"], "our/b.yaml:1: the id OUR-001 is taken by our/a.yaml"),
        ({"our/a.yaml": RULE.replace("true}", '"[baseline(\'keyMaxAge\')]"}')}, ["--rules", "our"], 'did you mean "keyMaxAgeDays"?'),
        ({"our/a.yaml": "a: [1\n"}, ["--rules", "our"], "our/a.yaml:1: is not YAML"),
        ({"our/a.yaml": RULE.replace("low", "lwo"), "our/b.yaml": "- 1\n"}, ["--rules", "our"], "our/b.yaml"),
        ({"our/a.yaml": RULE, "our/defaults.yaml": "Microsoft.Storage/storageAccounts: {properties.minimumTlsVersion: TLS1_2}\n"},
         ["--rules", "our"], "cannot be replaced"),
        ({"driftline.yaml": "basline: x\n"}, [], 'driftline.yaml:1: unknown key "basline"; did you mean "baseline"?'),
        ({"driftline.yaml": "environment: prd\n"}, [], 'no environment is called "prd"; did you mean "prod"?'),
        ({"driftline.yaml": "fail_on: hihg\n"}, [], "driftline.yaml:1:"),
        ({"base/baseline.yaml": "version: '1'\nenvironments: []\ncomponents: {}\n"}, ["--baseline", "base"], "base/baseline.yaml:2:"),
        ({"s.jsonl": '{"schema": "driftline.snapshot/1", "scopes": [], "reads": [], "gaps": []}\n{"body":\n'}, ["--snapshot", "s.jsonl"],
         "s.jsonl:2: the line is not JSON"),
        ({}, ["--snapshot", "none.jsonl"], "none.jsonl cannot be read"),
        ({}, ["--simulate", "reference", "--snapshot", "x"], "exclude each other"),
        ({}, ["--only", "NET-900"], 'no rule, control or family is called "NET-900"'),
        ({}, ["--fail-on", "hihg"], "hihg"),
        ({}, ["--rules", "nowhere"], "nowhere: is no directory of rules"),
    ],
)  # fmt: skip
def test_bad_input_gets_words_and_exit_code_2(tmp_path: Path, files: dict[str, str], arguments: list[str], words: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    source = [] if {"--snapshot", "--simulate"} & set(arguments) else ["--simulate", "reference"]
    done = driftline("scan", *source, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_are_explained_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "driftline.yaml").write_text("environment: test\nfail_on: low\n", encoding="utf-8")
    done = driftline("scan", "--explain-config", "--fail-on", "critical", cwd=tmp_path, DRIFTLINE_BASELINE="openai-chat")
    lines = done.stdout.splitlines()
    assert 'baseline = "openai-chat"    (environment variable DRIFTLINE_BASELINE)' in lines
    assert 'environment = "test"    (driftline.yaml:1)' in lines
    assert 'fail_on = "critical"    (command line)' in lines
    assert "keyMaxAgeDays = 90    (default of the baseline)" in lines


def test_a_workload_of_the_settings_has_its_own_parameters_and_hints(
    tmp_path: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01/resourceGroups/rg-chat-prod"
    (tmp_path / "driftline.yaml").write_text(
        f"workloads:\n  - name: chat\n    scopes: [{group}]\n    components: {{search: srch-chat-prod, vault: nowhere}}\n"
        "    parameters: {minInstances: 4}\n", encoding="utf-8",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, result = scan("--simulate", "reference")
    assert (code, {(item["rule"], item["subject"]) for item in result["findings"]}) == (
        1, {("REL-001", ""), ("REL-002", ""), ("REL-009", ""), ("REL-010", ""), ("GOV-004a", "vault"), ("IAM-013b", "chatUi"),
         ("IAM-013b", "gateway")},
    )  # fmt: skip
    assert result["workloads"][0]["name"] == "chat"


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_keeps_a_partial_result(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text('- {path: "*/diagnosticSettings", delay: 60}\n', encoding="utf-8")
    with start_simulator("reference", faults=faults) as simulator:
        arguments = [
            "scan", "--subscription", simulator.subscriptions[0], "--arm-endpoint", simulator.endpoint, "--authority",
            simulator.authority, "--ca-file", str(simulator.ca_file), "--output", "out", "--quiet",
        ]  # fmt: skip
        with driftline_child(*arguments, cwd=tmp_path, environment=simulator.environment()) as scanning:
            wait_until(lambda: any(path.endswith("/raiPolicies") for _, path, _ in simulator.requests), scanning)
            scanning.send_signal(signal.SIGINT)
            _, errors = scanning.communicate(timeout=HARD_LIMIT)
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert (scanning.returncode, result["scan"]["complete"], errors) == (3, False, "")
    assert "MON-001" in {item["rule"] for item in result["findings"] if item["verdict"] == "unknown"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_ends_the_simulator_that_has_said_how_to_reach_it(tmp_path: Path) -> None:
    with driftline_child("simulate", cwd=tmp_path, environment={}) as simulator:
        assert simulator.stdout is not None
        assert simulator.stderr is not None
        said = [simulator.stdout.readline() for _ in range(5)]
        assert simulator.stderr.readline() == "# Ctrl-C ends the simulator.\n"
        simulator.send_signal(signal.SIGINT)
        _, errors = simulator.communicate(timeout=HARD_LIMIT)
    assert (simulator.returncode, errors) == (0, "# Ended.\n")
    assert [line.split("=")[0] for line in said[:4]] == [
        f"export AZURE_{name}" for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "AUTHORITY_HOST")
    ]
    assert said[4].startswith("# driftline scan --subscription ")
