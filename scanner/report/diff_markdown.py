"""A comparison as a comment on a pull request. Whatever came from Azure stands in code spans, where nothing of it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scanner.diff.change import Change, SnapshotDiff
from scanner.diff.verdict_change import ResultDiff, VerdictChange
from scanner.language.messages import printable
from scanner.model.verdict import Verdict
from scanner.report import result_diff_words as words
from scanner.report.diff_words import by_reason, by_resource, count, headline, resource_words, value_parts

__all__ = ["code_span", "fitted", "render_result_diff_markdown", "render_snapshot_diff_markdown"]

#: What a comment may hold (GitHub takes 65,536 characters), less room for the last line.
_LONGEST: Final = 60_000
_NAMED: Final = 3


def render_snapshot_diff_markdown(diff: SnapshotDiff) -> str:
    """The comment as text."""
    return fitted(_lines(diff))


def render_result_diff_markdown(diff: ResultDiff) -> str:
    """As `render_snapshot_diff_markdown`, of two results."""
    return fitted(_verdict_lines(diff))


def code_span(text: str) -> str:
    """Text as a code span: fenced by more backticks than it holds in a row, on one line."""
    plain = printable(text, longest=300) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def fitted(lines: Iterator[str]) -> str:
    """As many lines as a comment may hold, and how many are missing."""
    kept: list[str] = []
    left, missing = _LONGEST, 0
    for line in lines:
        left -= len(line) + 1
        if left >= 0:
            kept.append(line)
        else:
            missing += 1
    return "\n".join([*kept, *(["", f"{count(missing, 'more line')} in diff.json."] if missing else [])]) + "\n"


def _verdict_lines(diff: ResultDiff) -> Iterator[str]:
    yield from (f"### driftline: {words.headline(diff)}", "", words.stayed(diff))
    for note in diff.notes:
        yield from ("", code_span(note))
    for kind, changes in words.sections(diff.changes):
        yield from ("", f"**{len(changes)} {words.kind_words(kind)}**", "")
        groups = words.grouped(kind, changes)
        if groups is None:
            yield from map(_verdict, changes)
        else:
            yield from (f"- {code_span(common)}: {code_span(what)}" for common, what in groups)


def _verdict(change: VerdictChange) -> str:
    waived = " (waived)" if change.waived else ""
    reason = f"; {code_span(change.reason)}" if change.reason else ""
    state = f"{change.new} " if change.new in (Verdict.UNKNOWN, Verdict.ERROR) else ""
    what = f"{code_span(change.rule)} {state}{code_span(words.place(change))}"
    return f"- {change.severity.value.upper()} {what}: {code_span(change.title)}{waived}{reason}"


def _lines(diff: SnapshotDiff) -> Iterator[str]:
    yield f"### driftline: {headline(diff)}"
    for note in diff.notes:
        yield from ("", code_span(note))
    for resource, changes in by_resource(diff.changes):
        yield ""
        name, group = resource_words(resource)
        whole = next((item for item in changes if not item.path), None)
        yield f"{code_span(name)}{f' in {code_span(group)}' if group else ''}{_whole(whole)}"
        rows = [item for item in changes if item.path]
        yield from ([""] if rows else [])
        yield from (f"- {item.kind} {code_span(item.path)}: {_values(item)}" for item in rows)
    if diff.uncompared:
        yield from ("", "Could not be compared, so it may differ:", "")
        for reason, items in by_reason(diff.uncompared):
            named = [code_span(f"{resource_words(item.resource)[0]} {item.path}".strip()) for item in items[:_NAMED]]
            more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
            yield f"- {len(items)} x {code_span(reason)}: {', '.join(named)}{more}"
    if diff.left_out:
        yield from ("", f"Left out as Azure's own: {count(diff.left_out, 'difference')}.")


def _whole(change: Change | None) -> str:
    if change is None:
        return ""
    return f" {change.kind}" + (f", with {count(change.below, 'resource')} below it" if change.below else "")


def _values(change: Change) -> str:
    return " ".join(f"{word} {code_span(value)}".strip() for word, value in value_parts(change))
