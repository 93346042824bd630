"""`driftline diff`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli import options as o

if TYPE_CHECKING:
    from scanner.diff.change import SnapshotDiff

__all__ = ["command"]


class DiffFormat(StrEnum):
    """Formats of a comparison."""

    TERMINAL = "terminal"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A snapshot.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one of the same scopes.")],
    formats: Annotated[list[DiffFormat] | None, typer.Option("--format", help="Formats; may be repeated.")] = None,
    output: o.Output = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of snapshots: leave nothing out as Azure's own, such as times and read-only members.")
    ] = False,
    quiet: o.Quiet = False,
) -> int:
    """Compare two snapshots property by property.

    Exit codes: 0 nothing differs in what could be compared, 1 something does, 2 the two cannot be compared.

    Example: driftline diff monday.jsonl.gz friday.jsonl.gz --format markdown
    """
    from scanner.cli.comparing import FileKind, hold_alike
    from scanner.cli.compose import show_text, terminal_width
    from scanner.cli.delivery import deliver_files
    from scanner.cli.outcome import CLEAN, FAILING
    from scanner.report.diff_json import Sides, render_snapshot_diff_json
    from scanner.report.diff_markdown import render_snapshot_diff_markdown
    from scanner.report.diff_terminal import render_snapshot_diff

    hold_alike(old, new, accepted=(FileKind.SNAPSHOT,))
    diff = _snapshots(old, new, everything=everything)
    files = {
        "json": ("diff.json", lambda: render_snapshot_diff_json(diff, Sides(str(old), str(new)))),
        "markdown": ("diff.md", lambda: render_snapshot_diff_markdown(diff).encode()),
    }
    wanted = [item.value for item in formats or ()]
    deliver_files(files, wanted, output, lambda: show_text(render_snapshot_diff(diff, width=terminal_width())), quiet=quiet)
    return FAILING if diff.changes else CLEAN


def _snapshots(old: Path, new: Path, *, everything: bool) -> SnapshotDiff:
    from dataclasses import replace

    from scanner.cli.comparing import open_side
    from scanner.diff.snapshots import Terms, compare_snapshots
    from scanner.model.errors import DriftlineError
    from scanner.model.read_plan import ReadPlan
    from scanner.rules.loader import shipped_defaults

    sources = [open_side(path) for path in (old, new)]
    left, right = (source.snapshots(ReadPlan()) for source in sources)
    terms = Terms(deployed=sources[0].kind == "template", everything=everything)
    diff = compare_snapshots(left, right, shipped_defaults(), terms)
    if diff.uncompared and not diff.compared and not diff.changes:
        message = f"{old} and {new} have nothing in common that was read: {diff.uncompared[0].reason}"
        raise DriftlineError(message, hint="Collect both of the same scopes: driftline collect --subscription ID --output FILE.")
    interrupted = [
        f"{word} was interrupted: what was not read by then cannot be compared."
        for word, source in zip(("OLD", "NEW"), sources, strict=True)
        if not source.complete
    ]
    return replace(diff, notes=tuple(interrupted))
