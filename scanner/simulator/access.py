"""Access control by role: which action a principal may perform at a scope, from the role assignments in the store."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scanner.model.resource_id import is_within, normalise
from scanner.simulator.providers.common import properties_of
from scanner.simulator.store import Store

__all__ = ["Principal", "allows", "built_in_roles", "permissions_at"]

Json = Any


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who may sign in with a client secret or as a managed identity."""

    name: str
    client_id: str
    object_id: str
    secret: str


@cache
def built_in_roles() -> dict[str, dict[str, Json]]:
    """Built-in role definitions by lower-case id, as Microsoft documents them."""
    data = json.loads((Path(__file__).parent / "data" / "role-definitions.json").read_text(encoding="utf-8"))
    return {item["name"].lower(): item for item in data["value"]}


def allows(store: Store, principal: Principal, action: str, scope: str) -> bool:
    """Whether some role grants an action at a scope: a role's actions less its notActions, roles united."""
    return any(_grants(permission, action) for permission in permissions_at(store, principal, scope))


def permissions_at(store: Store, principal: Principal, scope: str) -> Iterator[dict[str, Json]]:
    """The permissions of every role that a principal holds at a scope or above."""
    key = normalise(scope)
    for assignment in store.of_type("Microsoft.Authorization/roleAssignments"):
        properties = properties_of(assignment)
        if str(properties.get("principalId", "")).lower() == principal.object_id.lower() and is_within(
            key, normalise(assignment.id.scope)
        ):
            role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2].lower()
            definition = built_in_roles().get(role) or _custom_role(store, role)
            yield from (definition or {}).get("properties", {}).get("permissions", [])


def _custom_role(store: Store, role: str) -> dict[str, Json] | None:
    for definition in store.of_type("Microsoft.Authorization/roleDefinitions"):
        if definition.id.name.lower() == role:
            return definition.body
    return None


def _grants(permission: dict[str, Json], action: str) -> bool:
    return _matches(permission.get("actions", []), action) and not _matches(permission.get("notActions", []), action)


def _matches(patterns: list[str], action: str) -> bool:
    """`*` crosses slashes; case does not count."""
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]")) for pattern in patterns)
