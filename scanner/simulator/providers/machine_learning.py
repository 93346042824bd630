"""Machine Learning: workspaces with their managed network, endpoints, computes, connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import fill, guid_of, iso, properties_of
from scanner.simulator.providers.private_link import connect, disconnect
from scanner.simulator.store import Store, StoredResource

__all__ = ["MACHINE_LEARNING", "activate_network", "forget_rule"]

Json = Any


def _workspace(stored: StoredResource, store: Store) -> None:
    """Members of a recorded workspace. The managed network is built when first needed: Inactive until then."""
    properties, name, location = properties_of(stored), stored.id.name, stored.body.get("location", "")
    own = properties.setdefault("workspaceId", guid_of(stored.id.key, "workspace"))
    fill(
        properties,
        {
            "tenantId": store.tenant, "discoveryUrl": f"https://{location}.api.azureml.ms/discovery",
            "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{stored.id.text}",
            "hbiWorkspace": False, "v1LegacyMode": False, "storageHnsEnabled": False, "enableDataIsolation": False,
            "notebookInfo": {
                "resourceId": guid_of(stored.id.key, "notebook").replace("-", ""),
                "fqdn": f"ml-{name}-{location}-{own}.{location}.notebooks.azure.net", "isPrivateLinkEnabled": False,
            },
            "managedNetwork": {"isolationMode": "Disabled"},
        },
    )  # fmt: skip
    network = properties["managedNetwork"]
    if isinstance(network, dict) and str(network.get("isolationMode")).lower() != "disabled":
        fill(network, {"status": {"status": "Inactive", "sparkReady": False}})


def _is_active(workspace: StoredResource | None) -> bool:
    network = properties_of(workspace).get("managedNetwork") if workspace is not None else None
    status = network.get("status") if isinstance(network, dict) else None
    return isinstance(status, dict) and status.get("status") == "Active"


def activate_network(workspace: StoredResource, store: Store) -> None:
    """Build the managed network: its rules come into force, their private endpoints connect to the services."""
    network = properties_of(workspace).get("managedNetwork")
    if isinstance(network, dict) and isinstance(network.get("status"), dict):
        network["status"]["status"] = "Active"
        for rule in store.children(workspace.id.key, "outboundRules"):
            _outbound_rule(rule, store)


def _needs_network(stored: StoredResource, store: Store) -> None:
    workspace = store.raw("/".join(stored.id.text.split("/")[:9]))
    if workspace is not None and not _is_active(workspace):
        activate_network(workspace, store)


def _outbound_rule(stored: StoredResource, store: Store) -> None:
    properties, workspace = properties_of(stored), store.raw(stored.id.parent)
    active = _is_active(workspace)
    properties["status"] = "Active" if active else "Inactive"
    fill(properties, {"category": "UserDefined"})
    destination = properties.get("destination")
    if active and str(properties.get("type", "")).lower() == "privateendpoint" and isinstance(destination, dict):
        service = store.raw(str(destination.get("serviceResourceId", "")))
        if service is not None:
            target = str(destination.get("subresourceTarget", ""))
            connect(service, _managed_endpoint(stored), stored.id.name, [target], "Approved", store)


def _managed_endpoint(rule: StoredResource) -> str:
    """The private endpoint of a rule: it lies in a subscription of Microsoft's, never among the customer's resources."""
    own = guid_of(rule.id.parent.lower(), "workspace")
    subscription = guid_of("managed networks")
    group = f"/subscriptions/{subscription}/resourceGroups/vnet-{own}"
    return f"{group}/providers/Microsoft.Network/privateEndpoints/{rule.id.name}"


def forget_rule(stored: StoredResource, store: Store) -> None:
    """A managed private endpoint goes with its rule."""
    disconnect(_managed_endpoint(stored), store)


def _endpoint(stored: StoredResource, _: Store) -> None:
    properties, location = properties_of(stored), stored.body.get("location", "")
    properties.pop("keys", None)  # sent at creation only, never answered
    properties["scoringUri"] = f"https://{stored.id.name}.{location}.inference.ml.azure.com/score"
    properties["swaggerUri"] = f"https://{stored.id.name}.{location}.inference.ml.azure.com/swagger.json"


def _compute(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    fill(properties, {"createdOn": iso(stored.created), "isAttachedCompute": False})
    properties["modifiedOn"] = iso(store.moment)
    if str(properties.get("computeType", "")).lower() == "computeinstance":
        inner = properties.setdefault("properties", {})
        if isinstance(inner, dict):
            inner.setdefault("state", "Running")
    _needs_network(stored, store)


def _connection(stored: StoredResource, _: Store) -> None:
    properties_of(stored).pop("credentials", None)  # a GET omits them (example)


MACHINE_LEARNING: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.MachineLearningServices/workspaces": _workspace,
    "Microsoft.MachineLearningServices/workspaces/outboundRules": _outbound_rule,
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints": _endpoint,
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments": _needs_network,
    "Microsoft.MachineLearningServices/workspaces/computes": _compute,
    "Microsoft.MachineLearningServices/workspaces/connections": _connection,
}
