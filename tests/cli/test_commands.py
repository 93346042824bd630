"""Every command exists with help and a runnable example; exit codes follow the contract."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.cli.outcome import exit_code
from scanner.model.errors import DriftlineError
from scanner.model.verdict import Severity, Verdict
from scanner.rules import load_baseline
from tests.report.test_terminal import RESULT, finding

COMMANDS = [
    "scan",
    "collect",
    "demo",
    "diff",
    "report",
    "doctor",
    "evidence check",
    "history",
    "remediate",
    "simulate",
    "rules list",
    "rules show",
    "rules test",
    "rules new",
    "rules schema",
    "rules docs",
    "baseline list",
    "baseline show",
    "baseline init",
]


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, list(arguments), standalone_mode=False)
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return int(outcome.return_value or 0), outcome.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example_of_itself(command: str) -> None:
    text = " ".join(run(*command.split(), "--help")[1].split())
    assert f"Example: driftline {command}" in text
    example = shlex.split(text.split("Example: driftline ")[1].split(" Options:")[0].split(" Arguments:")[0].split(">")[0])
    options = {word for word in example if word.startswith("--")}
    assert all(option in text for option in options)


def test_no_command_is_without_a_test() -> None:
    group = typer.main.get_command(app)
    commands: dict[str, Any] = group.commands  # type: ignore[attr-defined]  # a group
    found = {f"{name} {below}".strip() for name, item in commands.items() for below in getattr(item, "commands", [""])}
    assert found == set(COMMANDS)


def test_rules_are_listed_and_shown() -> None:
    assert "NET-003    critical  Azure OpenAI account refuses public access" in run("rules", "list")[1]
    shown = run("rules", "show", "NET-005")[1]
    assert [f"NET-005{letter}" in shown for letter in "abcd"] == [True] * 4
    assert "Why:" in shown


def test_baselines_are_listed_and_shown_with_the_value_of_every_environment() -> None:
    code, text = run("baseline", "list")
    assert (code, text.splitlines()[0][:12]) == (0, "openai-chat:")
    assert re.search(r"environments prod, .*; \d+ controls", text)
    shown = run("baseline", "show", "openai-chat")[1]
    baseline = load_baseline("openai-chat")
    assert all(f"  {name} (" in shown for name in (*baseline.components, *baseline.parameters))
    assert all(f"  {name}: " in shown for name in baseline.tables)
    assert re.search(r"^    prod .+, \w+ ", shown, re.MULTILINE)


def test_a_baseline_that_is_not_there_is_an_error_with_the_shipped_ones() -> None:
    with pytest.raises(DriftlineError, match="Shipped: openai-chat"):
        run("baseline", "show", "openai-chats")


@pytest.mark.parametrize("kind", ["rule", "cases", "baseline", "settings", "waivers", "result", "snapshot", "diff"])
def test_schemas_are_printed(kind: str) -> None:
    assert isinstance(json.loads(run("rules", "schema", kind)[1]), dict)


def test_a_new_rule_loads_and_its_cases_hold(tmp_path: Path) -> None:
    directory = tmp_path / "our-rules"
    assert run("rules", "new", "OUR-001", "--rules", str(directory))[0] == 0
    code, text = run("rules", "test", "--rules", str(directory))
    assert (code, text.splitlines()[-1]) == (0, "1 of 1 rules hold")


def test_a_rule_whose_condition_never_matters_fails_its_test(tmp_path: Path) -> None:
    directory = tmp_path / "our-rules"
    run("rules", "new", "OUR-001", "--rules", str(directory))
    rule = directory / "our" / "our-001.yaml"
    text = rule.read_text(encoding="utf-8")
    condition = "{field: properties.supportsHttpsTrafficOnly, equals: true}"
    rule.write_text(text.replace(condition, f"{{allOf: [{condition}, {{field: location, notEquals: mars}}]}}"), encoding="utf-8")
    code, report = run("rules", "test", "--rules", str(directory))
    assert (code, "the condition at assert.allOf.1 never changes a verdict" in report) == (1, True)


FAIL = finding("A-001", Severity.HIGH, Verdict.FAIL)
UNKNOWN = finding("A-001", Severity.HIGH, Verdict.UNKNOWN)
ERROR = finding("A-001", Severity.LOW, Verdict.ERROR)


@pytest.mark.parametrize(
    ("findings", "fail_on", "allow_unknown", "code"),
    [
        ((), "high", False, 0),
        ((FAIL,), "high", False, 1),
        ((FAIL,), "critical", False, 0),
        ((FAIL,), "never", False, 0),
        ((UNKNOWN,), "high", False, 3),
        ((UNKNOWN,), "high", True, 0),
        ((UNKNOWN,), "critical", False, 0),
        ((FAIL, UNKNOWN), "high", False, 1),
        ((ERROR,), "high", True, 3),
        ((ERROR,), "never", True, 3),
        ((FAIL, ERROR), "high", False, 1),
    ],
)
def test_exit_codes(findings: tuple[object, ...], fail_on: str, allow_unknown: bool, code: int) -> None:  # noqa: FBT001  # a table
    from dataclasses import replace

    assert exit_code(replace(RESULT, findings=findings), fail_on, allow_unknown=allow_unknown) == code  # type: ignore[arg-type]  # findings


def test_an_incomplete_scan_is_undecided() -> None:
    from dataclasses import replace

    interrupted = replace(RESULT, findings=(), scan=replace(RESULT.scan, complete=False))
    assert exit_code(interrupted, "high", allow_unknown=False) == 3
