"""diff.json, the contract `driftline.diff/1`: every difference and everything that could not be compared, in fixed order."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec

from scanner.diff.change import ChangeKind, SnapshotDiff
from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.model.verdict import Verdict

__all__ = ["DIFF_SCHEMA", "Sides", "render_result_diff_json", "render_snapshot_diff_json"]

DIFF_SCHEMA: Final = "driftline.diff/1"
Json = Any


@dataclass(frozen=True, slots=True)
class Sides:
    """The files that were compared, as they were named."""

    old: str
    new: str


def render_snapshot_diff_json(diff: SnapshotDiff, sides: Sides) -> bytes:
    """The bytes: the same files give the same."""
    kinds = Counter(item.kind for item in diff.changes)
    return _encoded(
        {
            "schema": DIFF_SCHEMA,
            "compares": "snapshots",
            **asdict(sides),
            "notes": list(diff.notes),
            "counts": {
                **{kind.value: kinds[kind] for kind in ChangeKind},
                "uncompared": len(diff.uncompared),
                "compared": diff.compared,
                "leftOut": diff.left_out,
            },
            "changes": [
                {
                    "kind": item.kind.value,
                    "resource": item.resource,
                    "type": item.type,
                    "path": item.path,
                    "old": item.old,
                    "new": item.new,
                    "below": item.below,
                }
                for item in diff.changes
            ],
            "uncompared": [{"resource": item.resource, "path": item.path, "reason": item.reason} for item in diff.uncompared],
        }
    )


def render_result_diff_json(diff: ResultDiff, sides: Sides) -> bytes:
    """As `render_snapshot_diff_json`, of two results."""
    kinds = Counter(item.kind for item in diff.changes)
    return _encoded(
        {
            "schema": DIFF_SCHEMA,
            "compares": "results",
            **asdict(sides),
            "notes": list(diff.notes),
            "counts": {**{kind.value: kinds[kind] for kind in VerdictChangeKind}, "added": diff.added},
            "unchanged": {verdict.value: diff.unchanged.get(verdict, 0) for verdict in Verdict},
            "changes": list(map(_verdict_change, diff.changes)),
        }
    )


def _verdict_change(change: VerdictChange) -> Json:
    return {
        "kind": change.kind.value,
        "rule": change.rule,
        "control": change.control,
        "title": change.title,
        "severity": change.severity.value,
        "resource": change.resource,
        "subject": change.subject,
        "old": change.old.value if change.old is not None else None,
        "new": change.new.value if change.new is not None else None,
        "reason": change.reason,
        "waived": change.waived,
    }


def _encoded(document: Json) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
