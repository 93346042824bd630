"""Failing findings with the outcomes that they explain: what a fix is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scanner.engine.evaluate import Outcome, evaluate
from scanner.engine.explain import explain
from scanner.engine.judgement import Judgement
from scanner.facts.components import bind_workloads
from scanner.model.finding import Finding
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.rules.baseline import Baseline
from scanner.rules.rule_set import RuleSet

__all__ = ["failing_outcomes"]


def failing_outcomes(
    snapshot: Snapshot, rule_set: RuleSet, baseline: Baseline, workloads: Sequence[Any], now: datetime
) -> list[tuple[Finding, Outcome]]:
    """What fails in a snapshot, each with the scope in which it was judged; the snapshot lives as long as these."""
    judgement = Judgement()
    evaluate(snapshot, rule_set, baseline, bind_workloads(snapshot, baseline, workloads), now, judgement)
    failing = (outcome for outcome in judgement.outcomes if isinstance(outcome, Outcome) and outcome.truth is False)
    return [(finding, outcome) for outcome in failing if (finding := explain(outcome)).verdict is Verdict.FAIL]
