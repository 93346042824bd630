"""Evaluates one snapshot: every rule against every resource or fact document of its target, and every hole as unknown.

Resources lead the loop and one scope serves all rules of a type, so that the cost of a verdict is the cost of its condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanner.engine.judgement import Judgement
from scanner.engine.world import FactStore, SnapshotWorld
from scanner.facts import FACTS, Relations
from scanner.facts.components import BoundWorkload
from scanner.language.scope import Scope
from scanner.model.resource import Resource, canonical_type, make_resource
from scanner.model.resource_id import is_within, normalise, parent_type, type_name
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline
from scanner.rules.rule import Rule
from scanner.rules.rule_set import RuleSet

__all__ = ["Defect", "Hole", "Outcome", "evaluate"]

Json = Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict that is not a pass, with the scope to explain it from."""

    rule: Rule
    scope: Scope
    subject: str
    truth: Truth
    workload: BoundWorkload | None


@dataclass(frozen=True, slots=True)
class Hole:
    """A scope at which a rule's target could not be read."""

    rule: Rule
    resource_id: str
    reason: Unknown


@dataclass(frozen=True, slots=True)
class Defect:
    """A rule that raised on a resource: a fault of the rule or of driftline, never of the data."""

    rule: Rule
    resource: Resource
    subject: str
    error: Exception


def evaluate(
    snapshot: Snapshot,
    rule_set: RuleSet,
    baseline: Baseline,
    workloads: tuple[BoundWorkload, ...],
    now: datetime,
    judgement: Judgement,
) -> None:
    """Judge all rules on a snapshot, adding to `judgement`. Odd data never raises: a defect becomes an error verdict."""
    facts = FactStore(snapshot, baseline, workloads, now)
    relations = Relations(snapshot, rule_set.relations, now=now)
    worlds = [(workload, SnapshotWorld(snapshot, relations, facts, baseline, workload)) for workload in workloads]
    outside = SnapshotWorld(snapshot, relations, facts, baseline, None)
    by_type: dict[str, list[Rule]] = {}
    for rule in rule_set.rules:
        for name in rule.target.types:
            by_type.setdefault(canonical_type(name), []).append(rule)
    for type_key, rules in by_type.items():
        resources: Sequence[Resource] = facts.of_type(type_key) if type_key in FACTS else snapshot.audited(type_key)
        evaluator = _TypeEvaluator(rules, worlds, outside, now, judgement)
        for resource in resources:
            evaluator.evaluate(resource)
        for rule in rules:
            _note_holes(rule, type_key, snapshot, baseline, found=bool(resources), judgement=judgement)
            for parent, absent in _absent_singletons(rule, type_key, snapshot):
                evaluator.miss(rule, parent, absent)


class _TypeEvaluator:
    """Evaluates resources of one type against the rules that target it."""

    def __init__(
        self,
        rules: list[Rule],
        worlds: list[tuple[BoundWorkload, SnapshotWorld]],
        outside: SnapshotWorld,
        now: datetime,
        into: Judgement,
    ) -> None:
        self._worlds, self._outside, self._now, self._into = worlds, outside, now, into
        self._simple = [(rule.id, rule, rule.assertion) for rule in rules if _is_simple(rule)]
        self._other = [rule for rule in rules if not _is_simple(rule)]

    def evaluate(self, resource: Resource) -> None:
        workload, world = self._world_of(resource)
        scope = Scope(resource, resource.body, resource, self._now, world)
        passed, subject, judged = self._into.passed, resource.subject, resource.judged_id or resource.id
        for rule_id, rule, assertion in self._simple:
            try:
                truth = assertion.test(scope)
            except Exception as error:  # noqa: BLE001  # a defect must not end the scan: it becomes an error verdict
                self._into.add(Defect(rule, resource, subject, error))
                continue
            if truth is True:
                passed[rule_id, subject].append(judged)
            else:
                self._into.add(Outcome(rule, scope, subject, truth, workload))
        for rule in self._other:
            if rule.target.name and rule.target.name.lower() != resource.name.lower():
                continue
            try:
                self._evaluate(rule, resource, scope, workload, world)
            except Exception as error:  # noqa: BLE001  # as above
                self._into.add(Defect(rule, resource, subject, error))

    def miss(self, rule: Rule, parent: Resource, absent: Resource) -> None:
        """Say of a parent that the child which a rule names is not there, unless the rule would not apply to it: there is nothing
        to judge, and that is not silence.
        """
        _, world = self._world_of(absent)
        try:
            applies = _applies(rule, absent, Scope(absent, absent.body, absent, self._now, world), world)
        except Exception as error:  # noqa: BLE001  # as above
            self._into.add(Defect(rule, absent, absent.subject, error))
            return
        if applies is not False:
            reason = f"{absent.id} does not exist, says Azure: there is nothing to judge"
            self._into.add(Hole(rule, parent.id, Unknown.because(reason)))

    def _world_of(self, resource: Resource) -> tuple[BoundWorkload | None, SnapshotWorld]:
        key = normalise(resource.judged_id) if resource.judged_id else resource.key
        if len(self._worlds) == 1:
            return self._worlds[0]
        for workload, world in self._worlds:
            if any(is_within(key, normalise(scope)) for scope in workload.scopes):
                return workload, world
        return None, self._outside

    def _evaluate(
        self, rule: Rule, resource: Resource, scope: Scope, workload: BoundWorkload | None, world: SnapshotWorld
    ) -> None:
        applies = _applies(rule, resource, scope, world)
        if applies is False:
            self._into.not_applicable[rule.id, resource.subject].append(resource.judged_id or resource.id)
        elif isinstance(applies, Unknown):
            self._into.add(Outcome(rule, scope, resource.subject, applies, workload))
        elif rule.target.each is None:
            self._conclude(rule, scope, resource.subject, workload)
        else:
            self._evaluate_each(rule, resource, scope, workload)

    def _evaluate_each(self, rule: Rule, resource: Resource, scope: Scope, workload: BoundWorkload | None) -> None:
        assert rule.target.each is not None
        elements = rule.target.each.elements(scope)
        if isinstance(elements, Unknown):
            self._into.add(Outcome(rule, scope, resource.subject, elements, workload))
        elif not elements:
            self._into.not_applicable[rule.id, resource.subject].append(resource.id)
        else:
            for element in elements:
                self._conclude(rule, scope.inside("", element), element.key, workload)

    def _conclude(self, rule: Rule, scope: Scope, subject: str, workload: BoundWorkload | None) -> None:
        for unless in rule.unknown_when:
            truth = unless.condition.test(scope)
            if truth is not False:
                reason = truth if isinstance(truth, Unknown) else Unknown.because(unless.reason.render(scope))
                self._into.add(Outcome(rule, scope, subject, reason, workload))
                return
        truth = rule.assertion.test(scope)
        if truth is True:
            self._into.passed[rule.id, subject].append(scope.target.judged_id or scope.target.id)
        else:
            self._into.add(Outcome(rule, scope, subject, truth, workload))


def _is_simple(rule: Rule) -> bool:
    target = rule.target
    narrowed = target.where is not None or target.component or target.name or target.each is not None
    return not narrowed and not rule.unknown_when


def _applies(rule: Rule, resource: Resource, scope: Scope, world: SnapshotWorld) -> Truth:
    if rule.target.component:
        binding = world.binding(rule.target.component)
        if binding is None or binding.status == "missing":
            return False
        if binding.only and binding.only != resource.key:
            return False
        if binding.status != "bound":
            return Unknown.because(f"component {rule.target.component} is {binding.status}: {binding.reason}")
        if not any(item.key == resource.key for item in binding.resources):
            return False
    return rule.target.where.test(scope) if rule.target.where is not None else True


def _note_holes(rule: Rule, type_key: str, snapshot: Snapshot, baseline: Baseline, *, found: bool, judgement: Judgement) -> None:
    """One unknown for each scope at which the target type could not be read: a refused list is never silence."""
    if type_key not in FACTS:
        spelled = next(name for name in rule.target.types if canonical_type(name) == type_key)
        named = rule.target.name
        holes = [hole for scope in snapshot.scopes for hole in snapshot.coverage.holes(spelled, scope, named)]
    elif found:
        return  # A fact that has documents says itself, in them, what it could not derive.
    else:
        needed = FACTS[type_key].needs(baseline)
        names = {*needed.types, *(child.type for child in needed.children)}
        holes = [hole for scope in snapshot.scopes for name in sorted(names) for hole in snapshot.coverage.holes(name, scope)]
    reasons: dict[str, list[str]] = {}
    for where, reason in holes:
        if snapshot.in_scope(where):
            reasons.setdefault(where, []).append(reason)
    for where, why in reasons.items():
        known = snapshot.get(where)
        resource_id = next(
            (scope for scope in snapshot.scopes if normalise(scope) == where), known.id if known is not None else where
        )
        judgement.add(Hole(rule, resource_id, Unknown(tuple(dict.fromkeys(why)))))


def _absent_singletons(rule: Rule, type_key: str, snapshot: Snapshot) -> Iterator[tuple[Resource, Resource]]:
    """The parents that are known to lack the child that a rule names, each with that child as it would be."""
    if not rule.target.name or type_key in FACTS:
        return
    spelled = next(name for name in rule.target.types if canonical_type(name) == type_key)
    for parent in snapshot.audited(parent_type(type_key)):
        wanted = f"{parent.id}/{type_name(spelled)}/{rule.target.name}"
        if snapshot.look_up(wanted) is None:
            yield parent, make_resource({"id": wanted, "type": spelled})
