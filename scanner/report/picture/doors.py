"""Doors: the chips below the band of the Internet, each above the lane that leads on from it where there is room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.report.picture.cast import Cast
from scanner.report.picture.columns import Columns
from scanner.report.picture.routes import Ways
from scanner.report.picture.shapes import CHIP, PAD, Box, Door, Line

__all__ = ["DOORS", "Entry", "make_doors"]

#: Height of the row of doors, with the space above.
DOORS: Final = CHIP + 14
_WIDTH: Final = 150.0
_APART: Final = 12.0
_TRACK: Final = 8.0
_EDGE: Final = 14.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A door with the x of its lane, the track on which its line gets there, and its lines."""

    door: Door
    lane: float
    track: int
    lines: tuple[Line, ...]


def make_doors(cast: Cast, ways: Ways, columns: Columns, band: float) -> tuple[list[Entry], float]:
    """The doors in the order of their lanes, and where what stands below them may begin."""
    placed = sorted(
        ((columns.lane(item.gutter, ways.gutters[item.gutter].place(item.group)), item) for item in ways.openings),
        key=lambda pair: (pair[0], pair[1].door),
    )
    if not placed:
        return [], band + PAD
    lefts = _spread([lane - _WIDTH / 2 for lane, _ in placed], columns.right)
    starts = [min(max(lane, left + _EDGE), left + _WIDTH - _EDGE) for (lane, _), left in zip(placed, lefts, strict=True)]
    tracks = _tracks([(start, lane) for start, (lane, _) in zip(starts, placed, strict=True)])
    top = band + DOORS
    below = top + _EDGE + _TRACK * max(tracks)
    entries = []
    for (lane, item), left, start, track in zip(placed, lefts, starts, tracks, strict=True):
        box = Box(left, top - CHIP, _WIDTH, CHIP)
        lines = [Line(item.exposed[0], ((start, band), (start, box.y)))]
        at = top + _EDGE / 2 + _TRACK * track
        for link, slot, height in item.reaches:
            target = columns.box(slot, below)
            edge = target.x if target.x > lane else target.right
            lines.append(
                Line(link, ((start, box.bottom), (start, at), (lane, at), (lane, below + height), (edge, below + height)))
            )
        entries.append(Entry(Door(cast.nodes.get(item.door), box, item.exposed), lane, track, tuple(lines)))
    return entries, below


def _spread(wanted: list[float], right: float) -> list[float]:
    """Places from left to right that do not meet, near to those wanted; further right than `right` only where they must."""
    found: list[float] = []
    for left in wanted:
        found.append(max(0.0, left, found[-1] + _WIDTH + _APART if found else 0.0))
    limit = max(right, len(found) * (_WIDTH + _APART) - _APART)
    for at in reversed(range(len(found))):
        found[at] = min(found[at], limit - _WIDTH)
        limit = found[at] - _APART
    return found


def _tracks(moves: list[tuple[float, float]]) -> list[int]:
    """A track for each line from its start to its lane, so that none crosses another: both go up from left to right."""
    found = [0] * len(moves)
    depth = 0
    for at, (start, lane) in enumerate(moves):
        depth = depth + 1 if lane < start else 0
        found[at] = depth
    depth = 0
    for at in reversed(range(len(moves))):
        start, lane = moves[at]
        depth = depth + 1 if lane > start else 0
        found[at] = max(found[at], depth)
    return found
