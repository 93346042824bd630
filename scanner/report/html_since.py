"""What the HTML page tells of earlier scans: changes by kind with links to their findings, and the trend as small pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any, Final

from scanner.diff.verdict_change import VerdictChangeKind
from scanner.model.finding import fingerprint
from scanner.model.result import Since, SinceChange, TrendPoint
from scanner.model.verdict import Severity
from scanner.report.result_diff_words import kind_words
from scanner.report.sparkline import spark_points
from scanner.report.words import short_id

__all__ = ["since_view", "trend_view"]

View = dict[str, Any]
_WORSE: Final = frozenset({"regressed", "new", "waiver_expired"})
_LISTED: Final = 200
_AT_ONCE: Final = 12
_WIDTH, _HEIGHT, _EDGE = 120.0, 20.0, 3.0


def since_view(since: Since | None, shown: Collection[str]) -> View | None:
    """What changed, by kind; a change whose finding is `shown` (by fingerprint) links to it."""
    if since is None:
        return None
    groups = [_group(kind, list(items), shown) for kind, items in groupby(since.changes, key=lambda item: item.kind)]
    return {"started": since.started, "scan": since.scan, "groups": groups}


def trend_view(points: Sequence[TrendPoint]) -> list[View]:
    """A line for each severity in which anything failed, and one for what is unknown; none where there is a single scan."""
    if len(points) < 2:
        return []
    rows = [(level.value, [point.failing.get(level.value, 0) for point in points]) for level in Severity]
    rows.append(("unknown", [point.unknown + point.error for point in points]))
    return [_line(kind, values) for kind, values in rows if any(values)]


def _group(kind: str, items: list[SinceChange], shown: Collection[str]) -> View:
    return {
        "kind": kind,
        "words": kind_words(VerdictChangeKind(kind)) if kind in set(VerdictChangeKind) else kind.replace("_", " "),
        "count": len(items),
        "open": kind in _WORSE and len(items) <= _AT_ONCE,
        "changes": [_change(item, shown) for item in items[:_LISTED]],
        "more": max(0, len(items) - _LISTED),
    }


def _change(item: SinceChange, shown: Collection[str]) -> View:
    name = fingerprint(item.rule, item.resource, item.subject)
    return {
        "item": item,
        "short": short_id(item.resource),
        "subject": item.subject if item.subject != item.rule else "",
        "finding": name if name in shown else "",
    }


def _line(kind: str, values: list[int]) -> View:
    """A line within its picture, room left for the stroke and for the dot at its end."""
    points = [(x + _EDGE, y + _EDGE) for x, y in spark_points(values, _WIDTH, _HEIGHT)]
    return {
        "kind": kind, "values": values, "width": _WIDTH + 2 * _EDGE, "height": _HEIGHT + 2 * _EDGE, "end": points[-1],
        "points": " ".join(f"{x:g},{y:g}" for x, y in points), "now": values[-1], "change": values[-1] - values[-2],
    }  # fmt: skip
