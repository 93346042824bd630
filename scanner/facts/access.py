"""`driftline/access`: one document per identity and row of the role table: is the role granted, where, by which assignment.

Judged on assignments: the row's role at its scope (`exact`) or above it (`wider`). A grant to a group may reach the identity
through a membership that only the directory knows, so it makes a missing row unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import Binding, BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import ABSENT, Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["ACCESS", "identity_principals"]

Json = Any

_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
_REGISTRY: Final = "microsoft.containerregistry/registries"
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
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


@dataclass(frozen=True, slots=True)
class _Assignment:
    """What counts of a role assignment; empty where it was not read. `role_id` is the last segment, in lower case."""

    id: str
    role_id: str
    principal: str
    scope_key: str
    to_group: bool


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
    assignments = [_assignment(item, context) for item in context.snapshot.of_type(_ASSIGNMENTS)]
    for workload in context.workloads:
        for row in _rows(context.baseline):
            yield from _of_row(row, workload, assignments, context)


def _of_row(row: _Row, workload: BoundWorkload, assignments: list[_Assignment], context: FactContext) -> Iterator[Resource]:
    identities = workload.components.get(row.identity)
    if identities is None or identities.status == "missing":
        return
    if identities.status != "bound":
        reason = Unknown.because(f"component {row.identity} is {identities.status}: {identities.reason}")
        yield _not_known(row, workload.scopes[0], reason, context)
        return
    for identity in identities.resources:
        scope = _scope_of(row, workload, identity)
        if scope is None:
            continue
        body = {"identity": row.identity, "resourceType": identity.type, **_grant(row, identity, scope, assignments, context)}
        yield document("driftline/access", identity.id, row.name, _named(row, context, body))
    if identities.more is not None:
        for where, reason in _holes(row.identity, workload, context).items():
            yield _not_known(row, where, reason, context)


def _not_known(row: _Row, judged: str, reason: Unknown, context: FactContext) -> Resource:
    body = {"identity": row.identity, "granted": reason, "scope": reason, "principalIds": reason}
    return document("driftline/access", judged, row.name, _named(row, context, body))


def _holes(component: str, workload: BoundWorkload, context: FactContext) -> dict[str, Unknown]:
    """Where in a workload more resources of a component may stand, with the reason."""
    scopes = [normalise(scope) for scope in workload.scopes]
    return {
        where: reason
        for resource_type in context.baseline.components[component].types
        for where, reason in holes(context.snapshot, resource_type)
        if any(is_within(normalise(where), scope) or is_within(scope, normalise(where)) for scope in scopes)
    }


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
    if binding.status != "bound":
        return Unknown.because(f"component {row.scope} is {binding.status}: {binding.reason}")
    if len(binding.resources) != 1:
        return Unknown.because(f"component {row.scope} is bound to {len(binding.resources)} resources, one is needed here")
    return binding.resources[0]


def _grant(
    row: _Row, identity: Resource, scope: Resource | str | Unknown, assignments: list[_Assignment], context: FactContext
) -> dict[str, Json]:
    principals, doubts = identity_principals(identity, context)
    listed: Json = Unknown(tuple(doubts)) if doubts else sorted(principals)
    if isinstance(scope, Unknown):
        return {"principalIds": listed, "scope": scope, "granted": scope}
    scope_id = scope if isinstance(scope, str) else scope.id
    named = {"principalIds": listed, "scope": scope_id, "scopeName": scope_id.rpartition("/")[2]}
    role = _role_for(row, scope, context)
    role_id = role if isinstance(role, Unknown) else _role_id(role, context.baseline)
    if isinstance(role_id, Unknown):
        return {**named, "granted": role_id}
    return {**named, **_find(principals, doubts, role_id, normalise(scope_id), assignments, context)}


def _find(
    principals: set[str], doubts: list[str], role_id: str, scope_key: str, assignments: list[_Assignment], context: FactContext
) -> dict[str, Json]:
    """Whether one of the principals holds the role at the scope or above; `doubts` are why there may be more principals."""
    if not principals and not doubts:
        return {"granted": "missing"}  # without an identity no assignment can reach it
    wider = ""
    reasons = [*doubts]
    for assignment in assignments:
        reach = _reaches(assignment.scope_key, scope_key, context)
        if reach is False:
            continue
        if not assignment.role_id or not assignment.principal:
            reasons.append(f"{assignment.id} was read without its role, principal or scope")
        elif assignment.role_id != role_id.lower():
            continue
        elif assignment.principal.lower() in principals:
            if isinstance(reach, Unknown):
                reasons.extend(reach.reasons)
            elif assignment.scope_key == scope_key:
                return {"granted": "exact", "assignmentId": assignment.id}
            else:
                wider = assignment.id
        elif assignment.to_group:
            reasons.append(f"the role is granted to the group {assignment.principal}, whose members are not known")
    if wider:
        return {"granted": "wider", "assignmentId": wider}
    unread = context.snapshot.missing(_ASSIGNMENTS, scope_key)
    reasons = [*(unread.reasons if unread is not None else ()), *reasons]
    return {"granted": Unknown(tuple(dict.fromkeys(reasons))) if reasons else "missing"}


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


def identity_principals(identity: Resource, context: FactContext) -> tuple[set[str], list[str]]:
    """The principal ids of a resource's managed identities in lower case, and why there may be more."""
    found: set[str] = set()
    doubts: list[str] = []
    own = compile_path("identity.principalId").read(identity.body, context.snapshot.spellings)
    users = compile_path("identity.userAssignedIdentities").read(identity.body, context.snapshot.spellings)
    principals = [own]
    if isinstance(users, Mapping):
        principals += [_principal_of_user(user_id, entry, context) for user_id, entry in users.items()]
    elif users is not ABSENT:
        principals.append(users)
    for principal in principals:
        if isinstance(principal, str):
            found.add(principal.lower())
        elif isinstance(principal, Unknown):
            doubts.extend(principal.reasons)
        elif principal is not ABSENT:
            doubts.append(f"{identity.id}: its identity is of an impossible type")
    return found, doubts


def _principal_of_user(user_id: str, entry: Json, context: FactContext) -> Json:
    """The principal of a user-assigned identity; absent where the identity is known to be gone."""
    spellings = context.snapshot.spellings
    principal = compile_path("principalId").read(entry, spellings) if isinstance(entry, Mapping) else ABSENT
    if principal is not ABSENT:
        return principal
    resource = context.snapshot.look_up(user_id)
    if resource is None:
        return ABSENT
    if isinstance(resource, Unknown):
        return resource
    principal = compile_path("properties.principalId").read(resource.body, spellings)
    return Unknown.because(f"{resource.id} was read without its principal") if principal is ABSENT else principal


def _role_for(row: _Row, scope: Resource | str, context: FactContext) -> str | Unknown:
    if row.abac_role and isinstance(scope, Resource) and scope.type_key == _REGISTRY:
        if "properties" in scope.unread:
            return Unknown.because(f"{scope.id} was read without its properties, so which roles it honours is not known")
        mode = compile_path("properties.roleAssignmentMode").read(scope.body, context.snapshot.spellings)
        if isinstance(mode, str) and mode.lower() == _ABAC_MODE:
            return row.abac_role
    return row.role


def _role_id(role: str, baseline: Baseline) -> str | Unknown:
    roles = baseline.tables.get("roles") or {}
    return str(roles[role]) if role in roles else Unknown.because(f"table roles has no role {role!r}")


def _assignment(item: Resource, context: FactContext) -> _Assignment:
    role, principal, at, kind = (
        _text(item, path, context) for path in ("roleDefinitionId", "principalId", "scope", "principalType")
    )
    scope_key = normalise(at or ResourceId.parse(item.id).scope)
    if not at and not _is_absent(item, "scope", context):
        role = ""  # where it holds is not known: another place than the one its id names may be meant
    return _Assignment(item.id, role.rpartition("/")[2].lower(), principal, scope_key, kind.lower() == "group")


def _is_absent(assignment: Resource, name: str, context: FactContext) -> bool:
    return compile_path(f"properties.{name}").read(assignment.body, context.snapshot.spellings) in (ABSENT, "")


def _text(assignment: Resource, name: str, context: FactContext) -> str:
    value = compile_path(f"properties.{name}").read(assignment.body, context.snapshot.spellings)
    return value if isinstance(value, str) else ""


ACCESS: Final = Fact(
    "driftline/access", _PATHS, _needs, _derive, one_per="identity and row of the role table", tables=("rbac", "roles")
)
