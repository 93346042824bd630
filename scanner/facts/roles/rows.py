"""The role table: who holds which role where, for the components of a workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import FactContext, holes
from scanner.facts.parameters import TableValues
from scanner.facts.roles.assignments import identity_principals
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = [
    "Agreed", "Row", "agreed_for", "identity_components", "role_for", "role_id", "row_types", "rows", "scopes_of", "standing",
    "table_principals", "wanted",
]  # fmt: skip

Json = Any
_REGISTRY: Final = "microsoft.containerregistry/registries"
#: A registry in this mode honours the repository roles instead of AcrPull and AcrPush.
_ABAC_MODE: Final = "abacrepositorypermissions"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of rbac.yaml: who (component), where (component or `resourceGroup`), which role. With `each` it holds for every
    resource of the scope's component. What is not `required`, or not by its `when`, may be granted and need not.
    """

    name: str
    identity: str
    scope: str
    role: str
    abac_role: str
    when: Json
    each: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """A role that a principal may hold at a scope and below. `doubt` is why it may not be agreed, or why where is not known."""

    role_id: str
    scope_key: str
    doubt: tuple[str, ...] = ()


def rows(baseline: Baseline) -> list[Row]:
    """The rows of the baseline."""
    return [
        Row(
            str(row["row"]), str(row["identity"]), str(row["scope"]), str(row["role"]), str(row.get("abacRole", "")),
            row.get("when", True), bool(row.get("each", False)), bool(row.get("required", True)),
        )
        for row in baseline.tables.get("rbac") or []
        if isinstance(row, Mapping)
    ]  # fmt: skip


def row_types(baseline: Baseline) -> frozenset[str]:
    """The types of all components that rows name."""
    names = {name for row in rows(baseline) for name in (row.identity, row.scope) if name in baseline.components}
    return frozenset(item for name in names for item in baseline.components[name].types)


def identity_components(baseline: Baseline) -> list[str]:
    """The components whose identities the table names, in its order."""
    return list(dict.fromkeys(row.identity for row in rows(baseline)))


def standing(component: str, workload: BoundWorkload, context: FactContext) -> tuple[list[Resource], dict[str, Unknown]]:
    """The resources of a component, and where in the workload there may be more, with the reason."""
    binding = workload.components.get(component)
    if binding is None or binding.status == "missing":
        return [], {}
    if binding.status != "bound":
        return [], {workload.scopes[0]: Unknown.because(f"component {component} is {binding.status}: {binding.reason}")}
    return list(binding.resources), _holes(component, workload, context) if binding.more is not None else {}


def _holes(component: str, workload: BoundWorkload, context: FactContext) -> dict[str, Unknown]:
    scopes = [normalise(scope) for scope in workload.scopes]
    return {
        where: reason
        for resource_type in context.baseline.components[component].types
        for where, reason in holes(context.snapshot, resource_type)
        if any(is_within(normalise(where), scope) or is_within(scope, normalise(where)) for scope in scopes)
    }


def scopes_of(row: Row, workload: BoundWorkload, identity: Resource) -> list[Resource | str] | Unknown:
    """The resources of the scope, or a group's id; why they are not known, or none where there is none."""
    if row.scope == "resourceGroup":
        return ["/".join(ResourceId.parse(identity.id).text.split("/")[:5])]
    binding = workload.components.get(row.scope)
    if binding is None or binding.status == "missing":
        return []
    if binding.status != "bound":
        return Unknown.because(f"component {row.scope} is {binding.status}: {binding.reason}")
    if len(binding.resources) != 1 and not row.each:
        return Unknown.because(f"component {row.scope} is bound to {len(binding.resources)} resources, one is needed here")
    return list(binding.resources)


def wanted(row: Row, scope: Resource | str, workload: BoundWorkload, context: FactContext) -> Truth:
    """Whether a row holds for a scope."""
    if not isinstance(scope, Resource):
        return bool(row.when)
    value = TableValues(context, workload.parameters).value(row.when, scope)
    if isinstance(value, Unknown | bool):
        return value
    return Unknown.because(f"row {row.name}: {row.when} is neither true nor false")


def role_for(row: Row, scope: Resource | str, context: FactContext) -> str | Unknown:
    """The name of the role that counts at a scope."""
    if row.abac_role and isinstance(scope, Resource) and scope.type_key == _REGISTRY:
        if "properties" in scope.unread:
            return Unknown.because(f"{scope.id} was read without its properties, so which roles it honours is not known")
        mode = compile_path("properties.roleAssignmentMode").read(scope.body, context.snapshot.spellings)
        if isinstance(mode, str) and mode.lower() == _ABAC_MODE:
            return row.abac_role
    return row.role


def role_id(role: str, baseline: Baseline) -> str | Unknown:
    """The guid of a role by its name."""
    roles = baseline.tables.get("roles") or {}
    return str(roles[role]) if role in roles else Unknown.because(f"table roles has no role {role!r}")


def table_principals(workload: BoundWorkload, context: FactContext) -> tuple[dict[str, set[str]], list[str]]:
    """By principal, the components of the table whose identity it is; and why there may be more."""
    found: dict[str, set[str]] = {}
    doubts: list[str] = []
    for name in identity_components(context.baseline):
        binding = workload.components.get(name)
        if binding is None or binding.status == "missing":
            continue
        if binding.status != "bound" or binding.more is not None:
            doubts.append(f"component {name} is not wholly known: {binding.reason or 'there may be more of it'}")
        for resource in binding.resources:
            principals, why = identity_principals(resource, context.snapshot)
            doubts.extend(why)
            for principal in principals:
                found.setdefault(principal, set()).add(name)
    return found, doubts


def agreed_for(components: Iterable[str], workload: BoundWorkload, context: FactContext) -> list[Agreed]:
    """The roles that the table, and `furtherRoles`, agree to for the identities of some components."""
    names = set(components)
    found: list[Agreed] = []
    for row in rows(context.baseline):
        binding = workload.components.get(row.identity)
        if row.identity not in names or binding is None:
            continue
        for identity in binding.resources:
            found.extend(_agreed_by(row, identity, workload, context))
    return list(dict.fromkeys([*found, *_further(names, workload, context)]))


def _agreed_by(row: Row, identity: Resource, workload: BoundWorkload, context: FactContext) -> Iterable[Agreed]:
    ids = {name: role_id(name, context.baseline) for name in (row.role, row.abac_role) if name}
    scopes = scopes_of(row, workload, identity)
    if isinstance(scopes, Unknown):
        yield from (Agreed(one.lower(), "", scopes.reasons) for one in ids.values() if isinstance(one, str))
        return
    for scope in scopes:
        key = normalise(scope if isinstance(scope, str) else scope.id)
        role = role_for(row, scope, context)
        doubt = role.reasons if isinstance(role, Unknown) else ()
        for name, one in ids.items():
            if isinstance(one, str) and (isinstance(role, Unknown) or role == name):
                yield Agreed(one.lower(), key, doubt)


def _further(names: set[str], workload: BoundWorkload, context: FactContext) -> Iterable[Agreed]:
    for item in workload.parameters.get("furtherRoles") or ():
        if isinstance(item, Mapping) and str(item.get("identity")) in names:
            known = role_id(str(item.get("role")), context.baseline)
            guid = known if isinstance(known, str) else str(item.get("role"))
            yield Agreed(guid.lower(), normalise(str(item.get("scope", ""))))
