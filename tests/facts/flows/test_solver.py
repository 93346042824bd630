"""Flows against z3: rules as formulas over whole addresses and ports, asked for a flow that the set algebra says there is or is not."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.flows.subnets import judge
from tests.facts.flows.segments import NETWORK, SUBNET, row, rule, segment

Json = Any
_HOST = int(ip_network("168.63.129.16")[0])
_CODES = {"Tcp": 0, "Udp": 1, "Icmp": 2, "Esp": 3, "Ah": 4}

_PREFIX = st.builds(
    lambda number, size: str(ip_network((number, size), strict=False)),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 8, 16, 24, 31, 32]),
)
_NEAR = st.builds(
    lambda part, size: str(ip_network(f"10.0.{part}.0/{size}", strict=False)),
    st.integers(0, 3),
    st.sampled_from([16, 23, 24, 30]),
)
_ADDRESS = st.sampled_from(["*", "Internet", "VirtualNetwork", "AzureLoadBalancer"]) | _PREFIX | _NEAR
_PORT = (
    st.just("*")
    | st.builds(lambda a, b: f"{min(a, b)}-{max(a, b)}", st.integers(0, 65535), st.integers(0, 65535))
    | st.integers(0, 65535).map(str)
)
_PROTOCOL = st.sampled_from(["*", *_CODES])
_RULES = st.lists(
    st.tuples(st.sampled_from(["Allow", "Deny"]), st.lists(_ADDRESS, min_size=1, max_size=3), _ADDRESS, st.lists(_PORT, min_size=1, max_size=2),
              _PORT, _PROTOCOL, st.integers(100, 4096)),
    max_size=6, unique_by=lambda item: item[-1],
)  # fmt: skip
_ROWS = st.lists(st.tuples(_ADDRESS, _PORT, _PROTOCOL), max_size=4)


class _Flow:
    """One flow as variables, and what rules say of it as formulas."""

    def __init__(self, *, inbound: bool) -> None:
        self.inbound = inbound
        self.source, self.destination = z3.BitVec("source", 32), z3.BitVec("destination", 32)
        self.source_port, self.port, self.protocol = z3.Int("source_port"), z3.Int("port"), z3.Int("protocol")
        own = self.destination if inbound else self.source
        ports = [z3.And(item >= 0, item <= 65535) for item in (self.source_port, self.port)]
        self.real = z3.And(*ports, self.protocol >= 0, self.protocol <= 5, self.prefix(own, SUBNET))

    def prefix(self, address: Any, text: str) -> Any:
        network = ip_network(text)
        mask = int(network.netmask)
        return (address & mask) == int(network.network_address)

    def in_network(self, address: Any) -> Any:
        return z3.Or(self.prefix(address, NETWORK), address == _HOST)

    def among(self, address: Any, text: str) -> Any:
        if text == "*":
            return z3.BoolVal(True)
        if text == "VirtualNetwork":
            return self.in_network(address)
        if text == "Internet":
            return z3.Not(self.in_network(address))
        return address == _HOST if text == "AzureLoadBalancer" else self.prefix(address, text)

    def port_in(self, port: Any, text: str) -> Any:
        low, _, high = ("0-65535" if text == "*" else text).partition("-")
        return z3.And(port >= int(low), port <= int(high or low))

    def over(self, protocol: str) -> Any:
        return z3.BoolVal(True) if protocol == "*" else self.protocol == _CODES[protocol]

    def allowed(self, rules: Json) -> Any:
        outcome: Any = (
            z3.Or(z3.And(self.in_network(self.source), self.in_network(self.destination)), self.source == _HOST)
            if self.inbound
            else z3.Or(
                z3.And(self.in_network(self.source), self.in_network(self.destination)), z3.Not(self.in_network(self.destination))
            )
        )
        for access, sources, to, ports, source_port, protocol, _ in sorted(rules, key=lambda item: -item[-1]):
            matches = z3.And(
                z3.Or(*(self.among(self.source, text) for text in sources)), self.among(self.destination, to),
                z3.Or(*(self.port_in(self.port, text) for text in ports)), self.port_in(self.source_port, source_port), self.over(protocol),
            )  # fmt: skip
            outcome = z3.If(matches, z3.BoolVal(access == "Allow"), outcome)
        return outcome

    def in_rows(self, rows: Json) -> Any:
        far = self.source if self.inbound else self.destination
        return z3.Or(
            *(z3.And(self.among(far, text), self.port_in(self.port, port), self.over(over)) for text, port, over in rows)
        )

    def exists(self, *formulas: Any) -> bool:
        solver = z3.Solver()
        solver.add(self.real, *formulas)
        return bool(solver.check() == z3.sat)


@settings(max_examples=60)
@given(_RULES, _ROWS, st.sampled_from(["Inbound", "Outbound"]))
def test_what_passes_and_what_is_refused_is_what_the_solver_finds(items: Json, rows: Json, direction: str) -> None:
    inbound = direction == "Inbound"
    flow = _Flow(inbound=inbound)
    written = [
        rule(priority, access, sources, to, ports, protocol, sourcePortRange=source_port, direction=direction)
        for access, sources, to, ports, source_port, protocol, priority in items
    ]
    told = judge(segment(written, [row(far, port, over, required=True) for far, port, over in rows], inbound=inbound))
    assert bool(told.excess) is flow.exists(flow.allowed(items), z3.Not(flow.in_rows(rows)))
    assert bool(told.missing) is flow.exists(z3.Not(flow.allowed(items)), flow.in_rows(rows))
