"""Where a result goes: one table of formats, files into a directory, or one format on stdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import typer

from scanner.cli.compose import show, write_private
from scanner.model.errors import DriftlineError
from scanner.model.result import Result
from scanner.report.html import render_html
from scanner.report.result_json import render_json

__all__ = ["FILES", "deliver", "deliver_files"]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that is a file: its name and what renders it (`include_passes` asks for passes written out)."""

    name: str
    render: Callable[[Result, bool], bytes]


#: Formats by their name on the command line; `terminal` is no file.
FILES: Final[Mapping[str, FileFormat]] = {
    "json": FileFormat("result.json", lambda result, include_passes: render_json(result, include_passes=include_passes)),
    "html": FileFormat("report.html", lambda result, _: render_html(result)),
}


def deliver(
    result: Result, formats: Sequence[str], output: Path | None, *, include_passes: bool = False, quiet: bool = False
) -> None:
    """Write files into the directory, result.json always among them; without one, a format goes to stdout.

    The terminal summary is shown where it is asked for, or nothing else is.
    """
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        name: (item.name, partial(item.render, result, include_passes)) for name, item in FILES.items()
    }
    deliver_files(files, formats, output, lambda: show(result), quiet=quiet)


def deliver_files(
    files: Mapping[str, tuple[str, Callable[[], bytes]]], formats: Sequence[str], output: Path | None,
    show_summary: Callable[[], None], *, quiet: bool,
) -> None:  # fmt: skip
    """Write files (name and content by format) into the directory, json always among them; without one, one goes to stdout."""
    wanted = [name for name in files if name in formats or (name == "json" and output is not None)]
    if output is None and len(wanted) > 1:
        raise DriftlineError(f"{' and '.join(wanted)} cannot both go to stdout", hint="Name a directory: --output DIR.")
    for format_name in wanted:
        name, render = files[format_name]
        if output is None:
            typer.echo(render().decode(), nl=False)
        else:
            write_private(output / name, render())
            if not quiet:
                typer.echo(f"{output / name} written", err=True)
    if "terminal" in formats or (not formats and not quiet):
        show_summary()
