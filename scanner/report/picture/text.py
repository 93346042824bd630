"""How wide a text is in the fonts that readers have, estimated on the wide side, and texts cut to fit."""

from __future__ import annotations

from typing import Final

__all__ = ["fitted", "width_of"]

#: Widths in parts of the font's size, by sign; the widest of the usual sans-serif fonts counts.
_WIDTHS: Final = {
    **dict.fromkeys("ijlI|!.,:;'`", 0.29),
    **dict.fromkeys('frt()[]{}/\\"-·', 0.40),
    **dict.fromkeys("mwMW@%…", 0.96),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&", 0.72),
    " ": 0.30,
}
_OTHER: Final = 0.59
_WIDE: Final = 1.05
_BOLD: Final = 1.07


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The estimated width of a text in a font of a size; signs beyond ASCII count as wide ones."""
    units = sum(_WIDTHS.get(sign, _OTHER if sign.isascii() else _WIDE) for sign in text)
    return units * size * (_BOLD if bold else 1)


def fitted(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """The text, or its beginning and end around an ellipsis: names of one kind differ at their end."""
    if width_of(text, size, bold=bold) <= width:
        return text
    for kept in range(min(len(text) - 1, 200), 1, -1):
        head = -(-kept * 3 // 5)
        cut = f"{text[:head]}…{text[len(text) - (kept - head) :]}"
        if width_of(cut, size, bold=bold) <= width:
            return cut
    return "…"
