"""Small snapshots to compare."""

from __future__ import annotations

from typing import Any

from scanner.diff.change import SnapshotDiff
from scanner.diff.snapshots import Terms, compare_snapshots
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.snapshot import Snapshot
from scanner.rules.loader import shipped_defaults
from scanner.sources.door import admit

Json = Any
SUB = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
GROUP = f"{SUB}/resourceGroups/rg-chat"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stchat"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-chat"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-chat"
ALL = (Read(EVERYTHING, "/"),)


def snapshot(*bodies: Json, reads: tuple[Read, ...] = ALL, gaps: tuple[Gap, ...] = (), scope: str = SUB) -> Snapshot:
    """Bodies as they come through the door."""
    return Snapshot(scopes=[scope], resources=[admit(body, via="get") for body in bodies], reads=reads, gaps=gaps)


def compared(old: Snapshot, new: Snapshot, **terms: bool) -> SnapshotDiff:
    """The two compared by the shipped defaults."""
    return compare_snapshots([old], [new], shipped_defaults(), Terms(**terms))


def bodies(old: Json, new: Json, resource_id: str = STORAGE, **terms: bool) -> SnapshotDiff:
    """Two bodies of one resource compared."""
    return compared(snapshot({"id": resource_id, **old}), snapshot({"id": resource_id, **new}), **terms)


def lines(diff: SnapshotDiff) -> list[tuple[str, str, Json, Json]]:
    """Kind, property and both values of every difference."""
    return [(item.kind.value, item.path, item.old, item.new) for item in diff.changes]
