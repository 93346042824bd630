"""What a chain from a service to its name lacks, as far as it can be made."""

from __future__ import annotations

from typing import Any

from tests.facts.snapshots import GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub"
NAME = "privatelink.search.windows.net"
SEARCH = rid("Microsoft.Search/searchServices", "srch")
NETWORK = rid("Microsoft.Network/virtualNetworks", "vnet")
SUBNET = f"{NETWORK}/subnets/snet-privateEndpoints"
ENDPOINT = rid("Microsoft.Network/privateEndpoints", "pe")
CARD = rid("Microsoft.Network/networkInterfaces", "nic")


def way(*bodies: Json) -> Json:
    subnets = [{"name": "snet-privateEndpoints", "id": SUBNET, "properties": {"addressPrefix": "10.0.2.0/27"}}]
    base = [
        resource(SEARCH, {}, location="westeurope"),
        resource(NETWORK, {"subnets": subnets, "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}, location="westeurope"),
    ]
    (found,) = derive("privateLink", snapshot(*base, *bodies))
    return found.body


def endpoint() -> list[Json]:
    state = {"status": "Approved"}
    leads = {"privateLinkServiceId": SEARCH, "groupIds": ["searchService"], "privateLinkServiceConnectionState": state}
    properties = {
        "subnet": {"id": SUBNET},
        "privateLinkServiceConnections": [{"properties": leads}],
        "networkInterfaces": [{"id": CARD}],
    }
    address = {"ipConfigurations": [{"properties": {"privateIPAddress": "10.0.2.4"}}]}
    return [resource(ENDPOINT, properties), resource(CARD, address)]


def zone(group: str = GROUP, *, name: str = NAME, linked: bool = False, state: str = "Completed") -> list[Json]:
    zone_id = rid("Microsoft.Network/privateDnsZones", name, group)
    link = {"virtualNetwork": {"id": NETWORK}, "virtualNetworkLinkState": state}
    return [resource(zone_id, {}), *([resource(f"{zone_id}/virtualNetworkLinks/l", link)] if linked else [])]


def zone_group(*zones: str) -> Json:
    listed = [{"name": f"z{at}", "properties": {"privateDnsZoneId": zone_id}} for at, zone_id in enumerate(zones)]
    return resource(f"{ENDPOINT}/privateDnsZoneGroups/default", {"privateDnsZoneConfigs": listed})


def test_an_endpoint_would_stand_in_the_subnet_for_endpoints() -> None:
    found = way(*zone())
    assert (found["subnet"], found["network"], found["location"]) == (SUBNET, NETWORK, "westeurope")
    expected = [{"name": NAME, "id": rid("Microsoft.Network/privateDnsZones", NAME)}]
    assert (found["toName"], found["toLink"], found["unknownZones"], "zoneGroup" in found) == (expected, expected, [], False)


def test_a_zone_that_nobody_knows_cannot_be_named() -> None:
    found = way(*endpoint(), *zone(name="privatelink.blob.core.windows.net"))
    assert (found["toName"], found["toLink"], found["unknownZones"]) == ([], [], [NAME])


def test_of_several_zones_of_a_name_the_one_that_the_network_asks_is_meant() -> None:
    hub = rid("Microsoft.Network/privateDnsZones", NAME, HUB)
    assert way(*zone(), *zone(HUB))["unknownZones"] == [NAME]
    found = way(*endpoint(), *zone(), *zone(HUB, linked=True))
    assert (found["toName"], found["toLink"]) == ([{"name": NAME, "id": hub}], [])


def test_the_zone_that_the_endpoint_names_is_linked_and_others_are_added_to_its_group() -> None:
    other = rid("Microsoft.Network/privateDnsZones", "privatelink.example.net")
    mine = rid("Microsoft.Network/privateDnsZones", NAME)
    found = way(*endpoint(), *zone(), *zone(HUB, linked=True), zone_group(mine))
    assert (found["toName"], found["toLink"]) == ([], [{"name": NAME, "id": mine}])
    found = way(*endpoint(), *zone(linked=True), zone_group(other))
    assert found["zoneConfigs"] == [{"name": "z0", "properties": {"privateDnsZoneId": other}}]
    assert found["zoneGroup"].endswith("/pe/privateDnsZoneGroups/default")
    assert [item["name"] for item in found["toName"]] == [NAME]


def test_a_link_that_is_on_its_way_is_not_made_again() -> None:
    assert way(*endpoint(), *zone(linked=True, state="InProgress"))["toLink"] == []
