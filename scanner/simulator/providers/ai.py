"""Azure OpenAI, AI Search and Machine Learning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["AI"]

Json = Any


def _account(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    domain = properties.get("customSubDomainName")
    properties["endpoint"] = f"https://{domain or stored.body.get('location', '')}.openai.azure.com/"
    properties["dateCreated"] = iso(store.born)
    properties.setdefault("privateEndpointConnections", [])


def _model_deployment(stored: StoredResource, _: Store) -> None:
    properties, sku = properties_of(stored), stored.body.get("sku") or {}
    properties["currentCapacity"] = sku.get("capacity", 1)


def _rai_policy(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["type"] = "UserManaged"


def _search(stored: StoredResource, _: Store) -> None:
    properties = properties_of(stored)
    properties["status"] = "running"
    properties["statusDetails"] = ""
    properties.setdefault("replicaCount", 1)
    properties.setdefault("partitionCount", 1)
    properties.setdefault("privateEndpointConnections", [])


def _workspace(stored: StoredResource, _: Store) -> None:
    properties = properties_of(stored)
    properties["workspaceId"] = guid_of(stored.id.key, "workspace")
    network = properties.get("managedNetwork")
    if isinstance(network, dict) and str(network.get("isolationMode", "Disabled")).lower() != "disabled":
        network["status"] = {"status": "Active", "sparkReady": False}
    properties.setdefault("privateEndpointConnections", [])


def _outbound_rule(stored: StoredResource, _: Store) -> None:
    """The type comes back wrong (recorded); the status is that of a provisioned network."""
    stored.body["type"] = "Microsoft.MachineLearningServices/workspaces/outboundRules"
    properties_of(stored)["status"] = "Active"


def _endpoint(stored: StoredResource, _: Store) -> None:
    properties = properties_of(stored)
    location = stored.body.get("location", "")
    properties["scoringUri"] = f"https://{stored.id.name}.{location}.inference.ml.azure.com/score"
    properties["swaggerUri"] = f"https://{stored.id.name}.{location}.inference.ml.azure.com/swagger.json"


def _compute(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["createdOn"] = properties["modifiedOn"] = iso(store.born)
    if str(properties.get("computeType", "")).lower() == "computeinstance":
        properties.setdefault("properties", {})["state"] = "Running"


def _connection(stored: StoredResource, _: Store) -> None:
    properties_of(stored).pop("credentials", None)


AI: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.CognitiveServices/accounts": _account,
    "Microsoft.CognitiveServices/accounts/deployments": _model_deployment,
    "Microsoft.CognitiveServices/accounts/raiPolicies": _rai_policy,
    "Microsoft.Search/searchServices": _search,
    "Microsoft.MachineLearningServices/workspaces": _workspace,
    "Microsoft.MachineLearningServices/workspaces/outboundRules": _outbound_rule,
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints": _endpoint,
    "Microsoft.MachineLearningServices/workspaces/computes": _compute,
    "Microsoft.MachineLearningServices/workspaces/connections": _connection,
}
