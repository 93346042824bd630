"""diff.json, the contract `driftline.diff/1`: every difference and everything that could not be compared, in fixed order."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec

from scanner.diff.change import ChangeKind, SnapshotDiff

__all__ = ["DIFF_SCHEMA", "Sides", "encoded", "render_snapshot_diff_json"]

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
    return encoded(
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


def encoded(document: Json) -> bytes:
    """A document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
