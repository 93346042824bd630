"""The promise that matters most: what was not read is never taken for a pass.

From a whole snapshot of the reference, where everything passes, any subset of resources, children, members or reads is taken
away, told (with the matching gaps) or untold (as data that was never asked for). Then:

- nothing passes that did not pass before;
- whatever passed and passes no more fails or is unknown, and says why, itself, in a rule of the same control that takes its
  place, or in one whose declared consequence it is; only what is gone itself may fall silent, and then an unknown of that control stands at or above its place, or GOV-004
  says that the component on which the rule rests is missing (a component that is absent is reported by GOV-004 only), or a finding
  stands at such a component or, for a rule that asks its parent, at the parent (IAM-020 asks about connections while the keys of the service are off, and KEY-001 says they are on).

A resource is taken away together with the reads that cover its type: without it under a read that claims to be complete, a
snapshot says that it does not exist, which is another state and not an unread one. A member or child that is missing from a
body that was read is what Azure would answer for its default: a pass may rest on it only where `rules/defaults.yaml`, or the
rule itself by `absent`, says what Azure assumes.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.facts import FACTS
from scanner.model.coverage import Gap, Read
from scanner.model.read_plan import INVENTORY
from scanner.model.resource import make_resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.result import Result
from scanner.model.verdict import Verdict
from tests.honesty.snapshots import bodies, judge, judging, reads

Json = Any
Verdicts = set[tuple[str, str, str]]
#: 300 in every run; `make honesty` asks for 10,000, in two shards that look at different places for the same draws.
EXAMPLES = int(os.environ.get("DRIFTLINE_EXAMPLES", "300"))
SHARDS = 2 if EXAMPLES > 300 else 1


@dataclass(frozen=True)
class Removal:
    """What is taken away: whole resources and reads by position, members by position of the body and of the member in it."""

    resources: frozenset[int]
    reads: frozenset[int]
    members: frozenset[tuple[int, int]]
    told: bool


@cache
def passing() -> frozenset[tuple[str, str, str]]:
    return frozenset(passes(judge(bodies("reference"), reads("reference"), [])))


@cache
def members(at: int) -> tuple[tuple[Any, ...], ...]:
    """Every member of a body at any depth, but for those by which it is known."""
    return tuple(path for path in _walk(bodies("reference")[at], ()) if path not in (("id",), ("name",), ("type",)))


def _walk(value: Json, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*at, key)
        yield from _walk(item, (*at, key))


@st.composite
def removals(draw: st.DrawFn) -> Removal:
    count, asked = len(bodies("reference")), len(reads("reference"))
    chosen = draw(st.lists(st.integers(0, count - 1), max_size=5))
    return Removal(
        resources=frozenset(draw(st.lists(st.integers(1, count - 1), max_size=4))),  # the first is the subscription itself
        reads=frozenset(draw(st.lists(st.integers(0, asked - 1), max_size=6))),
        members=frozenset((at, draw(st.integers(0, len(members(at)) - 1))) for at in chosen if members(at)),
        told=draw(st.booleans()),
    )


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@pytest.mark.parametrize("shard", range(SHARDS))
@given(removal=removals())
def test_what_is_taken_away_is_never_taken_for_a_pass(shard: int, removal: Removal) -> None:
    removal = moved(removal, shard)
    after = judge(*without(removal))
    assert passes(after) - passing() == set()
    assert not [item.message for item in after.findings if item.verdict is Verdict.ERROR]
    assert all(item.message and item.evidence for item in after.findings)
    assert {item for item in unexplained(after) if not is_gone(item, removal)} == set()


@settings(max_examples=max(20, EXAMPLES // 10), suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.integers(0, 10_000), max_size=40), st.booleans())
def test_a_failure_never_becomes_a_pass_by_not_being_read(unread: set[int], told: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    everything = reads("drifted")
    gone = {everything[at % len(everything)] for at in unread}
    kept = [read for read in everything if read not in gone]
    gaps = [Gap(read.scope, read.what, "403 AuthorizationFailed") for read in gone] if told else []
    removed = [body for body in bodies("drifted") if make_resource(body).type not in {read.what for read in gone}]
    before = passes(judge(bodies("drifted"), everything, []))
    assert passes(judge(removed, kept, gaps)) - before == set()


def moved(removal: Removal, shard: int) -> Removal:
    """The same draw at other places: positions shifted, each list turning round at its end."""
    step, count, asked = 101 * shard, len(bodies("reference")), len(reads("reference"))
    return Removal(
        resources=frozenset(1 + (at - 1 + step) % (count - 1) for at in removal.resources),
        reads=frozenset((at + step) % asked for at in removal.reads),
        members=frozenset(
            ((at + step) % count, (which + step) % len(members((at + step) % count)))
            for at, which in removal.members
            if members((at + step) % count)
        ),
        told=removal.told,
    )


def without(removal: Removal) -> tuple[list[Json], list[Read], list[Gap]]:
    """The reference without what is taken away."""
    everything = bodies("reference")
    gone = {make_resource(everything[at]).type_key for at in removal.resources}
    gone |= {INVENTORY.lower()} if gone else set()
    asked = reads("reference")
    unread = {read for at, read in enumerate(asked) if at in removal.reads or read.what.lower() in gone}
    gaps = [Gap(read.scope, read.what, "403 AuthorizationFailed", f"{read.what}/read") for read in unread] if removal.told else []
    kept = [_thinned(body, removal, at) for at, body in enumerate(everything) if at not in removal.resources]
    return kept, [read for read in asked if read not in unread], gaps


def _thinned(body: Json, removal: Removal, position: int) -> Json:
    paths = sorted((members(at)[which] for at, which in removal.members if at == position), reverse=True)
    if not paths:
        return body
    changed = copy.deepcopy(body)
    for path in paths:
        holder: Json = changed
        for step in path[:-1]:
            holder = holder[step] if isinstance(holder, list) or step in holder else {}
        if isinstance(holder, list) or path[-1] in holder:
            del holder[path[-1]]
    return changed


def passes(result: Result) -> Verdicts:
    return {(item.rule, item.subject, normalise(one)) for item in result.passes for one in item.resources}


def is_gone(item: tuple[str, str, str], removal: Removal) -> bool:
    """Whether what was judged within a resource is itself among what was taken away: an element of a list, called by the subject."""
    _, subject, place = item
    taken = [(bodies("reference")[at], members(at)[which]) for at, which in removal.members]
    return bool(subject) and any(
        normalise(body["id"]) == place and isinstance(path[-1], int) and subject in json.dumps(_value(body, path))
        for body, path in taken
    )


def _value(body: Json, path: tuple[Any, ...]) -> Json:
    for step in path:
        body = body[step]
    return body


def unexplained(after: Result) -> Verdicts:
    """What passed before and is now neither a pass nor a finding, with no finding of its control at or above its place."""
    spoken: dict[str, set[str]] = {}
    judged = passes(after)
    for item in after.findings:
        judged.add((item.rule, item.subject, normalise(item.resource)))
        spoken.setdefault(item.control, set()).add(normalise(item.resource))
    return {
        (rule, subject, place)
        for rule, subject, place in passing() - judged
        if not any(
            is_within(place, where) or is_within(where, place) for control in speakers(rule) for where in spoken.get(control, ())
        )
        and not (rests_on_components(rule) and "GOV-004" in spoken)
        and not any(where in bound(rule) for places in spoken.values() for where in places)
    }


@cache
def speakers(rule_id: str) -> tuple[str, ...]:
    """The controls that may speak for a rule: its own, those that it follows from, the other ones of a subnet's flows (NSG-010 is
    silent where one of them speaks), and of GOV-002, about what policies find, the one that says that none is in force.
    """
    rule = judging()[1].get(rule_id)
    assert rule is not None
    beside = [
        other.control for other in judging()[1].rules if other.target.types == rule.target.types == ("driftline/subnetFlows",)
    ]
    if rule.control == "GOV-002":
        beside.append("GOV-001")
    return (rule.control, *rule.consequence_of, *beside)


@cache
def rests_on_components(rule_id: str) -> bool:
    """Whether a rule asks what the baseline's components are bound to, itself or through a fact."""
    rule = judging()[1].get(rule_id)
    assert rule is not None
    facts = [FACTS[name.lower()] for name in rule.target.types if name.lower() in FACTS]
    return bool(rule.target.component or rule.uses.components or any(fact.tables for fact in facts))


@cache
def bound(rule_id: str) -> frozenset[str]:
    """The resources of the reference that the components of a rule are bound to."""
    rule = judging()[1].get(rule_id)
    (workload,) = judge(bodies("reference"), reads("reference"), []).workloads
    assert rule is not None
    names = set(rule.uses.components)
    if (
        "driftline/access" in rule.target.types
    ):  # a row is required while the keys of the service are off, and KEY says they are on
        names |= {str(row["scope"]) for row in judging()[0].tables["rbac"] if "when" in row}
    asked = {normalise(one) for name in names for one in workload.components.get(name, ())}
    if "parent" in rule.uses.relations:
        judged = [place for name, _, place in passing() if name == rule_id]
        asked |= {place.rpartition("/")[0].rpartition("/")[0] for place in judged}
    return frozenset(asked)
