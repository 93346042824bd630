"""The functions of templates beyond the standard ones: parameters, loops, ids, scopes, and what only Azure knows as unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.language.functions import STANDARD, EvaluationError, Function, FunctionTable
from scanner.model.unknown import Partial, Unknown
from scanner.templates.targets import resource_path, split_names

__all__ = ["TEMPLATE_FUNCTIONS", "TemplateFunctions", "user_functions"]

Json = Any
Scope = Any  # of `scanner.templates.evaluation`, which stands above, perhaps with lambda variables in front


class TemplateFunctions(FunctionTable):
    """A table that also knows every `list…` function: ARM has one for each list operation of each provider."""

    def get(self, name: str) -> Function | None:
        """As of any table; `listKeys`, `listAccountSas` and their like give what only Azure knows."""
        found = super().get(name)
        if found is None and name.lower().startswith("list") and "." not in name:
            return Function(name, 1, 3, lambda *_: Unknown.because(f"{name}() asks Azure for secrets or lists"))
        return found

    def extended(self, *functions: Function) -> TemplateFunctions:
        """This table with more functions."""
        return TemplateFunctions((*self, *functions))


def user_functions(declared: Json) -> list[Function]:
    """The functions that a template declares, by `namespace.name`. Raises `EvaluationError` where they are no declarations."""
    made: list[Function] = []
    for space in declared if isinstance(declared, list) else [declared]:
        if (
            not isinstance(space, dict)
            or not isinstance(space.get("namespace"), str)
            or not isinstance(space.get("members"), dict)
        ):
            raise EvaluationError('functions are a list of objects with "namespace" and "members"')
        for name, member in space["members"].items():
            made.append(_user_function(f"{space['namespace']}.{name}", member))
    return made


def _user_function(name: str, member: Json) -> Function:
    parameters = member.get("parameters") or [] if isinstance(member, dict) else None
    named = isinstance(parameters, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in parameters
    )
    if parameters is None or not named or not isinstance(member.get("output"), dict) or "value" not in member["output"]:
        raise EvaluationError(f'the function {name} has "parameters" with names, and an "output" with a value')
    names = [item["name"].lower() for item in parameters]

    def call(scope: Scope, *values: Json) -> Json:
        return scope.deployment.values.call_function(member["output"]["value"], dict(zip(names, values, strict=True)), name)

    return Function(name, len(names), len(names), call, takes_scope=True, structural=True)


def _parameters(scope: Scope, name: str) -> Json:
    if scope.arguments is None:
        return scope.deployment.values.parameter(name)
    if name.lower() not in scope.arguments:
        raise EvaluationError(f"this function has no parameter {name!r}")
    return scope.arguments[name.lower()]


def _variables(scope: Scope, name: str) -> Json:
    if scope.arguments is not None:
        raise EvaluationError("a user-defined function sees no variables")
    return scope.deployment.values.variable(name)


def _copy_index(scope: Scope, *parts: Json) -> int:
    name, offset = "", 0
    for part in parts:
        if isinstance(part, str):
            name = part.lower()
        elif isinstance(part, int) and not isinstance(part, bool):
            offset = part
        else:
            raise EvaluationError("takes the name of a loop and an offset")
    name = name or scope.loop
    if name not in scope.loops:
        raise EvaluationError(f"stands in no copy loop called {name!r}" if name else "stands in no copy loop")
    return int(scope.loops[name]) + offset


def _resource_id(scope: Scope, *parts: Json) -> str:
    before, resource_type, names = split_names(parts, 2)
    target = scope.deployment.target
    if not target.group and len(before) < 2 and (not before or _is_subscription(before[0])):
        return (
            _subscription_resource_id(scope, *parts)
            if target.subscription or before
            else _tenant_resource_id(resource_type, names)
        )
    group = before[-1] if before and not (len(before) == 1 and _is_subscription(before[0])) else target.group
    subscription = before[0] if len(before) == 2 or (before and _is_subscription(before[0])) else target.subscription
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{resource_path(resource_type, names)}"


def _is_subscription(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def _subscription_resource_id(scope: Scope, *parts: Json) -> str:
    before, resource_type, names = split_names(parts, 1)
    subscription = before[0] if before else scope.deployment.target.subscription
    return f"/subscriptions/{subscription}/providers/{resource_path(resource_type, names)}"


def _management_group_resource_id(scope: Scope, *parts: Json) -> str:
    before, resource_type, names = split_names(parts, 1)
    group = before[0] if before else scope.deployment.target.management_group
    if not group:
        raise EvaluationError("stands in a deployment to a management group, or names one")
    return f"/providers/Microsoft.Management/managementGroups/{group}/providers/{resource_path(resource_type, names)}"


def _extension_resource_id(base: str, resource_type: str, *names: str) -> str:
    return f"{base.rstrip('/')}/providers/{resource_path(resource_type, '/'.join(map(str, names)))}"


def _tenant_resource_id(resource_type: str, *names: str) -> str:
    return f"/providers/{resource_path(resource_type, '/'.join(map(str, names)))}"


def _reference(scope: Scope, name: Json, *rest: Json) -> Json:
    if not isinstance(name, str):
        raise EvaluationError("takes the name, symbol or id of a resource")
    return scope.deployment.reference(name, full=len(rest) > 1 and str(rest[1]).lower() == "full")


def _references(scope: Scope, name: Json, *rest: Json) -> Json:
    return scope.deployment.references(name, full=any(str(item).lower() == "full" for item in rest))


def _subscription(scope: Scope) -> Json:
    target = scope.deployment.target
    if not target.subscription:
        raise EvaluationError("stands in a deployment to a subscription or resource group")
    name = target.subscription_name or _azure("the name of the subscription")
    return {
        "id": f"/subscriptions/{target.subscription}", "subscriptionId": target.subscription, "tenantId": target.tenant,
        "displayName": name,
    }  # fmt: skip


def _resource_group(scope: Scope) -> Json:
    target = scope.deployment.target
    if not target.group:
        raise EvaluationError("stands in a deployment to a resource group")
    known = {
        "id": target.scope, "name": target.group, "type": "Microsoft.Resources/resourceGroups", "location": target.location,
        "properties": {"provisioningState": "Succeeded"},
    }  # fmt: skip
    return scope.deployment.tree.world.deployed(target.scope) or Partial(known, rest=_azure("what else the resource group holds"))


def _management_group(scope: Scope) -> Json:
    name = scope.deployment.target.management_group
    if not name:
        raise EvaluationError("stands in a deployment to a management group")
    identity = f"/providers/Microsoft.Management/managementGroups/{name}"
    known = {"id": identity, "name": name, "type": "Microsoft.Management/managementGroups"}
    return Partial(known, rest=_azure("what else the management group holds"))


def _deployment(scope: Scope) -> Json:
    deployment = scope.deployment
    properties = {"template": deployment.template, "mode": "Incremental", "provisioningState": "Accepted"}
    known = {"name": deployment.frame.name, "location": deployment.frame.location, "properties": properties}
    return Partial(known, rest=_azure("the deployment"))


def _deployer(scope: Scope) -> Json:
    return Partial({"tenantId": scope.deployment.target.tenant}, rest=_azure("who deploys"))


def _fail(scope: Scope, message: Json = "") -> Json:
    raise EvaluationError(f"the template refuses: {message}")


def _azure(what: str) -> Unknown:
    return Unknown.because(f"{what}: only Azure knows")


def _only_azure(name: str) -> Callable[..., Json]:
    return lambda *_: _azure(f"{name}()")


#: Of the public cloud, as Microsoft's reference of `environment()` shows it.
_ENVIRONMENT: Final = {
    "name": "AzureCloud",
    "gallery": "https://gallery.azure.com/",
    "graph": "https://graph.windows.net/",
    "portal": "https://portal.azure.com",
    "graphAudience": "https://graph.windows.net/",
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "batch": "https://batch.core.windows.net/",
    "media": "https://rest.media.azure.net",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
    "resourceManager": "https://management.azure.com/",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "suffixes": {
        "acrLoginServer": ".azurecr.io",
        "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
        "azureFrontDoorEndpointSuffix": "azurefd.net",
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}

TEMPLATE_FUNCTIONS: Final = TemplateFunctions(
    (
        *STANDARD,
        Function("copyIndex", 0, 2, _copy_index, takes_scope=True),
        Function("deployer", 0, 0, _deployer, takes_scope=True),
        Function("deployment", 0, 0, _deployment, takes_scope=True),
        Function("environment", 0, 0, lambda: _ENVIRONMENT),
        Function("extensionResourceId", 3, None, _extension_resource_id),
        Function("fail", 0, 1, _fail, takes_scope=True),
        Function("managementGroup", 0, 0, _management_group, takes_scope=True),
        Function("managementGroupResourceId", 2, None, _management_group_resource_id, takes_scope=True),
        Function("parameters", 1, 1, _parameters, takes_scope=True),
        Function("pickZones", 3, 5, _only_azure("pickZones")),
        Function("providers", 1, 2, _only_azure("providers")),
        Function("reference", 1, 3, _reference, takes_scope=True),
        Function("references", 1, 3, _references, takes_scope=True),
        Function("resourceGroup", 0, 0, _resource_group, takes_scope=True),
        Function("resourceId", 2, None, _resource_id, takes_scope=True),
        Function("resourceInfo", 1, 1, lambda scope, name: scope.deployment.described(name), takes_scope=True),
        Function("subscription", 0, 0, _subscription, takes_scope=True),
        Function("subscriptionResourceId", 2, None, _subscription_resource_id, takes_scope=True),
        Function("tenant", 0, 0, lambda scope: {"tenantId": scope.deployment.target.tenant}, takes_scope=True),
        Function("tenantResourceId", 2, None, _tenant_resource_id),
        Function("toLogicalZone", 3, 3, _only_azure("toLogicalZone")),
        Function("toLogicalZones", 3, 3, _only_azure("toLogicalZones")),
        Function("toPhysicalZone", 3, 3, _only_azure("toPhysicalZone")),
        Function("toPhysicalZones", 3, 3, _only_azure("toPhysicalZones")),
        Function("variables", 1, 1, _variables, takes_scope=True),
    )
)
