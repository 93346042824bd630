"""What every provider fills in: id, name, type, provisioning state, identities, who created it and when."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from scanner.simulator.store import Store, StoredResource

__all__ = ["TENANT", "complete", "guid_of", "iso", "properties_of"]

Json = Any

TENANT: Final = "tenantId"
_SPACE: Final = uuid.UUID("6f1c2f1e-6f0b-5a43-9f0e-3d7c64a7a001")
#: Providers that answer without a provisioning state.
_STATELESS: Final = frozenset(
    {
        "microsoft.authorization/roleassignments",
        "microsoft.authorization/locks",
        "microsoft.authorization/policyassignments",
        "microsoft.authorization/roledefinitions",
        "microsoft.insights/diagnosticsettings",
        "microsoft.keyvault/vaults/secrets",
        "microsoft.keyvault/vaults/keys",
        "microsoft.insights/metricalerts",
        "microsoft.insights/activitylogalerts",
        "microsoft.insights/actiongroups",
        "microsoft.insights/autoscalesettings",
        "microsoft.consumption/budgets",
        "microsoft.web/sites",
        "microsoft.web/sites/config",
        "microsoft.web/sites/basicpublishingcredentialspolicies",
        "microsoft.managedidentity/userassignedidentities",
        "microsoft.cognitiveservices/accounts/raipolicies",
        "microsoft.cognitiveservices/accounts/raiblocklists",
        "microsoft.storage/storageaccounts/blobservices",
        "microsoft.storage/storageaccounts/fileservices",
        "microsoft.machinelearningservices/workspaces/connections",
        "microsoft.machinelearningservices/workspaces/outboundrules",
    }
)


def complete(stored: StoredResource, store: Store) -> None:
    """Fill in what all resources have."""
    body, parsed = stored.body, stored.id
    body["id"] = parsed.text
    body["name"] = parsed.name
    body["type"] = parsed.type
    body.pop("apiVersion", None)
    body.pop("dependsOn", None)
    properties = properties_of(stored)
    if parsed.type.lower() not in _STATELESS:
        properties["provisioningState"] = "Succeeded"
    _fill_identity(stored, store)


def _fill_identity(stored: StoredResource, store: Store) -> None:
    identity = stored.body.get("identity")
    if not isinstance(identity, dict):
        return
    kind = str(identity.get("type", ""))
    if "systemassigned" in kind.lower():
        identity["principalId"] = guid_of(stored.id.key, "principal")
        identity["tenantId"] = store.answers.get(TENANT, guid_of("tenant"))
    users = identity.get("userAssignedIdentities")
    if isinstance(users, dict):
        for user_id in users:
            known = store.raw(user_id)
            properties = properties_of(known) if known is not None else {}
            users[user_id] = {"principalId": properties.get("principalId"), "clientId": properties.get("clientId")}


def properties_of(stored: StoredResource) -> dict[str, Json]:
    """The `properties` of a resource, made when missing."""
    properties: Json = stored.body.setdefault("properties", {})
    if not isinstance(properties, dict):
        properties = stored.body["properties"] = {}
    return properties  # type: ignore[no-any-return]  # a dict, as made sure above


def guid_of(*parts: str) -> str:
    """A guid that is the same in every run."""
    return str(uuid.uuid5(_SPACE, "/".join(parts)))


def iso(moment: datetime) -> str:
    """A date as most providers print it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
