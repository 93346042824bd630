"""`driftline/strangers`: one document per audited scope: principals with roles there that are of no resource that was read.

Azure keeps an assignment when its principal is deleted, and says nothing of it: whether a stranger still exists only the
directory knows. The evidence `directory` states who does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.access import reads_of_principals
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.roles.assignments import ASSIGNMENTS, Assignment, assignments, identity_principals
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, are_related, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["STRANGERS"]

Json = Any
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName"), "string"),
    "strangers": "array",
    **dict.fromkeys(("strangers[*].principal", "strangers[*].assignmentId"), "string"),
}


def _needs(baseline: Baseline) -> Needs:
    types = {item.type for item in reads_of_principals(baseline)}
    return Needs(types=frozenset({ASSIGNMENTS, *types}))


def _derive(context: FactContext) -> Iterator[Resource]:
    alive = set(_alive(context))
    read = assignments(context.snapshot)
    for scope in context.snapshot.scopes:
        missing = context.snapshot.missing(ASSIGNMENTS, scope)
        found = missing if missing is not None else _strangers(normalise(scope), read, alive)
        body = {"strangers": _unread(scope, context, found) if isinstance(found, list) else found}
        yield document("driftline/strangers", scope, "", body)


def _strangers(scope_key: str, read: list[Assignment], alive: set[str]) -> Json:
    found: list[Json] = []
    for item in read:
        if not (item.scope_key.startswith(_MANAGEMENT_GROUPS) or are_related(item.scope_key, scope_key)):
            continue
        if not item.principal:
            return Unknown.because(f"{item.id} was read without its principal")
        if item.principal not in alive:
            found.append({"principal": item.principal, "assignmentId": item.id})
    return found


def _unread(scope: str, context: FactContext, found: list[Json]) -> Json:
    """The strangers, or why one of them may be the identity of a resource after all."""
    types = sorted({item.type for item in reads_of_principals(context.baseline)})
    gaps = [gap for item in types if (gap := context.snapshot.missing(item, scope)) is not None]
    return Unknown(tuple(dict.fromkeys(reason for gap in gaps for reason in gap.reasons))) if gaps and found else found


def _alive(context: FactContext) -> Iterator[str]:
    """The principals of identities that were read: these exist."""
    path = compile_path("properties.principalId")
    for resource in context.snapshot.resources:
        if ResourceId.parse(resource.id).type.lower() == "microsoft.managedidentity/userassignedidentities":
            principal = path.read(resource.body, context.snapshot.spellings)
            if isinstance(principal, str):
                yield principal.lower()
        elif "identity" in {name.lower() for name in resource.body}:
            yield from identity_principals(resource, context.snapshot)[0]


STRANGERS: Final = Fact("driftline/strangers", _PATHS, _needs, _derive, one_per="audited scope")
