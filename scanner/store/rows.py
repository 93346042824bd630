"""Rows of the tables and the objects of the model that they stand for."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import RowMapping

from scanner.model.finding import fingerprint
from scanner.model.history import FindingState, HistoryFinding
from scanner.model.resource_id import normalise
from scanner.model.result import Result, ScanInfo, SinceChange, TrendPoint
from scanner.model.verdict import Severity, Verdict

__all__ = [
    "change_of",
    "change_rows",
    "compressed",
    "finding_of",
    "finding_row",
    "is_planned",
    "point_of",
    "scan_row",
    "series_key",
    "series_row",
    "trend_point",
    "uncompressed",
]

Row = dict[str, Any]
#: What does not exist yet has a history of its own.
_PLANNED: Final = frozenset({"template", "what-if"})
_LEVEL: Final = 1  # of compression: a tenth of the bytes for little time


def is_planned(scan: ScanInfo) -> bool:
    """Whether a scan is of what is yet to be deployed."""
    return scan.source_kind in _PLANNED


def series_key(scan: ScanInfo) -> str:
    """What scans have in common that are compared with each other."""
    told = [scan.baseline, scan.environment, is_planned(scan), sorted(map(normalise, scan.scopes))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def series_row(scan: ScanInfo) -> Row:
    """A series that begins with a scan."""
    return {
        "key": series_key(scan), "baseline": _clean(scan.baseline), "environment": _clean(scan.environment),
        "planned": is_planned(scan), "scopes": sorted(map(_clean, scan.scopes)),
    }  # fmt: skip


def trend_point(result: Result) -> TrendPoint:
    """The figures of a result, as a point of the trend."""
    failing = Counter(item.severity.value for item in result.findings if item.verdict is Verdict.FAIL)
    return TrendPoint(
        result.scan.id, result.scan.started, {level.value: failing[level.value] for level in Severity},
        result.count(Verdict.UNKNOWN), result.count(Verdict.ERROR), result.count(Verdict.PASS),
    )  # fmt: skip


def scan_row(result: Result, series: int, compared_with: str, document: bytes) -> Row:
    """A scan with its document."""
    scan, point = result.scan, trend_point(result)
    return {
        "series": series, "scan": scan.id, "started": scan.started, "version": _clean(scan.version),
        "source_kind": _clean(scan.source_kind), "complete": scan.complete, "rules_hash": _clean(scan.rules_hash),
        "workloads": sorted({_clean(item.name) for item in result.workloads}), "resources": result.resources,
        "failing": point.failing, "waived": sum(item.waived for item in result.findings), "unknown": point.unknown,
        "error": point.error, "passed": point.passed, "compared_with": compared_with, "document": document,
    }  # fmt: skip


def point_of(row: RowMapping) -> TrendPoint:
    """A scan as a point of the trend."""
    return TrendPoint(row["scan"], row["started"], row["failing"], row["unknown"], row["error"], row["passed"])


def finding_row(item: HistoryFinding, series: int) -> Row:
    """A finding of a series."""
    return {
        "series": series, "fingerprint": item.fingerprint, "rule": item.rule, "control": item.control,
        "title": _clean(item.title), "severity": item.severity.value, "resource": _clean(item.resource),
        "subject": _clean(item.subject), "state": item.state.value, "first_seen": item.first_seen, "last_seen": item.last_seen,
        "last_failed": item.last_failed, "fixed": item.fixed, "regressions": item.regressions,
    }  # fmt: skip


def finding_of(row: RowMapping) -> HistoryFinding:
    """A finding as the history knows it."""
    members: dict[str, Any] = {name: row[name] for name in HistoryFinding.__slots__}
    return HistoryFinding(**members | {"severity": Severity(row["severity"]), "state": FindingState(row["state"])})


def change_rows(changes: Iterable[SinceChange], scan: int) -> list[Row]:
    """What changed with a scan, in its order."""
    return [
        {
            "scan": scan, "place": place, "kind": item.kind, "fingerprint": fingerprint(item.rule, item.resource, item.subject),
            "rule": item.rule, "title": _clean(item.title), "severity": item.severity.value, "resource": _clean(item.resource),
            "subject": _clean(item.subject), "reason": _clean(item.reason), "waived": item.waived,
        }
        for place, item in enumerate(changes)
    ]  # fmt: skip


def change_of(row: Mapping[Any, Any]) -> SinceChange:
    """A change as the result tells it."""
    return SinceChange(
        row["kind"], row["rule"], row["title"], Severity(row["severity"]), row["resource"], row["subject"], row["reason"],
        waived=row["waived"],
    )  # fmt: skip


def compressed(document: bytes) -> bytes:
    """A document as it is stored."""
    return zlib.compress(document, _LEVEL)


def uncompressed(stored: bytes) -> bytes:
    """A stored document. Raises `zlib.error`."""
    return zlib.decompress(stored)


def _clean(text: str) -> str:
    """A text that every database takes: PostgreSQL has no NUL, and none has half a character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
