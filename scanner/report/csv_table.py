"""findings.csv for spreadsheets: RFC 4180, a row for each finding, columns that are only ever added to.

A spreadsheet takes a cell that begins with one of `= + - @` for a formula, whatever wrote it; such a cell gets an apostrophe in
front, and every cell stands in quotes, as OWASP's page on CSV injection advises.
"""

from __future__ import annotations

import csv
import io
from itertools import chain
from typing import Final

from scanner.model.finding import Finding
from scanner.model.result import Result
from scanner.report.inert import shown
from scanner.report.passes import passing
from scanner.report.words import evidence_line, short_id

__all__ = ["COLUMNS", "render_csv"]

COLUMNS: Final = (
    "verdict", "severity", "rule", "control", "family", "title", "message", "name", "resource", "type", "component", "subject",
    "evidence", "consequence_of", "fix", "disrupts", "waiver", "waiver_owner", "waiver_reason", "waiver_ticket", "waiver_expires",
    "file", "line", "fingerprint", "scan", "started",
)  # fmt: skip
#: The last four are the wide forms of the first.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  # spreadsheets take them for the narrow ones
_WAIVER: Final = ("state", "owner", "reason", "ticket", "expires")


def render_csv(result: Result, *, include_passes: bool = False) -> bytes:
    """The table as UTF-8 without a mark in front; `include_passes` adds a row for each pass."""
    families = {rule.id: rule.family for rule in result.rules}
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in chain(result.findings, passing(result) if include_passes else ()):
        cells = [*_what(item, families[item.rule]), *_how(item), result.scan.id, result.scan.started]
        writer.writerow(map(_cell, cells))
    return text.getvalue().encode("utf-8", "replace")


def _what(item: Finding, family: str) -> list[str]:
    return [
        item.verdict.value, item.severity.value, item.rule, item.control, family, item.title, item.message,
        short_id(item.resource), item.resource, item.type, item.component, item.subject,
    ]  # fmt: skip


def _how(item: Finding) -> list[str]:
    fix, place, waiver = item.fix, item.location, item.waiver or {}
    return [
        "; ".join(map(evidence_line, item.evidence)),
        ", ".join(item.consequence_of),
        fix.title if fix is not None else "",
        fix.disrupts if fix is not None else "",
        *(str(waiver.get(name, "")) for name in _WAIVER),
        place.file if place is not None else "",
        str(place.line) if place is not None and place.line else "",
        item.fingerprint,
    ]


def _cell(value: str) -> str:
    text = shown(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
