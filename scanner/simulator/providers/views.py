"""How a stored resource is shown: what refers to it, and the odd ids that Azure really returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.model.resource_id import normalise
from scanner.simulator.providers.common import entries_of, member_of, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["view"]

Json = Any
References = dict[str, dict[str, list[dict[str, str]]]]

_SINGLE: Final = frozenset({"ipConfiguration", "virtualMachine"})
_BUDGETS_AND_SETTINGS: Final = frozenset({"microsoft.consumption/budgets", "microsoft.insights/diagnosticsettings"})


def view(store: Store, stored: StoredResource, body: dict[str, Json]) -> None:
    """Fill into a copy of a body what Azure shows but nobody sent."""
    properties = body.get("properties")
    if isinstance(properties, dict):
        for member, entries in store.remember("references", _references).get(stored.id.key, {}).items():
            properties[member] = entries[0] if member in _SINGLE else entries
        _count(store, stored, properties)
        if stored.type_key == "microsoft.keyvault/vaults":
            for connection in entries_of(properties, "privateEndpointConnections"):
                connection.pop("name", None)
                connection.pop("type", None)
        if stored.type_key == "microsoft.network/privateendpoints":
            _mirror_connections(store, stored, properties)
    body["id"] = _odd_id(stored)
    if stored.type_key == "microsoft.machinelearningservices/workspaces/outboundrules":
        body["type"] = "workspace/outboundRules"
    if stored.type_key == "microsoft.web/sites" and isinstance(properties, dict):
        properties["siteConfig"] = None  # recorded lists; config/web holds what was set


def _odd_id(stored: StoredResource) -> str:
    """Ids as recorded: virtual machines upper-case their group, identities say `resourcegroups`, settings are lower-cased."""
    text = stored.id.text
    if stored.type_key == "microsoft.compute/virtualmachines":
        return text.replace(f"/{stored.id.resource_group}/", f"/{stored.id.resource_group.upper()}/", 1)
    if stored.type_key == "microsoft.managedidentity/userassignedidentities":
        return text.replace("/resourceGroups/", "/resourcegroups/", 1)
    if stored.type_key in _BUDGETS_AND_SETTINGS and stored.id.scope.count("/") == 2:
        return text.lstrip("/")
    if stored.type_key == "microsoft.consumption/budgets":
        return text.lstrip("/")
    if stored.type_key == "microsoft.insights/diagnosticsettings":
        return f"{stored.id.scope.lower()}/providers/microsoft.insights/diagnosticSettings/{stored.id.name}"
    return text


def _count(store: Store, stored: StoredResource, properties: dict[str, Json]) -> None:
    match stored.type_key:
        case "microsoft.network/privatednszones":
            properties["numberOfRecordSets"] = 1 + len(list(store.children(stored.id.key, "A")))  # 1: the zone's SOA
            properties["numberOfVirtualNetworkLinks"] = len(list(store.children(stored.id.key, "virtualNetworkLinks")))
        case "microsoft.web/serverfarms":
            sites = store.of_type("Microsoft.Web/sites")
            plans = [normalise(str(properties_of(site).get("serverFarmId", ""))) for site in sites]
            properties["numberOfSites"] = plans.count(stored.id.key)
        case "microsoft.machinelearningservices/workspaces":
            properties["privateLinkCount"] = len(entries_of(properties, "privateEndpointConnections"))
        case _:
            return


def _mirror_connections(store: Store, stored: StoredResource, properties: dict[str, Json]) -> None:
    """An endpoint's connection has the state that its service gave it; Disconnected once the service dropped it."""
    for member in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in entries_of(properties, member):
            inner = member_of(connection, "properties")
            service = store.raw(str(inner.get("privateLinkServiceId", "")))
            state = inner.get("privateLinkServiceConnectionState")
            if service is None or not isinstance(state, dict):
                continue
            known = [
                member_of(properties_of(item), "privateLinkServiceConnectionState")
                for item in store.children(service.id.key, "privateEndpointConnections")
                if member_of(properties_of(item), "privateEndpoint").get("id") == stored.id.text
            ]
            state["status"] = known[0].get("status") if known else "Disconnected"


def _references(store: Store) -> References:
    found: References = {}
    for source, pointed in _pointers(store):
        target, member = pointed
        found.setdefault(normalise(target), {}).setdefault(member, []).append({"id": source})
    return found


def _pointers(store: Store) -> Iterator[tuple[str, tuple[str, str]]]:
    """Who refers to whom: the referring id, the id referred to, the member that shows it there."""
    for subnet in store.of_type("Microsoft.Network/virtualNetworks/subnets"):
        yield from _to(subnet.id.text, properties_of(subnet).get("networkSecurityGroup"), "subnets")
    for network in store.of_type("Microsoft.Network/virtualNetworks"):
        yield from _to(network.id.text, properties_of(network).get("ddosProtectionPlan"), "virtualNetworks")
    for interface in store.of_type("Microsoft.Network/networkInterfaces"):
        yield from _to(interface.id.text, properties_of(interface).get("networkSecurityGroup"), "networkInterfaces")
        yield from _configurations(interface, "ipConfigurations", "ipConfigurations")
    for bastion in store.of_type("Microsoft.Network/bastionHosts"):
        yield from _configurations(bastion, "ipConfigurations", "ipConfigurations")
    for gateway in store.of_type("Microsoft.Network/applicationGateways"):
        yield from _configurations(gateway, "gatewayIPConfigurations", "applicationGatewayIPConfigurations")
        yield from _configurations(gateway, "frontendIPConfigurations", "ipConfigurations")
    for endpoint in store.of_type("Microsoft.Network/privateEndpoints"):
        yield from _to(endpoint.id.text, properties_of(endpoint).get("subnet"), "privateEndpoints")
    for machine in store.of_type("Microsoft.Compute/virtualMachines"):
        for interface_reference in entries_of(member_of(properties_of(machine), "networkProfile"), "networkInterfaces"):
            yield from _to(_odd_id(machine), interface_reference, "virtualMachine")


def _configurations(stored: StoredResource, member: str, shown_on_subnet: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for configuration in entries_of(properties_of(stored), member):
        inner = member_of(configuration, "properties")
        own_id = str(configuration.get("id", ""))
        yield from _to(own_id, inner.get("subnet"), shown_on_subnet)
        yield from _to(own_id, inner.get("publicIPAddress"), "ipConfiguration")


def _to(source: str, reference: Json, member: str) -> Iterator[tuple[str, tuple[str, str]]]:
    if isinstance(reference, dict) and isinstance(reference.get("id"), str):
        yield source, (reference["id"], member)
