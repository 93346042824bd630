"""The summary for a terminal: what is wrong, how badly, why, what could not be read, what to do next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scanner.language.messages import printable
from scanner.model.finding import Finding
from scanner.model.result import Result
from scanner.model.verdict import Verdict
from scanner.report.console import COLOURS, drawn
from scanner.report.finding_words import waiver_words
from scanner.report.words import evidence_line, short_id

__all__ = ["render_terminal"]

_WORST: Final = 10
_EVIDENCE: Final = 3
_PROOFS: Final = {"proven": "proven", "failed": "its proof failed", "untried": "not tried"}
_COLUMNS: Final[dict[str, str]] = {
    **{severity.value: style for severity, style in COLOURS.items()}, "unknown": "magenta", "error": "bold red", "pass": "green",
}  # fmt: skip


def render_terminal(result: Result, *, width: int = 80, colour: bool = False, ascii_only: bool = False) -> str:
    """The whole summary as text, to be printed as it is."""
    return drawn(lambda console: _draw(console, result, ascii_only=ascii_only), width=width, colour=colour, ascii_only=ascii_only)


def _draw(console: Console, result: Result, *, ascii_only: bool) -> None:
    _heading(console, result)
    _table(console, result, ascii_only=ascii_only)
    failing = [item for item in result.findings if item.verdict is Verdict.FAIL]
    failing.sort(key=lambda item: item.waived)  # what still counts stands first
    _failures(console, failing)
    _errors(console, [item for item in result.findings if item.verdict is Verdict.ERROR])
    _unknowns(console, result)
    _waivers(console, result)
    _next_steps(console, result, failing)


def _heading(console: Console, result: Result) -> None:
    scan = result.scan
    scopes = ", ".join(short_id(scope) for scope in scan.scopes[:3]) + (
        f" and {len(scan.scopes) - 3} more" if len(scan.scopes) > 3 else ""
    )
    console.print(Text(f"driftline: {printable(scan.baseline)}, {printable(scan.environment)}", style="bold"))
    console.print(Text(f"{scopes or 'no scope'}: {result.resources} resources, {len(result.rules)} rules"))
    if not scan.complete:
        console.print(Text("The scan was interrupted: what was not read by then is unknown.", style="bold yellow"))


def _table(console: Console, result: Result, *, ascii_only: bool) -> None:
    families = {rule.id: rule.family for rule in result.rules}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in result.findings:
        counts[families.get(item.rule, "")][item.severity if item.verdict is Verdict.FAIL else item.verdict] += 1
    for judged in result.passes:
        counts[families.get(judged.rule, "")]["pass"] += len(judged.resources)
    table = Table(box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD, pad_edge=False, show_footer=False)
    table.add_column("family")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for family in sorted(counts):
        table.add_row(family, *(_cell(counts[family], key) for key in _COLUMNS))
    total: Counter[str] = sum(counts.values(), Counter())
    table.add_section()
    table.add_row("all", *(_cell(total, key) for key in _COLUMNS), style="bold")
    console.print(table)


def _cell(counts: Counter[str], key: str) -> Text:
    return Text(str(counts[key]), style=_COLUMNS[key]) if counts[key] else Text("·", style="dim not bold")


def _failures(console: Console, failing: list[Finding]) -> None:
    if not failing:
        return
    shown = failing[:_WORST]
    title = f"{len(failing)} failing{_waived(failing)}"
    title += f", the worst {len(shown)}" if len(shown) < len(failing) else ""
    console.print(Text(title, style="bold"))
    for item in shown:
        console.print()
        head = Text()
        head.append(f"{item.severity.value.upper()} ", style=COLOURS[item.severity])
        head.append(f"{item.rule} ", style="bold")
        head.append(printable(item.title))
        console.print(head)
        subject = f" ({printable(item.subject)})" if item.subject and item.subject != item.rule else ""
        _indented(console, short_id(item.resource) + subject)
        if item.location is not None:
            _indented(console, f"{printable(item.location.file)}:{item.location.line}", style="dim")
        _indented(console, printable(item.message, longest=400))
        for evidence in item.evidence[:_EVIDENCE]:
            _indented(console, evidence_line(evidence), style="dim")
        if item.consequence_of:
            _indented(console, f"follows from {', '.join(item.consequence_of)}", style="dim")
        if item.waiver is not None:
            _indented(console, waiver_words(item.waiver), style="cyan" if item.waived else "yellow")
        if item.fix is not None:
            proof = f", {_PROOFS[item.fix.proof]}" if item.fix.proof else ""
            _indented(console, f"fix: {printable(item.fix.title)} (disrupts: {item.fix.disrupts}{proof})", style="green")
    console.print()


def _errors(console: Console, errors: list[Finding]) -> None:
    if errors:
        console.print(Text(f"{len(errors)} could not be judged for a defect", style="bold red"))
        for item in errors[:_WORST]:
            _indented(console, f"{item.rule} {short_id(item.resource)}: {printable(item.message)}")
        console.print()


def _unknowns(console: Console, result: Result) -> None:
    unknown = [item for item in result.findings if item.verdict is Verdict.UNKNOWN]
    if not unknown:
        return
    by_reason: dict[str, list[Finding]] = defaultdict(list)
    for item in unknown:
        by_reason[item.message.removeprefix("Cannot be judged: ")].append(item)
    console.print(Text(f"{len(unknown)} unknown{_waived(unknown)}, never taken for a pass", style="bold magenta"))
    for reason, items in sorted(by_reason.items(), key=lambda pair: -len(pair[1]))[:_WORST]:
        _indented(console, f"{len(items)} x {printable(reason, longest=240)}")
        _indented(console, f"  {_names(item.rule for item in items)}", style="dim")
    if len(by_reason) > _WORST:
        _indented(console, f"and {len(by_reason) - _WORST} more reasons in result.json", style="dim")
    permissions = sorted({gap.permission for gap in result.gaps if gap.permission})
    if permissions:
        _indented(console, "missing permissions:")
        for permission in permissions[:_WORST]:
            _indented(console, f"  {printable(permission)}")
    console.print()


def _waived(findings: list[Finding]) -> str:
    count = sum(item.waived for item in findings)
    return f" ({count} waived)" if count else ""


def _waivers(console: Console, result: Result) -> None:
    """Waivers that no longer do what they were written for: expired ones first."""
    idle = sorted((item for item in result.waivers if item.state != "in force"), key=lambda item: item.state)
    if not idle:
        return
    counts = Counter(item.state for item in idle)
    words = ", ".join(f"{count} {state}" for state, count in counts.items())
    console.print(Text(f"Waivers: {words}", style="bold yellow"))
    for item in idle[:_WORST]:
        said = f"expired {item.expires}, covered {item.matched}" if item.state == "expired" else "covers no finding"
        tail = f": {item.note}" if item.note else ""
        _indented(console, f"{printable(item.file)}:{item.line} {printable(item.rule)} {said}{tail}")
    if len(idle) > _WORST:
        _indented(console, f"and {len(idle) - _WORST} more in result.json", style="dim")
    console.print()


def _next_steps(console: Console, result: Result, failing: list[Finding]) -> None:
    steps = []
    refused = sum(1 for gap in result.gaps if gap.permission)
    if refused:
        steps.append(f"Grant Reader where {refused} reads were refused, and scan again")
    steps.extend(printable(note, longest=240) for note in result.notes[:5])
    if failing:
        steps.append(f"driftline rules show {failing[0].rule} says what the worst finding means and how to mend it")
    if len(failing) > _WORST:
        steps.append(f"All {len(failing)} stand in result.json (--output DIR)")
    console.print(Text("Next", style="bold"))
    for step in steps or ["Nothing: the reference architecture holds."]:
        _indented(console, step)


def _indented(console: Console, text: str, *, style: str = "") -> None:
    console.print(Padding(Text(text, style=style, overflow="fold"), (0, 0, 0, 2)))


def _names(rules: Iterable[str]) -> str:
    names = sorted(set(rules))
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
