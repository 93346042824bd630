"""What expressions of a template see beyond the standard functions: its parameters, where it is deployed, what is deployed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from scanner.language.functions import STANDARD, EvaluationError, Function, FunctionTable
from scanner.simulator.store import Store

__all__ = ["FUNCTIONS", "Target", "TemplateScope", "resource_path"]

Json = Any


@dataclass(frozen=True, slots=True)
class Target:
    """Where a template is deployed: tenant, subscription with its name, and a group (empty at subscription) with its location."""

    tenant: str
    subscription: str
    subscription_name: str
    group: str
    location: str

    @property
    def scope(self) -> str:
        """The id of the scope."""
        base = f"/subscriptions/{self.subscription}"
        return f"{base}/resourceGroups/{self.group}" if self.group else base


@dataclass(slots=True)
class TemplateScope:
    """The scope in which expressions of one template are evaluated; names are kept in lower case."""

    target: Target
    store: Store
    now: datetime
    parameters: dict[str, Json] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)

    def new_guid(self) -> uuid.UUID:
        """A fresh guid, as `newGuid()` gives."""
        return uuid.uuid4()


def resource_path(resource_type: str, names: str) -> str:
    """`Microsoft.Web/sites/config` named `app/web` is `Microsoft.Web/sites/app/config/web`. Raises `EvaluationError`."""
    provider, *segments = resource_type.split("/")
    parts = names.split("/")
    if len(parts) != len(segments) or not all(parts):
        raise EvaluationError(f"the name {names!r} has {len(parts)} parts, the type {resource_type} {len(segments)}")
    return "/".join([provider, *(part for pair in zip(segments, parts, strict=True) for part in pair)])


def _parameters(scope: TemplateScope, name: str) -> Json:
    if name.lower() not in scope.parameters:
        raise EvaluationError(f"there is no parameter {name!r}")
    return scope.parameters[name.lower()]


def _variables(scope: TemplateScope, name: str) -> Json:
    if name.lower() not in scope.variables:
        raise EvaluationError(f"there is no variable {name!r} above this")
    return scope.variables[name.lower()]


def _split(parts: Sequence[Json], most: int) -> tuple[list[str], str, str]:
    """What stands before the type, the type, and the names joined."""
    texts = [str(part) for part in parts]
    at = next((index for index, part in enumerate(texts) if "/" in part), None)
    if at is None or at > most:
        raise EvaluationError("a resource type such as 'Microsoft.Web/sites' is missing")
    return texts[:at], texts[at], "/".join(texts[at + 1 :])


def _resource_id(scope: TemplateScope, *parts: Json) -> str:
    before, resource_type, names = _split(parts, 2)
    if not scope.target.group and not before:
        return _subscription_resource_id(scope, *parts)
    group = before[-1] if before else scope.target.group
    subscription = before[0] if len(before) == 2 else scope.target.subscription
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{resource_path(resource_type, names)}"


def _subscription_resource_id(scope: TemplateScope, *parts: Json) -> str:
    before, resource_type, names = _split(parts, 1)
    subscription = before[0] if before else scope.target.subscription
    return f"/subscriptions/{subscription}/providers/{resource_path(resource_type, names)}"


def _extension_resource_id(_: TemplateScope, base: str, resource_type: str, *names: str) -> str:
    return f"{base}/providers/{resource_path(resource_type, '/'.join(names))}"


def _tenant_resource_id(_: TemplateScope, resource_type: str, *names: str) -> str:
    return f"/providers/{resource_path(resource_type, '/'.join(names))}"


def _reference(scope: TemplateScope, resource_id: str, _: str = "", mode: str = "") -> Json:
    body = scope.store.get(resource_id)
    if body is None:
        raise EvaluationError(f"reference() of {resource_id}, which is not deployed before this")
    return body if mode.lower() == "full" else body.get("properties", {})


def _subscription(scope: TemplateScope) -> Json:
    target = scope.target
    return {
        "id": f"/subscriptions/{target.subscription}", "subscriptionId": target.subscription, "tenantId": target.tenant,
        "displayName": target.subscription_name,
    }  # fmt: skip


def _resource_group(scope: TemplateScope) -> Json:
    if not scope.target.group:
        raise EvaluationError("a template at subscription scope has no resource group")
    known = scope.store.get(scope.target.scope)
    return known if known is not None else {"id": scope.target.scope, "name": scope.target.group}


FUNCTIONS: Final[FunctionTable] = STANDARD.extended(
    Function("parameters", 1, 1, _parameters, takes_scope=True),
    Function("variables", 1, 1, _variables, takes_scope=True),
    Function("resourceId", 2, None, _resource_id, takes_scope=True),
    Function("subscriptionResourceId", 2, None, _subscription_resource_id, takes_scope=True),
    Function("extensionResourceId", 3, None, _extension_resource_id, takes_scope=True),
    Function("tenantResourceId", 2, None, _tenant_resource_id, takes_scope=True),
    Function("reference", 1, 3, _reference, takes_scope=True),
    Function("subscription", 0, 0, _subscription, takes_scope=True),
    Function("resourceGroup", 0, 0, _resource_group, takes_scope=True),
    Function("tenant", 0, 0, lambda scope: {"tenantId": scope.target.tenant}, takes_scope=True),
)
