"""Log Analytics, Application Insights, diagnostic settings and which types have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.model.resource_id import ResourceId
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import fill, guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["MONITORING", "require_diagnostics"]

Json = Any

#: Types with logs or metrics to send, from Microsoft's lists; any other type is answered as unsupported.
_WITH_DIAGNOSTICS: Final = frozenset(
    {
        "microsoft.resources/subscriptions",
        "microsoft.apimanagement/service",
        "microsoft.cognitiveservices/accounts",
        "microsoft.containerregistry/registries",
        "microsoft.insights/autoscalesettings",
        "microsoft.insights/components",
        "microsoft.keyvault/vaults",
        "microsoft.machinelearningservices/workspaces",
        "microsoft.machinelearningservices/workspaces/onlineendpoints",
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
        "microsoft.network/applicationgateways",
        "microsoft.network/bastionhosts",
        "microsoft.network/networkinterfaces",
        "microsoft.network/networksecuritygroups",
        "microsoft.network/privatednszones",
        "microsoft.network/privateendpoints",
        "microsoft.network/publicipaddresses",
        "microsoft.network/virtualnetworks",
        "microsoft.operationalinsights/workspaces",
        "microsoft.search/searchservices",
        "microsoft.storage/storageaccounts",
        "microsoft.storage/storageaccounts/blobservices",
        "microsoft.storage/storageaccounts/fileservices",
        "microsoft.storage/storageaccounts/queueservices",
        "microsoft.storage/storageaccounts/tableservices",
        "microsoft.web/serverfarms",
        "microsoft.web/sites",
    }
)
_SINKS: Final = ("storageAccountId", "serviceBusRuleId", "workspaceId", "eventHubAuthorizationRuleId", "eventHubName")
_MOST_SETTINGS: Final = 5


def require_diagnostics(scope: str) -> None:
    """Refuse diagnostic settings on a type that has none (the flat body that Azure sends; its status is not recorded)."""
    resource_type = ResourceId.parse(scope).type.lower()
    if resource_type not in _WITH_DIAGNOSTICS:
        message = f"The resource type '{resource_type}' does not support diagnostic settings."
        raise ArmError(400, "ResourceTypeNotSupported", message, wrapped=False)


def _diagnostic_setting(stored: StoredResource, store: Store) -> None:
    """Unset sinks come back null (recorded)."""
    beside = [item for item in store.of_type(stored.id.type) if item.id.scope.lower() == stored.id.scope.lower()]
    if len(beside) > _MOST_SETTINGS:
        raise ArmError(409, "Conflict", f"A resource has at most {_MOST_SETTINGS} diagnostic settings.", wrapped=False)
    fill(properties_of(stored), dict.fromkeys(_SINKS) | {"logs": [], "metrics": [], "logAnalyticsDestinationType": None})
    for member in ("logs", "metrics"):
        for entry in properties_of(stored)[member] or []:
            if isinstance(entry, dict):
                fill(entry, {"retentionPolicy": {"enabled": False, "days": 0}})


def _log_workspace(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    fill(
        properties,
        {
            "customerId": guid_of(stored.id.key, "customer"), "createdDate": iso(stored.created), "retentionInDays": 30,
            "publicNetworkAccessForQuery": "Enabled", "publicNetworkAccessForIngestion": "Enabled",
        },
    )  # fmt: skip
    properties["modifiedDate"] = iso(store.moment)


def _component(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    key = guid_of(stored.id.key, "instrumentation")
    fill(
        properties,
        {
            "ApplicationId": stored.id.name, "AppId": guid_of(stored.id.key, "app"), "Name": stored.id.name,
            "InstrumentationKey": key, "ConnectionString": f"InstrumentationKey={key}", "CreationDate": iso(stored.created),
            "TenantId": store.tenant, "RetentionInDays": 90, "DisableIpMasking": False, "DisableLocalAuth": False,
            "publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled",
            "IngestionMode": "LogAnalytics" if properties.get("WorkspaceResourceId") else "ApplicationInsights",
        },
    )  # fmt: skip


MONITORING: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Insights/diagnosticSettings": _diagnostic_setting,
    "Microsoft.OperationalInsights/workspaces": _log_workspace,
    "Microsoft.Insights/components": _component,
}
