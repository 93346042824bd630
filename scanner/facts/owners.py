"""`driftline/owners`: one document per audited scope: who may give rights away there, and which services hold wide roles.

Counted are assignments at the scope and above it; wide roles of services below it too. Whoever a group brings in is not
counted, for only the directory knows its members: a group is one owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.roles.assignments import identity_principals
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["OWNERS"]

Json = Any
_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_GIVING: Final = ("Owner", "User Access Administrator", "Role Based Access Control Administrator")
_WIDE: Final = ("Owner", "Contributor")
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName"), "string"),
    **dict.fromkeys(("owners", "services"), "array"),
    **dict.fromkeys(("owners[*].principal", "owners[*].assignmentId"), "string"),
    **dict.fromkeys(("services[*].principal", "services[*].assignmentId", "services[*].role", "services[*].scope"), "string"),
}


def _needs(baseline: Baseline) -> Needs:
    identities = {str(row.get("identity")) for row in baseline.tables.get("rbac") or [] if isinstance(row, Mapping)}
    components = (baseline.components[name] for name in identities if name in baseline.components)
    return Needs(types=frozenset({_ASSIGNMENTS, *(kind for component in components for kind in component.types)}))


def _derive(context: FactContext) -> Iterator[Resource]:
    roles = {str(context.baseline.tables.get("roles", {}).get(name, "")).lower(): name for name in (*_GIVING, *_WIDE)}
    expected, doubts = _expected(context)
    for scope in context.snapshot.scopes:
        missing = context.snapshot.missing(_ASSIGNMENTS, scope)
        if missing is not None:
            yield document("driftline/owners", scope, "", {"owners": missing, "services": missing})
        else:
            yield document("driftline/owners", scope, "", _of_scope(normalise(scope), roles, expected, doubts, context))


def _of_scope(
    scope_key: str, roles: Mapping[str, str], expected: set[str], doubts: list[str], context: FactContext
) -> dict[str, Json]:
    owners: dict[str, Json] = {}
    services: dict[str, Json] = {}
    unread: list[str] = []
    for item in context.snapshot.of_type(_ASSIGNMENTS):
        role, principal, kind, at = (
            _text(item, name, context) for name in ("roleDefinitionId", "principalId", "principalType", "scope")
        )
        granted_at = normalise(at or ResourceId.parse(item.id).scope)
        if not role or not principal:
            unread.append(f"{item.id} was read without its role or principal")
            continue
        name = roles.get(role.rpartition("/")[2].lower(), "")
        above = granted_at.startswith(_MANAGEMENT_GROUPS) or is_within(scope_key, granted_at)
        told = {"principal": principal, "assignmentId": item.id}
        if name in _GIVING and above:
            owners.setdefault(principal.lower(), told)
        if name in _WIDE and (above or is_within(granted_at, scope_key)) and principal.lower() not in expected:
            if not kind:
                unread.append(f"{item.id} does not say what its principal is")
            elif kind.lower() == "serviceprincipal":
                services.setdefault(principal.lower(), {**told, "role": name, "scope": granted_at})
    known = Unknown(tuple(dict.fromkeys(unread)))
    doubtful = Unknown(tuple(dict.fromkeys([*unread, *doubts])))
    return {
        "owners": known if unread else list(owners.values()),
        "services": doubtful if unread or (services and doubts) else list(services.values()),
    }  # fmt: skip


def _expected(context: FactContext) -> tuple[set[str], list[str]]:
    """The principals that may hold wide roles: identities of the role table, and those that deploy; and why there may be more."""
    found: set[str] = set()
    doubts: list[str] = []
    table = [row for row in context.baseline.tables.get("rbac") or [] if isinstance(row, Mapping)]
    for workload in context.workloads:
        found |= {str(item).lower() for item in workload.parameters.get("deployPrincipals") or ()}
        for name in sorted({str(row["identity"]) for row in table if row.get("role") in _WIDE}):
            binding = workload.components.get(name)
            if binding is None or binding.status not in ("bound", "missing"):
                doubts.append(f"component {name} is {binding.status if binding is not None else 'not bound'}")
                continue
            for resource in binding.resources:
                principals, why = identity_principals(resource, context.snapshot)
                found |= principals
                doubts.extend(why)
    return found, doubts


def _text(assignment: Resource, name: str, context: FactContext) -> str:
    if "properties" in assignment.unread:
        return ""
    value = compile_path(f"properties.{name}").read(assignment.body, context.snapshot.spellings)
    return value if isinstance(value, str) else ""


OWNERS: Final = Fact(
    "driftline/owners",
    _PATHS,
    _needs,
    _derive,
    one_per="audited scope",
    tables=("rbac", "roles"),
    parameters=("deployPrincipals",),
)
