"""What a scan could find out with the permissions there are: which reads are refused, and which rules stay unknown for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.engine.plan import plan_reads
from scanner.model.access import ScopeAccess
from scanner.model.read_plan import EVENTS, ReadPlan, read_permission
from scanner.rules.baseline import Baseline
from scanner.rules.rule_set import RuleSet

__all__ = ["Diagnosis", "Refusal", "diagnose", "planned_types"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A permission that is lacking at a scope, with the rules that stay unknown without it."""

    permission: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One scope: how many reads are needed, which are refused, and what else is wrong there."""

    scope: str
    reads: int
    refusals: tuple[Refusal, ...]
    failure: str
    index: str

    @property
    def healthy(self) -> bool:
        """Whether a scan could read everything here."""
        return not self.refusals and not self.failure


def planned_types(plan: ReadPlan) -> tuple[str, ...]:
    """Every type, child and extension that a plan reads."""
    asked = {*plan.types, *(child.type for child in plan.children), *(item.what for item in plan.extensions)}
    return tuple(sorted(asked | ({EVENTS} if plan.events else set())))


def diagnose(rule_set: RuleSet, baseline: Baseline, access: Iterable[ScopeAccess]) -> list[Diagnosis]:
    """Hold what is granted against what the rules need. Where ARM does not tell what is granted, nothing is known to be."""
    needs = {rule.id: frozenset(planned_types(plan_reads(rule_set.just(rule), baseline))) for rule in rule_set.rules}
    wanted = planned_types(plan_reads(rule_set, baseline))
    found = []
    for item in access:
        refused = [read_permission(name) for name in wanted] if item.failure else item.refused
        refusals = tuple(
            Refusal(permission, tuple(sorted(rule for rule, types in needs.items() if permission in map(read_permission, types))))
            for permission in dict.fromkeys(refused)
        )
        found.append(Diagnosis(item.scope, len(wanted), refusals, item.failure, item.index))
    return found
