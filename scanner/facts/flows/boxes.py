"""Sets of flows as boxes: the product of five sets, each a bit mask (protocol, source, source port, destination, port)."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Box", "intersect", "minus", "minus_all"]

Box = tuple[int, int, int, int, int]


def intersect(one: Box, other: Box) -> Box | None:
    """What two boxes share; None where that is nothing."""
    a, b, c, d, e = one[0] & other[0], one[1] & other[1], one[2] & other[2], one[3] & other[3], one[4] & other[4]
    return (a, b, c, d, e) if a and b and c and d and e else None


def minus(box: Box, cut: Box) -> list[Box]:
    """A box without another, as boxes that do not overlap: five at most."""
    if intersect(box, cut) is None:
        return [box]
    pieces: list[Box] = []
    left = list(box)
    for at, mask in enumerate(cut):
        outside = left[at] & ~mask
        if outside:
            piece = left.copy()
            piece[at] = outside
            pieces.append((piece[0], piece[1], piece[2], piece[3], piece[4]))
        left[at] &= mask
    return pieces


def minus_all(boxes: Iterable[Box], cuts: Iterable[Box]) -> list[Box]:
    """Boxes without others."""
    left = list(boxes)
    for cut in cuts:
        left = [piece for box in left for piece in minus(box, cut)]
    return left
