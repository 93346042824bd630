"""Small pictures of a trend: a row of signs for a text, a line for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["spark_points", "spark_text"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = "_.:-=+*#"


def spark_text(values: Sequence[int], *, ascii_only: bool = False) -> str:
    """One sign for each value, the lowest for zero alone, the highest for the most."""
    signs, most = _ASCII if ascii_only else _BARS, max(values, default=0)
    return "".join(signs[0] if not value else signs[-(-value * (len(signs) - 1) // most)] for value in values)


def spark_points(values: Sequence[int], width: float, height: float) -> list[tuple[float, float]]:
    """Where each value lies in a picture: the first left, zero at the bottom, the most at the top."""
    most, steps = max(1, *values), max(1, len(values) - 1)
    return [(round(width * at / steps, 2), round(height * (1 - value / most), 2)) for at, value in enumerate(values)]
