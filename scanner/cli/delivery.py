"""Where a result goes: files into a directory, or one format on stdout; what a pipeline reads from stdout always goes there."""

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
from scanner.report.annotations import render_azdo, render_github
from scanner.report.comment_markdown import render_markdown
from scanner.report.csv_table import render_csv
from scanner.report.html import render_html
from scanner.report.junit import render_junit
from scanner.report.picture import render_svg
from scanner.report.result_json import render_json
from scanner.report.sarif import render_sarif

__all__ = ["ANNOTATIONS", "FILES", "deliver", "deliver_files"]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that is a file: its name and what renders it (`include_passes` asks for passes written out)."""

    name: str
    render: Callable[[Result, bool], bytes]


def _ocsf(result: Result, include_passes: bool) -> bytes:  # noqa: FBT001  # a column of the table
    from scanner.report.ocsf import render_ocsf  # its models take a quarter of a second to import

    return render_ocsf(result, include_passes=include_passes)


#: Formats by their name on the command line; `terminal` is no file.
FILES: Final[Mapping[str, FileFormat]] = {
    "json": FileFormat("result.json", lambda result, include_passes: render_json(result, include_passes=include_passes)),
    "html": FileFormat("report.html", lambda result, _: render_html(result)),
    "svg": FileFormat("architecture.svg", lambda result, _: render_svg(result)),
    "sarif": FileFormat("result.sarif", lambda result, _: render_sarif(result)),
    "junit": FileFormat("junit.xml", lambda result, _: render_junit(result)),
    "csv": FileFormat("findings.csv", lambda result, include_passes: render_csv(result, include_passes=include_passes)),
    "markdown": FileFormat("comment.md", lambda result, _: render_markdown(result)),
    "ocsf": FileFormat("ocsf.json", _ocsf),
}

#: Formats that a pipeline reads from stdout, also where files are written.
ANNOTATIONS: Final[Mapping[str, Callable[[Result], bytes]]] = {"github": render_github, "azdo": render_azdo}


def deliver(
    result: Result, formats: Sequence[str], output: Path | None, *, include_passes: bool = False, quiet: bool = False
) -> None:
    """Write files into the directory, result.json always among them; without one, a format goes to stdout.

    The terminal summary is shown where it is asked for, or nothing else is.
    """
    annotated = [name for name in ANNOTATIONS if name in formats]
    _hold_one_on_stdout([*annotated, *(name for name in FILES if name in formats and output is None)])
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        name: (item.name, partial(item.render, result, include_passes)) for name, item in FILES.items()
    }
    deliver_files(files, formats, output, lambda: show(result), quiet=quiet)
    for name in annotated:
        typer.echo(ANNOTATIONS[name](result), nl=False)


def deliver_files(
    files: Mapping[str, tuple[str, Callable[[], bytes]]], formats: Sequence[str], output: Path | None,
    show_summary: Callable[[], None], *, quiet: bool,
) -> None:  # fmt: skip
    """Write files (name and content by format) into the directory, json always among them; without one, one goes to stdout."""
    wanted = [name for name in files if name in formats or (name == "json" and output is not None)]
    if output is None:
        _hold_one_on_stdout(wanted)
    for format_name in wanted:
        name, render = files[format_name]
        if output is None:
            typer.echo(render(), nl=False)
        else:
            write_private(output / name, render())
            if not quiet:
                typer.echo(f"{output / name} written", err=True)
    if "terminal" in formats or (not formats and not quiet):
        show_summary()


def _hold_one_on_stdout(names: Sequence[str]) -> None:
    if len(names) > 1:
        raise DriftlineError(f"{' and '.join(names)} cannot both go to stdout", hint="Name a directory: --output DIR.")
