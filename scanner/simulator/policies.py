"""Azure Policy: built-in definitions, and what it finds: every resource complies, unless a state says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from scanner.model.resource_id import is_within, normalise
from scanner.simulator.providers.common import guid_of, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["built_in_policies", "built_in_policy", "policy_states"]

Json = Any
_ASSIGNMENTS: Final = "Microsoft.Authorization/policyAssignments"
#: What a state of the simulator says of a resource in place of "Compliant", standing on it.
_STATED: Final = "Microsoft.PolicyInsights/policyStates"


@cache
def built_in_policies() -> dict[str, dict[str, Json]]:
    """Built-in policy definitions by normalised id, as Azure publishes them."""
    data = json.loads((Path(__file__).parent / "data" / "policy-definitions.json").read_text(encoding="utf-8"))
    return {normalise(item["id"]): item for item in data["value"]}


def built_in_policy(key: str) -> dict[str, Json] | None:
    """The built-in definition of a normalised id."""
    return built_in_policies().get(key)


def policy_states(store: Store) -> Iterator[tuple[StoredResource, dict[str, Json]]]:
    """What Azure Policy finds of each resource of a type that a policy assigned above it is about, or what is stated instead."""
    stated = {_of(item): item for item in store.of_type(_STATED)}
    for assignment in store.of_type(_ASSIGNMENTS):
        for member in _assigned(assignment, store):
            for resource in _concerned(assignment, member["policyDefinitionId"], store):
                said = stated.get((resource.id.key, assignment.id.key, normalise(member["policyDefinitionId"])))
                yield resource, _state(resource, assignment, member, "Compliant" if said is None else _compliance(said))


def _of(item: StoredResource) -> tuple[str, str, str]:
    properties = properties_of(item)
    assignment, definition = (normalise(str(properties.get(f"policy{name}Id", ""))) for name in ("Assignment", "Definition"))
    return normalise(item.id.scope), assignment, definition


def _compliance(item: StoredResource) -> str:
    return str(properties_of(item).get("complianceState", ""))


def _assigned(assignment: StoredResource, store: Store) -> list[dict[str, Json]]:
    """The members of an initiative, or the one definition as if it were one."""
    named = str(properties_of(assignment).get("policyDefinitionId", ""))
    initiative = store.raw(named)
    if initiative is None:
        return [{"policyDefinitionId": named}]
    members = properties_of(initiative).get("policyDefinitions")
    return list(members) if members else [{"policyDefinitionId": named}]


def _concerned(assignment: StoredResource, definition_id: str, store: Store) -> Iterator[StoredResource]:
    """Resources that the rule of a definition is about, by their types."""
    definition = store.raw(definition_id)
    known = built_in_policy(normalise(definition_id)) if definition is None else definition.body
    condition = ((known or {}).get("properties") or {}).get("policyRule") or {}
    left_out = [normalise(str(place)) for place in properties_of(assignment).get("notScopes") or []]
    for kind in sorted(_types(condition.get("if"))):
        for resource in store.of_type(kind):
            key = resource.id.key
            if store.reaches(normalise(assignment.id.scope), key) and not any(is_within(key, place) for place in left_out):
                yield resource


def _types(condition: Json) -> set[str]:
    """The types that a condition names."""
    if isinstance(condition, list):
        return {kind for item in condition for kind in _types(item)}
    if not isinstance(condition, Mapping):
        return set()
    if str(condition.get("field", "")).lower() == "type":
        named = condition.get("in") or [condition.get("equals")]
        return {str(kind) for kind in named if kind}
    return {kind for item in condition.values() for kind in _types(item)}


def _state(resource: StoredResource, assignment: StoredResource, member: dict[str, Json], compliance: str) -> dict[str, Json]:
    """A row. Azure gives the ids in lower case."""
    reference = str(member.get("policyDefinitionReferenceId") or "")
    return {
        "name": guid_of(resource.id.key, assignment.id.key, reference),
        "properties": {
            "resourceId": resource.id.key, "policyAssignmentId": assignment.id.key, "complianceState": compliance,
            "policyDefinitionId": normalise(member["policyDefinitionId"]), "policyDefinitionReferenceId": reference,
            "policyAssignmentScope": normalise(assignment.id.scope), "isCompliant": compliance == "Compliant",
        },
    }  # fmt: skip
