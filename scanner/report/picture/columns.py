"""Widths: where columns and the gutters between them begin, once it is known how many lines run between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.report.picture.routes import Ways
from scanner.report.picture.rows import COLUMNS, ENDPOINTS, ENTRANCE, MANAGED, SERVICES, Rows, Slot
from scanner.report.picture.shapes import PAD, WIDTH, Box

__all__ = ["Columns", "make_columns"]

_LANE: Final = 12.0
#: What a gutter takes beside its lanes: left of each column, and right of the last.
_ROOM: Final = (30.0, 32.0, 32.0, 64.0, 44.0, 8.0)
_NARROW: Final = 168.0
_INDENT: Final = 26.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Where columns and gutters begin, how wide columns are, and where networks and all of it end."""

    lefts: tuple[float, ...]
    widths: tuple[float, ...]
    gutters: tuple[float, ...]
    networks: float
    right: float

    def lane(self, gutter: int, place: int) -> float:
        """The middle of a lane."""
        before = PAD + 26 if gutter == SERVICES else _ROOM[gutter] / 2
        return self.gutters[gutter] + before + place * _LANE

    def box(self, slot: Slot, top: float) -> Box:
        """The place of a slot: frames as wide as their column, the rest within."""
        left, width = self.lefts[slot.column], self.widths[slot.column]
        if slot.frame:
            left, width = left + PAD, width - 2 * PAD
        elif slot.column == MANAGED and slot.look == "chip":
            left, width = left + _INDENT, width - _INDENT
        elif slot.column <= ENDPOINTS and slot.look == "node":
            width = min(width, WIDTH)
        return Box(left, top + slot.top, width, slot.height)


def make_columns(rows: Rows, ways: Ways) -> Columns:
    """Columns without slots take no room, nor do the gutters before them."""
    widths = [_width(rows, column) for column in range(COLUMNS)]
    if rows.networks and not any(widths[: ENDPOINTS + 1]):
        widths[ENTRANCE] = WIDTH
    lefts, gutters, at = [], [], 0.0
    networks = 0.0
    for column, width in enumerate(widths):
        gutters.append(at)
        if width or ways.gutters[column].count:
            room = _ROOM[column] if column != SERVICES or rows.networks else 0.0
            at += room + _LANE * ways.gutters[column].count
        lefts.append(at)
        at += width
        if column <= ENDPOINTS and width:
            networks = at + PAD
    gutters.append(at)
    last = ways.gutters[COLUMNS].count
    return Columns(
        tuple(lefts), tuple(widths), tuple(gutters), networks, max(at + (_ROOM[COLUMNS] + _LANE * last if last else 0), networks)
    )


def _width(rows: Rows, column: int) -> float:
    slots = [slot for slot in rows.slots.values() if slot.column == column]
    if not slots:
        return 0.0
    if column == SERVICES:
        return WIDTH
    narrow = column == ENDPOINTS and all(slot.look != "node" for slot in slots)
    return (_NARROW if narrow else WIDTH) + 2 * PAD
