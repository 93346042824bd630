"""Networks: default security rules, addresses, names and states of what a request leaves open."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from scanner.model.resource_id import normalise
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import entries_of, fill, guid_of, member_of, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["NETWORK", "free_address"]

Json = Any

#: Azure's default rules as a live network security group shows them: name, what it says, priority, direction, from, to.
_DEFAULT_RULES: Final = (
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", 65000, "Inbound", "VirtualNetwork", "VirtualNetwork"),
    (
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        65001,
        "Inbound",
        "AzureLoadBalancer",
        "*",
    ),
    ("DenyAllInBound", "Deny all inbound traffic", 65500, "Inbound", "*", "*"),
    (
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        65000,
        "Outbound",
        "VirtualNetwork",
        "VirtualNetwork",
    ),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", 65001, "Outbound", "*", "Internet"),
    ("DenyAllOutBound", "Deny all outbound traffic", 65500, "Outbound", "*", "*"),
)
#: Priorities of rules that people write (documented).
_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096
_PLURALS: Final = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")


def _security_group(stored: StoredResource, store: Store) -> None:
    for name, description, priority, direction, source, destination in _DEFAULT_RULES:
        rule_id = f"{stored.id.text}/defaultSecurityRules/{name}"
        store.put(
            rule_id,
            {
                "id": rule_id, "name": name, "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
                "properties": {
                    "provisioningState": "Succeeded", "description": description, "protocol": "*", "sourcePortRange": "*",
                    "destinationPortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": destination,
                    "access": "Allow" if name.startswith("Allow") else "Deny",
                    "priority": priority, "direction": direction, **{member: [] for member in _PLURALS},
                },
            },
        )  # fmt: skip


def _security_rule(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    priority, direction = properties.get("priority"), str(properties.get("direction", "")).lower()
    if not isinstance(priority, int) or not _FIRST_PRIORITY <= priority <= _LAST_PRIORITY:
        raise ArmError(
            400,
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Value provided: {priority} Allowed range {_FIRST_PRIORITY}-{_LAST_PRIORITY}.",
        )
    for other in store.children(normalise(stored.id.parent), "securityRules"):
        theirs = properties_of(other)
        if other.id.key == stored.id.key or theirs.get("priority") != priority:
            continue
        if str(theirs.get("direction", "")).lower() == direction:
            raise ArmError(
                400,
                "SecurityRuleConflict",
                f"Security rule {stored.id.name} conflicts with rule {other.id.name}. Rules cannot have the same Priority and "
                f"Direction. To learn more, see aka.ms/nsgrules.",
            )
    fill(properties, {member: [] for member in _PLURALS})


def _interface(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    fill(properties, {"enableAcceleratedNetworking": False, "enableIPForwarding": False, "hostedWorkloads": []})
    for at, configuration in enumerate(properties.get("ipConfigurations") or []):
        inner = configuration.setdefault("properties", {})
        fill(inner, {"privateIPAllocationMethod": "Dynamic", "primary": at == 0, "privateIPAddressVersion": "IPv4"})
        if not inner.get("privateIPAddress"):
            inner["privateIPAddress"] = free_address(inner.get("subnet"), stored, store)


def _gateway(stored: StoredResource, _: Store) -> None:
    """Gateways made since API version 2023-02-01 default to the TLS 1.2 policy (documented)."""
    properties = properties_of(stored)
    properties["operationalState"] = "Running"
    properties["defaultPredefinedSslPolicy"] = "AppGwSslPolicy20220101"
    for certificate in properties.get("sslCertificates") or []:
        for secret in ("data", "password"):
            (certificate.get("properties") or {}).pop(secret, None)


def _bastion(stored: StoredResource, _: Store) -> None:
    properties = properties_of(stored)
    properties.setdefault("dnsName", f"bst-{guid_of(stored.id.key, 'bastion')}.bastion.azure.com")
    fill(properties, {"scaleUnits": 2})
    for configuration in properties.get("ipConfigurations") or []:
        fill(configuration.setdefault("properties", {}), {"privateIPAllocationMethod": "Dynamic"})


def _machine(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["vmId"] = guid_of(stored.id.key, "vm")
    profile = properties.get("osProfile")
    if isinstance(profile, dict):
        for secret in ("adminPassword", "customData"):
            profile.pop(secret, None)  # no answer ever holds them
    for reference in (properties.get("networkProfile") or {}).get("networkInterfaces") or []:
        if store.raw(str(reference.get("id", ""))) is None:
            raise _missing(reference.get("id"), stored)


def _public_ip(stored: StoredResource, _: Store) -> None:
    properties = properties_of(stored)
    fill(properties, {"publicIPAddressVersion": "IPv4", "idleTimeoutInMinutes": 4, "ipTags": []})
    octets = bytes.fromhex(guid_of(stored.id.key)[:4])
    properties.setdefault("ipAddress", f"20.0.{octets[0]}.{octets[1]}")
    label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
    if isinstance(label, str):
        properties["dnsSettings"]["fqdn"] = f"{label}.{stored.body.get('location', '')}.cloudapp.azure.com"


def free_address(subnet: Json, owner: StoredResource, store: Store) -> str:
    """The next address of a subnet, from the fifth on as Azure assigns them. Raises `ArmError` where there is no such subnet."""
    known = store.raw(str(subnet.get("id", ""))) if isinstance(subnet, dict) else None
    if known is None:
        raise _missing(subnet.get("id") if isinstance(subnet, dict) else None, owner)
    prefixes = [properties_of(known).get("addressPrefix"), *(properties_of(known).get("addressPrefixes") or [])]
    prefix = next((item for item in prefixes if isinstance(item, str)), "10.0.0.0/24")
    taken = {
        member_of(configuration, "properties").get("privateIPAddress")
        for interface in store.of_type("Microsoft.Network/networkInterfaces")
        for configuration in entries_of(properties_of(interface), "ipConfigurations")
    }
    first = int(ipaddress.ip_network(prefix, strict=False).network_address) + 4
    return next(text for offset in range(2**16) if (text := str(ipaddress.ip_address(first + offset))) not in taken)


def _missing(resource_id: Json, owner: StoredResource) -> ArmError:
    """A network resource that refers to what is not there is refused (code and gist as live deployments report them)."""
    message = (
        f"Resource {resource_id} referenced by resource {owner.id.text} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region."
    )
    return ArmError(400, "InvalidResourceReference", message)


def _peering(stored: StoredResource, store: Store) -> None:
    """Azure notes the address space of the other network, as it was at the last synchronisation and as it is."""
    properties = properties_of(stored)
    remote = store.raw(str(member_of(properties, "remoteVirtualNetwork").get("id", "")))
    space = properties_of(remote).get("addressSpace") if remote is not None else None
    if isinstance(space, dict):
        fill(properties, {"remoteAddressSpace": dict(space), "remoteVirtualNetworkAddressSpace": dict(space)})
    fill(properties, {"peeringState": "Initiated"})


NETWORK: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Network/networkSecurityGroups": _security_group,
    "Microsoft.Network/networkSecurityGroups/securityRules": _security_rule,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": _peering,
    "Microsoft.Network/networkInterfaces": _interface,
    "Microsoft.Network/applicationGateways": _gateway,
    "Microsoft.Network/bastionHosts": _bastion,
    "Microsoft.Network/publicIPAddresses": _public_ip,
    "Microsoft.Compute/virtualMachines": _machine,
}
