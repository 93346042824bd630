"""Network flows: 1,000 subnets, each with a group of 100 rules of its own; growth by doubling."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.measured import Measured
from scanner.facts import FACTS, FactContext, bind_workloads
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.rules import load_baseline

__all__ = ["measure_flows"]

Json = Any
SUBNETS, RULES = 1_000, 100
NOW = datetime(2026, 11, 1, tzinfo=UTC)
NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
GROUPS = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups"


def measure_flows() -> list[Measured]:
    """Seconds for every subnet in both directions, and how they grow."""
    half, whole = _seconds(SUBNETS // 2, RULES), _seconds(SUBNETS, RULES)
    more = _seconds(SUBNETS, 2 * RULES)
    return [
        Measured(f"flows, {SUBNETS:,} subnets with {RULES} rules each", f"{whole:.2f} s", "", "seconds"),
        Measured("  twice the subnets", f"{whole / half:.2f}x", f"of {half:.2f} s", "at most n log n: 2.2x"),
        Measured("  twice the rules", f"{more / whole:.2f}x", f"of {whole:.2f} s", ""),
    ]


def _seconds(subnets: int, rules: int) -> float:
    baseline = load_baseline("openai-chat")
    snapshot = Snapshot(
        scopes=["/subscriptions/s"], resources=map(make_resource, _bodies(subnets, rules)), reads=[Read(EVERYTHING, "/")]
    )
    context = FactContext(snapshot, baseline, bind_workloads(snapshot, baseline, ()), NOW)
    start = time.perf_counter()
    for _ in FACTS["driftline/subnetflows"].derive(context):
        pass
    return time.perf_counter() - start


def _bodies(subnets: int, rules: int) -> list[Json]:
    dice = random.Random(subnets)  # noqa: S311  # synthetic data
    named = [
        {
            "name": f"s{at}",
            "properties": {"addressPrefix": f"10.{at // 256}.{at % 256}.0/24", "networkSecurityGroup": {"id": f"{GROUPS}/n{at}"}},
        }
        for at in range(subnets)
    ]
    network = {"id": NETWORK, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": named}}
    groups = [
        {"id": f"{GROUPS}/n{at}", "properties": {"securityRules": [_rule(n, dice) for n in range(rules)]}}
        for at in range(subnets)
    ]
    return [network, *groups]


def _rule(number: int, dice: random.Random) -> Json:
    far = dice.choice(
        [
            f"10.{dice.randrange(256)}.0.0/16",
            f"203.0.{dice.randrange(256)}.0/24",
            "Storage",
            "AzureCloud",
            f"10.0.{dice.randrange(9)}.0/24",
        ]
    )
    low = dice.randrange(65000)
    return {
        "name": f"r{number}",
        "properties": {
            "priority": 100 + number, "direction": dice.choice(["Inbound", "Outbound"]), "access": dice.choice(["Allow", "Deny"]),
            "protocol": dice.choice(["Tcp", "Udp", "*"]), "sourcePortRange": "*", "sourceAddressPrefix": far,
            "destinationAddressPrefix": dice.choice(["*", "VirtualNetwork"]),
            "destinationPortRange": f"{low}-{low + dice.randrange(500)}",
        },
    }  # fmt: skip
