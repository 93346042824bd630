"""Histories for a terminal: the trend of each severity, a table of scans, and what fails, regressed and was fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scanner.language.messages import printable
from scanner.model.history import FindingState, History, HistoryFinding, HistoryScan
from scanner.model.result import TrendPoint
from scanner.model.verdict import Severity
from scanner.report.console import COLOURS, drawn
from scanner.report.diff_words import count
from scanner.report.sparkline import spark_text
from scanner.report.words import short_id

__all__ = ["render_histories"]

_SCANS: Final = 15
_LISTED: Final = 10
_NONE: Final = {True: ".", False: "·"}


def render_histories(histories: Sequence[History], *, width: int = 80, colour: bool = False, ascii_only: bool = False) -> str:
    """All of them as text, to be printed as it is."""

    def draw(console: Console) -> None:
        for at, history in enumerate(histories):
            if at:
                console.print()
            _draw(console, history, ascii_only=ascii_only)
        if not histories:
            console.print("No scan is stored yet.")

    return drawn(draw, width=width, colour=colour, ascii_only=ascii_only)


def _draw(console: Console, history: History, *, ascii_only: bool) -> None:
    _heading(console, history)
    shown = history.scans[-_SCANS:]
    _trend(console, [scan.point for scan in shown], ascii_only=ascii_only)
    _scans(console, history, shown, ascii_only=ascii_only)
    failing = _of(history, FindingState.FAILING)
    _list(console, "failing", failing, _since)
    _list(console, "of them were fixed before", [item for item in failing if item.regressions], _regressed)
    _list(console, "waived", _of(history, FindingState.WAIVED), _since)
    fixed = sorted(_of(history, FindingState.FIXED), key=lambda item: item.fixed, reverse=True)
    _list(console, "fixed, the last ones first", fixed, lambda item: f"fixed {_time(item.fixed)}, {_since(item)}")


def _heading(console: Console, history: History) -> None:
    planned = ", before deployment" if history.planned else ""
    console.print(Text(f"{printable(history.baseline)}, {printable(history.environment)}{planned}", style="bold"))
    scopes = ", ".join(map(short_id, history.scopes[:3])) + (
        f" and {len(history.scopes) - 3} more" if len(history.scopes) > 3 else ""
    )
    named = f"; workloads: {printable(', '.join(history.workloads))}" if history.workloads else ""
    console.print(Text(f"{scopes or 'no scope'}{named}", overflow="fold"))
    console.print()


def _trend(console: Console, points: Sequence[TrendPoint], *, ascii_only: bool) -> None:
    """A line for each severity in which anything ever failed, and one for what is unknown."""
    rows = [(level.value, COLOURS[level], [point.failing.get(level.value, 0) for point in points]) for level in Severity]
    rows.append(("unknown", "magenta", [point.unknown + point.error for point in points]))
    table = _table()
    table.add_column("")
    table.add_column("trend")
    table.add_column("now", justify="right")
    table.add_column("before", justify="right")
    for name, style, values in rows:
        if any(values) or name == Severity.CRITICAL.value:
            before = str(values[-2]) if len(values) > 1 else ""
            table.add_row(name, Text(spark_text(values, ascii_only=ascii_only), style=style), str(values[-1]), before)
    console.print(table)
    console.print()


def _scans(console: Console, history: History, shown: Sequence[HistoryScan], *, ascii_only: bool) -> None:
    hidden = len(history.scans) - len(shown)
    console.print(Text(count(len(history.scans), "scan") + (f", the last {len(shown)}" if hidden else ""), style="bold"))
    table = _table()
    table.add_column("started (UTC)")
    for name in ("crit", "high", "med", "low", "info", "unknown", "new", "regressed", "fixed", "gone"):
        table.add_column(name, justify="right")
    for scan in shown:
        point = scan.point
        numbers = [point.failing.get(level.value, 0) for level in Severity] + [point.unknown + point.error]
        kinds = [scan.changes.get(kind, 0) for kind in ("new", "regressed", "fixed", "gone")]
        started = _time(point.started) + ("" if scan.complete else " *")
        table.add_row(started, *(str(value) if value else _NONE[ascii_only] for value in (*numbers, *kinds)))
    console.print(table)
    if not all(scan.complete for scan in shown):
        console.print(Text("* interrupted: what was not read by then is unknown", style="dim"))


def _list(console: Console, title: str, items: Sequence[HistoryFinding], words: Callable[[HistoryFinding], str]) -> None:
    if not items:
        return
    console.print()
    console.print(Text(f"{len(items)} {title}", style="bold"))
    for item in items[:_LISTED]:
        head = Text(f"{item.severity.value.upper()} ", style=COLOURS[item.severity])
        head.append(f"{item.rule} ", style="bold")
        head.append(f"{printable(item.title)}: {short_id(item.resource)}")
        if item.subject and item.subject != item.rule:
            head.append(f" ({printable(item.subject)})")
        head.append(f", {words(item)}", style="dim")
        console.print(Padding(head, (0, 0, 0, 2)))
    if len(items) > _LISTED:
        console.print(Padding(Text(f"and {len(items) - _LISTED} more: --format json", style="dim"), (0, 0, 0, 2)))


def _of(history: History, state: FindingState) -> list[HistoryFinding]:
    return [item for item in history.findings if item.state is state]


def _since(item: HistoryFinding) -> str:
    return f"first seen {_time(item.first_seen)}"


def _regressed(item: HistoryFinding) -> str:
    return f"{_since(item)}, regressed {'once' if item.regressions == 1 else f'{item.regressions} times'}"


def _time(moment: str) -> str:
    """`2026-11-01 06:00` of a time in ISO 8601."""
    return printable(moment[:16].replace("T", " "))


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
