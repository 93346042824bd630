"""Is TCP/22 open to the Internet? Questions that pattern matching gets half right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanner.facts.flows.subnets import judge, open_ports
from scanner.model.unknown import Unknown
from tests.facts.flows.segments import rule, segment
from tests.facts.snapshots import derive, snapshot

Json = Any
OPEN, CLOSED = True, False


@pytest.mark.parametrize(
    ("question", "rules", "answer"),
    [
        ("any port", [rule(100, "Allow", "*", port="*", protocol="Tcp")], OPEN),
        ("a range of ports", [rule(100, "Allow", "*", port="20-30", protocol="Tcp")], OPEN),
        ("a list of ports", [rule(100, "Allow", "*", port=["443", "8080", "22"], protocol="Tcp")], OPEN),
        ("a list of ports without it", [rule(100, "Allow", "*", port=["443", "2222", "220-229"], protocol="Tcp")], CLOSED),
        ("a list of sources", [rule(100, "Allow", ["10.1.0.0/16", "203.0.113.9"], port="22", protocol="Tcp")], OPEN),
        ("private sources", [rule(100, "Allow", ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12"], port="22", protocol="Tcp")], CLOSED),
        ("two halves of all addresses", [rule(100, "Allow", ["0.0.0.0/1", "128.0.0.0/1"], port="22")], OPEN),
        ("the tag", [rule(100, "Allow", "Internet", port="22", protocol="Tcp")], OPEN),
        ("the tag in capitals", [rule(100, "ALLOW", "INTERNET", port="22", protocol="TCP")], OPEN),
        ("every address", [rule(100, "Allow", "0.0.0.0/0", port="22", protocol="*")], OPEN),
        ("a service tag", [rule(100, "Allow", "AzureCloud", port="22", protocol="Tcp")], OPEN),
        ("a refusal before", [rule(100, "Deny", "*", port="22"), rule(200, "Allow", "*", port="*")], CLOSED),
        ("a refusal by a range of ports before", [rule(100, "Deny", "Internet", port="0-1023"), rule(200, "Allow", "*", port="22")], CLOSED),
        ("a refusal after", [rule(200, "Deny", "*", port="22"), rule(100, "Allow", "*", port="22")], OPEN),
        ("a refusal of another protocol", [rule(100, "Deny", "*", port="22", protocol="Udp"), rule(200, "Allow", "*", port="22")], OPEN),
        ("a refusal of another destination", [rule(100, "Deny", "*", "10.0.2.0/24", "22"), rule(200, "Allow", "*", port="22")], OPEN),
        ("a refusal of half the sources", [rule(100, "Deny", "0.0.0.0/1", port="22"), rule(200, "Allow", "*", port="22")], OPEN),
        ("a refusal of both halves", [rule(100, "Deny", ["0.0.0.0/1", "128.0.0.0/1"], port="22"), rule(200, "Allow", "*", port="22")], CLOSED),
        ("another destination", [rule(100, "Allow", "*", "10.0.2.0/24", "22")], CLOSED),
        ("another protocol", [rule(100, "Allow", "*", port="22", protocol="Udp")], CLOSED),
        ("outbound", [rule(100, "Allow", "*", port="22", direction="Outbound")], CLOSED),
        ("the network", [rule(100, "Allow", "VirtualNetwork", port="22")], CLOSED),
        ("nothing but Azure's own rules", [], CLOSED),
        ("one source port", [rule(100, "Allow", "*", port="22", sourcePortRange="50000")], OPEN),
    ],
)  # fmt: skip
def test_is_it_open(question: str, rules: list[Json], answer: bool) -> None:  # noqa: FBT001
    assert bool(open_ports(segment(rules), [22])) is answer, question


def test_an_answer_names_a_flow_and_the_rule_that_admits_it() -> None:
    rules = [rule(100, "Deny", "0.0.0.0/1", port="22"), rule(200, "Allow", "*", port=["20-30", "443"], protocol="Tcp")]
    (found,) = open_ports(segment(rules), [22])
    assert found["flow"] == "Tcp from 128.0.0.0 to 10.0.1.0, port 22, by r200"
    assert (found["rule"], found["ruleId"], found["port"]) == ("r200", "/r200", "22")


@pytest.mark.parametrize(
    "odd",
    [
        {"sourceAddressPrefix": "10.0.0.0/33"}, {"sourceAddressPrefix": None}, {"sourceAddressPrefix": 7}, {"sourceAddressPrefix": "NoSuchTag"},
        {"destinationPortRange": "22-"}, {"destinationPortRange": "70000"}, {"destinationPortRange": 22}, {"destinationPortRange": None},
        {"protocol": "Sctp"}, {"protocol": None}, {"access": "Perhaps"}, {"access": None}, {"direction": "Sideways"}, {"priority": "first"},
        {"priority": None}, {"destinationPortRanges": "22"}, {"destinationPortRanges": [None]}, {"sourceAddressPrefixes": {}},
        {"sourcePortRange": "x"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [[], [rule(4000, "Deny", "*")]])
def test_a_rule_that_cannot_be_read_makes_unknown_what_it_could_decide(odd: Json, beside: list[Json]) -> None:
    """Neither open, which nobody knows, nor closed; where an earlier rule decides, it does not matter."""
    doubtful = rule(1000, "Allow", "*", port="22")
    doubtful["properties"].update(odd)
    assert isinstance(open_ports(segment([doubtful, *beside]), [22]), Unknown)
    assert open_ports(segment([rule(100, "Deny", "*"), doubtful]), [22]) == [] or odd.get("priority", 1) in (None, "first")
    assert open_ports(segment([rule(100, "Allow", "*"), doubtful]), [22]) or odd.get("priority", 1) in (None, "first")


def test_rules_of_one_priority_stand_in_either_order() -> None:
    both = [rule(100, "Allow", "*", port="22"), rule(100, "Deny", "*", port="22")]
    assert isinstance(open_ports(segment(both), [22]), Unknown)


def test_azures_own_rules_count_where_an_export_left_them_out() -> None:
    (found,) = judge(segment([])).by_default[:1]
    assert found["rule"] == "AllowVnetInBound"


def test_what_azures_own_rules_admit_is_unknown_while_rules_before_them_are_in_doubt() -> None:
    """Neither the one that lets through nor the one that refuses need match anything."""
    odd = [rule(100, "Allow", "VirtualNetwork", protocol="Odd"), rule(200, "Deny", "*", protocol="Odd")]
    assert isinstance(judge(segment(odd)).by_default, Unknown)
    assert judge(segment([*odd, rule(300, "Deny", "*")])).by_default == []


def test_real_groups_are_judged(shared: Path) -> None:
    """The group that Azure answered with: 3389 and 22 are open where its rules say so, and nothing raises."""
    for name in (
        "recorded-network-networksecuritygroups-list",
        "network-networksecuritygroups-listall",
        "network-networksecuritygroups-get",
    ):
        body = json.loads((shared / "arm-examples" / f"{name}.json").read_text(encoding="utf-8"))["body"]
        groups = body.get("value", [body])
        documents = derive("groupFlows", snapshot(*groups, scopes=["/"]))
        assert [document.judged_id for document in documents] == [group["id"] for group in groups]
        assert not any(isinstance(document.body["openToInternet"], Unknown) for document in documents)
