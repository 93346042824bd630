"""`driftline/policyCoverage`: one document per audited scope and row of the table `policies`: is one of the row's policies in
force there, by which assignment and with which effect, else why not.

Assignments at the scope and above it count, enforced, with an effect of the table. A part that is left out below the scope does
not count against it, unless it holds a resource group of a workload. `lapsed` are assignments that would be in force but for
their enforcement mode, or for what they leave out: both are said as they have to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.policies.assignments import ASSIGNMENTS, SETS, Link, Standing, lapse_of, links_at, standing_of
from scanner.facts.policies.exclusions import EXEMPTIONS, Ground, ground_of
from scanner.facts.policies.table import PolicyRow, counted_effects, definition_ids, demanded, policy_rows
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.unknown import Truth, Unknown, any_of
from scanner.rules.baseline import Baseline

__all__ = ["POLICY_COVERAGE", "needs_of_coverage", "standings"]

Json = Any
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "row", "kind", "subject", "assignmentId", "definitionId", "effect"), "string"),
    "covered": "bool",
    "lapsed": "array",
    **dict.fromkeys(("lapsed[*].assignmentId", "lapsed[*].enforcementMode", "lapsed[*].notScopes[*]"), "string"),
    "lapsed[*].notScopes": "array",
    "why": "string",
}


def needs_of_coverage(baseline: Baseline) -> Needs:
    """Assignments with exemptions from them, the initiatives that are assigned, and the definitions of the table by id."""
    return Needs(
        types=frozenset({ASSIGNMENTS, EXEMPTIONS}),
        references=frozenset({ReferenceRead(ASSIGNMENTS, "properties.policyDefinitionId", SETS)}),
        policies=definition_ids(baseline),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    links = links_at(context)
    for scope in context.snapshot.scopes:
        ground = ground_of(scope, context)
        for row in policy_rows(context.baseline):
            wanted = demanded(row, scope, context)
            if wanted is not False:
                yield document("driftline/policyCoverage", scope, row.name, _body(row, wanted, links, ground, context))


def _body(row: PolicyRow, wanted: Truth, links: list[Link], ground: Ground, context: FactContext) -> dict[str, Json]:
    told = {"row": row.name, "kind": row.kind, "subject": row.subject}
    if isinstance(wanted, Unknown):
        return {**told, "covered": wanted, "why": wanted}
    found = standings(row, links, ground, context)
    first = next((item for item in found if item.in_force is True), None)
    if first is not None:
        stands = {"assignmentId": first.assignment_id, "definitionId": first.definition, "effect": first.effect}
        return {**told, "covered": True, **stands, "why": ""}
    unread = context.snapshot.missing(ASSIGNMENTS, ground.key)
    covered = any_of([*(item.in_force for item in found), unread if unread is not None else False])
    effects = counted_effects(context.baseline)
    lapsed = [lapse for link in _links_of(row, links) if (lapse := lapse_of(link, ground, effects, context)) is not None]
    whys = [item.why for item in found if item.why] or ["nothing assigns it here"]
    return {**told, "covered": covered, "lapsed": lapsed, "why": "; ".join(dict.fromkeys(whys))}


def standings(row: PolicyRow, links: list[Link], ground: Ground, context: FactContext) -> list[Standing]:
    """How everything stands at a scope that may assign a definition of a row."""
    effects = counted_effects(context.baseline)
    return [standing_of(link, ground, effects, context) for link in _links_of(row, links)]


def _links_of(row: PolicyRow, links: list[Link]) -> list[Link]:
    """The links that may assign a definition of a row."""
    return [link for link in links if isinstance(link.definition, Unknown) or link.definition in row.keys]


POLICY_COVERAGE: Final = Fact(
    "driftline/policyCoverage",
    _PATHS,
    needs_of_coverage,
    _derive,
    one_per="audited scope and row of the policies table",
    tables=("policies",),
)
