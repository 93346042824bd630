"""`driftline/clients`: one document per guarded service: who may use it that neither the table nor settings name.

The table `clients` says which operations count as use. Whoever holds one of them by an assignment at, above or below the
service is a client; a group is one client, whoever is in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.facts.access import reads_of_principals
from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.parameters import TableValues
from scanner.facts.roles.assignments import ASSIGNMENTS, Assignment, assignments
from scanner.facts.roles.definitions import Definitions
from scanner.facts.roles.operations import EntangledError, Permission, witness
from scanner.facts.roles.rows import row_types, standing, table_principals
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import are_related, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["CLIENTS"]

Json = Any
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_MEMBERS: Final = ("principal", "principalType", "role", "operation", "scope", "scopeName", "assignmentId")
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "resourceType", "component"), "string"),
    **dict.fromkeys(("unapproved", "people"), "array"),
    **{f"{name}[*].{member}": "string" for name in ("unapproved", "people") for member in _MEMBERS},
}
_PEOPLE: Final = ("user", "group")


@dataclass(frozen=True, slots=True)
class _Use:
    """What counts as use of a service: patterns of operations, of data actions or not. `models` tells use of models."""

    within: tuple[str, ...]
    data: bool
    when: Json
    models: bool


def _uses(baseline: Baseline) -> dict[str, list[_Use]]:
    found: dict[str, list[_Use]] = {}
    for row in baseline.tables.get("clients") or ():
        if isinstance(row, Mapping):
            within = tuple(str(item).lower() for item in row["operations"])
            use = _Use(within, bool(row.get("dataActions", False)), row.get("when", True), bool(row.get("models", False)))
            found.setdefault(str(row["component"]), []).append(use)
    return found


def _needs(baseline: Baseline) -> Needs:
    types = {item for name in _uses(baseline) if name in baseline.components for item in baseline.components[name].types}
    return Needs(
        types=frozenset({ASSIGNMENTS, *types, *row_types(baseline)}),
        references=frozenset({ReferenceRead(ASSIGNMENTS, "properties.roleDefinitionId")}),
        principals=reads_of_principals(baseline),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    read, definitions = assignments(context.snapshot), Definitions(context.snapshot, context.baseline.tables)
    for workload in context.workloads:
        holders, doubts = table_principals(workload, context)
        settings = [*(workload.parameters.get("approvedClients") or ()), *(workload.parameters.get("deployPrincipals") or ())]
        approved = {*holders, *(str(item).lower() for item in settings)}
        judge = _Judge(context, workload, read, definitions, holders, approved, doubts)
        for name, uses in _uses(context.baseline).items():
            services, not_known = standing(name, workload, context)
            for service in services:
                body = {"component": name, "resourceType": service.type, **judge.of_service(service, uses)}
                yield document("driftline/clients", service.id, name, body)
            for where, reason in not_known.items():
                body = {"component": name, "unapproved": reason, "people": reason}
                yield document("driftline/clients", where, name, body)


@dataclass(frozen=True, slots=True)
class _Judge:
    context: FactContext
    workload: BoundWorkload
    assignments: list[Assignment]
    definitions: Definitions
    identities: Collection[str]
    approved: set[str]
    doubts: list[str]
    found: dict[tuple[str, _Use], str] = field(default_factory=dict)

    def of_service(self, service: Resource, uses: list[_Use]) -> dict[str, Json]:
        """Who uses a service without being approved, and which people use models."""
        key = normalise(service.id)
        unapproved: list[Json] = []
        people: list[Json] = []
        missing = self.context.snapshot.missing(ASSIGNMENTS, key)
        reasons = list(missing.reasons) if missing is not None else []
        doubtful = [*reasons]
        for assignment in self.assignments:
            near = assignment.scope_key.startswith(_MANAGEMENT_GROUPS) or are_related(key, assignment.scope_key)
            known = assignment.principal in self.approved
            if (
                not near
                or assignment.principal in self.identities
                or (known and assignment.kind and assignment.kind not in _PEOPLE)
            ):
                continue
            told, why, models = self._use(assignment, service, uses)
            if not known:
                reasons.extend(why)
                unapproved.extend([told] if told and not why else [])
            if models or why:
                doubtful.extend([*why, *([] if assignment.kind else [f"{assignment.id} does not say what its principal is"])])
                people.extend([told] if told and not why and assignment.kind in _PEOPLE else [])
        if unapproved and self.doubts:  # the stranger may be an identity of the table that was not read
            reasons, unapproved = [*reasons, *self.doubts], []
        return {"unapproved": _told(unapproved, reasons), "people": _told(people, doubtful)}

    def _use(self, assignment: Assignment, service: Resource, uses: list[_Use]) -> tuple[Json, list[str], bool]:
        """How an assignment lets use a service, why that is not certain, and whether models are used."""
        if not assignment.is_read:
            return None, [f"{assignment.id} was read without its role, principal or scope"], False
        granted = self.definitions.permissions(assignment.role_id, assignment.definition)
        if isinstance(granted, Unknown):
            return None, list(granted.reasons), False
        reasons: list[str] = []
        for use in uses:
            found = self._witness(assignment.role_id, granted, use)
            holds = TableValues(self.context, self.workload.parameters).value(use.when, service) if found else False
            if isinstance(holds, Unknown):
                reasons.extend(holds.reasons)
            elif holds and found:
                return self._said(assignment, found), list(assignment.condition_reasons), use.models
        return None, reasons, False

    def _witness(self, role_id: str, granted: tuple[Permission, ...], use: _Use) -> str:
        """An operation of use that a role gives, or nothing; asked once for each role and use."""
        if (role_id, use) not in self.found:
            self.found[role_id, use] = _witness(granted, use)
        return self.found[role_id, use]

    def _said(self, assignment: Assignment, operation: str) -> dict[str, Json]:
        return {
            "principal": assignment.principal, "principalType": assignment.kind or Unknown.because("its type was not read"),
            "operation": self.definitions.spelled(operation), "role": self.definitions.title(assignment.role_id),
            "scope": assignment.scope, "scopeName": assignment.scope_name, "assignmentId": assignment.id,
        }  # fmt: skip


def _witness(granted: tuple[Permission, ...], use: _Use) -> str:
    try:
        found = witness([item for item in granted if item.data == use.data], (), within=use.within)
    except EntangledError:
        return use.within[0]
    return found[0] if found is not None else ""


def _told(found: list[Json], reasons: list[str]) -> Json:
    return found or (Unknown(tuple(dict.fromkeys(reasons))) if reasons else [])


CLIENTS: Final = Fact(
    "driftline/clients",
    _PATHS,
    _needs,
    _derive,
    one_per="service of the table of clients",
    tables=("clients", "rbac", "roles", "role-permissions"),
    parameters=("approvedClients", "deployPrincipals"),
)
