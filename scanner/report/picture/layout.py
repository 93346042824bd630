"""Lays a picture out: heights first, then the ways of lines, then widths, and at last corners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.graph import INTERNET, LinkKind, Node, NodeKind
from scanner.model.result import Workload
from scanner.report.picture.cast import Cast, make_cast
from scanner.report.picture.columns import Columns, make_columns
from scanner.report.picture.doors import make_doors
from scanner.report.picture.routes import Route, Ways, find_ways
from scanner.report.picture.rows import Rows, place_rows
from scanner.report.picture.shapes import GAP, NODE, PAD, WIDTH, Box, Drawn, Line, Picture

__all__ = ["lay_out"]

_BAND: Final = 40.0
_LANE: Final = 12.0
_TITLE: Final = 30.0
_TRUNK: Final = 10.0


def lay_out(workload: Workload) -> Picture:
    """The picture of a workload."""
    cast = make_cast(workload)
    rows = place_rows(cast)
    ways = find_ways(cast, rows)
    columns = make_columns(rows, ways)
    is_open = INTERNET in cast.nodes
    entries, top = make_doors(cast, ways, columns, _BAND) if is_open else ([], 0.0)
    drawn = [*_networks(rows, columns, top), *_placed(rows, columns, top)]
    lines = [_line(route, ways, columns, rows.bottom, top) for route in ways.routes]
    lines += [line for entry in entries for line in entry.lines]
    lines += _upright(cast, {item.node.id: item.box for item in drawn})
    width = max([columns.right, 4 * (WIDTH + GAP) - GAP, *(entry.door.box.right for entry in entries)])
    shown = {entry.door.node.id for entry in entries if entry.door.node is not None}
    around = [*cast.around, *(item for item in cast.addresses if item.id not in shown)]
    below = top + rows.bottom + GAP + (_LANE * ways.below.count + GAP if ways.below.count else 0)
    strip, placed = _strip(around, below, width)
    return Picture(
        width=width, height=strip.bottom, drawn=(*drawn, *placed), lines=tuple(lines),
        doors=tuple(entry.door for entry in entries), band=Box(0, 0, width, _BAND) if is_open else None, strip=strip,
    )  # fmt: skip


def _networks(rows: Rows, columns: Columns, top: float) -> Iterator[Drawn]:
    for node, begin, end in rows.networks:
        yield Drawn(node, Box(0, top + begin, columns.networks, end - begin), "frame")


def _placed(rows: Rows, columns: Columns, top: float) -> list[Drawn]:
    """What stands in columns, frames before what stands in them."""
    looks = ("frame", "segment", "node", "chip")
    slots = sorted(rows.slots.values(), key=lambda slot: (looks.index(slot.look), slot.column, slot.top))
    return [Drawn(slot.node, columns.box(slot, top), slot.look) for slot in slots]


def _line(route: Route, ways: Ways, columns: Columns, bottom: float, top: float) -> Line:
    source, target = columns.box(route.source, top), columns.box(route.target, top)
    begin = source.right if route.leaves > route.source.column else source.x
    finish = target.right if route.enters > route.target.column else target.x
    start, end = top + route.start, top + route.end
    if route.straight:
        return Line(route.link, ((begin, start), (finish, end)))
    out = columns.lane(route.leaves, ways.gutters[route.leaves].place(route.group))
    if route.leaves == route.enters:
        return Line(route.link, ((begin, start), (out, start), (out, end), (finish, end)))
    back = columns.lane(route.enters, ways.gutters[route.enters].place(route.group))
    under = top + bottom + GAP + _LANE * ways.below.place(route.group)
    return Line(route.link, ((begin, start), (out, start), (out, under), (back, under), (back, end), (finish, end)))


def _upright(cast: Cast, boxes: dict[str, Box]) -> Iterator[Line]:
    """Lines from a frame to what stands below it, and up to the Internet."""
    for link in cast.links:
        source, target = boxes.get(link.source), boxes.get(link.target)
        if link.kind is LinkKind.PEERING and source is not None and target is not None and target.y >= source.bottom:
            x = target.x + target.width / 2
            yield Line(link, ((x, source.bottom), (x, target.y)))
        elif link.kind is LinkKind.OUTBOUND_RULE and source is not None and link.target == INTERNET:
            x = source.right - 2 * _TRUNK
            yield Line(link, ((x, source.y), (x, _BAND)))
        elif link.kind is LinkKind.OUTBOUND_RULE and source is not None and target is not None:
            x = source.x + _TRUNK
            yield Line(link, ((x, source.bottom), (x, target.middle), (target.x, target.middle)))


def _strip(around: list[Node], top: float, width: float) -> tuple[Box, list[Drawn]]:
    """What has no place in a network and no endpoint, in rows below all else: the scope first."""
    each = WIDTH + PAD
    fit = max(1, int((width - 2 * PAD + PAD) // each))
    placed = [
        Drawn(node, Box(PAD + (at % fit) * each, top + _TITLE + (at // fit) * (NODE + PAD), WIDTH, NODE), "node")
        for at, node in enumerate(sorted(around, key=lambda item: item.kind is not NodeKind.SCOPE))
    ]
    height = _TITLE + -(-len(placed) // fit) * (NODE + PAD)
    return Box(0, top, width, height), placed
