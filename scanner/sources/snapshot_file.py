"""Snapshot files: JSON Lines with what was read and not, written privately and atomically, read one subscription at a time.

Also plain exports (Resource Graph output, `az resource show` results, lists of ARM bodies, PSRule's envelope): they declare
complete reads of the types that occur in them and of no others.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.errors import DriftlineError, SnapshotError
from scanner.model.read_plan import ReadPlan
from scanner.model.resource import Resource, make_resource
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.sources.exports import bodies_of
from scanner.sources.redact import redact

__all__ = ["SNAPSHOT_SCHEMA", "SnapshotFileSource", "write_snapshot"]

Json = Any
SNAPSHOT_SCHEMA: Final = "driftline.snapshot/1"


class SnapshotFileSource:
    """A snapshot file as a source. `assume_complete` declares that everything was read."""

    kind = "snapshot"

    def __init__(self, path: Path, *, assume_complete: bool = False) -> None:
        self._path, self._assume_complete = path, assume_complete
        self.complete = True
        self.requests = RequestCounts()
        self.scopes: tuple[str, ...] = ()
        self._open()

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """One snapshot per subscription, in the order of the file. The plan is not asked: what is there is there."""
        if self._header is None:
            yield from self._plain_snapshots()
            return
        units = list(_units(self.scopes))
        with _plain_file(self._path) as file:
            index = self._index(file, units)
            for at, scopes in enumerate(units):
                keys = [normalise(scope) for scope in scopes]
                yield Snapshot(
                    scopes=scopes, resources=[self._load(file, *place) for place in index[at]],
                    reads=[item for item in self._reads if _touches(item.scope, keys)],
                    gaps=[item for item in self._gaps if _touches(item.scope, keys)],
                    collected=str(self._header.get("collected", "")),
                )  # fmt: skip

    def _open(self) -> None:
        with _reading(self._path) as file:
            first = file.readline()
        header = _decode(first, self._path, 1) if first.lstrip()[:1] == b"{" and b'"schema"' in first else None
        if isinstance(header, dict) and "schema" in header:
            if header["schema"] != SNAPSHOT_SCHEMA:
                raise SnapshotError(
                    self._path,
                    1,
                    f"the schema {header['schema']!r} is not known",
                    hint=f"This driftline reads {SNAPSHOT_SCHEMA}; collect again, or use the driftline that wrote the file.",
                )
            self._header: dict[str, Json] | None = header
            self.scopes = tuple(str(scope) for scope in header.get("scopes", []))
            self.complete = bool(header.get("complete", True))
            self._reads = [_shaped(Read, item, self._path) for item in header.get("reads", [])]
            self._gaps = [_shaped(Gap, item, self._path) for item in header.get("gaps", [])]
            if self._assume_complete:
                self._reads.append(Read(EVERYTHING, "/"))
        else:
            self._header = None
            self._bodies = bodies_of(_read_all(self._path), self._path)
            self.scopes = _scopes_of(self._bodies)

    def _index(self, file: IO[bytes], units: list[tuple[str, ...]]) -> list[list[tuple[int, int]]]:
        """For each unit the line numbers and offsets of its resources, so that no more than one unit is ever in memory.

        A context line belongs to the unit named by its `for`, to every unit where it names none.
        """
        keys = [[normalise(scope) for scope in scopes] for scopes in units]
        index: list[list[tuple[int, int]]] = [[] for _ in units]
        offset = len(file.readline())
        for number, raw in enumerate(file, start=2):
            if raw.strip():
                line = _decode(raw, self._path, number)
                if not isinstance(line, dict) or not isinstance(line.get("body"), dict):
                    raise SnapshotError(self._path, number, "a line holds one resource with its body")
                belongs = line.get("for") if line.get("context") else line["body"].get("id")
                everywhere = not isinstance(belongs, str) or not belongs or not _in_any(belongs, self.scopes)
                for at, unit in enumerate(keys):
                    if everywhere or _touches(str(belongs), unit):
                        index[at].append((number, offset))
            offset += len(raw)
        return index

    def _load(self, file: IO[bytes], number: int, offset: int) -> Resource:
        file.seek(offset)
        return _resource_of(_decode(file.readline(), self._path, number), number, self._path)

    def _plain_snapshots(self) -> Iterator[Snapshot]:
        resources = [
            make_resource(redact(body), via="file", api_version=_stated_version(body), fallback_id=f"/unidentified/{place}")
            for place, body in self._bodies
        ]
        scopes = self.scopes or ("/",)
        if self._assume_complete:
            reads = [Read(EVERYTHING, "/", via="file")]
        else:
            types = {resource.type for resource in resources if resource.type and not _is_extension(resource)}
            reads = [Read(name, scope, via="file") for name in sorted(types) for scope in scopes]
        yield Snapshot(scopes=scopes, resources=resources, reads=reads)


def write_snapshot(path: Path, snapshots: Iterable[Snapshot], *, complete: Callable[[], bool] = lambda: True) -> None:
    """Write snapshots as one file (`.gz` by its name): readable by its owner alone, replaced as a whole or not at all.

    `complete` is asked once all snapshots have come: only then does a source know whether it was interrupted.
    """
    encode = msgspec.json.Encoder().encode
    header: dict[str, Json] = {
        "schema": SNAPSHOT_SCHEMA,
        "collected": "",
        "scopes": [],
        "reads": [],
        "gaps": [],
        "complete": complete,
    }
    with tempfile.TemporaryFile() as spool:
        for snapshot in snapshots:
            header["collected"] = max(header["collected"], snapshot.collected)
            header["scopes"].extend(snapshot.scopes)
            header["reads"].extend(asdict(item) for item in snapshot.reads)
            header["gaps"].extend(asdict(item) for item in snapshot.gaps)
            for resource in snapshot.resources:
                if not resource.inline:
                    spool.write(encode(_line_of(resource, snapshot)) + b"\n")
        header["complete"] = complete()
        spool.seek(0)
        _replace(path, encode(header) + b"\n", spool)


def _replace(path: Path, head: bytes, rest: IO[bytes]) -> None:
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise DriftlineError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as raw:
            # No time stamp and no name inside, so that the same snapshot gives the same bytes.
            file: IO[bytes] = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw  # type: ignore[assignment]  # a GzipFile writes bytes
            file.write(head)
            while chunk := rest.read(1 << 20):
                file.write(chunk)
            if file is not raw:
                file.close()
        Path(temporary).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        raise DriftlineError(f"{path} cannot be written: {error.strerror}") from error


def _line_of(resource: Resource, snapshot: Snapshot) -> dict[str, Json]:
    line: dict[str, Json] = {
        "via": resource.via,
        "api_version": resource.api_version,
        "context": resource.context,
        "body": resource.body,
    }
    if resource.context:
        line["for"] = snapshot.scopes[0] if snapshot.scopes else "/"
    return line


def _resource_of(line: dict[str, Json], number: int, path: Path) -> Resource:
    via, version = line.get("via", ""), line.get("api_version", "")
    return make_resource(
        redact(line["body"]),
        via=via if isinstance(via, str) else "",
        api_version=version if isinstance(version, str) else "",
        context=bool(line.get("context")),
        fallback_id=f"/unidentified/{path.name}-{number}",
    )


def _units(scopes: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Scopes of one subscription are scanned together."""
    units: dict[str, list[str]] = {}
    for scope in scopes:
        units.setdefault(ResourceId.parse(scope).subscription, []).append(scope)
    yield from (tuple(unit) for unit in units.values())


def _touches(scope: str, keys: list[str]) -> bool:
    key = normalise(scope)
    return any(is_within(key, unit) or is_within(unit, key) or _same_subscription(key, unit) for unit in keys)


def _same_subscription(key: str, unit: str) -> bool:
    return key.split("/")[1:3] == unit.split("/")[1:3]


def _in_any(text: str, scopes: tuple[str, ...]) -> bool:
    return any(_same_subscription(normalise(text), normalise(scope)) for scope in scopes)


def _reading(path: Path) -> IO[bytes]:
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # both read bytes
    except OSError as error:
        raise DriftlineError(f"{path} cannot be read: {error.strerror}") from error


def _plain_file(path: Path) -> IO[bytes]:
    """The file itself, or a private copy of what a compressed one holds, to seek in."""
    file = _reading(path)
    if path.suffix != ".gz":
        return file
    spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    with file:
        try:
            shutil.copyfileobj(file, spool)
        except (OSError, EOFError) as error:
            spool.close()
            raise SnapshotError(path, 0, f"the file is damaged: {error}", hint="Collect it again.") from error
    spool.seek(0)
    return spool


def _read_all(path: Path) -> bytes:
    with _reading(path) as file:
        try:
            return file.read()
        except (OSError, EOFError) as error:
            raise SnapshotError(path, 0, f"the file is damaged: {error}") from error


def _decode(raw: bytes, path: Path, number: int) -> Json:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "The file may be cut off: collect it again."
        raise SnapshotError(path, number, f"the line is not JSON: {error}", hint=hint) from error


def _shaped(shape: type[Any], item: Json, path: Path) -> Any:
    try:
        return msgspec.convert(item, shape)
    except msgspec.ValidationError as error:
        raise SnapshotError(path, 1, f"the header's reads and gaps: {error}") from error


def _scopes_of(bodies: list[tuple[str, dict[str, Json]]]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for _, body in bodies:
        parts = [part for part in str(body.get("id") or "").split("/") if part]
        if len(parts) > 1 and parts[0].lower() == "subscriptions":
            found.setdefault(parts[1].lower(), f"/subscriptions/{parts[1]}")
    return tuple(found[key] for key in sorted(found))


def _is_extension(resource: Resource) -> bool:
    """Extension resources stand on another resource: that some occur says nothing of the rest."""
    scope = ResourceId.parse(resource.id).scope
    return "/providers/" in scope.lower() and not parent_type(resource.type)


def _stated_version(body: dict[str, Json]) -> str:
    stated = body.get("apiVersion")
    return stated if isinstance(stated, str) else ""
