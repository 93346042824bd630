"""`driftline/access`: one document per identity and row of the role table: is the role granted, where, by which assignment.

Judged on assignments: the row's role at its scope (`exact`) or above it (`wider`). A grant to a group may reach the identity
through a membership that only the directory knows, so it makes a missing row unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import Binding, BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import ABSENT, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["ACCESS"]

Json = Any

_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
_REGISTRY: Final = "microsoft.containerregistry/registries"
#: A registry in this mode honours the repository roles instead of AcrPull and AcrPush.
_ABAC_MODE: Final = "abacrepositorypermissions"
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of rbac.yaml: who (component), where (component or `resourceGroup`), which role."""

    name: str
    identity: str
    scope: str
    role: str
    abac_role: str


def _needs(baseline: Baseline) -> Needs:
    names = {name for row in _rows(baseline) for name in (row.identity, row.scope) if name in baseline.components}
    types = {item for name in names for item in baseline.components[name].types}
    return Needs(types=frozenset({_ASSIGNMENTS, *types}))


def _rows(baseline: Baseline) -> list[_Row]:
    table = baseline.tables.get("rbac") or []
    return [
        _Row(str(row["row"]), str(row["identity"]), str(row["scope"]), str(row["role"]), str(row.get("abacRole", "")))
        for row in table
        if isinstance(row, Mapping)
    ]


def _derive(context: FactContext) -> Iterator[Resource]:
    for workload in context.workloads:
        for row in _rows(context.baseline):
            yield from _of_row(row, workload, context)


def _of_row(row: _Row, workload: BoundWorkload, context: FactContext) -> Iterator[Resource]:
    identities = workload.components.get(row.identity)
    if identities is None or identities.status == "missing":
        return
    if identities.status != "bound":
        reason = Unknown.because(f"component {row.identity} is {identities.status}: {identities.reason}")
        body = {"identity": row.identity, "granted": reason, "scope": reason, "principalIds": reason}
        yield document("driftline/access", workload.scopes[0], row.name, _named(row, context, body))
        return
    for identity in identities.resources:
        scope = _scope_of(row, workload, identity)
        if scope is None:
            continue
        body = {"identity": row.identity, "resourceType": identity.type, **_grant(row, identity, scope, context)}
        yield document("driftline/access", identity.id, row.name, _named(row, context, body))


def _named(row: _Row, context: FactContext, body: dict[str, Json]) -> dict[str, Json]:
    return {"row": row.name, "role": row.role, "roleId": _role_id(row.role, context.baseline), **body}


def _scope_of(row: _Row, workload: BoundWorkload, identity: Resource) -> Resource | str | Unknown | None:
    """The resource of the scope, a group's id, why it is not known, or None where it is known not to exist."""
    if row.scope == "resourceGroup":
        parsed = ResourceId.parse(identity.id)
        return "/".join(parsed.text.split("/")[:5])
    binding: Binding | None = workload.components.get(row.scope)
    if binding is None or binding.status == "missing":
        return None
    if binding.status != "bound" or len(binding.resources) != 1:
        return Unknown.because(f"component {row.scope} is {binding.status}: {binding.reason}")
    return binding.resources[0]


def _grant(row: _Row, identity: Resource, scope: Resource | str | Unknown, context: FactContext) -> dict[str, Json]:
    principals = _principals(identity, context)
    if isinstance(scope, Unknown) or isinstance(principals, Unknown):
        reason = scope if isinstance(scope, Unknown) else principals
        return {"principalIds": principals, "scope": reason, "granted": reason}
    scope_id = scope if isinstance(scope, str) else scope.id
    named = {"principalIds": sorted(principals), "scope": scope_id, "scopeName": scope_id.rpartition("/")[2]}
    role_id = _role_id(_role_for(row, scope, context), context.baseline)
    if isinstance(role_id, Unknown):
        return {**named, "granted": role_id}
    return {**named, **_find(principals, role_id, normalise(scope_id), context)}


def _find(principals: set[str], role_id: str, scope_key: str, context: FactContext) -> dict[str, Json]:
    wider: Resource | None = None
    groups: list[str] = []
    odd: list[str] = []
    for assignment in context.snapshot.of_type(_ASSIGNMENTS):
        role, principal, at, kind = (
            _text(assignment, path, context) for path in ("roleDefinitionId", "principalId", "scope", "principalType")
        )
        if not role or not principal:
            odd.append(f"{assignment.id} was read without its role or principal")
            continue
        granted_at = normalise(at or ResourceId.parse(assignment.id).scope)
        if role.rpartition("/")[2].lower() != role_id.lower() or not is_within(scope_key, granted_at):
            continue
        if principal.lower() in principals:
            if granted_at == scope_key:
                return {"granted": "exact", "assignmentId": assignment.id}
            wider = assignment
        elif kind.lower() == "group":
            groups.append(f"the role is granted to the group {principal}, whose members are not known")
    if wider is not None:
        return {"granted": "wider", "assignmentId": wider.id}
    unread = context.snapshot.missing(_ASSIGNMENTS, scope_key)
    doubts = [*(unread.reasons if unread is not None else ()), *odd, *groups]
    return {"granted": Unknown(tuple(dict.fromkeys(doubts))) if doubts else "missing"}


def _principals(identity: Resource, context: FactContext) -> set[str] | Unknown:
    """The principal ids of a resource's managed identities in lower case; empty when it has none."""
    spellings, body = context.snapshot.spellings, identity.body
    found: set[str] = set()
    own = compile_path("identity.principalId").read(body, spellings)
    users = compile_path("identity.userAssignedIdentities").read(body, spellings)
    for value in (own, users):
        if isinstance(value, Unknown):
            return value
    if own is not ABSENT:
        found.add(str(own).lower())
    for user_id, entry in users.items() if isinstance(users, Mapping) else ():
        principal = entry.get("principalId") if isinstance(entry, Mapping) else None
        if not isinstance(principal, str):
            resource = context.snapshot.look_up(user_id)
            if isinstance(resource, Unknown):
                return resource
            principal = compile_path("properties.principalId").read(resource.body, spellings) if resource is not None else None
        if isinstance(principal, str):
            found.add(principal.lower())
    return found


def _role_for(row: _Row, scope: Resource | str, context: FactContext) -> str:
    if row.abac_role and isinstance(scope, Resource) and scope.type_key == _REGISTRY:
        mode = compile_path("properties.roleAssignmentMode").read(scope.body, context.snapshot.spellings)
        if isinstance(mode, str) and mode.lower() == _ABAC_MODE:
            return row.abac_role
    return row.role


def _role_id(role: str, baseline: Baseline) -> str | Unknown:
    roles = baseline.tables.get("roles") or {}
    return str(roles[role]) if role in roles else Unknown.because(f"table roles has no role {role!r}")


def _text(assignment: Resource, name: str, context: FactContext) -> str:
    value = compile_path(f"properties.{name}").read(assignment.body, context.snapshot.spellings)
    return value if isinstance(value, str) else ""


ACCESS: Final = Fact("driftline/access", _PATHS, _needs, _derive)
