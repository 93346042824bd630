"""Storage, Key Vault and Container Registry. Defaults are those that recorded answers and Azure's own examples state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import complete, fill, guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["DATA"]

Json = Any

_SERVICES: Final = ("blobServices", "fileServices", "queueServices", "tableServices")


def _storage(stored: StoredResource, store: Store) -> None:
    properties, name, made = properties_of(stored), stored.id.name, iso(stored.created)
    sku = stored.body.get("sku")
    if isinstance(sku, dict):
        sku["tier"] = "Premium" if str(sku.get("name", "")).lower().startswith("premium") else "Standard"
    service = {"keyType": "Account", "enabled": True, "lastEnabledTime": made}
    fill(
        properties,
        {
            "creationTime": made, "keyCreationTime": {"key1": made, "key2": made}, "supportsHttpsTrafficOnly": True,
            "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
            "encryption": {"services": {"file": service, "blob": dict(service)}, "keySource": "Microsoft.Storage"},
            "accessTier": "Hot", "primaryLocation": stored.body.get("location", ""), "statusOfPrimary": "available",
            "primaryEndpoints": {
                kind: f"https://{name}.{kind}.core.windows.net/" for kind in ("dfs", "web", "blob", "queue", "table", "file")
            },
        },
    )  # fmt: skip
    for segment in _SERVICES:
        service_id = f"{stored.id.text}/{segment}/default"
        if store.raw(service_id) is None:
            made_service = store.put(service_id, {"sku": dict(sku) if isinstance(sku, dict) else {}})
            properties_of(made_service)["cors"] = {"corsRules": []}
            complete(made_service, store, "")


def _vault(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["vaultUri"] = f"https://{stored.id.name}.vault.azure.net/"
    fill(
        properties,
        {
            "tenantId": store.tenant, "accessPolicies": [], "enabledForDeployment": False, "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90, "publicNetworkAccess": "Enabled",
        },
    )  # fmt: skip


def _secret(stored: StoredResource, store: Store) -> None:
    """The value is dropped at once: Azure never gives it back here, and the simulator never keeps it. It is a new version."""
    properties = properties_of(stored)
    new_version = properties.pop("value", None) is not None
    attributes = properties.setdefault("attributes", {})
    moment = int(store.moment.timestamp())
    fill(attributes, {"enabled": True, "created": moment})
    if new_version:
        attributes["created"] = moment
    attributes["updated"] = moment
    vault_id, kind = stored.id.parent, stored.id.text.split("/")[-2].lower()
    vault = store.raw(vault_id)
    stored.body["location"] = vault.body.get("location", "") if vault is not None else ""
    address = f"https://{vault_id.rpartition('/')[2]}.vault.azure.net/{kind}/{stored.id.name}"
    field = "secretUri" if kind == "secrets" else "keyUri"
    properties[field] = address
    version = guid_of(stored.id.key, "version", str(attributes["created"])).replace("-", "")
    properties[f"{field}WithVersion"] = f"{address}/{version}"


def _registry(stored: StoredResource, _: Store) -> None:
    sku = stored.body.get("sku")
    if isinstance(sku, dict):
        sku["tier"] = sku.get("name")
    fill(
        properties_of(stored),
        {
            "loginServer": f"{stored.id.name.lower()}.azurecr.io", "creationDate": iso(stored.created), "adminUserEnabled": False,
            "policies": {
                "quarantinePolicy": {"status": "disabled"}, "trustPolicy": {"type": "Notary", "status": "disabled"},
                "retentionPolicy": {"days": 7, "status": "disabled"}, "exportPolicy": {"status": "enabled"},
            },
            "encryption": {"status": "disabled"}, "dataEndpointEnabled": False, "dataEndpointHostNames": [],
            "publicNetworkAccess": "Enabled", "networkRuleBypassOptions": "AzureServices", "zoneRedundancy": "Disabled",
        },
    )  # fmt: skip


DATA: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Storage/storageAccounts": _storage,
    "Microsoft.KeyVault/vaults": _vault,
    "Microsoft.KeyVault/vaults/secrets": _secret,
    "Microsoft.KeyVault/vaults/keys": _secret,
    "Microsoft.ContainerRegistry/registries": _registry,
}
