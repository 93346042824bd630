"""What the texts for a terminal share: colours, and a console that writes plain text of a width, in ASCII where it must."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from rich.console import Console

from scanner.model.verdict import Severity
from scanner.report.inert import defused

__all__ = ["COLOURS", "drawn"]

COLOURS: Final[dict[Severity, str]] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "blue",
}


def drawn(draw: Callable[[Console], None], *, width: int, colour: bool, ascii_only: bool) -> str:
    """What `draw` prints, as a text to be printed as it is; signs that are not ASCII become question marks where only it is."""
    stream = io.StringIO()
    draw(
        Console(
            file=stream, width=width, force_terminal=colour, no_color=not colour, color_system="standard" if colour else None,
            markup=False, highlight=False, emoji=False, safe_box=True, legacy_windows=False,
        )
    )  # fmt: skip
    text = "\n".join(defused(line.rstrip()) for line in stream.getvalue().splitlines()) + "\n"
    return text.encode("ascii", "replace").decode() if ascii_only else text
