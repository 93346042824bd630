"""Access control by role: which action a principal may perform at a scope, from the role assignments in the store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scanner.model.resource_id import is_within, normalise
from scanner.simulator.providers.common import properties_of
from scanner.simulator.store import Store

__all__ = ["Principal", "allows", "built_in_roles", "permissions_at", "role_definition", "sees"]

Json = Any


@dataclass(frozen=True, slots=True)
class Principal:
    """Someone who may sign in with a client secret or as a managed identity."""

    name: str
    client_id: str
    object_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class _Grant:
    """What one role assignment gives: its scope, the role's permissions, and their patterns compiled."""

    scope: str
    permissions: tuple[dict[str, Json], ...]
    actions: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]


@cache
def built_in_roles() -> dict[str, dict[str, Json]]:
    """Built-in role definitions by lower-case id, as Microsoft documents them."""
    data = json.loads((Path(__file__).parent / "data" / "role-definitions.json").read_text(encoding="utf-8"))
    return {item["name"].lower(): item for item in data["value"]}


def role_definition(store: Store, role: str) -> dict[str, Json] | None:
    """A role by its guid: built in, or custom; None for one whose permissions are not known."""
    custom = (
        item.body for item in store.of_type("Microsoft.Authorization/roleDefinitions") if item.id.name.lower() == role.lower()
    )
    return built_in_roles().get(role.lower()) or next(custom, None)


def allows(store: Store, principal: Principal, action: str, scope: str) -> bool:
    """Whether some role grants an action at a scope: a role's actions less its notActions, roles united."""
    key, lowered = normalise(scope), action.lower()
    decisions: dict[tuple[str, str], bool] = store.remember(f"decisions of {principal.object_id}", lambda _: {})
    if (lowered, key) not in decisions:
        decisions[lowered, key] = any(
            allowed.fullmatch(lowered) and not excluded.fullmatch(lowered)
            for grant in _grants(store, principal)
            if store.reaches(grant.scope, key)
            for allowed, excluded in grant.actions
        )
    return decisions[lowered, key]


def permissions_at(store: Store, principal: Principal, scope: str) -> list[dict[str, Json]]:
    """The permissions of every role that a principal holds at a scope or above."""
    key = normalise(scope)
    return [item for grant in _grants(store, principal) if store.reaches(grant.scope, key) for item in grant.permissions]


def sees(store: Store, principal: Principal, subscription: str) -> bool:
    """Whether a principal holds any role at, above or below a subscription: then it is in its list."""
    key = normalise(subscription)
    return any(is_within(grant.scope, key) or store.reaches(grant.scope, key) for grant in _grants(store, principal))


def _grants(store: Store, principal: Principal) -> tuple[_Grant, ...]:
    return store.remember(f"grants of {principal.object_id}", lambda _: tuple(_compute_grants(store, principal)))


def _compute_grants(store: Store, principal: Principal) -> Iterable[_Grant]:
    for assignment in store.of_type("Microsoft.Authorization/roleAssignments"):
        properties = properties_of(assignment)
        if str(properties.get("principalId", "")).lower() != principal.object_id.lower():
            continue
        definition = role_definition(store, str(properties.get("roleDefinitionId", "")).rpartition("/")[2])
        permissions = tuple(((definition or {}).get("properties") or {}).get("permissions") or [])
        patterns = tuple((_pattern(item.get("actions")), _pattern(item.get("notActions"))) for item in permissions)
        yield _Grant(normalise(assignment.id.scope), permissions, patterns)


def _pattern(actions: list[str] | None) -> re.Pattern[str]:
    """`*` crosses slashes; case does not count."""
    return re.compile("|".join(re.escape(action.lower()).replace(r"\*", ".*") for action in actions or []) or r"(?!)")
