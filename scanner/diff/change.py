"""What a comparison of two snapshots found: differences, and what could not be compared. Rendering is the outlets' work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Change", "ChangeKind", "SnapshotDiff", "Uncompared"]

Json = Any


class ChangeKind(StrEnum):
    """What became of a property, or of a resource as a whole (then the path is empty)."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` and `new` are null where there is nothing; `below` counts the resources that came or went with
    the one named here.
    """

    kind: ChangeKind
    resource: str
    type: str
    path: str = ""
    old: Json = None
    new: Json = None
    below: int = 0

    @property
    def order(self) -> tuple[str, str, str]:
        """By resource, then property."""
        return self.resource.lower(), self.path.lower(), self.path


@dataclass(frozen=True, slots=True, order=True)
class Uncompared:
    """A resource, a property of one, or a type at a scope that may differ or not: it is not known on one side."""

    resource: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """All differences in their final order. `compared` counts the resources that both hold, `left_out` the members that differ
    and are Azure's own.
    """

    changes: tuple[Change, ...] = ()
    uncompared: tuple[Uncompared, ...] = ()
    compared: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = ()
