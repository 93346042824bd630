"""Turns what the loaded rules and facts need into the fewest reads: each type once, with its parents, children by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scanner.facts import FACTS
from scanner.facts.fact import Needs
from scanner.model.arm_types import arm_type
from scanner.model.read_plan import ChildRead, EventRead, ExtensionRead, MetricRead, ReadPlan, ReferenceRead
from scanner.model.resource import INLINE_CHILDREN, canonical_type
from scanner.model.resource_id import ResourceId, parent_type, type_name
from scanner.rules.baseline import Baseline
from scanner.rules.rule import Rule
from scanner.rules.rule_set import RuleSet
from scanner.rules.shapes import WorkloadShape

__all__ = ["plan_binding", "plan_reads"]


def plan_reads(
    rule_set: RuleSet, baseline: Baseline, workloads: Sequence[WorkloadShape] = (), *, fresh: bool = False
) -> ReadPlan:
    """The read plan of a rule set under a baseline: nothing that no rule, relation, component or fact of it needs.

    `workloads` are those of driftline.yaml: what they name outside of the scopes is read by id.
    """
    return _planned(_all_needs(rule_set, baseline), _named(workloads), fresh=fresh)


def plan_binding(baseline: Baseline) -> ReadPlan:
    """What it takes to find the components of a baseline."""
    return _planned(_of_components(baseline), frozenset(), fresh=False)


def _planned(wanted: Iterable[Needs], named: frozenset[str], *, fresh: bool) -> ReadPlan:
    types: set[str] = set()
    children: set[ChildRead] = set()
    extensions: set[ExtensionRead] = set()
    references: set[ReferenceRead] = set()
    around: set[str] = set()
    events: set[EventRead] = set()
    policies: set[str] = set()
    principals: set[ReferenceRead] = set()
    metrics: set[MetricRead] = set()
    for needs in wanted:
        for name in needs.types:
            _add(name, types, children)
        for child in needs.children:
            _add(child.type, types, children, singleton=child.name)
        for extension in needs.extensions:
            _add(extension.of, types, children)
        extensions.update(needs.extensions)
        references.update(needs.references)
        around.update(needs.around)
        events.update(needs.events)
        policies.update(needs.policies)
        principals.update(needs.principals)
        metrics.update(needs.metrics)
    return ReadPlan(
        frozenset(types), frozenset(children), frozenset(extensions), frozenset(references), named,
        frozenset(around), frozenset(events), frozenset(policies), frozenset(principals), frozenset(metrics),
        fresh=fresh,
    )  # fmt: skip


def _named(workloads: Sequence[WorkloadShape]) -> frozenset[str]:
    """The ids by which workloads name their components."""
    given = (item for workload in workloads for item in workload.components.values())
    words = (word for item in given for word in ([item] if isinstance(item, str) else item))
    return frozenset(word for word in words if word.startswith("/") and ResourceId.parse(word).type)


def _add(name: str, types: set[str], children: set[ChildRead], *, singleton: str = "") -> None:
    """A type with what it takes to find it: a child needs its parents; one that its parent lists in full needs nothing else."""
    known = arm_type(name)
    spelled = known.name if known is not None else name
    parent = parent_type(spelled)
    if not parent or canonical_type(spelled).startswith("microsoft.resources/"):
        types.add(spelled)
        return
    _add(parent, types, children)
    if not _is_inline(spelled, parent):
        children.add(ChildRead(spelled, singleton))


def _is_inline(name: str, parent: str) -> bool:
    nested = INLINE_CHILDREN.get(canonical_type(parent), ())
    return any(child.complete and child.segment.lower() == type_name(name).lower() for child in nested)


def _all_needs(rule_set: RuleSet, baseline: Baseline) -> Iterator[Needs]:
    facts = {canonical_type(name) for rule in rule_set.rules for name in rule.target.types if canonical_type(name) in FACTS}
    for fact_type in sorted(facts):
        yield FACTS[fact_type].needs(baseline)
    if facts or any(rule.target.component or rule.uses.components for rule in rule_set.rules):
        yield from _of_components(baseline)
    for rule in rule_set.rules:
        own = tuple(name for name in rule.target.types if canonical_type(name) not in FACTS)
        if rule.target.name:
            yield Needs(children=frozenset(ChildRead(name, rule.target.name) for name in own))
        else:
            yield Needs(types=frozenset(own))
        for relation in sorted(rule.uses.relations):
            yield _of_relation(relation, own, rule, rule_set)


def _of_components(baseline: Baseline) -> Iterator[Needs]:
    for component in baseline.components.values():
        references = set[ReferenceRead]()
        if component.via is not None:
            origin, path = component.via
            references = {ReferenceRead(name, path) for name in baseline.components[origin].types}
        yield Needs(types=frozenset(component.types), references=frozenset(references))


#: Extensions whose one list at a subscription or group answers for everything below it too.
LISTED_BELOW_SCOPE: Final = frozenset({"microsoft.authorization/locks", "microsoft.authorization/roleassignments"})


def _of_relation(name: str, own: tuple[str, ...], rule: Rule, rule_set: RuleSet) -> Needs:
    kind, colon, argument = name.partition(":")
    if name == "parent":
        return Needs(types=frozenset(parent_type(item) for item in own if parent_type(item)))
    if colon and kind == "children":
        return Needs(types=frozenset({argument}))
    if colon and kind == "extensions" and canonical_type(argument) in LISTED_BELOW_SCOPE:
        return Needs(types=frozenset({argument}))
    if colon and kind == "extensions":
        return Needs(extensions=frozenset(ExtensionRead(argument, item) for item in own))
    relation = rule_set.relations[name]
    origins = own if "*" in relation.from_types else relation.from_types
    references = {
        ReferenceRead(origin, join.left_path) for join in relation.on if join.left_path not in ("", "id") for origin in origins
    }
    to_types = frozenset(item for item in relation.to_types if item != "*" and canonical_type(item) not in FACTS)
    return Needs(types=to_types, references=frozenset(references))
