"""A comparison for a terminal: one line for each property or verdict that differs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from scanner.diff.change import Change, SnapshotDiff
from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.language.messages import printable
from scanner.model.verdict import Verdict
from scanner.report import result_diff_words as words
from scanner.report.diff_words import SIGNS, by_reason, by_resource, count, headline, resource_words, value_parts

__all__ = ["render_result_diff", "render_snapshot_diff"]

_NAMED: Final = 3
#: Verdicts of one kind that are told one by one.
_TOLD: Final = 40


def render_snapshot_diff(diff: SnapshotDiff, *, width: int = 80) -> str:
    """The whole text, to be printed as it is."""
    return "\n".join(line for text, depth in _lines(diff) for line in _wrapped(text, depth, width)) + "\n"


def render_result_diff(diff: ResultDiff, *, width: int = 80) -> str:
    """As `render_snapshot_diff`, of two results."""
    return "\n".join(line for text, depth in _verdict_lines(diff) for line in _wrapped(text, depth, width)) + "\n"


def _verdict_lines(diff: ResultDiff) -> Iterator[tuple[str, int]]:
    yield words.headline(diff), 0
    yield words.stayed(diff), 0
    yield from ((printable(note, longest=400), 0) for note in diff.notes)
    for kind, changes in words.sections(diff.changes):
        yield "", 0
        yield f"{len(changes)} {words.kind_words(kind)}", 0
        yield from _told(kind, changes)


def _told(kind: VerdictChangeKind, changes: list[VerdictChange]) -> Iterator[tuple[str, int]]:
    groups = words.grouped(kind, changes)
    if groups is None:
        yield from ((_verdict(item), 2) for item in changes[:_TOLD])
    for common, what in (groups or [])[:_TOLD]:
        yield printable(common, longest=300), 2
        yield printable(what, longest=300), 4
    hidden = (len(changes) if groups is None else len(groups)) - _TOLD
    if hidden > 0:
        yield f"and {hidden} more in diff.json (--output DIR)", 2


def _verdict(change: VerdictChange) -> str:
    state = f"{change.new} " if change.new in (Verdict.UNKNOWN, Verdict.ERROR) else ""
    waived = " (waived)" if change.waived else ""
    reason = f"; {printable(change.reason, longest=200)}" if change.reason else ""
    head = f"{change.severity.value.upper()} {printable(change.rule)} {state}{printable(words.place(change), longest=200)}"
    return f"{head}: {printable(change.title)}{waived}{reason}"


def _lines(diff: SnapshotDiff) -> Iterator[tuple[str, int]]:
    """Each line with its indentation."""
    unknown = f"; {len(diff.uncompared)} could not be compared" if diff.uncompared else ""
    yield f"{headline(diff)}; {count(diff.compared, 'resource')} in both{unknown}", 0
    yield from ((printable(note, longest=400), 0) for note in diff.notes)
    for resource, changes in by_resource(diff.changes):
        yield "", 0
        name, group = resource_words(resource)
        where = f" in {printable(group)}" if group else ""
        whole = next((item for item in changes if not item.path), None)
        yield f"{SIGNS[whole.kind]} {name}{where}{_tail(whole)}" if whole is not None else f"{name}{where}", 0
        yield from ((f"{SIGNS[item.kind]} {_property(item)}", 2) for item in changes if item.path)
    if diff.uncompared:
        yield "", 0
        yield "Could not be compared, so it may differ:", 0
        for reason, items in by_reason(diff.uncompared):
            yield f"{len(items)} x {printable(reason, longest=300)}", 2
            named = [f"{resource_words(item.resource)[0]} {printable(item.path)}".strip() for item in items[:_NAMED]]
            more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
            yield f"{', '.join(named)}{more}", 4
    if diff.left_out:
        yield "", 0
        yield f"Left out as Azure's own: {count(diff.left_out, 'difference')} (--all shows them).", 0


def _property(change: Change) -> str:
    values = " ".join(f"{word} {value}".strip() for word, value in value_parts(change))
    return f"{printable(change.path, longest=300)}: {values}"


def _tail(change: Change) -> str:
    return f" ({count(change.below, 'resource')} below it too)" if change.below else ""


def _wrapped(text: str, depth: int, width: int) -> list[str]:
    pad = " " * depth
    return textwrap.wrap(text, width, initial_indent=pad, subsequent_indent=f"{pad}  ", break_on_hyphens=False) or [""]
