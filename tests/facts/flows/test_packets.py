"""Flows against packets: a simulator of first match that knows nothing of boxes, in every world that the service tags allow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.flows.rows import FlowRow
from scanner.facts.flows.subnets import judge
from scanner.model.unknown import Unknown
from tests.facts.flows.segments import NETWORK, SUBNET, row, rule, segment

Json = Any
World = dict[str, str]
_LABELS = ("", "azurecloud", "storage", "storage.westeurope", "sql")
_PARTS = {
    "azurecloud": {"azurecloud", "storage", "storage.westeurope", "sql"},
    "storage": {"storage", "storage.westeurope"},
    "storage.westeurope": {"storage.westeurope"},
    "sql": {"sql"},
}
#: One address of every cell that the prefixes below make; of the rest of the Internet, one for each tag.
_REST = {f"8.8.8.{at}": label for at, label in enumerate(_LABELS)}
_PLACES = ["10.0.1.5", "10.0.1.9", "10.0.2.7", "10.9.0.1", "192.168.1.1", "168.63.129.16", "203.0.113.7", *_REST]
_WRITTEN = [
    "*", "Internet", "VirtualNetwork", "AzureLoadBalancer", "Storage", "AzureCloud", "Sql", "Storage.WestEurope", "10.0.1.0/24",
    "10.0.1.5", "10.0.2.0/24", "10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/24", "0.0.0.0/0",
]  # fmt: skip
_PORTS = {"*": range(65536), "22": range(22, 23), "20-25": range(20, 26), "443": range(443, 444), "80-90": range(80, 91)}
_ASKED_PORTS = (21, 22, 80, 443, 9000)
_PROTOCOLS = ("Tcp", "Udp", "*")

_ADDRESS = st.sampled_from(_WRITTEN)
_RULE = st.tuples(
    st.sampled_from(["Allow", "Deny"]),
    st.lists(_ADDRESS, min_size=1, max_size=2),
    _ADDRESS,
    st.sampled_from(list(_PORTS)),
    st.sampled_from(_PROTOCOLS),
)
_CLOSING = ("Deny", ["*"], "*", "*", "*")
_RULES = st.lists(_RULE, max_size=5) | st.lists(_RULE, max_size=5).map(lambda items: [*items, _CLOSING])
_ROWS = st.lists(st.tuples(_ADDRESS, st.sampled_from(list(_PORTS)), st.sampled_from(_PROTOCOLS)), max_size=3)


def _holds(text: str, address: str, world: World) -> bool:
    """Whether an address belongs to what a rule names, in a world that says which tag it has."""
    return _is_of(text, address, world.get(address, ""))


@cache
def _is_of(text: str, address: str, label: str) -> bool:
    number, name = ip_address(address), text.lower()
    in_network = number in ip_network(NETWORK) or address == "168.63.129.16"
    if name in ("*", "0.0.0.0/0"):
        return True
    if name == "internet":
        return not in_network
    if name == "virtualnetwork":
        return in_network
    if name == "azureloadbalancer":
        return address == "168.63.129.16"
    if name in _PARTS:
        return label in _PARTS[name]
    return number in ip_network(text)


def _worlds() -> Iterator[World]:
    """The address that a prefix names may be of any tag; the rest of the Internet holds addresses of each."""
    for label in _LABELS:
        yield {**_REST, "203.0.113.7": label}


_INSIDE = [place for place in _PLACES if ip_address(place) in ip_network(SUBNET)]
_PACKETS = list(product(("Tcp", "Udp", "Icmp"), _PLACES, _INSIDE, _ASKED_PORTS))


def _allowed(packet: tuple[str, str, str, int], rules: Json, world: World) -> bool:
    protocol, source, destination, port = packet
    for access, sources, to, ports, over in rules:
        meant = over in ("*", protocol) and port in _PORTS[ports] and _holds(to, destination, world)
        if meant and any(_holds(text, source, world) for text in sources):
            return bool(access == "Allow")
    return _holds("VirtualNetwork", source, world) or source == "168.63.129.16"  # Azure's own rules


def _in_rows(packet: tuple[str, str, str, int], rows: Json, world: World) -> bool:
    protocol, source, _, port = packet
    return any(over in ("*", protocol) and port in _PORTS[ports] and _holds(far, source, world) for far, ports, over in rows)


def _agree(told: Json, worlds: list[bool]) -> bool:
    """Certain exactly where every world agrees that there is a flow, none exactly where every world agrees that there is none."""
    if isinstance(told, Unknown):
        return any(worlds) and not all(worlds)
    return all(worlds) if told else not any(worlds)


def _segment(items: Json, rows: list[FlowRow]) -> Any:
    return segment([rule(100 + at, *item) for at, item in enumerate(items)], rows)


@given(_RULES, _ROWS)
def test_what_passes_beyond_the_rows_is_what_packets_say(items: Json, rows: Json) -> None:
    told = judge(_segment(items, [row(far, ports, over) for far, ports, over in rows])).excess
    found = [any(_allowed(p, items, world) and not _in_rows(p, rows, world) for p in _PACKETS) for world in _worlds()]
    assert _agree(told, found), (told, found)


@given(_RULES, _ROWS)
def test_what_is_refused_of_required_flows_is_what_packets_say(items: Json, rows: Json) -> None:
    told = judge(_segment(items, [row(far, ports, over, required=True) for far, ports, over in rows])).missing
    found = [any(not _allowed(p, items, world) and _in_rows(p, rows, world) for p in _PACKETS) for world in _worlds()]
    assert _agree(told, found), (told, found)
