"""`driftline/policyCompliance`: one document per audited scope: what Azure Policy finds non-compliant there with the policies of
the table that are in force.

Azure Policy judges new assignments and changed resources late. Where it has told nothing yet, that is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from scanner.facts.documents import Document, known
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.policies.assignments import ASSIGNMENTS, Link, links_at
from scanner.facts.policies.coverage import needs_of_coverage, standings
from scanner.facts.policies.exclusions import Ground, ground_of
from scanner.facts.policies.table import demanded, policy_rows
from scanner.model.read_plan import POLICY_STATES
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["POLICY_COMPLIANCE"]

Json = Any
_MEMBERS: Final = ("resource", "resourceName", "definitionId", "assignmentId")
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName"), "string"),
    **dict.fromkeys(("policies", "evaluated"), "int"),
    "nonCompliant": "array",
    **{f"nonCompliant[*].{name}": "string" for name in _MEMBERS},
}
#: States that are no finding: what is exempt is not judged.
_FINE: Final = ("compliant", "exempt")
#: Of what is in force, by the compared ids of assignment and definition.
InForce = Mapping[tuple[str, str], Truth]


def _needs(baseline: Baseline) -> Needs:
    needs = needs_of_coverage(baseline)
    return replace(needs, types=needs.types | {POLICY_STATES})


def _derive(context: FactContext) -> Iterator[Resource]:
    links = links_at(context)
    for scope in context.snapshot.scopes:
        ground = ground_of(scope, context)
        in_force, doubts = _in_force(scope, links, ground, context)
        yield document("driftline/policyCompliance", scope, "", _body(in_force, doubts, ground, context))


def _in_force(scope: str, links: list[Link], ground: Ground, context: FactContext) -> tuple[InForce, list[Unknown]]:
    """What of the demanded rows is in force or may be; and why there may be more."""
    found: dict[tuple[str, str], Truth] = {}
    unread = context.snapshot.missing(ASSIGNMENTS, ground.key)
    doubts = [unread] if unread is not None else []
    for row in policy_rows(context.baseline):
        wanted = demanded(row, scope, context)
        if isinstance(wanted, Unknown):
            doubts.append(wanted)
        for item in standings(row, links, ground, context) if wanted is True else ():
            if item.in_force is False:
                continue
            if isinstance(item.in_force, Unknown):
                doubts.append(item.in_force)
            if item.definition:
                found.setdefault((normalise(item.assignment_id), item.definition), item.in_force)
    return found, doubts


def _body(in_force: InForce, doubts: list[Unknown], ground: Ground, context: FactContext) -> dict[str, Json]:
    surely = sum(truth is True for truth in in_force.values())
    reasons = tuple(dict.fromkeys(reason for doubt in doubts for reason in doubt.reasons))
    policies = Unknown(reasons) if reasons and not surely else surely
    unread = context.snapshot.missing(POLICY_STATES, ground.key)
    if unread is not None:
        return {"policies": policies, "evaluated": unread, "nonCompliant": unread}
    states = [known(_state, item, in_force, ground, context) for item in context.snapshot.of_type(POLICY_STATES)]
    told = [state for state in states if state is not None]
    failing: list[Json] = sorted((state for state in told if state != {}), key=str)
    if surely and not told:
        reasons = (*reasons, "Azure Policy has not told yet how any resource complies")
    return {
        "policies": policies,
        "evaluated": len(told),
        "nonCompliant": [*failing, *([Unknown(reasons)] if reasons else [])],
    }


def _state(item: Resource, in_force: InForce, ground: Ground, context: FactContext) -> dict[str, Json] | Unknown | None:
    """What a state says: a finding, nothing found (empty), or None where it is of another policy or place."""
    read = Document(item.body, context.snapshot.spellings, item.id)
    resource, assignment, definition, state = (
        read.text(f"properties.{name}") for name in ("resourceId", "policyAssignmentId", "policyDefinitionId", "complianceState")
    )
    if not (resource and assignment and definition):
        return Unknown.because(f"{item.id} does not say of what and by which policy it is")
    if not is_within(normalise(resource), ground.key):
        return None
    truth = in_force.get((normalise(assignment), normalise(definition)))
    if truth is None:
        return None
    if state.lower() in _FINE:
        return {}
    if state.lower() != "noncompliant" or truth is not True:
        why = f"Azure Policy says {state or 'nothing'} of {resource}"
        return Unknown.because(why if truth is True else f"{why}, by a policy that may not be in force")
    name = resource.rstrip("/").rpartition("/")[2]
    return {"resource": resource, "resourceName": name, "definitionId": definition, "assignmentId": assignment}


POLICY_COMPLIANCE: Final = Fact(
    "driftline/policyCompliance", _PATHS, _needs, _derive, one_per="audited scope", tables=("policies",)
)
