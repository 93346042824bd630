"""Private endpoints: the interface in the subnet, the connection on the service, the names that resolve to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import DEPLOYER, complete, entries_of, guid_of, member_of, properties_of
from scanner.simulator.providers.network import free_address
from scanner.simulator.store import Store, StoredResource

__all__ = ["PRIVATE_LINK", "connect", "disconnect", "forget_endpoint"]

Json = Any


def _private_endpoint(stored: StoredResource, store: Store) -> None:
    """Approved at once, or Pending where approval was asked for; a state that the service gave later stays."""
    properties = properties_of(stored)
    properties.setdefault("manualPrivateLinkServiceConnections", [])
    members: list[tuple[str, str, tuple[str, ...]]] = []
    for member, status in (("privateLinkServiceConnections", "Approved"), ("manualPrivateLinkServiceConnections", "Pending")):
        for connection in properties.get(member) or []:
            inner = connection.setdefault("properties", {})
            description = "Auto-approved" if status == "Approved" else ""
            inner["privateLinkServiceConnectionState"] = {
                "status": status, "description": description, "actionsRequired": "None",
            }  # fmt: skip
            service = store.raw(str(inner.get("privateLinkServiceId", "")))
            groups = [str(group) for group in inner.get("groupIds") or []]
            if service is not None:
                connect(service, stored.id.text, stored.id.name, groups, status, store)
                members.extend((group, *name) for group in groups for name in _names(service, group))
    _interface(stored, members or [("", "default", ())], store)


def _interface(endpoint: StoredResource, members: list[tuple[str, str, tuple[str, ...]]], store: Store) -> None:
    properties = properties_of(endpoint)
    name = properties.get("customNetworkInterfaceName") or f"{endpoint.id.name}.nic.{guid_of(endpoint.id.key)[:8]}"
    nic_id = f"{endpoint.id.scope}/providers/Microsoft.Network/networkInterfaces/{name}"
    known = store.raw(nic_id)
    if known is None:
        known = store.put(nic_id, {"location": endpoint.body.get("location", "")})
        properties_of(known)["privateEndpoint"] = {"id": endpoint.id.text}
        configurations = properties_of(known)["ipConfigurations"] = []
        for at, (group, member, names) in enumerate(members):
            configurations.append(_configuration(endpoint, at, (group, member, names), store))
        complete(known, store, DEPLOYER)
    properties["networkInterfaces"] = [{"id": nic_id}]
    addresses = [item["properties"]["privateIPAddress"] for item in properties_of(known)["ipConfigurations"]]
    properties["customDnsConfigs"] = [
        {"fqdn": fqdn, "ipAddresses": [address]}
        for (_, _, names), address in zip(members, addresses, strict=False)
        for fqdn in names
    ]


def _configuration(endpoint: StoredResource, at: int, reached: tuple[str, str, tuple[str, ...]], store: Store) -> dict[str, Json]:
    group, member, names = reached
    subnet = properties_of(endpoint).get("subnet")
    inner: dict[str, Json] = {
        "privateIPAddress": free_address(subnet, endpoint, store), "privateIPAllocationMethod": "Dynamic", "subnet": subnet,
        "primary": at == 0, "privateIPAddressVersion": "IPv4",
    }  # fmt: skip
    if names:
        inner["privateLinkConnectionProperties"] = {"groupId": group, "requiredMemberName": member, "fqdns": list(names)}
    return {"name": f"privateEndpointIpConfig.{guid_of(endpoint.id.key, str(at))}", "properties": inner}


def connect(service: StoredResource, endpoint_id: str, name: str, groups: list[str], status: str, store: Store) -> None:
    """The connection that a private endpoint makes on its service; each provider spells it a little differently."""
    connection_id = f"{service.id.text}/privateEndpointConnections/{name}.{guid_of(endpoint_id.lower(), service.id.key)}"
    if store.raw(connection_id) is not None:
        return
    actions = "actionRequired" if service.type_key == "microsoft.storage/storageaccounts" else "actionsRequired"
    description = "Auto-Approved" if status == "Approved" else ""
    properties: dict[str, Json] = {
        "provisioningState": "Succeeded", "privateEndpoint": {"id": endpoint_id},
        "privateLinkServiceConnectionState": {"status": status, "description": description, actions: "None"},
    }  # fmt: skip
    if service.type_key == "microsoft.cognitiveservices/accounts":
        properties["groupIds"] = groups
    if service.type_key == "microsoft.search/searchservices":
        properties["groupId"] = groups[0] if groups else ""
    complete(store.put(connection_id, {"properties": properties}), store, DEPLOYER)


def disconnect(endpoint_id: str, store: Store) -> None:
    """Remove the connections that an endpoint had made."""
    for item in store.everything():
        if not item.type_key.endswith("/privateendpointconnections"):
            continue
        if str(member_of(properties_of(item), "privateEndpoint").get("id", "")).lower() == endpoint_id.lower():
            store.remove(item.id.text)


def forget_endpoint(stored: StoredResource, store: Store) -> None:
    """An endpoint goes with its interface and its connections."""
    for interface in entries_of(properties_of(stored), "networkInterfaces"):
        store.remove(str(interface.get("id", "")))
    disconnect(stored.id.text, store)


def _names(service: StoredResource, group: str) -> list[tuple[str, tuple[str, ...]]]:
    """Members, each with an address of its own, and the public names that reach them (documented with the DNS zones)."""
    name, location = service.id.name.lower(), str(service.body.get("location", "")).lower().replace(" ", "")
    match group.lower():
        case "vault":
            return [("default", (f"{name}.vault.azure.net",))]
        case "account":
            domain = str(properties_of(service).get("customSubDomainName") or name).lower()
            suffix = "openai" if str(service.body.get("kind", "")).lower() == "openai" else "cognitiveservices"
            return [("default", (f"{domain}.{suffix}.azure.com",))]
        case "searchservice":
            return [("searchService", (f"{name}.search.windows.net",))]
        case "registry":
            data = f"{name}.{location}.data.azurecr.io"
            return [(f"registry_data_{location}", (data,)), ("registry", (f"{name}.azurecr.io",))]
        case "sites":
            return [("sites", (f"{name}.azurewebsites.net", f"{name}.scm.azurewebsites.net"))]
        case "amlworkspace":
            own = properties_of(service).get("workspaceId", "")
            api = f"{own}.workspace.{location}"
            return [
                ("default", (f"{api}.api.azureml.ms", f"{api}.cert.api.azureml.ms")),
                ("notebook", (f"ml-{name}-{location}-{own}.{location}.notebooks.azure.net",)),
                ("inference", (f"*.{own}.inference.{location}.api.azureml.ms",)),
            ]
        case "blob" | "file" | "queue" | "table" | "dfs" | "web":
            return [(group.lower(), (f"{name}.{group.lower()}.core.windows.net",))]
        case _:
            return []


PRIVATE_LINK: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Network/privateEndpoints": _private_endpoint,
}
