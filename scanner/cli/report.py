"""`driftline report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import options as o

__all__ = ["command"]


def command(
    result: Annotated[Path, typer.Argument(metavar="RESULT.json", help="A result that a scan wrote.")],
    formats: o.Formats = None,
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Render a result again, without scanning.

    Example: driftline report driftline-out/result.json --format html --output out
    """
    from scanner.cli.delivery import deliver
    from scanner.report.result_reading import read_result

    deliver(read_result(result), [item.value for item in formats or ()], output, quiet=quiet)
    return 0
