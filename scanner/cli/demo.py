"""`driftline demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import options as o

__all__ = ["command"]


def command(
    state: Annotated[str, typer.Option("--state", help="drifted, reference or a state file.")] = "drifted",
    output: Annotated[Path, typer.Option("--output", help="Where the reports go.")] = Path("driftline-out"),
    open_page: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    quiet: o.Quiet = False,
    no_progress: o.NoProgress = False,
) -> int:
    """Scan a simulated deployment through the real Azure clients over HTTPS: no account, no key, nothing but this machine.

    Example: driftline demo --state drifted
    """
    from scanner.cli.compose import SourceOptions, moment_of, open_source, progress_line, settle, show
    from scanner.cli.delivery import FILES, deliver
    from scanner.engine.scan import run_scan

    judging = settle(None, {"baseline": "openai-chat"}, None, None)
    moment = moment_of(None)
    with (
        progress_line(wanted=not (quiet or no_progress)) as progress,
        open_source(SourceOptions(simulate=state), progress, moment) as source,
    ):
        result = run_scan(source, judging.rule_set, judging.baseline, now=moment)
    deliver(result, list(FILES), output, quiet=True)
    page = output / FILES["html"].name
    if not quiet:
        show(result)
        typer.echo(f"\n{page} shows it all; {result.requests.total} requests over HTTPS were made.")
    if open_page:
        typer.launch(page.resolve().as_uri())
    return 0
