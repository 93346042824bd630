"""Hash joins: what belongs together whatever its spelling, and why there may be more of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.facts import FACT_PATHS, Relations
from scanner.model.coverage import Gap, Read
from scanner.model.resource import Resource
from scanner.model.snapshot import Snapshot
from scanner.rules import Join, Relation, load_rules
from tests.facts.snapshots import DENIED, GROUP, NOW, SUBSCRIPTION, baseline, resource, rid, snapshot

Json = Any
GATEWAYS = "Microsoft.Network/applicationGateways"
PUBLIC_IPS = "Microsoft.Network/publicIPAddresses"
NETWORK = rid("Microsoft.Network/virtualNetworks", "vnet")
GATEWAY = rid(GATEWAYS, "agw")
PIP = rid(PUBLIC_IPS, "pip")
ACCOUNT = rid("Microsoft.CognitiveServices/accounts", "oai")
RAI = "Microsoft.CognitiveServices/accounts/raiPolicies"


def related(of: Snapshot, name: str, resource_id: str) -> tuple[list[str], tuple[str, ...]]:
    """Names of the related resources, and why there may be more."""
    relations = Relations(of, load_rules([], baseline(), fact_paths=FACT_PATHS).relations, now=NOW)
    return _shown(relations, of, name, resource_id)


def _shown(relations: Relations, of: Snapshot, name: str, resource_id: str) -> tuple[list[str], tuple[str, ...]]:
    origin = of.get(resource_id)
    assert isinstance(origin, Resource)
    found = relations.related(name, origin)
    return [item.name for item in found.items], found.missing.reasons if found.missing is not None else ()


def gateway(*subnets: Json, name: str = "agw") -> dict[str, Json]:
    return resource(
        rid(GATEWAYS, name), {"gatewayIPConfigurations": [{"properties": {"subnet": {"id": item}}} for item in subnets]}
    )


def network() -> dict[str, Json]:
    return resource(NETWORK, {"subnets": [{"name": "gw", "properties": {}}, {"name": "app", "properties": {}}]})


def test_ids_join_in_any_spelling_and_each_resource_comes_once() -> None:
    spelled = f"/{NETWORK.upper()}/subnets/GW/"
    of = snapshot(network(), gateway(spelled, f"{NETWORK}/subnets/gw"))
    assert related(of, "gatewaysInSubnet", f"{NETWORK}/subnets/gw") == (["agw"], ())
    assert related(of, "gatewaysInSubnet", f"{NETWORK}/subnets/app") == ([], ())


def test_a_type_that_was_not_read_in_full_may_hold_more() -> None:
    elsewhere = f"{SUBSCRIPTION}/resourceGroups/other"
    refused = snapshot(network(), gaps=[Gap(SUBSCRIPTION, GATEWAYS, DENIED)])
    partly = snapshot(network(), gateway(f"{NETWORK}/subnets/gw"), gaps=[Gap(elsewhere, GATEWAYS, DENIED)])
    assert related(refused, "gatewaysInSubnet", f"{NETWORK}/subnets/gw") == ([], (f"{GATEWAYS} could not be read: {DENIED}",))
    assert related(partly, "gatewaysInSubnet", f"{NETWORK}/subnets/gw") == (
        ["agw"],
        (f"{GATEWAYS} could not be read at {elsewhere.lower()}: {DENIED}",),
    )


def test_a_resource_that_was_read_without_what_joins_it_may_belong() -> None:
    of = snapshot(network(), resource(GATEWAY))
    assert related(of, "gatewaysInSubnet", f"{NETWORK}/subnets/gw") == (
        [],
        (f"{GATEWAY} was read without its properties",),
    )


@pytest.mark.parametrize("odd", [5, [1], {"a": 1}, True])
def test_something_else_than_an_id_where_an_id_is_due_is_a_doubt(odd: Json) -> None:
    path = "properties.gatewayIPConfigurations[*].properties.subnet.id"
    assert related(snapshot(network(), gateway(odd)), "gatewaysInSubnet", f"{NETWORK}/subnets/gw") == (
        [],
        (f"{GATEWAY}: {path} is no text",),
    )


def front(value: Json) -> dict[str, Json]:
    return resource(GATEWAY, {"frontendIPConfigurations": [{"properties": {"publicIPAddress": {"id": value}}}]})


def test_an_id_is_followed_and_one_that_is_known_to_be_gone_leads_nowhere() -> None:
    assert related(snapshot(front(PIP.upper()), resource(PIP, {})), "gatewayPublicIps", GATEWAY) == (["pip"], ())
    assert related(snapshot(front(PIP)), "gatewayPublicIps", GATEWAY) == ([], ())
    assert related(snapshot(front(None)), "gatewayPublicIps", GATEWAY) == ([], ())


def test_an_id_that_no_read_covers_and_one_that_is_none_may_lead_somewhere() -> None:
    own = [Read(GATEWAYS, SUBSCRIPTION)]
    assert related(snapshot(front(PIP), reads=own), "gatewayPublicIps", GATEWAY)[1] == (f"{PUBLIC_IPS} was not asked for",)
    assert related(snapshot(front(5)), "gatewayPublicIps", GATEWAY)[1] == (
        f"{GATEWAY}: properties.frontendIPConfigurations[*].properties.publicIPAddress.id is no text",
    )
    assert related(snapshot(resource(GATEWAY)), "gatewayPublicIps", GATEWAY)[1] == (f"{GATEWAY} was read without its properties",)


def test_an_id_of_another_type_is_not_of_the_relation() -> None:
    assert related(snapshot(front(NETWORK), network()), "gatewayPublicIps", GATEWAY) == ([], ())


def test_an_expression_may_say_what_to_join() -> None:
    deployment = f"{ACCOUNT}/deployments/gpt"
    of = snapshot(
        resource(ACCOUNT, {}), resource(deployment, {"raiPolicyName": "STRICT"}), resource(f"{ACCOUNT}/raiPolicies/strict", {})
    )
    refused = snapshot(resource(ACCOUNT, {}), resource(deployment, {"raiPolicyName": "x"}), gaps=[Gap(ACCOUNT, RAI, DENIED)])
    assert related(of, "contentFilter", deployment) == (["strict"], ())
    names, (reason,) = related(refused, "contentFilter", deployment)
    assert (names, reason.lower()) == ([], f"{RAI} could not be read: {DENIED}".lower())


def test_parent_children_and_extensions_are_built_in() -> None:
    setting = f"{NETWORK}/providers/Microsoft.Insights/diagnosticSettings/d"
    of = snapshot(network(), resource(setting, {}), resource(GROUP), resource(SUBSCRIPTION))
    assert related(of, "parent", f"{NETWORK}/subnets/gw") == (["vnet"], ())
    assert related(of, "parent", NETWORK) == (["rg-chat"], ())
    assert related(of, "children:microsoft.network/virtualnetworks/SUBNETS", NETWORK) == (["gw", "app"], ())
    assert related(of, "extensions:Microsoft.Insights/diagnosticSettings", NETWORK) == (["d"], ())
    assert related(of, "extensions:Microsoft.Insights/diagnosticSettings", f"{NETWORK}/subnets/gw") == ([], ())


def test_children_that_were_refused_may_be_more() -> None:
    of = snapshot(resource(ACCOUNT, {}), gaps=[Gap(ACCOUNT, RAI, DENIED)])
    assert related(of, f"children:{RAI}", ACCOUNT) == ([], (f"{RAI} could not be read: {DENIED}",))


def test_a_relation_to_any_type_joins_every_resource_and_is_complete_only_when_everything_was_read() -> None:
    everything = Relation("managed", ("*",), ("*",), (Join("id", None, "managedBy"),))
    bodies = (resource(PIP, {}, managedBy=GATEWAY.upper()), resource(GATEWAY, {}))
    complete, partial = snapshot(*bodies), snapshot(*bodies, reads=[Read(GATEWAYS, SUBSCRIPTION)])
    assert [_shown(Relations(of, {"managed": everything}, now=NOW), of, "managed", GATEWAY) for of in (complete, partial)] == [
        (["pip"], ()),
        (["pip"], ("* was not asked for",)),
    ]


def test_every_join_of_a_relation_counts_and_plain_words_join_ignoring_case() -> None:
    relation = Relation(
        "tagged", ("*",), (PUBLIC_IPS,), (Join("name", None, "tags.gateway"), Join("id", None, "properties.natGateway.id"))
    )
    of = snapshot(
        resource(GATEWAY, {}, name="agw"),
        resource(PIP, {}, tags={"gateway": "AGW"}),
        resource(f"{PIP}2", {"natGateway": {"id": GATEWAY}}, tags={"gateway": "agw"}),
        resource(f"{PIP}3", {}, tags={"gateway": "other"}),
    )
    assert _shown(Relations(of, {"tagged": relation}, now=NOW), of, "tagged", GATEWAY) == (["pip", "pip2"], ())


def test_the_shipped_relations_say_what_they_are(root: Path) -> None:
    from scanner.model.yaml_file import load_yaml

    file = load_yaml(root / "rules" / "relations.yaml", [])
    assert file is not None
    assert all(entry["doc"].endswith(".") for entry in file.data.values())
