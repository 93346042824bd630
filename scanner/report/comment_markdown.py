"""comment.md, a comment on a pull request: a table, what changed since, the worst findings, and the rest folded away.

GitHub takes 65,536 signs. Whatever the result holds, the comment stays below 60,000: whole findings are left out, and counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from scanner.diff.verdict_change import VerdictChangeKind
from scanner.language.markdown import code, escaped
from scanner.model.finding import Finding
from scanner.model.result import Result, Since, SinceChange
from scanner.model.verdict import Severity, Verdict
from scanner.report.diff_words import count
from scanner.report.finding_words import details, headline, place, waiver_words
from scanner.report.inert import shown
from scanner.report.result_diff_words import kind_words
from scanner.report.words import family_title

__all__ = ["render_markdown"]

T = TypeVar("T")

#: How long the whole may be, and each part that would crowd out the others: at least one finding, whatever it holds.
_LONGEST: Final = 60_000
_SHARE: Final = 12_000
_WORST: Final = 10
_POINTS: Final = 8
_COLUMNS: Final = (*(level.value for level in Severity), "unknown", "error", "pass")
#: How long a text may be, and how many lines are told of a finding.
_PLAIN: Final = 240
_LINES: Final = 5


def render_markdown(result: Result) -> bytes:
    """The comment as UTF-8."""
    page = _Page()
    for line in _heading(result):
        page.add(line)
    page.section("", list(_table(result)), str, "families")
    if result.since is not None:
        page.add(f"\n#### Since {_plain(result.since.started)}: {_kinds(result.since)}")
        page.section("", result.since.changes, _change, "changes")
    failing = [item for item in result.findings if item.verdict is Verdict.FAIL and not item.waived]
    page.section("#### The worst", failing[:_WORST], _finding, "findings")
    page.fold(
        "What driftline failed to judge", [item for item in result.findings if item.verdict is Verdict.ERROR], _error, "errors"
    )
    page.fold("What could not be judged", _reasons(result), _reason, "reasons")
    page.fold("Waived", [item for item in result.findings if item.waived], _waived, "findings")
    page.fold("All other failures", failing[_WORST:], _finding, "findings", share=_LONGEST)
    return page.text().encode("utf-8", "replace")


class _Page:
    """Lines that fit: what does not is counted, and said where it is missing."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left = _LONGEST - 1000  # room for what is said of what is missing, and for closing folds

    def add(self, line: str) -> None:
        self._lines.append(line)
        self._left -= len(line) + 1

    def section(self, title: str, items: Sequence[T], render: Callable[[T], str], what: str, *, share: int = _SHARE) -> None:
        """A title and items, as many as its share and the page have room for; nothing where there are none."""
        if not items:
            return
        self.add(f"\n{title}\n" if title else "")
        end, kept = self._left - min(share, self._left), 0
        for block in map(render, items):
            if self._left - len(block) <= end:
                break
            self.add(block)
            kept += 1
        if kept < len(items):
            self.add(f"\n{len(items) - kept} more {what} are left out here; result.json has them all.")

    def fold(self, title: str, items: Sequence[T], render: Callable[[T], str], what: str, *, share: int = _SHARE) -> None:
        """A section that is folded away."""
        if items:
            self.add(f"\n<details><summary>{title}: {len(items)}</summary>")
            self.section("", items, render, what, share=share)
            self.add("\n</details>")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def _heading(result: Result) -> Iterator[str]:
    scan = result.scan
    yield f"### driftline: {headline(result)}"
    yield ""
    where = f"{_plain(scan.baseline)}, {_plain(scan.environment)}"
    yield f"{where}: {count(result.resources, 'resource')}, {count(len(result.rules), 'rule')}, {_plain(scan.started)}"
    if not scan.complete:
        yield "\n**The scan was interrupted: what was not read by then is unknown.**"
    if len(result.trend) > 1:
        sums = [str(sum(point.failing.values())) for point in result.trend[-_POINTS:]]
        yield f"\nFailing over the last {len(sums)} scans: {', '.join(sums)}"


def _table(result: Result) -> Iterator[str]:
    families = {rule.id: rule.family for rule in result.rules}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in result.findings:
        counts[families[item.rule]][item.severity if item.verdict is Verdict.FAIL else item.verdict] += 1
    for judged in result.passes:
        counts[families[judged.rule]]["pass"] += len(judged.resources)
    if counts:
        yield f"| | {' | '.join(_COLUMNS)} |\n|---|{'---:|' * len(_COLUMNS)}"
        yield _row("**all**", sum(counts.values(), Counter()))
    yield from (_row(_plain(family_title(family)), row) for family, row in sorted(counts.items()))


def _row(name: str, row: Counter[str]) -> str:
    return f"| {name} | {' | '.join(str(row[column] or '·') for column in _COLUMNS)} |"


def _kinds(since: Since) -> str:
    kinds = Counter(item.kind for item in since.changes).most_common(len(VerdictChangeKind))
    return ", ".join(f"{number} {_kind(kind)}" for kind, number in kinds) or "nothing changed"


def _kind(kind: str) -> str:
    return kind_words(VerdictChangeKind(kind)) if kind in set(VerdictChangeKind) else _plain(kind)


def _change(item: SinceChange) -> str:
    tail = f": {_code(item.reason)}" if item.reason else ""
    waived = " (waived)" if item.waived else ""
    where = _code(place(item.resource, item.subject, item.rule))
    return f"- {_kind(item.kind)}: {item.severity.value.upper()} {_code(item.rule)} {_plain(item.title)}, {where}{waived}{tail}"


def _finding(item: Finding) -> str:
    told = [item.message, *details(item)][:_LINES]
    if item.location is not None:
        told.insert(0, f"{item.location.file}:{item.location.line}")
    return "\n".join([f"- {_head(item)}", *(f"  - {_code(line)}" for line in told if line)])


def _head(item: Finding) -> str:
    where = _code(place(item.resource, item.subject, item.rule))
    return f"**{item.severity.value.upper()}** {_code(item.rule)} {_plain(item.title)}, {where}"


def _waived(item: Finding) -> str:
    assert item.waiver is not None
    return f"- {_head(item)}: {_plain(waiver_words(item.waiver))}"


def _error(item: Finding) -> str:
    return f"- {_head(item)}: {_code(item.message)}"


def _reasons(result: Result) -> list[tuple[str, list[str]]]:
    """Why verdicts are unknown, each with the rules that it keeps open, the most frequent first."""
    rules: defaultdict[str, list[str]] = defaultdict(list)
    for item in result.findings:
        if item.verdict is Verdict.UNKNOWN and not item.waived:
            rules[item.message.removeprefix("Cannot be judged: ")].append(item.rule)
    return sorted(rules.items(), key=lambda pair: -len(pair[1]))


def _reason(pair: tuple[str, list[str]]) -> str:
    reason, found = pair
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - _LINES} more" if len(names) > _LINES else ""
    return f"- {len(found)} x {_code(reason)}: {', '.join(map(_code, names[:_LINES]))}{more}"


def _plain(text: object) -> str:
    return escaped(shown(text, longest=_PLAIN))


def _code(text: object) -> str:
    return code(shown(text, longest=_PLAIN))
