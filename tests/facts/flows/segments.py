"""Segments for tests: a network 10.0.0.0/16 with the subnet 10.0.1.0/24, and security rules in short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scanner.facts.documents import Document
from scanner.facts.flows.addresses import Addresses, Surroundings, parse_address
from scanner.facts.flows.ports import parse_ports, parse_protocol
from scanner.facts.flows.rows import FlowRow
from scanner.facts.flows.rules import SecurityRule, read_rules
from scanner.facts.flows.subnets import Segment
from scanner.model.spellings import Spellings

Json = Any
NETWORK = "10.0.0.0/16"
SUBNET = "10.0.1.0/24"


def written(text: str) -> Addresses:
    found = parse_address(text)
    assert found is not None, text
    return found


def rule(
    priority: int, access: str, source: Json, destination: Json = "*", port: Json = "*", protocol: str = "*", **members: Json
) -> dict[str, Json]:
    """A security rule as Azure returns it; a list goes into the plural member."""
    sides = {"sourceAddressPrefix": source, "destinationAddressPrefix": destination, "destinationPortRange": port}
    named = {
        (f"{key}es" if key.endswith("Prefix") else f"{key}s") if isinstance(value, list) else key: value
        for key, value in sides.items()
    }
    properties = {
        "priority": priority,
        "access": access,
        "direction": "Inbound",
        "protocol": protocol,
        "sourcePortRange": "*",
        **named,
    }
    return {"name": f"r{priority}", "id": f"/r{priority}", "properties": {**properties, **members}}


def rules(items: Sequence[Json]) -> tuple[SecurityRule, ...]:
    return read_rules(Document({"properties": {"securityRules": list(items)}}, Spellings(), "nsg"), lambda _: (Addresses(), ()))


def row(far: str, port: str = "*", protocol: str = "*", *, required: bool = False) -> FlowRow:
    ports, number = parse_ports(port), parse_protocol(protocol)
    assert ports is not None
    assert number is not None
    return FlowRow(written(far), ports, number, required)


def segment(items: Sequence[Json], rows: Sequence[FlowRow] | None = None, *, inbound: bool = True) -> Segment:
    around = Surroundings(written(NETWORK).ranges)
    return Segment(inbound, written(SUBNET), around, rules(items), None if rows is None else tuple(rows))
