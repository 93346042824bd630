"""The legend: what signs, colours and lines mean, in as many rows as it takes."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from scanner.report.picture.text import width_of
from scanner.report.picture.words import glyph

__all__ = ["legend"]

_SIZE: Final = 11.5
_ROW: Final = 24.0
_APART: Final = 18.0
_LINES: Final = (
    ("enters", "comes in by a gateway or Bastion"),
    ("open-way", "open to the Internet"),
    ("open-way selected", "open to selected networks"),
    ("open-way unsure", "perhaps open: not read"),
    ("endpoint-way", "private endpoint"),
    ("endpoint-way pending", "private endpoint that is not approved"),
    ("flow", "required flow"),
    ("manages", "manages"),
    ("outbound", "lets out to"),
    ("peering", "peered"),
)
_WORDS: Final = {"unknown": "unknown", "error": "error", "pass": "all pass"}
_VERDICTS: Final = ("critical", "high", "medium", "low", "info", "unknown", "error", "pass")


def legend(looks: Container[str], top: float, width: float) -> tuple[list[dict[str, Any]], float]:
    """The entries with their places, and where they end; of lines those that are there."""
    entries = [("verdict", name, _WORDS.get(name, f"{name} failing")) for name in _VERDICTS]
    entries += [("line", look, text) for look, text in _LINES if look in looks]
    found: list[dict[str, Any]] = []
    x, y = 0.0, top + _ROW
    for kind, look, text in entries:
        sign = 30.0 if kind == "verdict" else 38.0
        wide = sign + width_of(text, _SIZE) + _APART
        if x and x + wide - _APART > width:
            x, y = 0.0, y + _ROW
        found.append({"kind": kind, "look": look, "text": text, "x": x, "y": y, "text_x": round(x + sign, 1)})
        found[-1]["sign"] = glyph(look) if kind == "verdict" else ""
        x = round(x + wide, 1)
    return found, y + 10
