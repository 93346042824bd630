"""A comparison of two snapshots for a terminal: one line for each property that differs, below its resource."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from scanner.diff.change import Change, SnapshotDiff
from scanner.language.messages import printable
from scanner.report.diff_words import SIGNS, by_reason, by_resource, count, headline, resource_words, value_parts

__all__ = ["render_snapshot_diff"]

_NAMED = 3


def render_snapshot_diff(diff: SnapshotDiff, *, width: int = 80) -> str:
    """The whole text, to be printed as it is."""
    return "\n".join(line for text, depth in _lines(diff) for line in _wrapped(text, depth, width)) + "\n"


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
