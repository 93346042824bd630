"""Lanes: where lines run between the columns, as many side by side as the busiest height asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Lanes"]

_APART: Final = 6.0


@dataclass(slots=True)
class _Lane:
    taken: list[tuple[float, float]]

    def fits(self, low: float, high: float) -> bool:
        return all(high + _APART < start or end + _APART < low for start, end in self.taken)


class Lanes:
    """The lanes of one gutter. Lines of one group share theirs, as a trunk with branches."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        self._places: dict[str, int] | None = None
        self.count = 0

    def ask(self, group: str, one: float, other: float) -> None:
        """Ask for a lane between two heights."""
        low, high = min(one, other), max(one, other)
        if group in self._spans:
            low, high = min(low, self._spans[group][0]), max(high, self._spans[group][1])
        self._spans[group] = low, high

    def settle(self) -> None:
        """Give out lanes, each the first that is free: whoever begins highest and reaches lowest comes first, and crosses few."""
        lanes: list[_Lane] = []
        self._places = {}
        for group, (low, high) in sorted(self._spans.items(), key=lambda item: (item[1][0], -item[1][1], item[0])):
            at = next((position for position, lane in enumerate(lanes) if lane.fits(low, high)), len(lanes))
            if at == len(lanes):
                lanes.append(_Lane([]))
            lanes[at].taken.append((low, high))
            self._places[group] = at
        self.count = len(lanes)

    def place(self, group: str) -> int:
        """Which lane a group has."""
        assert self._places is not None, "lanes are settled first"
        return self._places[group]
