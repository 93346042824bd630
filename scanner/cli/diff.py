"""`driftline diff`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli import options as o

if TYPE_CHECKING:
    from scanner.diff.change import SnapshotDiff
    from scanner.model.source import Source

__all__ = ["command"]


class DiffFormat(StrEnum):
    """Formats of a comparison."""

    TERMINAL = "terminal"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A snapshot, the template that was deployed, or a result.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later snapshot, or a later result.")],
    formats: Annotated[list[DiffFormat] | None, typer.Option("--format", help="Formats; may be repeated.")] = None,
    output: o.Output = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of snapshots: leave nothing out as Azure's own, such as times and read-only members.")
    ] = False,
    parameters: o.Parameters = None,
    subscription: Annotated[str, typer.Option(help="Where the template was deployed to; the snapshot's by default.")] = "",
    resource_group: Annotated[str, typer.Option(help="Where the template was deployed to; the snapshot's by default.")] = "",
    location: o.DeployLocation = "",
    quiet: o.Quiet = False,
) -> int:
    """Compare two snapshots, or a template with what is there, property by property; or two results verdict by verdict.

    Exit codes: 0 nothing differs in what could be compared, 1 something does, 2 the two cannot be compared.

    Example: driftline diff monday.jsonl.gz friday.jsonl.gz --format markdown
    """
    from scanner.cli.comparing import Deployment, FileKind, hold_alike, open_sides
    from scanner.cli.delivery import deliver_files
    from scanner.cli.outcome import CLEAN, FAILING

    kind = hold_alike(old, new)
    deployment = Deployment(parameters, subscription, resource_group, location)
    if kind is FileKind.RESULT:
        rendered = _results(old, new)
    else:
        rendered = _snapshots(old, new, open_sides(old, new, kind, deployment), everything=everything)
    files = {"json": ("diff.json", rendered.json), "markdown": ("diff.md", rendered.markdown)}
    deliver_files(files, [item.value for item in formats or ()], output, rendered.show, quiet=quiet)
    return FAILING if rendered.differs else CLEAN


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A comparison with what writes each of its formats."""

    differs: bool
    json: Callable[[], bytes]
    markdown: Callable[[], bytes]
    show: Callable[[], None]


def _results(old: Path, new: Path) -> _Rendered:
    from scanner.cli.compose import show_text, terminal_width
    from scanner.diff.results import compare_results
    from scanner.report.diff_json import Sides, render_result_diff_json
    from scanner.report.diff_markdown import render_result_diff_markdown
    from scanner.report.diff_terminal import render_result_diff
    from scanner.report.result_reading import read_result

    diff = compare_results(read_result(old), read_result(new))
    return _Rendered(
        differs=bool(diff.changes),
        json=lambda: render_result_diff_json(diff, Sides(str(old), str(new))),
        markdown=lambda: render_result_diff_markdown(diff).encode(),
        show=lambda: show_text(render_result_diff(diff, width=terminal_width())),
    )


def _snapshots(old: Path, new: Path, sources: tuple[Source, Source], *, everything: bool) -> _Rendered:
    from scanner.cli.compose import show_text, terminal_width
    from scanner.report.diff_json import Sides, render_snapshot_diff_json
    from scanner.report.diff_markdown import render_snapshot_diff_markdown
    from scanner.report.diff_terminal import render_snapshot_diff

    diff = _compared(old, new, sources, everything=everything)
    return _Rendered(
        differs=bool(diff.changes),
        json=lambda: render_snapshot_diff_json(diff, Sides(str(old), str(new))),
        markdown=lambda: render_snapshot_diff_markdown(diff).encode(),
        show=lambda: show_text(render_snapshot_diff(diff, width=terminal_width())),
    )


def _compared(old: Path, new: Path, sources: tuple[Source, Source], *, everything: bool) -> SnapshotDiff:
    from dataclasses import replace

    from scanner.diff.snapshots import Terms, compare_snapshots
    from scanner.model.errors import DriftlineError
    from scanner.model.read_plan import ReadPlan
    from scanner.rules.loader import shipped_defaults

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
