"""Every type in turn is not seen: without its resources and reads nothing of it has a good verdict, and nothing new passes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from unittest.mock import patch

import pytest

from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.model.coverage import Gap
from scanner.model.read_plan import INVENTORY, ReadPlan
from scanner.model.result import Result
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.model.verdict import Verdict
from scanner.rules import Baseline, RuleSet, load_baseline, load_rules
from scanner.simulator import start_simulator
from scanner.sources.azure import AzureOptions, AzureSource
from tests.honesty.invariants import passes, silenced, verdicts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STATES = ("reference", "drifted")


class Held:
    """A source of one snapshot in memory."""

    kind = "test"
    complete = True

    def __init__(self, snapshot: Snapshot) -> None:
        self.requests = RequestCounts()
        self.scopes = snapshot.scopes
        self._snapshot = snapshot

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """The snapshot, whatever is asked for."""
        yield self._snapshot


@cache
def _judging() -> tuple[Baseline, RuleSet]:
    baseline = load_baseline("openai-chat")
    return baseline, load_rules([], baseline, fact_paths=FACT_PATHS)


@cache
def _read(state: str) -> Snapshot:
    """What the real clients read of a state, every request counted as its own."""
    baseline, rule_set = _judging()
    kept: list[Snapshot] = []
    with start_simulator(state, now=NOW) as simulator, patch.dict(os.environ, simulator.environment()):
        options = AzureOptions(
            simulator.subscriptions, arm_endpoint=simulator.endpoint, authority=simulator.authority, ca_file=simulator.ca_file
        )
        run_scan(AzureSource(options), rule_set, baseline, now=NOW, keep=kept.append)
    return kept[0]


def _judged(snapshot: Snapshot) -> Result:
    baseline, rule_set = _judging()
    return run_scan(Held(snapshot), rule_set, baseline, now=NOW, pinned=True)


@cache
def _before(state: str) -> Result:
    return _judged(_read(state))


def _targeting(type_key: str) -> set[str]:
    """Rules that target the type itself: those on facts may judge a place by what else stands there."""
    return {rule.id for rule in _judging()[1].rules if type_key in map(str.lower, rule.target.types)}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("told", [True, False], ids=["with gaps", "without a word"])
def test_a_type_that_is_gone_with_its_reads_leaves_no_verdict_on_it(state: str, told: bool) -> None:  # noqa: FBT001
    """Every type in turn: without its resources and reads, nothing of it passes, and nothing passes that did not before."""
    whole, before = _read(state), _before(state)
    for type_key in sorted({item.type_key for item in whole.resources if not item.inline}):
        gone = {item.key for item in whole.resources if item.type_key == type_key}
        covering = (type_key, INVENTORY.lower())
        lost = [read for read in whole.reads if read.what.lower() in covering]
        less = Snapshot(
            scopes=whole.scopes,
            resources=[item for item in whole.resources if not item.inline and item.key not in gone],
            reads=[read for read in whole.reads if read not in lost],
            gaps=[Gap(read.scope, read.what, "403 AuthorizationFailed") for read in lost] if told else [],
        )
        gone -= {item.key for item in less.resources}  # what its parent's answer holds as well is still seen
        after = _judged(less)
        assert (type_key, passes(after) - passes(before)) == (type_key, set())
        assert (type_key, silenced(before, after)) == (type_key, set())
        standing = passes(after) | verdicts(after, Verdict.NOT_APPLICABLE)
        assert (type_key, {item for item in standing if item[2] in gone and item[0] in _targeting(type_key)}) == (type_key, set())
