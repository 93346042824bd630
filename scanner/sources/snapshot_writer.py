"""Writes snapshot files: JSON Lines, readable by their owner alone, replaced as a whole or not at all, reproducible."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from scanner.model.coverage import Gap, Read
from scanner.model.errors import DriftlineError
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.snapshot import Snapshot

__all__ = ["SNAPSHOT_SCHEMA", "snapshot_file", "write_snapshot"]

Json = Any
SNAPSHOT_SCHEMA: Final = "driftline.snapshot/1"


def write_snapshot(path: Path, snapshots: Iterable[Snapshot], *, complete: Callable[[], bool] = lambda: True) -> None:
    """Write snapshots as one file (`.gz` by its name), each as it comes. Raises `DriftlineError` where that fails.

    `complete` is asked once all snapshots have come: only then does a source know whether it was interrupted.
    """
    with snapshot_file(path, complete=complete) as add:
        for snapshot in snapshots:
            add(snapshot)


@contextmanager
def snapshot_file(path: Path, *, complete: Callable[[], bool] = lambda: True) -> Iterator[Callable[[Snapshot], None]]:
    """What adds snapshots to a file, which is there once all have come and nothing failed; else as `write_snapshot`."""
    encode = msgspec.json.Encoder().encode
    header = _Header()
    with tempfile.TemporaryFile() as spool:

        def add(snapshot: Snapshot) -> None:
            header.add(snapshot)
            for resource in snapshot.resources:
                if not resource.inline:
                    _put(spool, encode(_line(resource, snapshot)) + b"\n", path)
                    header.resources += 1

        yield add
        spool.seek(0)
        _replace(path, encode(header.document(complete=complete())) + b"\n", spool)


class _Header:
    """The first line. `units` are the scopes that were read together, `resources` how many lines follow."""

    def __init__(self) -> None:
        self.resources = 0
        self._collected = ""
        self._units: list[list[str]] = []
        self._reads: list[Json] = []
        self._gaps: list[Json] = []

    def add(self, snapshot: Snapshot) -> None:
        self._collected = max(self._collected, snapshot.collected)
        self._units.append(list(snapshot.scopes))
        self._reads.extend(_told(item, snapshot) for item in snapshot.reads)
        self._gaps.extend(_told(item, snapshot) for item in snapshot.gaps)

    def document(self, *, complete: bool) -> Json:
        scopes = [scope for unit in self._units for scope in unit]
        return {
            "schema": SNAPSHOT_SCHEMA,
            "collected": self._collected,
            "scopes": scopes,
            "units": self._units,
            "resources": self.resources,
            "complete": complete,
            "reads": self._reads,
            "gaps": self._gaps,
        }


def _told(item: Read | Gap, snapshot: Snapshot) -> Json:
    return {**asdict(item), **_owner(item.scope, snapshot)}


def _line(resource: Resource, snapshot: Snapshot) -> Json:
    line: dict[str, Json] = {
        "via": resource.via,
        "api_version": resource.api_version,
        "context": resource.context,
        "body": resource.body,
    }
    if resource.body.get("id") != resource.id:
        line["id"] = resource.id
    return {**line, **_owner(resource.id, snapshot)}


def _owner(text: str, snapshot: Snapshot) -> dict[str, str]:
    """Whose a read or resource is, said where its id does not tell: what lies outside is context of the unit that read it."""
    key = normalise(text)
    if not snapshot.scopes or any(is_within(key, normalise(scope)) for scope in snapshot.scopes):
        return {}
    return {"for": snapshot.scopes[0]}


def _put(spool: IO[bytes], data: bytes, path: Path) -> None:
    try:
        spool.write(data)
    except OSError as error:
        raise DriftlineError(f"{path} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, head: bytes, rest: IO[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, head, rest, compressed=path.suffix == ".gz")
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise DriftlineError(f"{path} cannot be written: {error.strerror or error}") from error


def _write(file: IO[bytes], head: bytes, rest: IO[bytes], *, compressed: bool) -> None:
    if compressed:
        # No time stamp and no name inside, so that the same snapshot gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            _pour(packed, head, rest)
    else:
        _pour(file, head, rest)


def _pour(into: Any, head: bytes, rest: IO[bytes]) -> None:
    into.write(head)
    while chunk := rest.read(1 << 20):
        into.write(chunk)
