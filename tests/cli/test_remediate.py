"""`driftline remediate`: what it writes, and what it refuses with the difference."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.model.errors import DriftlineError
from scanner.report.schemas import schemas

Json = Any


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the result of a live scan of `drifted`, and the snapshot that it kept."""
    folder = tmp_path_factory.mktemp("drifted")
    driftline("scan", "--simulate", "drifted", "--keep", str(folder / "state.jsonl"), "--output", str(folder), "--quiet")
    return folder


def driftline(*arguments: str) -> tuple[int, str]:
    """Exit code and what was said."""
    outcome = CliRunner().invoke(app, list(arguments), standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return int(outcome.return_value), outcome.output


def remediate(
    folder: Path, output: Path, *options: str, snapshot: str = "state.jsonl", result: str = "result.json"
) -> tuple[int, str]:
    return driftline("remediate", str(folder / result), "--snapshot", str(folder / snapshot), "--output", str(output), *options)


def plan_in(output: Path) -> Json:
    plan = json.loads((output / "plan.json").read_text(encoding="utf-8"))
    jsonschema.validate(plan, schemas()["plan"])
    return plan


@pytest.fixture(scope="module")
def proven(drifted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proven plan of all that drifted."""
    output = tmp_path_factory.mktemp("proven")
    formats = [word for name in ("az", "arm", "powershell", "terraform") for word in ("--format", name)]
    code, said = remediate(drifted, output, "--prove", *formats)
    assert code == 0, said
    return output


def test_what_a_scan_keeps_is_what_it_judged(drifted: Path, tmp_path: Path) -> None:
    driftline("scan", "--snapshot", str(drifted / "state.jsonl"), "--output", str(tmp_path), "--quiet")
    live, again = (json.loads((folder / "result.json").read_text(encoding="utf-8"))["findings"] for folder in (drifted, tmp_path))
    assert [item["fingerprint"] for item in live] == [item["fingerprint"] for item in again]


def test_a_plan_its_scripts_and_their_readme_are_written_for_the_owner_alone(proven: Path) -> None:
    names = {
        "plan.json",
        "result.json",
        "README.md",
        "fix.sh",
        "undo.sh",
        "fix.ps1",
        "undo.ps1",
        "main.tf",
        "fix.json",
        "undo.json",
    }
    written = {path.name: path for path in proven.iterdir()}
    assert names <= written.keys()
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in written.values()} == {0}


def test_the_proof_holds_and_every_step_is_proven(proven: Path) -> None:
    plan = plan_in(proven)
    assert plan["proof"]["holds"] is True
    assert {step["proof"]["state"] for step in plan["steps"]} == {"proven"}
    promised = {finding for step in plan["steps"] for finding in step["findings"]}
    foreseen = {item["finding"] for item in plan["foreseen"]}
    assert {item["finding"] for item in plan["proof"]["fixed"]} == promised - foreseen


def test_every_failure_is_planned_for_left_to_people_or_mended_by_the_way(proven: Path, drifted: Path) -> None:
    plan = plan_in(proven)
    result = json.loads((drifted / "result.json").read_text(encoding="utf-8"))
    failing = {item["fingerprint"] for item in result["findings"] if item["verdict"] == "fail"}
    planned = {finding for step in plan["steps"] for finding in step["findings"]}
    told = planned | {item["finding"] for item in (*plan["manual"], *plan["covered"])}
    assert failing - told == set()


def test_findings_say_that_their_fix_is_proven(proven: Path) -> None:
    result = json.loads((proven / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, schemas()["result"])
    proofs = {item["fix"].get("proof") for item in result["findings"] if item["verdict"] == "fail" and "steps" in item["fix"]}
    assert proofs == {"proven"}


def test_the_same_input_gives_the_same_files(proven: Path, drifted: Path, tmp_path: Path) -> None:
    remediate(drifted, tmp_path, "--prove", "--quiet")
    for path in tmp_path.iterdir():
        if path.name != "README.md":  # it tells of the formats that were asked for
            assert path.read_bytes() == (proven / path.name).read_bytes(), path.name


def test_some_rules_alone_are_planned_for(drifted: Path, tmp_path: Path) -> None:
    code, said = remediate(drifted, tmp_path, "--only", "NET-003")
    plan = plan_in(tmp_path)
    assert "Nothing was tried: --prove rehearses the plan." in said
    assert (code, [step["rules"] for step in plan["steps"]], plan["proof"]) == (0, [["NET-003"]], None)
    assert len(plan["left"]) > 50


def test_a_snapshot_of_another_state_is_refused_with_the_difference(drifted: Path, tmp_path: Path) -> None:
    driftline("collect", "--simulate", "reference", "--output", str(tmp_path / "other.jsonl"), "--quiet")
    with pytest.raises(DriftlineError) as caught:
        driftline(
            "remediate", str(drifted / "result.json"), "--snapshot", str(tmp_path / "other.jsonl"), "--output", str(tmp_path)
        )
    assert "do not belong together" in str(caught.value)
    assert "fails in the result alone: " in str(caught.value)
    assert not (tmp_path / "plan.json").exists()


def test_a_snapshot_of_other_scopes_is_refused(drifted: Path, tmp_path: Path) -> None:
    lines = (drifted / "state.jsonl").read_text(encoding="utf-8").replace("5d0c1a52-7f3e", "5d0c1a53-7f3e")
    (tmp_path / "other.jsonl").write_text(lines, encoding="utf-8")
    with pytest.raises(DriftlineError, match=r"not of this snapshot: only the result holds /subscriptions/5d0c1a52"):
        driftline(
            "remediate", str(drifted / "result.json"), "--snapshot", str(tmp_path / "other.jsonl"), "--output", str(tmp_path)
        )


def test_another_environment_is_refused(drifted: Path, tmp_path: Path) -> None:
    with pytest.raises(DriftlineError, match="made by another environment: prod, now dev"):
        remediate(drifted, tmp_path, "--environment", "dev")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "driftline.result/0"}, "is no result of driftline"),
        ({"scan.rules_hash": "0" * 16}, "made by other rules: 0000000000000000, now "),
        ({"scan.baseline_hash": "0" * 16}, "made by other content of the baseline: 0000000000000000, now "),
    ],
)
def test_a_result_of_another_make_is_refused(change: dict[str, str], words: str, drifted: Path, tmp_path: Path) -> None:
    result = json.loads((drifted / "result.json").read_text(encoding="utf-8"))
    for path, value in change.items():
        *above, last = path.split(".")
        holder = result
        for name in above:
            holder = holder[name]
        holder[last] = value
    (tmp_path / "result.json").write_text(json.dumps(result), encoding="utf-8")
    with pytest.raises(DriftlineError, match=words):
        driftline(
            "remediate", str(tmp_path / "result.json"), "--snapshot", str(drifted / "state.jsonl"), "--output", str(tmp_path)
        )


def test_what_a_waiver_accepts_is_left_alone(drifted: Path, tmp_path: Path) -> None:
    waiver = {"rule": "NET-003", "resource": "/subscriptions/**", "owner": "us", "reason": "known", "expires": "2099-01-01"}
    (tmp_path / "waivers.yaml").write_text(yaml.safe_dump([waiver]), encoding="utf-8")
    (tmp_path / "driftline.yaml").write_text("waivers: waivers.yaml\n", encoding="utf-8")
    config = ["--config", str(tmp_path / "driftline.yaml"), "--quiet"]
    driftline("scan", "--snapshot", str(drifted / "state.jsonl"), "--output", str(tmp_path), *config)
    code, _ = driftline(
        "remediate", str(tmp_path / "result.json"), "--snapshot", str(drifted / "state.jsonl"), "--output", str(tmp_path), *config
    )
    plan = plan_in(tmp_path)
    assert (code, [step for step in plan["steps"] if "NET-003" in step["rules"]], len(plan["left"])) == (0, [], 1)


@pytest.fixture
def own_rules(tmp_path: Path) -> Path:
    """A rule whose fix does not mend."""
    rule = {
        "id": "OUR-001", "title": "Search has twelve replicas", "severity": "low",
        "target": {"type": "Microsoft.Search/searchServices"}, "assert": {"field": "properties.replicaCount", "equals": 12},
        "fix": {"title": "Add one", "disrupts": {"level": "none"}, "steps": [
            {"set": {"resource": "[field('id')]", "api_version": "2025-05-01", "values": {"properties.partitionCount": 2}}}
        ]},
    }  # fmt: skip
    (tmp_path / "rules" / "our").mkdir(parents=True)
    (tmp_path / "rules" / "our" / "replicas.yaml").write_text(yaml.safe_dump(rule, sort_keys=False), encoding="utf-8")
    return tmp_path / "rules"


def test_a_proof_that_fails_is_exit_code_1_and_marks_the_step(own_rules: Path, drifted: Path, tmp_path: Path) -> None:
    rules = ["--rules", str(own_rules), "--only", "OUR-001"]
    driftline("scan", "--snapshot", str(drifted / "state.jsonl"), "--output", str(tmp_path), "--quiet", *rules)
    code, said = driftline(
        "remediate",
        str(tmp_path / "result.json"),
        "--snapshot",
        str(drifted / "state.jsonl"),
        "--output",
        str(tmp_path),
        "--prove",
        *rules,
    )
    (step,) = plan_in(tmp_path)["steps"]
    assert (code, step["proof"]["state"]) == (1, "failed")
    assert "OUR-001 still fails" in step["proof"]["note"]
    assert "The proof FAILED" in said


def test_without_az_the_proof_by_az_is_refused(drifted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DRIFTLINE_AZ", raising=False)
    with pytest.raises(DriftlineError, match="az is not installed"):
        remediate(drifted, tmp_path, "--prove-with", "az")
