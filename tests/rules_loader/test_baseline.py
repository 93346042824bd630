"""Baselines: what an environment settles, and every fault with file and line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.rules import Component, load_baseline
from scanner.rules.baseline import Parameter, baseline_names
from tests.rules_loader.folders import BASELINE, faults_of, write


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(old: str, new: str) -> list[str]:
    """The faults of the baseline with one part of its text replaced."""
    assert old in BASELINE
    write("own", baseline=BASELINE.replace(old, new, 1))
    return faults_of(lambda: load_baseline("own"))


def test_a_baseline_is_its_components_parameters_and_tables() -> None:
    found = load_baseline(str(write("own", baseline=BASELINE, rbac="- {row: a}\n", tables__zones="[1, 2]\n")))
    assert (found.name, found.version, found.environment, found.tables) == (
        "own",
        "1",
        "dev",
        {"rbac": [{"row": "a"}], "zones": [1, 2]},
    )
    assert found.components == {
        "workspace": Component("workspace", ("Microsoft.MachineLearningServices/workspaces",), None, 1, 1, None, foundational=False, purpose=""),
        "storage": Component(
            "storage", ("Microsoft.Storage/storageAccounts",), None, 0, 2, ("workspace", "properties.storageAccount"),
            foundational=False, purpose="",
        ),
    }  # fmt: skip
    assert (found.parameters, found.described) == (
        {"keyMaxAgeDays": 90},
        (Parameter("keyMaxAgeDays", "int", "How old a key may be.", 90, "default of the baseline"),),
    )


def test_an_environment_has_its_own_values() -> None:
    write("own", baseline=BASELINE)
    assert load_baseline("own", "prod").described == (
        Parameter("keyMaxAgeDays", "int", "How old a key may be.", 30, "environment prod of the baseline"),
    )


@pytest.mark.parametrize(
    ("count", "expected"), [("2", (2, 2)), ("0..", (0, None)), ("1..3", (1, 3)), ("0..1000000", (0, 1_000_000))]
)
def test_a_count_is_a_number_or_a_range(count: str, expected: tuple[int, int | None]) -> None:
    write("own", baseline=BASELINE.replace("0..2", f'"{count}"'))
    found = load_baseline("own").components["storage"]
    assert (found.least, found.most) == expected


def test_the_hash_stands_for_every_file() -> None:
    write("own", baseline=BASELINE, rbac="[]\n")
    before = load_baseline("own").hash
    assert load_baseline("own").hash == before
    write("own", rbac="[1]\n")
    assert load_baseline("own").hash != before


def test_the_shipped_baselines_load_in_each_environment() -> None:
    assert baseline_names() == ("openai-chat",)
    assert (
        load_baseline("openai-chat").environment
        == load_baseline("openai-chat", load_baseline("openai-chat").environment).environment
    )


def test_an_unknown_baseline_is_said_with_what_is_near_and_what_there_is() -> None:
    with pytest.raises(DriftlineError) as caught:
        load_baseline("openai-chatt")
    assert str(caught.value) == (
        'no baseline is called "openai-chatt"; did you mean "openai-chat"?\n'
        "Shipped: openai-chat; or name a directory with a baseline.yaml."
    )


def test_an_unknown_environment_is_said_where_they_are_listed() -> None:
    write("own", baseline=BASELINE)
    assert faults_of(lambda: load_baseline("own", "prd")) == [
        'own/baseline.yaml:2: no environment is called "prd"; did you mean "prod"? (known: dev, prod)'
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('version: "1"', "version: 1", ['own/baseline.yaml:1: "version": should be a valid string']),
        ("[dev, prod]", "[]", ['own/baseline.yaml:2: "environments": should have at least 1 item, not 0']),
        (
            "    type: Microsoft.Mach",
            "    type: Microsoft.Much",
            [
                'own/baseline.yaml:5: unknown resource type "Microsoft.MuchineLearningServices/workspaces"; did you mean "Microsoft.MachineLearningServices/workspaces"?'
            ],
        ),
        (
            "workspaces\n",
            "workspaces\n    where: {feld: kind}\n",
            ['own/baseline.yaml:6: unknown key "feld"; did you mean "field"?'],
        ),
        (
            "workspaces\n",
            "workspaces\n    where:\n      allOf:\n        - {field: kind, equal: a}\n",
            [
                "own/baseline.yaml:8: a field needs exactly one operator",
                'own/baseline.yaml:8: unknown key "equal"; did you mean "equals"?',
            ],
        ),
        ('"workspace:', '"workspce:', ['own/baseline.yaml:8: no component is called "workspce"; did you mean "workspace"?']),
        ('"workspace:', '"storage:', ["own/baseline.yaml:8: it is bound via itself: storage → storage"]),
        (
            'storageAccount"',
            'storageAccount["',
            ["own/baseline.yaml:8: path 'properties.storageAccount[', column 26: expected [*], [0] or ['name']"],
        ),
        ("0..2", "2..0", ['own/baseline.yaml:9: "2..0" is no number or range from least to most, of 1000000 at most']),
        ("0..2", "a", ["own/baseline.yaml:9: \"count\": should match pattern '^\\d+(\\.\\.\\d*)?$'"]),
        (
            "0..2",
            '"9999999.."',
            ['own/baseline.yaml:9: "9999999.." is no number or range from least to most, of 1000000 at most'],
        ),
        ("default: 90", "default: ninety", ["own/baseline.yaml:13: \"keyMaxAgeDays\" is of type int, not 'ninety'"]),
        ("default: 90", "default: true", ['own/baseline.yaml:13: "keyMaxAgeDays" is of type int, not True']),
        ("prod: 30", "prod: 1.5", ['own/baseline.yaml:16: "keyMaxAgeDays" is of type int, not 1.5']),
        ("prod: 30", "prd: 30", ['own/baseline.yaml:16: no environment is called "prd"; did you mean "prod"?']),
        (
            "type: int",
            "type: integer",
            ["own/baseline.yaml:12: \"type\": should be 'int', 'number', 'string', 'bool', 'array' or 'object'"],
        ),
        (BASELINE, "", ["own/baseline.yaml:1: should be a mapping"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, expected: list[str]) -> None:
    assert refused(old, new) == expected


def test_tables_are_held_to_one_name_each_and_to_yaml() -> None:
    write("own", baseline=BASELINE, a="1\n", tables__a="1\n", tables__b="x: [\n")
    assert faults_of(lambda: load_baseline("own")) == [
        "own/tables/a.yaml:1: two tables are called a",
        "own/tables/b.yaml:1: is not YAML: did not find expected node content",
    ]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from(["[", "}", ":", "\n  ", "- ", '"', "5", "null", "..", "[*]", "9" * 5000, "é"]), max_size=3),
)
def test_a_text_in_any_state_loads_or_is_refused_and_nothing_else(seed: int, pieces: list[str]) -> None:
    chance, text = random.Random(seed), BASELINE  # noqa: S311  # test data
    for piece in ["", *pieces]:
        start = chance.randrange(len(text) + 1)
        text = text[:start] + piece + text[start + chance.randrange(12) :]
    write("own", baseline=text)
    try:
        assert load_baseline("own").name == "own"
    except ConfigurationError as error:
        assert {fault.file for fault in error.faults} == {"own/baseline.yaml"}
