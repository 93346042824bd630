"""Heights: which column each node stands in and how far down, so that an endpoint and its service share a row.

Columns from left to right: subnets where traffic comes in, other subnets, subnets of endpoints; services; managed networks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from scanner.model.graph import LinkKind, Node
from scanner.report.picture.cast import Cast, Segment
from scanner.report.picture.shapes import CHIP, GAP, HEAD, NODE, PAD, PITCH

__all__ = ["COLUMNS", "ENDPOINTS", "ENTRANCE", "INNER", "MANAGED", "SERVICES", "Rows", "Slot", "place_rows"]

ENTRANCE, INNER, ENDPOINTS, SERVICES, MANAGED = range(5)
COLUMNS: Final = 5
#: Members of a subnet beyond this are drawn as chips.
_ROOMY: Final = 6
_EMPTY: Final = HEAD + 8


@dataclass(frozen=True, slots=True)
class Slot:
    """A node in a column: `top` and `height`; `frame` is the frame that it stands in, by its node's id."""

    node: Node
    column: int
    top: float
    height: float
    look: str
    frame: str = ""

    @property
    def middle(self) -> float:
        """Half of its height."""
        return self.top + self.height / 2

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.top + self.height


@dataclass(slots=True)
class Rows:
    """What was placed so far. `networks` are the tops and bottoms of networks, which span the first three columns."""

    slots: dict[str, Slot] = field(default_factory=dict)
    networks: list[tuple[Node, float, float]] = field(default_factory=list)
    bottom: float = 0.0

    def first(self) -> int:
        """The first column of networks that holds something."""
        return min((slot.column for slot in self.slots.values() if slot.column <= ENDPOINTS), default=INNER)

    def put(self, slot: Slot) -> float:
        """Place a node; where it ends."""
        self.slots[slot.node.id] = slot
        self.bottom = max(self.bottom, slot.bottom)
        return slot.bottom


def place_rows(cast: Cast) -> Rows:
    """Every node that stands in a column."""
    rows = Rows()
    managed = _managed_endpoints(cast)
    top = 0.0
    for network, segments in cast.networks:
        bottom = _place_network(cast, rows, segments, managed, top + HEAD)
        rows.networks.append((network, top, bottom))
        rows.bottom = max(rows.bottom, bottom)
        top = _place_peers(cast, rows, network, bottom) + GAP
    _place_left_over(cast, rows, managed)
    _place_managed(cast, rows)
    return rows


def _place_peers(cast: Cast, rows: Rows, network: Node, top: float) -> float:
    """The networks that one is peered with, below it; where they end."""
    targets = {link.target for link in cast.links if link.source == network.id and link.kind is LinkKind.PEERING}
    for peer in cast.peers:
        if peer.id in targets and peer.id not in rows.slots:
            top = rows.put(Slot(peer, rows.first(), top + GAP + 8, NODE, "node"))
    return top


def _managed_endpoints(cast: Cast) -> dict[str, int]:
    """How many endpoints of managed networks lead to a service."""
    found: dict[str, int] = {}
    for segment in cast.managed:
        for endpoint in segment.endpoints:
            for service in cast.leads_to.get(endpoint.id, ()):
                found[service] = found.get(service, 0) + 1
    return found


def _place_network(cast: Cast, rows: Rows, segments: tuple[Segment, ...], managed: dict[str, int], top: float) -> float:
    """A network's subnets below `top`; where the network ends."""
    with_endpoints = [item for item in segments if item.endpoints]
    entrances = sorted(
        (item for item in segments if item.entrance and not item.endpoints), key=lambda item: _entrance_rank(cast, item)
    )
    inner = [item for item in segments if not item.entrance and not item.endpoints]
    ends = {ENTRANCE: top, INNER: top}
    for entrance in entrances:
        partners = [item for item in inner if _leads(cast, entrance, item)]
        inner = [item for item in inner if item not in partners]
        row = max(ends.values()) if partners else ends[ENTRANCE]
        ends[ENTRANCE] = _place_segment(rows, entrance, ENTRANCE, row) + GAP
        for at, partner in enumerate(partners):
            ends[INNER] = _place_segment(rows, partner, INNER, row if at == 0 else ends[INNER]) + GAP
    for item in sorted(inner, key=lambda item: not item.members):
        column = INNER if item.members or not entrances else min(ends, key=lambda name: (ends[name], -name))
        ends[column] = _place_segment(rows, item, column, ends[column]) + GAP
    end = top
    for item in with_endpoints:
        end = _place_endpoints(cast, rows, item, managed, end) + GAP
    return max(top, *ends.values(), end) - GAP + PAD


def _entrance_rank(cast: Cast, segment: Segment) -> tuple[bool, str]:
    ids = {member.id for member in segment.members}
    return not any(link.source in ids and link.kind is LinkKind.PUBLISHES for link in cast.links), segment.node.name.lower()


def _leads(cast: Cast, one: Segment, other: Segment) -> bool:
    """Whether something of one segment leads into another."""
    sources = {one.node.id, *(member.id for member in one.members)}
    targets = {other.node.id, *(member.id for member in other.members)}
    return any(link.source in sources and link.target in targets for link in cast.links)


def _place_segment(rows: Rows, segment: Segment, column: int, top: float) -> float:
    """A subnet with its members one below the other; where it ends."""
    end = _stack(rows, segment.members, column, top + HEAD, segment.node.id)
    bottom = end + PAD if segment.members else top + _EMPTY
    return rows.put(Slot(segment.node, column, top, bottom - top, "segment"))


def _stack(rows: Rows, nodes: Iterable[Node], column: int, top: float, frame: str) -> float:
    members = list(nodes)
    roomy = len(members) <= _ROOMY
    height, step = (NODE, PITCH) if roomy else (CHIP, CHIP + 8)
    for at, node in enumerate(members):
        rows.put(Slot(node, column, top + at * step, height, "node" if roomy else "chip", frame))
    return top + len(members) * step - (step - height)


def _place_endpoints(cast: Cast, rows: Rows, segment: Segment, managed: dict[str, int], top: float) -> float:
    """A subnet of endpoints, those that lead back into the network first, and beside it the services that they lead to."""
    frame = segment.node.id
    at = top + HEAD
    if segment.members:
        at = _stack(rows, segment.members, ENDPOINTS, at, frame) + PITCH - NODE
    order = {node.id: position for position, node in enumerate(cast.services)}
    groups: dict[str, list[Node]] = {}
    for endpoint in segment.endpoints:
        groups.setdefault(next(iter(cast.leads_to.get(endpoint.id, ())), ""), []).append(endpoint)
    for service_id in sorted(groups, key=lambda item: (order.get(item, -1), item.lower())):
        endpoints = groups[service_id]
        count = len(endpoints)
        if service_id in order and service_id not in rows.slots:
            count = max(count, managed.get(service_id, 0))
            rows.put(Slot(cast.nodes[service_id], SERVICES, at, count * PITCH - (PITCH - NODE), "node"))
        for position, endpoint in enumerate(endpoints):
            rows.put(Slot(endpoint, ENDPOINTS, at + position * PITCH + (NODE - CHIP) / 2, CHIP, "chip", frame))
        at += count * PITCH
    bottom = at - (PITCH - NODE) + PAD
    return rows.put(Slot(segment.node, ENDPOINTS, top, bottom - top, "segment"))


def _place_left_over(cast: Cast, rows: Rows, managed: dict[str, int]) -> None:
    """Services that no endpoint of a network leads to."""
    ends = [slot.bottom for slot in rows.slots.values() if slot.column == SERVICES]
    at = max(ends) + PITCH - NODE if ends else 0.0
    for service in cast.services:
        if service.id not in rows.slots:
            count = max(1, managed.get(service.id, 0))
            at = rows.put(Slot(service, SERVICES, at, count * PITCH - (PITCH - NODE), "node")) + PITCH - NODE


def _place_managed(cast: Cast, rows: Rows) -> None:
    """Managed networks: each endpoint beside its service, then what runs inside, then what may be reached outside."""
    top = 0.0
    for segment in cast.managed:
        at, frame = top + HEAD, segment.node.id
        for wanted, endpoint in sorted(_wanted(cast, rows, segment), key=lambda pair: (pair[0], pair[1].id)):
            at = max(at, wanted)
            rows.put(Slot(endpoint, MANAGED, at + (NODE - CHIP) / 2, CHIP, "chip", frame))
            at += PITCH
        end = _stack(rows, segment.members, MANAGED, at, frame) if segment.members else at - (PITCH - NODE)
        bottom = rows.put(Slot(segment.node, MANAGED, top, max(end, top + HEAD) + PAD - top, "frame"))
        at = bottom + GAP
        for target in cast.destinations.get(segment.node.id, ()):
            at = rows.put(Slot(target, MANAGED, at, CHIP, "chip")) + 8
        top = at + GAP


def _wanted(cast: Cast, rows: Rows, segment: Segment) -> list[tuple[float, Node]]:
    """Each endpoint with the row that its service offers."""
    taken: dict[str, int] = {}
    found = []
    for endpoint in segment.endpoints:
        service = next(iter(cast.leads_to.get(endpoint.id, ())), "")
        slot = rows.slots.get(service)
        position = taken.get(service, 0)
        taken[service] = position + 1
        found.append((slot.top + position * PITCH if slot is not None else 0.0, endpoint))
    return found
