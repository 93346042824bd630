"""`driftline/access`: one document per identity and row of the role table: is the role granted, where, by which assignment.

Judged on assignments: the row's role at its scope (`exact`) or above it (`wider`). A grant to a group reaches the identity where
Azure lists it as assigned to it; where that was not read, it makes a missing row unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.roles.assignments import ASSIGNMENTS, Memberships, assignments, identity_principals
from scanner.facts.roles.rows import Row, identity_components, role_for, role_id, row_types, rows, scopes_of, standing, wanted
from scanner.model.read_plan import PRINCIPALS, ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["ACCESS", "reads_of_principals"]

Json = Any

_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "resourceType": "string",
    "row": "string",
    "identity": "string",
    "principalIds": "array",
    "principalIds[*]": "string",
    "scope": "string",
    "scopeName": "string",
    "role": "string",
    "roleId": "string",
    "granted": "string",
    "assignmentId": "string",
}


def reads_of_principals(baseline: Baseline) -> frozenset[ReferenceRead]:
    """Where the principals of the table's identities stand."""
    names = [name for name in identity_components(baseline) if name in baseline.components]
    types = {item for name in names for item in baseline.components[name].types}
    return frozenset(ReferenceRead(item, path) for item in types for path in PRINCIPALS)


def _needs(baseline: Baseline) -> Needs:
    return Needs(types=frozenset({ASSIGNMENTS, *row_types(baseline)}), principals=reads_of_principals(baseline))


class _Grants:
    """What was read of grants, parsed once for all rows."""

    def __init__(self, context: FactContext) -> None:
        self.all = assignments(context.snapshot)
        self.memberships = Memberships(context.snapshot)


def _derive(context: FactContext) -> Iterator[Resource]:
    grants = _Grants(context)
    for workload in context.workloads:
        for row in rows(context.baseline):
            if row.required:
                yield from _of_row(row, workload, grants, context)


def _of_row(row: Row, workload: BoundWorkload, grants: _Grants, context: FactContext) -> Iterator[Resource]:
    identities, not_known = standing(row.identity, workload, context)
    for identity in identities:
        yield from _of_identity(row, identity, workload, grants, context)
    for where, reason in not_known.items():
        yield _not_known(row, where, reason, context)


def _of_identity(
    row: Row, identity: Resource, workload: BoundWorkload, grants: _Grants, context: FactContext
) -> Iterator[Resource]:
    found = scopes_of(row, workload, identity)
    for scope in [found] if isinstance(found, Unknown) else found:
        holds = True if isinstance(scope, Unknown) else wanted(row, scope, workload, context)
        if holds is False:
            continue
        grant = _grant(row, identity, scope, grants, context)
        if isinstance(holds, Unknown):
            grant["granted"] = holds
        body = {"identity": row.identity, "resourceType": identity.type, **grant}
        apart = str(grant.get("scopeName", "")) if row.each else ""
        yield document("driftline/access", identity.id, row.name, _named(row, context, body), apart=apart)


def _not_known(row: Row, judged: str, reason: Unknown, context: FactContext) -> Resource:
    body = {"identity": row.identity, "granted": reason, "scope": reason, "principalIds": reason}
    return document("driftline/access", judged, row.name, _named(row, context, body))


def _named(row: Row, context: FactContext, body: dict[str, Json]) -> dict[str, Json]:
    return {"row": row.name, "role": row.role, "roleId": role_id(row.role, context.baseline), **body}


def _grant(
    row: Row, identity: Resource, scope: Resource | str | Unknown, grants: _Grants, context: FactContext
) -> dict[str, Json]:
    principals, doubts = identity_principals(identity, context.snapshot)
    listed: Json = Unknown(tuple(doubts)) if doubts else sorted(principals)
    if isinstance(scope, Unknown):
        return {"principalIds": listed, "scope": scope, "granted": scope}
    scope_id = scope if isinstance(scope, str) else scope.id
    named = {"principalIds": listed, "scope": scope_id, "scopeName": scope_id.rpartition("/")[2]}
    role = role_for(row, scope, context)
    guid = role if isinstance(role, Unknown) else role_id(role, context.baseline)
    if isinstance(guid, Unknown):
        return {**named, "granted": guid}
    named |= {"role": role, "roleId": guid}
    return {**named, **_find(principals, doubts, guid.lower(), normalise(scope_id), grants, context)}


def _find(
    principals: set[str], doubts: list[str], guid: str, scope_key: str, grants: _Grants, context: FactContext
) -> dict[str, Json]:
    """Whether one of the principals holds the role at the scope or above; `doubts` are why there may be more principals."""
    if not principals and not doubts:
        return {"granted": "missing"}  # without an identity no assignment can reach it
    wider = ""
    reasons = [*doubts]
    for assignment in grants.all:
        above = _reaches(assignment.scope_key, scope_key, context)
        if above is False:
            continue
        if not assignment.is_read:
            reasons.append(f"{assignment.id} was read without its role, principal or scope")
        elif assignment.role_id == guid:
            reached = _both(grants.memberships.reaches(assignment, principals), above)
            if isinstance(reached, Unknown):
                reasons.extend(reached.reasons)
            elif reached and assignment.scope_key == scope_key:
                return {"granted": "exact", "assignmentId": assignment.id}
            elif reached:
                wider = assignment.id
    if wider:
        return {"granted": "wider", "assignmentId": wider}
    unread = context.snapshot.missing(ASSIGNMENTS, scope_key)
    reasons = [*(unread.reasons if unread is not None else ()), *reasons]
    return {"granted": Unknown(tuple(dict.fromkeys(reasons))) if reasons else "missing"}


def _both(reached: Truth, above: Truth) -> Truth:
    return reached if reached is not True else above


def _reaches(granted_at: str, scope_key: str, context: FactContext) -> Truth:
    """Whether what is granted at one scope holds at another.

    Azure lists for a subscription what its management groups grant too. With one subscription in the snapshot, such a group is
    above it; with several, the answer does not say above which.
    """
    if not granted_at.startswith(_MANAGEMENT_GROUPS):
        return is_within(scope_key, granted_at)
    audited = {ResourceId.parse(scope).subscription for scope in context.snapshot.scopes}
    if audited == {ResourceId.parse(scope_key).subscription}:
        return True
    return Unknown.because(f"whether {granted_at} is above {scope_key} is not known")


ACCESS: Final = Fact(
    "driftline/access", _PATHS, _needs, _derive, one_per="identity and row of the role table", tables=("rbac", "roles")
)
