"""Every shipped rule against its cases, and rules about rules."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from scanner.engine.cases import run_cases
from scanner.facts import FACT_PATHS
from scanner.model.yaml_file import load_yaml
from scanner.rules import Baseline, RuleSet, load_baseline, load_cases, load_rules

CASES = Path(__file__).parent
RULES = CASES.parents[1] / "rules"
FILES = sorted(path for path in RULES.rglob("*.yaml") if path.parent != RULES)
KEYS = ["id", "control", "name", "title", "severity", "pillar", "section", "frameworks", "rationale", "help", "target", "unknown_when",
        "assert", "message", "consequence_of", "fix"]  # fmt: skip
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def loaded() -> tuple[Baseline, RuleSet]:
    baseline = load_baseline("openai-chat")
    return baseline, load_rules([], baseline, fact_paths=FACT_PATHS)


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_cases_of_a_rule_hold_and_each_condition_matters(file: Path) -> None:
    baseline, rule_set = loaded()
    cases = load_cases([CASES / file.parent.name / file.name])
    failures = [failure for report in run_cases(cases, rule_set, baseline, NOW) for failure in report.failures]
    assert failures == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_carries_every_key_in_order_and_is_named_for_its_place(file: Path) -> None:
    loaded_file = load_yaml(file, [])
    assert loaded_file is not None
    data = loaded_file.data
    assert list(data) == KEYS
    assert (data["name"], data["id"].partition("-")[0].lower()) == (file.stem, file.parent.name)
    assert not data["title"].lower().startswith("ensure")
    assert all(data[key] for key in ("title", "section", "rationale", "help", "message"))


def test_cases_stand_only_for_rules_that_exist() -> None:
    stray = {path.relative_to(CASES) for path in CASES.rglob("*.yaml")} - {path.relative_to(RULES) for path in FILES}
    assert stray == set()


def test_every_default_names_its_source() -> None:
    file = load_yaml(RULES / "defaults.yaml", [])
    assert file is not None
    assert all(entry["source"] for paths in file.data.values() for entry in paths.values())
