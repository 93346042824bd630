"""The workloads of driftline.yaml: only what the baseline has may be set or named, and only scopes hold workloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner import __version__
from scanner.model.errors import ConfigurationError
from scanner.rules import load_baseline
from scanner.rules.settings import load_settings
from scanner.rules.workloads import hold_workloads
from tests.rules_loader.folders import BASELINE, write

GROUP = "/subscriptions/s/resourceGroups/rg"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def held(text: str) -> list[str]:
    Path("driftline.yaml").write_text(text, encoding="utf-8")
    write("base", baseline=BASELINE)
    try:
        hold_workloads(load_settings(None, {}, {}), load_baseline("base"))
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    return []


def workload(*lines: str, name: str = "chat", scope: str = GROUP) -> str:
    return "\n".join([f"  - name: {name}", f"    scopes: [{scope}]", *(f"    {line}" for line in lines), ""])


def test_what_the_baseline_has_may_be_set_and_named() -> None:
    fine = workload("parameters: {keyMaxAgeDays: 60}", "components: {storage: [a, b]}")
    assert held("workloads:\n" + fine + workload(name="other", scope="/subscriptions/s")) == []


def test_without_a_file_there_is_nothing_to_hold() -> None:
    write("base", baseline=BASELINE)
    hold_workloads(load_settings(None, {}, {}), load_baseline("base"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (workload("parameters:", "  keyMaxAgeDay: 60"), ['5: the baseline base has no parameter "keyMaxAgeDay"; did you mean "keyMaxAgeDays"?']),
        (workload("parameters: {keyMaxAgeDays: sixty}"), ["4: \"keyMaxAgeDays\" is of type int, not 'sixty'"]),
        (workload("parameters: {keyMaxAgeDays: true}"), ['4: "keyMaxAgeDays" is of type int, not True']),
        (workload("components: {storages: a}"), ['4: the baseline base has no component "storages"; did you mean "storage"?']),
        (workload() + workload(name="Chat"), ['4: "Chat" is already the name in line 2']),
        (workload(scope="rg-chat"), ['3: "rg-chat" is no scope: write /subscriptions/ID or /subscriptions/ID/resourceGroups/NAME']),
        (workload(scope="/"), ['3: "/" is no scope: write /subscriptions/ID or /subscriptions/ID/resourceGroups/NAME']),
        (
            workload("parameters: {x: 1}", scope="s"),
            [
                '3: "s" is no scope: write /subscriptions/ID or /subscriptions/ID/resourceGroups/NAME',
                '4: the baseline base has no parameter "x"',
            ],
        ),
    ],
)  # fmt: skip
def test_what_the_baseline_lacks_is_a_fault_with_its_line(text: str, expected: list[str]) -> None:
    assert held("workloads:\n" + text) == [f"driftline.yaml:{item}" for item in expected]


@pytest.mark.parametrize(
    ("least", "expected"),
    [
        (">=1", []),
        (f">={__version__}", []),
        (">= 0.9.9", []),
        (">=99.1", [f"driftline.yaml:2: needs driftline 99.1 or later, and this is {__version__}: upgrade it"]),
        ("1", ['driftline.yaml:2: "1" is no least version; write ">=1" or ">=1.2"']),
        (">=soon", ['driftline.yaml:2: ">=soon" is no least version; write ">=1" or ">=1.2"']),
    ],
)
def test_a_file_states_the_least_version_that_it_needs(least: str, expected: list[str]) -> None:
    assert held(f'\ndriftline: "{least}"\n') == expected
