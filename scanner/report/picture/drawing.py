"""A laid out picture as plain data for its layout: where each text stands, cut to fit, and how lines bend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from scanner.model.graph import Graph, Link, LinkKind, Node, NodeKind
from scanner.model.verdict import Verdict
from scanner.report.inert import shown
from scanner.report.picture.cast import ENTRANCES
from scanner.report.picture.shapes import Box, Door, Drawn, Line, Picture
from scanner.report.picture.text import fitted, width_of
from scanner.report.picture.words import glyph, icon, key_of, name_of, second_line, spoken, standing

__all__ = ["drawing_view", "node_link"]

View = dict[str, Any]
_NAME: Final = 13.0
_SMALL: Final = 11.0
_BADGE: Final = 11.0
#: How far something is exposed, where that is not to all.
_DOUBTS: Final = {"selected": "selected", "unknown": "unsure"}
_ROUND: Final = 7.0
_ARROW: Final = 7.0


def node_link(node: Node) -> str:
    """The hash that filters the findings to a node, empty where it has none."""
    found = any(count for name, count in node.counts.items() if name != Verdict.PASS)
    return f"n={quote(key_of(node), safe='/', errors='replace')}" if found else ""


def drawing_view(picture: Picture, graph: Graph) -> View:
    """All that the layout needs."""
    strays = _strays(graph)
    frames = [_frame(item, picture) for item in picture.drawn if item.look in ("frame", "segment")]
    shapes = [_shape(item) for item in picture.drawn if item.look not in ("frame", "segment")]
    return {
        "width": round(picture.width, 1),
        "height": round(picture.height, 1),
        "frames": frames,
        "nodes": shapes + [_door(door) for door in picture.doors],
        "lines": _quietest_first(_line(line, strays) for line in picture.lines),
        "band": _box(picture.band) if picture.band is not None else None,
        "strip": {**_box(picture.strip), "title": _around(graph, picture.width)} if picture.strip is not None else None,
    }


def _around(graph: Graph, width: float) -> str:
    """The head of what stands around: with what the picture may lack."""
    notes = (shown(node.note) for node in graph.nodes if node.kind is NodeKind.SCOPE and node.note)
    return fitted(" · ".join(["Around it", *notes]), _NAME, width - 24, bold=True)


def _box(box: Box) -> View:
    return {"x": round(box.x, 1), "y": round(box.y, 1), "width": round(box.width, 1), "height": round(box.height, 1)}


def _frame(item: Drawn, picture: Picture) -> View:
    node, box = item.node, item.box
    badges, taken = _badges(node, box, box.y + 20)
    within = [one.box.x - box.x for one in picture.drawn if one.look == "segment" and box.holds(one.box) and one is not item]
    left = min(within, default=12)  # beside the lanes that lead down to its first column
    room = box.width - left - 12 - taken
    return {
        **_box(box),
        **_said(node),
        "look": item.look,
        "badges": badges,
        "name": fitted(shown(node.name), _NAME, room, bold=True),
        "second": fitted(", ".join(filter(None, map(shown, (node.detail, node.note)))), _SMALL, box.width - left - 12),
        "left": round(box.x + left, 1),
    }


def _shape(item: Drawn) -> View:
    node, box = item.node, item.box
    roomy = item.look == "node"
    badges, taken = _badges(node, box, box.y + 31 if roomy else box.middle)
    left = box.x + (38 if roomy else 30)
    room = box.right - 8 - left
    return {
        **_box(box),
        **_said(node),
        "look": item.look,
        "badges": badges,
        "icon": icon(node),
        "name": fitted(name_of(node), _NAME if roomy else _SMALL + 1, room - (0 if roomy else taken), bold=roomy),
        "second": fitted(second_line(node), _SMALL, room - taken) if roomy else "",
        "left": round(left, 1),
        "middle": round(box.middle, 1),
    }


def _door(door: Door) -> View:
    if door.node is not None:
        return {**_shape(Drawn(door.node, door.box, "chip")), "look": "chip door"}
    count = len(door.links)
    states = {link.state for link in door.links}
    kind = "open" if states & {"all", "selected"} else "unknown"
    return {
        **_box(door.box), "standing": kind, "kind": "door", "href": "", "label": f"Public access: {count}", "look": "chip door",
        "badges": [], "icon": "globe", "name": f"public access: {count}", "second": "", "left": round(door.box.x + 30, 1),
        "middle": round(door.box.middle, 1),
    }  # fmt: skip


def _said(node: Node) -> View:
    return {"standing": standing(node), "kind": node.kind.value, "href": node_link(node), "label": spoken(node)}


def _badges(node: Node, box: Box, middle: float) -> tuple[list[View], float]:
    """Counts of failures, errors and unknowns at the right end of a box, and the room that they take."""
    found: list[View] = []
    at = box.right - 8
    kinds = [(Verdict.UNKNOWN, "unknown"), (Verdict.ERROR, "error"), (Verdict.FAIL, node.severity)]
    for verdict, kind in kinds:
        count = node.counts.get(verdict, 0)
        if count and kind:
            text = f"{glyph(kind)}\u2009{count}"
            width = width_of(glyph(kind) + str(count), _BADGE, bold=True) + 10
            at -= width
            found.append({"kind": kind, "text": text, "x": round(at, 1), "y": round(middle - 9, 1), "width": round(width, 1)})
            at -= 3
    return found, box.right - 8 - at


def _quietest_first(lines: Iterable[View]) -> list[View]:
    """What is open is drawn last, above all else."""
    loudness = {"flow": 0, "manages": 0, "open-way": 2}
    return sorted(lines, key=lambda line: loudness.get(line["look"].split()[0], 1))


def _line(line: Line, strays: frozenset[str]) -> View:
    return {"look": _look(line.link, strays), "path": _path(line.corners), "arrow": _arrow(line.corners)}


def _look(link: Link, strays: frozenset[str]) -> str:
    """How a line is drawn: what it says, and whether that is as it should be."""
    match link.kind:
        case LinkKind.PRIVATE_ENDPOINT:
            return "endpoint-way" if link.state.lower() in ("approved", "active") else "endpoint-way pending"
        case LinkKind.EXPOSED if link.state in _DOUBTS:
            return f"open-way {_DOUBTS[link.state]}"
        case LinkKind.EXPOSED | LinkKind.PUBLISHES:
            return "open-way" if strays & {link.source, link.target} else "enters"
        case LinkKind.OUTBOUND_RULE:
            return "outbound"
        case _:
            return link.kind.value


def _strays(graph: Graph) -> frozenset[str]:
    """What the Internet reaches without a gateway or Bastion host: addresses of anything else, and public access."""
    nodes = {node.id: node for node in graph.nodes}
    entering = {
        link.source for link in graph.links if link.kind is LinkKind.PUBLISHES and nodes[link.target].type.lower() in ENTRANCES
    }
    return frozenset(link.target for link in graph.links if link.kind is LinkKind.EXPOSED and link.target not in entering)


def _path(corners: tuple[tuple[float, float], ...]) -> str:
    """A line with rounded corners; corners that do not turn are left out."""
    points = [point for at, point in enumerate(corners) if at == 0 or point != corners[at - 1]]
    words = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_ROUND, _distance(before, corner) / 2, _distance(corner, after) / 2)
        into, out = _towards(corner, before, radius), _towards(corner, after, radius)
        words.append(f"L{into[0]:g} {into[1]:g}Q{corner[0]:g} {corner[1]:g} {out[0]:g} {out[1]:g}")
    return "".join([*words, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _arrow(corners: tuple[tuple[float, float], ...]) -> str:
    """The tip at the end of a line."""
    (x, y), before = corners[-1], next(point for point in reversed(corners[:-1]) if point != corners[-1])
    back = _towards((x, y), before, _ARROW)
    across = (back[1] - y) * 0.5, (x - back[0]) * 0.5
    return f"M{x:g} {y:g}L{back[0] + across[0]:g} {back[1] + across[1]:g}L{back[0] - across[0]:g} {back[1] - across[1]:g}Z"


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[float, float], end: tuple[float, float], length: float) -> tuple[float, float]:
    """The point on the way from one to another after a length; lines run straight up, down or across."""
    whole = _distance(start, end) or 1.0
    share = length / whole
    return round(start[0] + (end[0] - start[0]) * share, 2), round(start[1] + (end[1] - start[1]) * share, 2)
