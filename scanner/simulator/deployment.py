"""Deploys ARM templates through the providers: parameters, variables, resources in order, references to what was deployed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanner.language.expressions import ExpressionError, compile_value
from scanner.language.functions import STANDARD, EvaluationError, Function, FunctionTable
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.unknown import Unknown
from scanner.simulator import providers
from scanner.simulator.errors import ArmError
from scanner.simulator.store import Store

__all__ = ["Target", "deploy"]

Json = Any


@dataclass(frozen=True, slots=True)
class Target:
    """Where a template is deployed: tenant, subscription with its name, and a group with its location unless at subscription."""

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


class _Scope:
    """What expressions of a template see."""

    def __init__(self, target: Target, store: Store, parameters: dict[str, Json], now: datetime) -> None:
        self.target, self.store, self.parameters, self.now = target, store, parameters, now
        self.variables: dict[str, Json] = {}

    def new_guid(self) -> uuid.UUID:
        """A fresh guid, as `newGuid()` gives."""
        return uuid.uuid4()


def deploy(template: dict[str, Json], name: str, target: Target, parameters: dict[str, Json], store: Store) -> list[str]:
    """Deploy a template; the ids of its resources in order. Raises `ConfigurationError` naming the template and the place."""
    scope = _Scope(target, store, {}, store.now)
    for key, declared in template.get("parameters", {}).items():
        given = next((value for known, value in parameters.items() if known.lower() == key.lower()), None)
        if given is None and "defaultValue" not in declared:
            raise _fault(name, f"parameters.{key}", "no value is given and there is no default")
        scope.parameters[key.lower()] = (
            given if given is not None else _evaluate(declared["defaultValue"], scope, name, f"parameters.{key}")
        )
    for key, value in template.get("variables", {}).items():
        scope.variables[key.lower()] = _evaluate(value, scope, name, f"variables.{key}")
    return [_deploy_resource(item, scope, name, f"resources[{at}]") for at, item in enumerate(template.get("resources", []))]


def _deploy_resource(resource: dict[str, Json], scope: _Scope, name: str, place: str) -> str:
    body = _evaluate({key: value for key, value in resource.items() if key not in ("dependsOn", "comments")}, scope, name, place)
    resource_type, names = str(body.pop("type")), str(body.pop("name"))
    base = str(body.pop("scope", "") or scope.target.scope)
    if not base.startswith("/"):  # a relative scope names a resource of the group: provider, then types and names by turns
        base = f"{scope.target.scope}/providers/{base}"
    resource_id = f"{base.rstrip('/')}/providers/{_path_of(resource_type, names)}"
    body.pop("apiVersion", None)
    try:
        providers.write(scope.store, resource_id, body)
    except ArmError as error:
        raise _fault(name, place, f"{resource_id}: {error.code}: {error.message}") from error
    return resource_id


def _path_of(resource_type: str, names: str) -> str:
    """`Microsoft.Web/sites/config` named `app/web` is `Microsoft.Web/sites/app/config/web`."""
    provider, *segments = resource_type.split("/")
    parts = names.split("/")
    if len(parts) != len(segments):
        raise EvaluationError(f"the name {names!r} has {len(parts)} parts, the type {resource_type} {len(segments)}")
    return "/".join([provider, *(part for pair in zip(segments, parts, strict=True) for part in pair)])


def _evaluate(value: Json, scope: _Scope, name: str, place: str) -> Json:
    try:
        result = compile_value(value, _FUNCTIONS).evaluate(scope)
    except ExpressionError as error:
        raise _fault(name, place, str(error)) from error
    unknown = _first_unknown(result)
    if unknown is not None:
        raise _fault(name, place, str(unknown))
    return result


def _first_unknown(value: Json) -> Unknown | None:
    if isinstance(value, Unknown):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in items if (found := _first_unknown(item)) is not None), None)


def _fault(name: str, place: str, message: str) -> ConfigurationError:
    return ConfigurationError([Fault(name, 0, f"{place}: {message}")])


def _parameters(scope: _Scope, name: str) -> Json:
    if name.lower() not in scope.parameters:
        raise EvaluationError(f"there is no parameter {name!r}")
    return scope.parameters[name.lower()]


def _variables(scope: _Scope, name: str) -> Json:
    if name.lower() not in scope.variables:
        raise EvaluationError(f"there is no variable {name!r} above this")
    return scope.variables[name.lower()]


def _resource_id(scope: _Scope, *parts: str) -> str:
    at = next(index for index, part in enumerate(parts) if "/" in part)
    group = parts[at - 1] if at else scope.target.group
    subscription = parts[0] if at == 2 else scope.target.subscription
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{_path_of(parts[at], '/'.join(parts[at + 1 :]))}"


def _subscription_resource_id(scope: _Scope, *parts: str) -> str:
    at = next(index for index, part in enumerate(parts) if "/" in part)
    subscription = parts[0] if at else scope.target.subscription
    return f"/subscriptions/{subscription}/providers/{_path_of(parts[at], '/'.join(parts[at + 1 :]))}"


def _extension_resource_id(_: _Scope, base: str, *parts: str) -> str:
    return f"{base}/providers/{_path_of(parts[0], '/'.join(parts[1:]))}"


def _reference(scope: _Scope, resource_id: str, _: str = "", mode: str = "") -> Json:
    body = scope.store.get(resource_id)
    if body is None:
        raise EvaluationError(f"reference() of {resource_id}, which is not deployed before this")
    return body if mode.lower() == "full" else body.get("properties", {})


def _subscription(scope: _Scope) -> Json:
    target = scope.target
    return {
        "id": f"/subscriptions/{target.subscription}",
        "subscriptionId": target.subscription,
        "tenantId": target.tenant,
        "displayName": target.subscription_name,
    }


def _resource_group(scope: _Scope) -> Json:
    return {
        "id": scope.target.scope,
        "name": scope.target.group,
        "location": scope.target.location,
        "type": "Microsoft.Resources/resourceGroups",
    }


_FUNCTIONS: FunctionTable = STANDARD.extended(
    Function("parameters", 1, 1, _parameters, takes_scope=True),
    Function("variables", 1, 1, _variables, takes_scope=True),
    Function("resourceId", 2, None, _resource_id, takes_scope=True),
    Function("subscriptionResourceId", 2, None, _subscription_resource_id, takes_scope=True),
    Function("extensionResourceId", 3, None, _extension_resource_id, takes_scope=True),
    Function("reference", 1, 3, _reference, takes_scope=True),
    Function("subscription", 0, 0, _subscription, takes_scope=True),
    Function("resourceGroup", 0, 0, _resource_group, takes_scope=True),
    Function("tenant", 0, 0, lambda scope: {"tenantId": scope.target.tenant}, takes_scope=True),
)
