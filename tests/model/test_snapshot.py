"""Snapshots index resources once and promote what Azure nests in its parent."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.resource import Resource, make_resource
from scanner.model.snapshot import Snapshot
from scanner.model.spellings import Spellings

SUB = "/subscriptions/s1"
VNET = f"{SUB}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
WORKSPACE = f"{SUB}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/mlw"


def load(*bodies: dict[str, Any]) -> Snapshot:
    return Snapshot(scopes=[SUB], resources=[make_resource(body) for body in bodies])


def network(*subnets: Any) -> dict[str, Any]:
    return {"id": VNET, "type": "microsoft.network/virtualnetworks", "properties": {"subnets": list(subnets)}}


def ids(resources: list[Resource]) -> list[str]:
    return [resource.id for resource in resources]


def test_nested_subnets_become_resources_below_their_network() -> None:
    found = load(network({"name": "a", "id": f"{VNET}/subnets/a", "properties": {}}))
    assert ids(found.of_type(SUBNET)) == [f"{VNET}/subnets/a"]
    assert found.of_type(SUBNET)[0].parent_key == VNET.lower()


@pytest.mark.parametrize(
    "subnet", [{"name": "a", "properties": {}}, {"name": "a", "id": "/subscriptions/other/subnets/wrong", "properties": {}}]
)
def test_a_nested_child_belongs_to_its_parent_whatever_its_id_says(subnet: dict[str, Any]) -> None:
    assert ids(load(network(subnet)).of_type(SUBNET)) == [f"{VNET}/subnets/a"]


def test_nested_children_with_one_name_are_all_kept() -> None:
    found = load(network({"name": "a", "properties": {"x": 1}}, {"name": "a", "properties": {"x": 2}}))
    assert [subnet.body["properties"]["x"] for subnet in found.of_type(SUBNET)] == [1, 2]


def test_a_separate_read_of_a_child_wins() -> None:
    separate = {"id": f"{VNET}/subnets/A", "properties": {"from": "get"}}
    found = load(network({"name": "a", "properties": {"from": "inline"}}), separate)
    assert [subnet.body["properties"]["from"] for subnet in found.of_type(SUBNET)] == ["get"]


def test_outbound_rules_of_a_managed_network_are_promoted_from_their_map() -> None:
    body = {"id": WORKSPACE, "properties": {"managedNetwork": {"outboundRules": {"to-search": {"type": "PrivateEndpoint"}}}}}
    rule = load(body).of_type("Microsoft.MachineLearningServices/workspaces/outboundRules")[0]
    assert (rule.id, rule.body) == (
        f"{WORKSPACE}/outboundRules/to-search",
        {"name": "to-search", "properties": {"type": "PrivateEndpoint"}},
    )


def test_children_and_extensions_are_found_from_their_resource() -> None:
    endpoint, deployment = f"{WORKSPACE}/onlineEndpoints/e", f"{WORKSPACE}/onlineEndpoints/e/deployments/blue"
    setting = f"{WORKSPACE}/providers/Microsoft.Insights/diagnosticSettings/logs".lower()
    found = load(*({"id": item, "properties": {}} for item in (WORKSPACE, endpoint, deployment, setting)))
    workspace = found.of_type("Microsoft.MachineLearningServices/workspaces")[0]
    assert ids(found.children(workspace, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments")) == [
        deployment
    ]
    assert ids(found.extensions(workspace, "microsoft.insights/diagnosticSettings")) == [setting]


@pytest.mark.parametrize("odd", [None, 7, [], "", {"a": 1}])
def test_a_body_with_an_odd_id_is_kept(odd: Any) -> None:
    resource = make_resource({"id": odd, "type": "Microsoft.Web/sites", "properties": None}, fallback_id="/unidentified/3")
    assert (resource.key, resource.type_key, resource.unread) == ("/unidentified/3", "microsoft.web/sites", ("properties",))


@pytest.mark.parametrize("odd", [None, 7, "text", {"a": None}, [None, 3, {"name": 5}, {}]])
def test_odd_inline_children_do_not_stop_a_snapshot(odd: Any) -> None:
    assert load({"id": VNET, "properties": {"subnets": odd}}).get(VNET) is not None


def test_the_id_decides_the_type_where_azure_states_it_wrongly() -> None:
    resource = make_resource({"id": f"{WORKSPACE}/outboundRules/x", "type": "workspace/outboundRules", "properties": {}})
    assert resource.type == "Microsoft.MachineLearningServices/workspaces/outboundRules"


def test_names_are_found_in_whatever_case_a_document_spells_them() -> None:
    spellings = Spellings()
    spellings.learn({"properties": [{"SKU": 1}]})
    assert spellings.differs("sku", "sku")
    assert not spellings.differs("SKU", "sku")
    assert not spellings.differs("other", "other")
