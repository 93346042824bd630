"""Networks: default security rules, references back from subnets, addresses and interfaces, private endpoints."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import complete, guid_of, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["NETWORK"]

Json = Any

#: Azure's default rules as a live network security group shows them: name, priority, direction, access, from, to.
_DEFAULT_RULES: Final = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def _security_group(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["defaultSecurityRules"] = [
        {
            "name": name,
            "id": f"{stored.id.text}/defaultSecurityRules/{name}",
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
            },
        }
        for name, priority, direction, access, source, destination in _DEFAULT_RULES
    ]


def _network(stored: StoredResource, store: Store) -> None:
    for subnet in store.children(stored.id.key, "subnets"):
        _subnet(subnet, store)


def _subnet(stored: StoredResource, store: Store) -> None:
    group = (properties_of(stored).get("networkSecurityGroup") or {}).get("id")
    known = store.raw(group) if isinstance(group, str) else None
    if known is not None:
        _append(properties_of(known), "subnets", stored.id.text)


def _interface(stored: StoredResource, store: Store) -> None:
    for configuration in properties_of(stored).get("ipConfigurations") or []:
        own_id = f"{stored.id.text}/ipConfigurations/{configuration.get('name', 'ipconfig')}"
        configuration["id"] = own_id
        inner = configuration.setdefault("properties", {})
        _refer(store, inner.get("subnet"), "ipConfigurations", own_id)
        address = store.raw(str((inner.get("publicIPAddress") or {}).get("id", "")))
        if address is not None:
            properties_of(address)["ipConfiguration"] = {"id": own_id}


def _gateway(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["operationalState"] = "Running"
    for member in ("gatewayIPConfigurations", "frontendIPConfigurations"):
        for configuration in properties.get(member) or []:
            own_id = f"{stored.id.text}/{member}/{configuration.get('name', '')}"
            configuration["id"] = own_id
            inner = configuration.get("properties") or {}
            address = store.raw(str((inner.get("publicIPAddress") or {}).get("id", "")))
            if address is not None:
                properties_of(address)["ipConfiguration"] = {"id": own_id}


def _bastion(stored: StoredResource, store: Store) -> None:
    for configuration in properties_of(stored).get("ipConfigurations") or []:
        own_id = f"{stored.id.text}/bastionHostIpConfigurations/{configuration.get('name', '')}"
        configuration["id"] = own_id
        inner = configuration.get("properties") or {}
        address = store.raw(str((inner.get("publicIPAddress") or {}).get("id", "")))
        if address is not None:
            properties_of(address)["ipConfiguration"] = {"id": own_id}


def _machine(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["vmId"] = guid_of(stored.id.key, "vm")
    profile = properties.get("osProfile")
    if isinstance(profile, dict):
        profile.pop("adminPassword", None)
    for reference in (properties.get("networkProfile") or {}).get("networkInterfaces") or []:
        interface = store.raw(str(reference.get("id", "")))
        if interface is not None:
            properties_of(interface)["virtualMachine"] = {"id": stored.id.text}


def _private_endpoint(stored: StoredResource, store: Store) -> None:
    """An endpoint makes an interface in its subnet and a connection on the service it points to."""
    properties = properties_of(stored)
    subnet = store.raw(str((properties.get("subnet") or {}).get("id", "")))
    nic_id = f"{stored.id.scope}/providers/Microsoft.Network/networkInterfaces/{stored.id.name}.nic.{guid_of(stored.id.key)[:8]}"
    address = _free_address(subnet, nic_id, store)
    interface = store.put(
        nic_id,
        {
            "location": stored.body.get("location", ""),
            "properties": {
                "ipConfigurations": [
                    {
                        "name": "privateEndpointIpConfig",
                        "id": f"{nic_id}/ipConfigurations/privateEndpointIpConfig",
                        "properties": {
                            "privateIPAddress": address,
                            "privateIPAllocationMethod": "Dynamic",
                            "subnet": properties.get("subnet"),
                            "provisioningState": "Succeeded",
                            "primary": True,
                        },
                    }
                ],
                "privateEndpoint": {"id": stored.id.text},
            },
        },
    )
    complete(interface, store)
    properties["networkInterfaces"] = [{"id": nic_id}]
    for member, status in (("privateLinkServiceConnections", "Approved"), ("manualPrivateLinkServiceConnections", "Pending")):
        for connection in properties.get(member) or []:
            inner = connection.setdefault("properties", {})
            inner["provisioningState"] = "Succeeded"
            inner["privateLinkServiceConnectionState"] = {"status": status, "description": "", "actionsRequired": "None"}
            _connect(stored, inner, status, store)


def _connect(endpoint: StoredResource, connection: dict[str, Json], status: str, store: Store) -> None:
    service = store.raw(str(connection.get("privateLinkServiceId", "")))
    if service is None:
        return
    name = f"{endpoint.id.name}.{guid_of(endpoint.id.key, service.id.key)}"
    actions = "actionRequired" if service.id.type.lower() == "microsoft.storage/storageaccounts" else "actionsRequired"
    entry = {
        "id": f"{service.id.text}/privateEndpointConnections/{name}",
        "name": name,
        "type": f"{service.id.type}/privateEndpointConnections",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint.id.text},
            "privateLinkServiceConnectionState": {"status": status, "description": "", actions: "None"},
        },
    }
    known = [item for item in properties_of(service).get("privateEndpointConnections") or [] if item["name"] != name]
    properties_of(service)["privateEndpointConnections"] = [*known, entry]


def _zone_link(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["virtualNetworkLinkState"] = "Completed"


def _public_ip(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["ipAddress"] = f"20.0.{int(guid_of(stored.id.key)[:2], 16)}.{int(guid_of(stored.id.key)[2:4], 16)}"


def _free_address(subnet: StoredResource | None, nic_id: str, store: Store) -> str:
    prefix = properties_of(subnet).get("addressPrefix") if subnet is not None else None
    if not isinstance(prefix, str):
        return "10.0.0.4"
    taken = sum(1 for item in store.of_type("Microsoft.Network/networkInterfaces") if item.id.text != nic_id)
    hosts = ipaddress.ip_network(prefix, strict=False)
    return str(hosts.network_address + 4 + taken % max(1, hosts.num_addresses - 5))


def _refer(store: Store, reference: Json, member: str, own_id: str) -> None:
    known = store.raw(str(reference.get("id", ""))) if isinstance(reference, dict) else None
    if known is not None:
        _append(properties_of(known), member, own_id)


def _append(properties: dict[str, Json], member: str, own_id: str) -> None:
    entries = properties.setdefault(member, [])
    if not any(entry.get("id") == own_id for entry in entries):
        entries.append({"id": own_id})


NETWORK: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Network/networkSecurityGroups": _security_group,
    "Microsoft.Network/virtualNetworks": _network,
    "Microsoft.Network/virtualNetworks/subnets": _subnet,
    "Microsoft.Network/networkInterfaces": _interface,
    "Microsoft.Network/applicationGateways": _gateway,
    "Microsoft.Network/bastionHosts": _bastion,
    "Microsoft.Compute/virtualMachines": _machine,
    "Microsoft.Network/privateEndpoints": _private_endpoint,
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": _zone_link,
    "Microsoft.Network/publicIPAddresses": _public_ip,
}
