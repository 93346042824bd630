"""Words that the text formats of a comparison of results share: headings, one line for each verdict, groups of the many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.model.verdict import Verdict
from scanner.report.diff_words import count
from scanner.report.words import short_id

__all__ = ["grouped", "headline", "kind_words", "place", "sections", "stayed"]

_Kind = VerdictChangeKind
_WORDS: Final = {
    _Kind.REGRESSED: "regressed",
    _Kind.NEW: "new",
    _Kind.WAIVER_EXPIRED: "no longer waived",
    _Kind.BECAME_UNREADABLE: "became unreadable",
    _Kind.NO_LONGER_JUDGED: "no longer judged",
    _Kind.GONE: "gone",
    _Kind.READABLE_AGAIN: "readable again",
    _Kind.FIXED: "fixed",
}
#: Kinds that come in numbers and are told by what they have in common.
_IN_GROUPS: Final = frozenset({_Kind.BECAME_UNREADABLE, _Kind.NO_LONGER_JUDGED, _Kind.GONE})
_NAMED: Final = 6


def kind_words(kind: VerdictChangeKind) -> str:
    """A kind as a heading has it."""
    return _WORDS[kind]


def headline(diff: ResultDiff) -> str:
    """How many verdicts changed and how, in one line."""
    counts = Counter(item.kind for item in diff.changes)
    return ", ".join(f"{counts[kind]} {kind_words(kind)}" for kind in VerdictChangeKind if counts[kind]) or "No difference"


def stayed(diff: ResultDiff) -> str:
    """What did not change, in one line."""
    shown = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR, Verdict.PASS)
    parts = [f"{diff.unchanged[verdict]} {verdict.value}" for verdict in shown if diff.unchanged.get(verdict)]
    added = f"; {count(diff.added, 'verdict')} more that pass or do not apply" if diff.added else ""
    return f"Unchanged: {', '.join(parts) or 'nothing'}{added}"


def sections(changes: Iterable[VerdictChange]) -> list[tuple[VerdictChangeKind, list[VerdictChange]]]:
    """Changes by kind, in their order."""
    return [(kind, list(items)) for kind, items in groupby(changes, key=lambda item: item.kind)]


def place(change: VerdictChange) -> str:
    """Where a verdict belongs: the resource, and the subject where that says more."""
    subject = f" ({change.subject})" if change.subject and change.subject != change.rule else ""
    return f"{short_id(change.resource)}{subject}"


def grouped(kind: VerdictChangeKind, changes: list[VerdictChange]) -> list[tuple[str, str]] | None:
    """Pairs of what many changes have in common and what they are; None for a kind that is told one by one."""
    if kind not in _IN_GROUPS:
        return None
    by_resource = kind is _Kind.GONE
    found: dict[tuple[str, str], list[VerdictChange]] = {}
    for item in changes:
        found.setdefault((item.resource.lower() if by_resource else "", item.reason), []).append(item)
    ordered = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        (f"{short_id(items[0].resource)}: {reason}" if by_resource else reason, f"{_tally(items)}: {_names(items)}")
        for (_, reason), items in ordered
    ]


def _tally(changes: list[VerdictChange]) -> str:
    counts = Counter(item.old for item in changes)
    words = {Verdict.FAIL: "failed", Verdict.UNKNOWN: "were unknown", Verdict.ERROR: "were errors", Verdict.PASS: "passed"}
    parts = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict]]
    return ", ".join([*parts, *([f"{counts[None]} new"] if counts[None] else [])]) or count(len(changes), "verdict")


def _names(changes: list[VerdictChange]) -> str:
    """The rules: those that failed first, for they are what someone waits for."""
    rules = list(dict.fromkeys(item.rule for item in sorted(changes, key=lambda item: item.old is not Verdict.FAIL)))
    return ", ".join(rules[:_NAMED]) + (f" and {len(rules) - _NAMED} more" if len(rules) > _NAMED else "")
