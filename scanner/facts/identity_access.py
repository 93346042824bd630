"""`driftline/identityAccess`: one document per resource whose identity the role table names: what it may do beyond the table.

Every assignment that reaches one of its principals, wherever it stands, is held against what the table's roles allow at that
scope, as sets of operations. A role of the table at its own scope, or below it, is agreed; the same role higher up is not. What
is `direct` names the identity itself, and no group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.access import reads_of_principals
from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.roles.assignments import ASSIGNMENTS, Assignment, Memberships, assignments, identity_principals
from scanner.facts.roles.definitions import Definitions
from scanner.facts.roles.operations import EntangledError, Permission, witness
from scanner.facts.roles.rows import Agreed, agreed_for, identity_components, row_types, standing, table_principals
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["IDENTITY_ACCESS"]

Json = Any
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "resourceType", "identity"), "string"),
    "excess": "array",
    **dict.fromkeys(
        (f"excess[*].{name}" for name in ("principal", "role", "operation", "scope", "scopeName", "assignmentId")), "string"
    ),
    **dict.fromkeys(("excess[*].dataAction", "excess[*].direct"), "bool"),
}


def _needs(baseline: Baseline) -> Needs:
    return Needs(
        types=frozenset({ASSIGNMENTS, *row_types(baseline)}),
        references=frozenset({ReferenceRead(ASSIGNMENTS, "properties.roleDefinitionId")}),
        principals=reads_of_principals(baseline),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    judge = _Judge(context)
    for workload in context.workloads:
        holders, more = table_principals(workload, context)
        for name in identity_components(context.baseline):
            identities, not_known = standing(name, workload, context)
            for identity in identities:
                principals, doubts = identity_principals(identity, context.snapshot)
                body = {"identity": name, "resourceType": identity.type}
                if not principals and not doubts:
                    doubts = ["it has no identity of its own, so what it may do is not known"]
                body["excess"] = judge.excess(principals, [*doubts, *more], holders, workload)
                yield document("driftline/identityAccess", identity.id, name, body)
            for where, reason in not_known.items():
                yield document("driftline/identityAccess", where, name, {"identity": name, "excess": reason})


class _Judge:
    """What is parsed once for all identities."""

    def __init__(self, context: FactContext) -> None:
        self._context = context
        self._assignments = assignments(context.snapshot)
        self._memberships = Memberships(context.snapshot)
        self._definitions = Definitions(context.snapshot, context.baseline.tables)
        self._telling = tuple(context.baseline.tables.get("telling-operations") or ())

    def excess(self, principals: set[str], doubts: list[str], holders: dict[str, set[str]], workload: BoundWorkload) -> Json:
        """What the principals hold beyond what is agreed for the components whose identity they are, or why it is not known."""
        components = {name for principal in principals for name in holders.get(principal, ())}
        agreed = agreed_for(components, workload, self._context)
        found: list[Json] = []
        reasons = [reason for scope in workload.scopes if (gap := self._gap(scope)) is not None for reason in gap.reasons]
        reasons += doubts
        for assignment in self._assignments:
            reached = self._memberships.reaches(assignment, principals)
            if reached is False and assignment.principal:
                continue
            beyond = self._beyond(assignment, agreed)
            if beyond is None:
                continue
            why = _reasons(assignment, reached, beyond)
            if why or not isinstance(beyond, dict):
                reasons.extend(why)
            else:
                found.append({"principal": assignment.principal, "direct": assignment.principal in principals, **beyond})
        return found or (Unknown(tuple(dict.fromkeys(reasons))) if reasons else [])

    def _gap(self, scope: str) -> Unknown | None:
        return self._context.snapshot.missing(ASSIGNMENTS, scope)

    def _beyond(self, assignment: Assignment, agreed: list[Agreed]) -> dict[str, Json] | Unknown | None:
        """What an assignment gives that is not agreed at its scope; None where that is nothing."""
        if not assignment.is_read:
            return Unknown.because(f"{assignment.id} was read without its role, principal or scope")
        here = [item for item in agreed if item.doubt or is_within(assignment.scope_key, item.scope_key)]
        if any(item.role_id == assignment.role_id and not item.doubt for item in here):
            return None
        granted = self._definitions.permissions(assignment.role_id, assignment.definition)
        if isinstance(granted, Unknown):
            return granted
        held: list[Permission] = []
        unsure: list[str] = []
        for item in here:
            known = self._definitions.permissions(item.role_id)
            unsure.extend(item.doubt or (known.reasons if isinstance(known, Unknown) else ()))
            held.extend(known if isinstance(known, tuple) and not item.doubt else ())
        try:
            found = witness(granted, held, telling=self._telling)
        except EntangledError:
            return Unknown.because(f"{assignment.id}: what its role allows is too entangled to compare")
        if found is None:
            return None
        if unsure:
            return Unknown(tuple(dict.fromkeys(unsure)))
        return {
            "operation": self._spelled(found[0]), "dataAction": found[1], "role": self._definitions.title(assignment.role_id),
            "scope": assignment.scope, "scopeName": assignment.scope_name, "assignmentId": assignment.id,
        }  # fmt: skip

    def _spelled(self, operation: str) -> str:
        return next((item for item in self._telling if item.lower() == operation), self._definitions.spelled(operation))


def _reasons(assignment: Assignment, reached: Truth, beyond: dict[str, Json] | Unknown) -> list[str]:
    """Why an excess is not certain."""
    unknown = [reason for item in (reached, beyond) if isinstance(item, Unknown) for reason in item.reasons]
    return [*unknown, *assignment.condition_reasons]


IDENTITY_ACCESS: Final = Fact(
    "driftline/identityAccess",
    _PATHS,
    _needs,
    _derive,
    one_per="resource whose identity the role table names",
    tables=("rbac", "roles", "role-permissions", "telling-operations"),
    parameters=("furtherRoles",),
)
