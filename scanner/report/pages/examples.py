"""Examples of rules: of all cases that a rule passes or fails, the plainest, with what driftline says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from scanner.engine.cases import judge_case
from scanner.engine.explain import explain
from scanner.model.verdict import Verdict
from scanner.report.pages.yaml_text import yaml_text
from scanner.rules.baseline import Baseline
from scanner.rules.cases import Case, CaseFile
from scanner.rules.rule_set import RuleSet

__all__ = ["Example", "find_examples"]

Json = Any
#: The less the better.
Rank = tuple[bool, bool, bool, bool]
#: The clock of cases that name none, so that pages do not change from day to day.
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
#: What cases are called that show a rule at its plainest.
_PLAIN: Final = ("The compliant resource", "The single break")
_ODD: Final = "letter case"


@dataclass(frozen=True, slots=True)
class Example:
    """A case that shows a verdict: what was there, as YAML, and what is said of it where it fails."""

    description: str
    text: str
    message: str = ""


def find_examples(files: Iterable[CaseFile], rule_set: RuleSet, baseline: Baseline) -> Mapping[str, Mapping[Verdict, Example]]:
    """The example of each rule for failing and for passing, where its cases have one."""
    best: dict[tuple[str, Verdict], tuple[Rank, Case]] = {}
    for file in files:
        for case in file.cases:
            for key, rank in _shown_by(case):
                if key not in best or rank < best[key][0]:
                    best[key] = rank, case
    found: dict[str, dict[Verdict, Example]] = {}
    for (rule_id, verdict), (_, case) in best.items():
        message = _message(rule_id, case, rule_set, baseline) if verdict is Verdict.FAIL else ""
        found.setdefault(rule_id, {})[verdict] = Example(case.description, yaml_text(_situation(case)), message)
    return found


def _shown_by(case: Case) -> Iterator[tuple[tuple[str, Verdict], Rank]]:
    """The rules and verdicts that a case shows, and how well: best by its plain name, and where it shows nothing else."""
    for rule_id in dict.fromkeys(item.rule for item in case.expect):
        verdicts = {item.verdict for item in case.expect if item.rule == rule_id}
        rank = (bool(case.gaps or case.reads), len(verdicts) > 1, _ODD in case.description, case.description not in _PLAIN)
        for verdict in verdicts & {Verdict.FAIL} or verdicts & {Verdict.PASS}:
            yield (rule_id, verdict), rank


def _situation(case: Case) -> Json:
    """What a case is about: its resources, and with them whatever else it sets."""
    besides = {
        "baseline": case.baseline,
        "components": case.components,
        "now": case.now.isoformat() if case.now is not None else None,
    }
    stated = {key: value for key, value in besides.items() if value}
    resources = case.resources[0] if len(case.resources) == 1 else list(case.resources)
    return {"resources": resources, **stated} if stated else resources


def _message(rule_id: str, case: Case, rule_set: RuleSet, baseline: Baseline) -> str:
    """What a scan says of the first resource that fails."""
    rule = rule_set.get(rule_id)
    if rule is None:
        return ""
    findings = map(explain, judge_case(case, rule_set.just(rule), baseline, _NOW).outcomes)
    return next((item.message for item in findings if item.verdict is Verdict.FAIL), "")
