"""Storage, Key Vault, Container Registry, identities, role assignments, monitoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import TENANT, guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["DATA"]

Json = Any


def _storage(stored: StoredResource, store: Store) -> None:
    properties, name = properties_of(stored), stored.id.name
    properties.setdefault("creationTime", iso(store.born))
    properties.setdefault("keyCreationTime", {"key1": iso(store.born), "key2": iso(store.born)})
    properties["primaryEndpoints"] = {
        service: f"https://{name}.{service}.core.windows.net/" for service in ("blob", "file", "queue", "table", "dfs", "web")
    }
    properties["primaryLocation"] = stored.body.get("location", "")
    properties["statusOfPrimary"] = "available"
    properties.setdefault("privateEndpointConnections", [])


def _vault(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties.setdefault("tenantId", store.answers.get(TENANT, guid_of("tenant")))
    properties["vaultUri"] = f"https://{stored.id.name}.vault.azure.net/"


def _secret(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties.pop("value", None)  # Azure never gives a value back, and the simulator never keeps one.
    attributes = properties.setdefault("attributes", {})
    attributes.setdefault("enabled", True)
    attributes["created"] = attributes["updated"] = int(store.born.timestamp())
    vault, kind = stored.id.text.split("/")[8], stored.id.text.split("/")[9].lower()
    address = f"https://{vault}.vault.azure.net/{kind}/{stored.id.name}"
    field = "secretUri" if kind == "secrets" else "keyUri"
    properties[field] = address
    properties[f"{field}WithVersion"] = f"{address}/{guid_of(stored.id.key, 'version').replace('-', '')}"


def _registry(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["loginServer"] = f"{stored.id.name}.azurecr.io"
    properties.setdefault("creationDate", iso(store.born))


def _identity(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["principalId"] = guid_of(stored.id.key, "principal")
    properties["clientId"] = guid_of(stored.id.key, "client")
    properties["tenantId"] = store.answers.get(TENANT, guid_of("tenant"))


def _assignment(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["scope"] = stored.id.scope
    properties.setdefault("principalType", "ServicePrincipal")
    role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2]
    subscription = stored.id.subscription
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    properties["roleDefinitionId"] = f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties["createdOn"] = properties["updatedOn"] = iso(store.born)


def _diagnostic_setting(stored: StoredResource, _: Store) -> None:
    """Ids of settings come back lower-cased, unset sinks as null (recorded)."""
    scope, _separator, name = stored.id.text.rpartition("/providers/")
    stored.body["id"] = f"{scope.lower()}/providers/{name.rpartition('/')[0].lower()}/{stored.id.name}"
    properties = properties_of(stored)
    for sink in ("storageAccountId", "workspaceId", "eventHubAuthorizationRuleId", "eventHubName"):
        properties.setdefault(sink, None)
    properties.setdefault("logs", [])
    properties.setdefault("metrics", [])


def _log_workspace(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["customerId"] = guid_of(stored.id.key, "customer")
    properties.setdefault("createdDate", iso(store.born))


def _component(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["AppId"] = guid_of(stored.id.key, "app")
    properties["ApplicationId"] = stored.id.name
    properties["InstrumentationKey"] = guid_of(stored.id.key, "instrumentation")
    properties["ConnectionString"] = f"InstrumentationKey={properties['InstrumentationKey']}"
    properties["CreationDate"] = iso(store.born)


DATA: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Storage/storageAccounts": _storage,
    "Microsoft.KeyVault/vaults": _vault,
    "Microsoft.KeyVault/vaults/secrets": _secret,
    "Microsoft.KeyVault/vaults/keys": _secret,
    "Microsoft.ContainerRegistry/registries": _registry,
    "Microsoft.ManagedIdentity/userAssignedIdentities": _identity,
    "Microsoft.Authorization/roleAssignments": _assignment,
    "Microsoft.Insights/diagnosticSettings": _diagnostic_setting,
    "Microsoft.OperationalInsights/workspaces": _log_workspace,
    "Microsoft.Insights/components": _component,
}
