"""`driftline evidence`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from scanner.cli import options as o

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="What people and pipelines state, where Azure cannot tell.\n\nExample: driftline evidence check evidence",
)
_SOON: Final = timedelta(days=30)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own."""


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Files or directories of evidence.")],
    now: o.Now = None,
) -> int:
    """Hold files of evidence against the shape of their kind.

    Exit codes: 0 all are well formed, 2 some are not.

    Example: driftline evidence check evidence/evaluation.yaml
    """
    from scanner.cli.compose import moment_of
    from scanner.model.errors import DriftlineError
    from scanner.rules.evidence import evidence_files, load_evidence

    found, idle = evidence_files(files)
    if idle:
        raise DriftlineError(f"{idle[0]} is not there, or holds no .yaml file", hint="Name files of evidence or their directory.")
    moment = moment_of(now)
    for item in load_evidence(found):
        state = f"until {item.expires:%Y-%m-%d}"
        if item.expires <= moment:
            state = f"expired on {item.expires:%Y-%m-%d}: scans take it for unknown"
        elif item.issued > moment:
            state = f"issued on {item.issued:%Y-%m-%d}, in the future: scans take it for unknown"
        elif item.expires <= moment + _SOON:
            state += ", soon to expire"
        typer.echo(f"{item.file}: {item.kind} of {item.workload} by {item.owner}, {state}")
    return 0
