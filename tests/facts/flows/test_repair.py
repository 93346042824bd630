"""Repairs of a group against packets: nothing new passes but what is required, and what rows hold goes on passing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from scanner.facts.flows.repair import repair
from scanner.facts.flows.subnets import Segment, judge
from tests.facts.flows import test_packets as packets
from tests.facts.flows.segments import row, rule, segment

Json = Any
GROUP = "/nsg"
_ROWS = st.lists(
    st.tuples(packets._ADDRESS, st.sampled_from(["*", "22", "443"]), st.sampled_from(packets._PROTOCOLS), st.booleans()),
    max_size=3,
)


def repaired(items: list[Json], mended: Json) -> list[Json]:
    """The rules after the changes, as a script makes them."""
    narrowed = {change["ruleId"]: change["properties"] for change in mended["narrow"]}
    kept = [item for item in items if f"{GROUP}/securityRules/{item['name']}" not in mended["remove"]]
    changed = [{**item, "properties": narrowed.get(f"{GROUP}/securityRules/{item['name']}", item["properties"])} for item in kept]
    return [*changed, *({**item, "id": f"/{item['name']}"} for item in mended["add"])]


def mend(items: list[Json], of: Segment) -> Json:
    before = deepcopy(items)
    found = repair(of, GROUP, lambda name: next(item["properties"] for item in items if item["name"] == name))
    assert items == before
    return found


def passes(packet: Any, items: list[Json], world: Any) -> bool:
    protocol, source, destination, port = packet
    for item in sorted(items, key=lambda one: one["properties"]["priority"]):
        read = item["properties"]
        ports = [read.get("destinationPortRange"), *read.get("destinationPortRanges", [])]
        ends = (("source", source), ("destination", destination))
        if read["protocol"] not in ("*", protocol) or not any(text and port in _numbers(text) for text in ports):
            continue
        if all(any(packets._holds(text, address, world) for text in _prefixes(read, side)) for side, address in ends):
            return bool(read["access"] == "Allow")
    return packets._holds("VirtualNetwork", source, world) or source == "168.63.129.16"  # Azure's own rules


def _numbers(text: str) -> range:
    low, _, high = text.partition("-")
    return range(65536) if text == "*" else range(int(low), int(high or low) + 1)


def _prefixes(read: Json, side: str) -> list[str]:
    one = read.get(f"{side}AddressPrefix")
    return [*([one] if one else []), *read.get(f"{side}AddressPrefixes", [])]


@given(packets._RULES, _ROWS)
def test_a_repair_opens_nothing_but_what_is_required_and_closes_nothing_that_rows_hold(written: Json, rows: Json) -> None:
    items = [rule(100 + at, *item) for at, item in enumerate(written)]
    of = segment(items, [row(far, ports, over, required=must) for far, ports, over, must in rows])
    mended = mend(items, of)
    event("mended" if mended else "left to a person")
    if mended is None:
        return
    after = repaired(items, mended)
    judged = judge(segment(after, of.rows))
    assert (judged.excess, judged.missing) == ([], [])
    required = [(far, ports, over) for far, ports, over, must in rows if must]
    held = [(far, ports, over) for far, ports, over, _ in rows]
    for world in packets._worlds():
        for packet in packets._PACKETS:
            was, now = passes(packet, items, world), passes(packet, after, world)
            assert was or not now or packets._in_rows(packet, required, world), (packet, mended)
            assert now or not was or not packets._in_rows(packet, held, world), (packet, mended)


def test_a_rule_that_no_row_needs_is_removed() -> None:
    items = [rule(100, "Allow", "10.0.2.0/24", port="443"), rule(200, "Allow", "Internet"), rule(4096, "Deny", "*")]
    mended = mend(items, segment(items, [row("10.0.2.0/24", "443")]))
    assert mended == {"remove": ["/nsg/securityRules/r200"], "narrow": [], "add": []}


def test_a_rule_that_is_needed_and_too_wide_is_narrowed() -> None:
    items = [
        rule(100, "Allow", ["10.0.0.0/8", "10.9.9.9"], "10.0.1.5", ["22", "443"], description="kept"),
        rule(4096, "Deny", "*"),
    ]
    mended = mend(items, segment(items, [row("10.0.2.0/24", "22", "Tcp")]))
    (change,) = mended["narrow"]
    expected = rule(100, "Allow", "10.0.2.0/24", "10.0.1.5", "22", "Tcp", description="kept")["properties"]
    assert change == {
        "ruleId": "/nsg/securityRules/r100",
        "properties": {**expected, "sourceAddressPrefixes": [], "destinationPortRanges": []},
    }
    assert (mended["remove"], mended["add"]) == ([], [])


def test_a_flow_that_is_missing_is_let_through_before_what_refuses_it() -> None:
    items = [rule(149, "Deny", "Sql"), rule(150, "Deny", "10.0.2.0/25"), rule(4096, "Deny", "*")]
    mended = mend(items, segment(items, [row("10.0.2.0/24", "443", "Tcp", required=True)]))
    expected = rule(148, "Allow", "10.0.2.0/24", "10.0.1.0/24", "443", "Tcp")["properties"]
    assert mended == {"remove": [], "narrow": [], "add": [{"name": "driftline-allow-inbound-148", "properties": expected}]}


def test_what_passes_by_azures_own_rules_is_refused_but_for_what_rows_hold() -> None:
    items = [rule(100, "Allow", "10.0.2.0/24", port="443")]
    mended = mend(items, segment(items, [row("VirtualNetwork", "443"), row("10.0.2.0/24", "443")]))
    assert [item["name"] for item in mended["add"]] == ["driftline-allow-inbound-4095", "driftline-deny-inbound"]
    assert mended["add"][0]["properties"] == rule(4095, "Allow", "VirtualNetwork", "10.0.1.0/24", "443")["properties"]
    assert mended["add"][1]["properties"] == rule(4096, "Deny", "*")["properties"]


def test_without_a_row_the_rest_is_refused() -> None:
    items = [rule(100, "Allow", "10.0.2.0/24", port="443")]
    (deny,) = mend(items, segment(items))["add"]
    assert deny == {"name": "driftline-deny-inbound", "properties": rule(4096, "Deny", "*")["properties"]}


def test_a_person_decides_where_something_is_in_doubt_or_no_priority_is_free() -> None:
    wide = [rule(100, "Allow", "Internet")]
    rows = [row("10.0.2.0/24", required=True)]
    assert mend([*wide, rule(4096, "Deny", "*")], segment([*wide, rule(4096, "Deny", "*")], rows)) is not None
    doubtful = [*wide, rule(200, "Allow", "NoSuchTag"), rule(4096, "Deny", "*")]
    assert mend(doubtful, segment(doubtful, rows)) is None
    full = [rule(100, "Deny", "10.0.2.0/24"), rule(4096, "Deny", "*")]
    assert mend(full, segment(full, rows)) is None
    across = [rule(100, "Allow", ["10.0.2.0/24", "10.9.0.0/16"]), rule(4096, "Deny", "*")]
    assert mend(across, segment(across, [row("10.0.0.0/16")])) is None


def test_a_clean_subnet_has_no_repair() -> None:
    items = [rule(100, "Allow", "10.0.2.0/24"), rule(4096, "Deny", "*")]
    assert mend(items, segment(items, [row("10.0.2.0/24")])) is None
