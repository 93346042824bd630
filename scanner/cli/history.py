"""`driftline history`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scanner.cli import options as o

__all__ = ["command"]


class HistoryFormat(StrEnum):
    """Formats of a history."""

    TERMINAL = "terminal"
    JSON = "json"


def command(
    store: o.Store = "",
    workload: Annotated[str, typer.Option(help="Only the histories in which this workload was found last.")] = "",
    config: o.ConfigFile = None,
    format_: Annotated[HistoryFormat, typer.Option("--format", help="For a terminal, or everything as JSON.")] = (
        HistoryFormat.TERMINAL
    ),
) -> int:
    """Show the scans of a store: their trend, what fails since when, what regressed and what was fixed.

    Example: driftline history --store sqlite:///driftline.db
    """
    import os
    from functools import partial

    from scanner.cli.compose import show_drawn
    from scanner.cli.past import connect_store
    from scanner.model.errors import DriftlineError
    from scanner.report.history_json import render_histories_json
    from scanner.report.history_terminal import render_histories
    from scanner.rules.settings import load_settings
    from scanner.store.histories import read_histories

    url = load_settings(config, {"store": store}, os.environ).store.value
    if not url:
        raise DriftlineError("no store is named", hint="Name it: --store URL, DRIFTLINE_STORE, or store: in driftline.yaml.")
    histories = read_histories(connect_store(url, create=False), workload)
    if format_ is HistoryFormat.JSON:
        typer.echo(render_histories_json(histories), nl=False)
    else:
        show_drawn(partial(render_histories, histories))
    return 0
