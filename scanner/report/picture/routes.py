"""Which way each link takes: between which columns, at which heights, in a lane of its own or in a trunk that it shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.model.graph import INTERNET, Link, LinkKind
from scanner.report.picture.cast import Cast
from scanner.report.picture.lanes import Lanes
from scanner.report.picture.rows import COLUMNS, MANAGED, SERVICES, Rows, Slot
from scanner.report.picture.shapes import HEAD

__all__ = ["Opening", "Route", "Ways", "find_ways"]

_INSET: Final = 9.0
_ABOVE: Final = -1e6
#: Links that take no way between columns: an app stands in the subnet that it is integrated into, the others lead up or down.
_ELSEWHERE: Final = (LinkKind.INTEGRATION, LinkKind.OUTBOUND_RULE, LinkKind.PEERING)


@dataclass(frozen=True, slots=True)
class Route:
    """A link from one slot to another: the sides that it leaves and enters by, as gutters, and the heights there."""

    link: Link
    source: Slot
    target: Slot
    leaves: int
    enters: int
    start: float
    end: float
    group: str

    @property
    def straight(self) -> bool:
        """Whether it needs no lane."""
        return self.leaves == self.enters and self.start == self.end


@dataclass(frozen=True, slots=True)
class Opening:
    """What the Internet comes in by: an address (`door` is its id) or public access, with what it reaches from a gutter."""

    door: str
    gutter: int
    exposed: tuple[Link, ...]
    reaches: tuple[tuple[Link, Slot, float], ...]

    @property
    def group(self) -> str:
        """The name of its trunk."""
        return f"door {self.door} {self.gutter}"


@dataclass(frozen=True, slots=True)
class Ways:
    """Every route and opening, with the lanes that they take: one set for each gutter, and one below all columns."""

    routes: tuple[Route, ...]
    openings: tuple[Opening, ...]
    gutters: tuple[Lanes, ...]
    below: Lanes


def find_ways(cast: Cast, rows: Rows) -> Ways:
    """The ways of all links whose ends stand in columns."""
    routes = [
        _route(link, rows.slots[link.source], rows.slots[link.target])
        for link in cast.links
        if link.kind not in _ELSEWHERE and link.source in rows.slots and link.target in rows.slots
    ]
    routes = [route for route in routes if _is_shown(route)]
    openings = _openings(cast, rows)
    gutters, below = tuple(Lanes() for _ in range(COLUMNS + 1)), Lanes()
    for route in routes:
        _ask(route, gutters, below, rows.bottom)
    for opening in openings:
        for _, _, height in opening.reaches:
            gutters[opening.gutter].ask(opening.group, _ABOVE, height)
    for lanes in (*gutters, below):
        lanes.settle()
    return Ways(tuple(routes), tuple(openings), gutters, below)


def _route(link: Link, source: Slot, target: Slot) -> Route:
    """To the right by the right side, to the left by the left; within a column by the right of both."""
    if source.column < target.column:
        leaves, enters = source.column + 1, target.column
    elif source.column > target.column:
        leaves, enters = source.column, target.column + 1
    else:
        leaves = enters = source.column + 1
    start, end = _port(source), _port(target)
    if leaves == enters and source.column != target.column:
        if target.top + _INSET <= start <= target.bottom - _INSET:
            end = start
        elif source.top + _INSET <= end <= source.bottom - _INSET:
            start = end
    group = f"{link.kind} {target.node.id}" if link.kind is LinkKind.FLOW else f"{link.kind} {link.source} {link.target}"
    return Route(link, source, target, leaves, enters, start, end, group)


def _port(slot: Slot) -> float:
    """Where lines meet a slot: its head where it is a frame."""
    return slot.top + HEAD / 2 if slot.look in ("frame", "segment") else slot.middle


def _is_shown(route: Route) -> bool:
    """A required flow is drawn to the next column alone: what leads further is told by what stands between."""
    return route.link.kind is not LinkKind.FLOW or route.leaves == route.enters


def _ask(route: Route, gutters: tuple[Lanes, ...], below: Lanes, bottom: float) -> None:
    if route.straight:
        return
    if route.leaves == route.enters:
        gutters[route.leaves].ask(route.group, route.start, route.end)
        return
    gutters[route.leaves].ask(route.group, route.start, bottom)
    gutters[route.enters].ask(route.group, route.end, bottom)
    below.ask(route.group, float(route.leaves) * 100, float(route.enters) * 100)


def _openings(cast: Cast, rows: Rows) -> list[Opening]:
    """Addresses each with what stands behind; public access together, by the gutter that leads to it."""
    published = {link.source: link for link in cast.links if link.kind is LinkKind.PUBLISHES}
    found: list[Opening] = []
    public: dict[int, list[Link]] = {}
    for link in cast.links:
        if link.source != INTERNET or link.kind is not LinkKind.EXPOSED:
            continue
        behind = published.get(link.target)
        if behind is not None and behind.target in rows.slots:
            slot = rows.slots[behind.target]
            found.append(Opening(link.target, _gutter(slot), (link,), ((behind, slot, _entry(slot)),)))
        elif link.target in rows.slots:
            public.setdefault(_gutter(rows.slots[link.target]), []).append(link)
    for gutter, links in sorted(public.items()):
        slots = [rows.slots[link.target] for link in links]
        reaches = tuple((link, slot, _entry(slot)) for link, slot in zip(links, slots, strict=True))
        found.append(Opening("", gutter, tuple(links), reaches))
    return found


def _gutter(slot: Slot) -> int:
    """Services are reached from their right, where managed networks are reached from their left."""
    return MANAGED if slot.column in (SERVICES, MANAGED) else slot.column


def _entry(slot: Slot) -> float:
    """Above the middle, where other lines come in, where there is room for both."""
    return slot.top + _INSET if slot.column in (SERVICES, MANAGED) else slot.middle
