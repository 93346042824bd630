"""Snapshot files as a source, read one unit at a time; also plain exports (Resource Graph output, `az resource show` results,
lists of ARM bodies, PSRule's envelope), which declare complete reads of the types that occur in them and of no others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from scanner.model.coverage import EVERYTHING, OK, Gap, Read
from scanner.model.errors import SnapshotError
from scanner.model.read_plan import ReadPlan
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, normalise, parent_type
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.sources.door import Door, admit
from scanner.sources.exports import Export, read_export
from scanner.sources.reading import decode, open_plain, read_all
from scanner.sources.snapshot_writer import SNAPSHOT_SCHEMA, snapshot_file, write_snapshot

__all__ = ["SNAPSHOT_SCHEMA", "SnapshotFileSource", "snapshot_file", "write_snapshot"]

Json = Any
#: `/subscriptions/`, a guid and a slash.
_START: Final = len("/subscriptions/") + 37
#: Types that stand on other resources although some stand on a subscription or group: that some occur says nothing of the rest.
_EXTENSIONS: Final = ("microsoft.authorization/", "microsoft.consumption/", "microsoft.insights/diagnosticsettings")


class _Item(msgspec.Struct):
    """A read or gap of the header. `owner` names the unit that it belongs to, where its scope does not tell."""

    scope: str
    what: str
    via: str = ""
    api_version: str = ""
    outcome: str = OK
    reason: str = ""
    permission: str = ""
    owner: str = msgspec.field(name="for", default="")


class _Header(msgspec.Struct):
    schema: str
    collected: str = ""
    scopes: list[str] = []
    reads: list[_Item] = []
    gaps: list[_Item] = []
    units: list[list[str]] = []
    resources: int = 0
    complete: bool = True


class _Identity(msgspec.Struct):
    id: str = ""


class _Outline(msgspec.Struct):
    """What tells whose a line is."""

    body: _Identity
    id: str = ""
    owner: str = msgspec.field(name="for", default="")


_OUTLINE: Final = msgspec.json.Decoder(_Outline)
#: Stretches of a file are read whole, so none is longer than this.
_LONGEST: Final = 1 << 20


@dataclass(slots=True)
class _Stretch:
    """Lines that stand together: the number of the first, where it begins, how long all are."""

    number: int
    offset: int
    size: int


class SnapshotFileSource:
    """A snapshot file as a source. `assume_complete` declares that everything was read.

    Raises `DriftlineError` for a file that cannot be opened, `SnapshotError` for one that cannot be trusted.
    """

    kind = "snapshot"

    def __init__(self, path: Path, *, assume_complete: bool = False) -> None:
        self._path, self._assume_complete = path, assume_complete
        self.requests = RequestCounts()
        self._header = self._read_header()
        self._export = Export(()) if self._header is not None else read_export(read_all(path), path)
        self.complete = self._header is None or self._header.complete
        self.scopes = tuple(self._header.scopes) if self._header is not None else _scopes_of(self._export)

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """One snapshot per unit, in the order of the file. The plan is not asked: what is there is there."""
        with self.divided() as units:
            for unit in units:
                yield unit()

    @contextmanager
    def divided(self) -> Iterator[list[Callable[[], Snapshot]]]:
        """What reads each unit, in any order and process."""
        if self._header is None:
            yield [self._exported]
            return
        with open_plain(self._path) as file:
            units = _units(self._header)
            owners = _Owners(units)
            index = self._index(file, self._header, owners)
            reads, gaps = _divide(self._header.reads, owners), _divide(self._header.gaps, owners)
            if self._assume_complete:
                for at in owners.all:
                    reads.setdefault(at, []).insert(0, _Item(scope="/", what=EVERYTHING, via="file"))
            collected = self._header.collected

            def unit(at: int) -> Snapshot:
                door = Door()
                resources = [self._load(door, *line) for line in _read_lines(file, index.get(at, []))]
                return Snapshot(
                    scopes=units[at], resources=resources, reads=map(_read, reads.get(at, ())), gaps=map(_gap, gaps.get(at, ())),
                    collected=collected, spellings=door.spellings(),
                )  # fmt: skip

            yield [partial(unit, at) for at in range(len(units))]

    def _read_header(self) -> _Header | None:
        """The header, or None for a file that has none: an export."""
        with open_plain(self._path) as file:
            first = file.readline()
        if not first.lstrip().startswith(b"{") or b"driftline.snapshot/" not in first:
            return None
        try:
            header = msgspec.json.decode(first, type=_Header)  # at once: of a whole company it is large
            if header.schema == SNAPSHOT_SCHEMA:
                return header
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # the longer way finds the words
        data = decode(first, self._path, 1)
        schema = data.get("schema") if isinstance(data, dict) else None
        if not isinstance(schema, str) or not schema.startswith("driftline.snapshot/"):
            return None
        if schema != SNAPSHOT_SCHEMA:
            hint = f"This driftline reads {SNAPSHOT_SCHEMA}; collect again, or use the driftline that wrote the file."
            raise SnapshotError(self._path, 1, f"the schema {schema!r} is not known", hint=hint)
        try:
            return msgspec.convert(data, _Header)
        except msgspec.ValidationError as error:
            raise SnapshotError(self._path, 1, f"the header is not as {SNAPSHOT_SCHEMA} has it: {error}") from error

    def _index(self, file: IO[bytes], header: _Header, owners: _Owners) -> dict[int, list[_Stretch]]:
        """For each unit where its resources stand, so that no more than one unit is ever in memory."""
        index: dict[int, list[_Stretch]] = {}
        offset, count = len(file.readline()), 0
        for number, raw in enumerate(file, start=2):
            if not raw.isspace():
                for at in owners.of(*self._named(raw, number)):
                    _extend(index.setdefault(at, []), number, offset, len(raw))
                count += 1
            offset += len(raw)
        if count < header.resources:
            message = f"the file holds {count} of the {header.resources} resources that its header counts"
            raise SnapshotError(self._path, 1, message, hint="It was cut off: collect it again.")
        return index

    def _named(self, raw: bytes, number: int) -> tuple[str, str]:
        """A line's id and owner. Most lines are as they should be, and of those nothing else is decoded."""
        try:
            outline = _OUTLINE.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            line = self._line(raw, number)
            return _text(line["body"].get("id")) or _text(line.get("id")), _text(line.get("for"))
        return outline.body.id or outline.id, outline.owner

    def _line(self, raw: bytes, number: int) -> dict[str, Json]:
        line = decode(raw, self._path, number)
        if not isinstance(line, dict) or not isinstance(line.get("body"), dict):
            raise SnapshotError(self._path, number, "a line holds one resource with its body")
        return line

    def _load(self, door: Door, number: int, raw: bytes) -> Resource:
        line = self._line(raw, number)
        return door.admit(
            line["body"], via=_text(line.get("via")), api_version=_text(line.get("api_version")),
            context=line.get("context") is True, fallback_id=_text(line.get("id")) or f"/unidentified/line-{number}",
        )  # fmt: skip

    def _exported(self) -> Snapshot:
        resources = [
            admit(body, via="file", api_version=_text(body.get("apiVersion")), fallback_id=f"/unidentified/{place}")
            for place, body in self._export.bodies
        ]
        scopes = self.scopes or ("/",)
        if self._assume_complete:
            return Snapshot(scopes=scopes, resources=resources, reads=[Read(EVERYTHING, "/", via="file")])
        types = {resource.type for resource in resources if resource.type and not _is_extension(resource)}
        outcome = self._export.cut or OK
        reads = [Read(name, scope, via="file", outcome=outcome) for name in sorted(types) for scope in scopes]
        gaps = [Gap(scope, "everything", self._export.cut) for scope in scopes if self._export.cut]
        return Snapshot(scopes=scopes, resources=resources, reads=reads, gaps=gaps)


def _extend(stretches: list[_Stretch], number: int, offset: int, size: int) -> None:
    """Add a line to the last stretch where it follows, else begin another."""
    last = stretches[-1] if stretches else None
    if last is not None and last.offset + last.size == offset and last.size < _LONGEST:
        last.size += size
    else:
        stretches.append(_Stretch(number, offset, size))


def _read_lines(file: IO[bytes], stretches: list[_Stretch]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers. Where the system can, without moving the position, which processes share."""
    for stretch in stretches:
        if hasattr(os, "pread"):
            raw = os.pread(file.fileno(), stretch.size, stretch.offset)
        else:
            file.seek(stretch.offset)
            raw = file.read(stretch.size)
        yield from enumerate(raw.rstrip(b"\n").split(b"\n"), start=stretch.number)


def _divide(items: list[_Item], owners: _Owners) -> dict[int, list[_Item]]:
    """Reads or gaps by the units that they belong to."""
    found: dict[int, list[_Item]] = {}
    for item in items:
        for at in owners.of(item.scope, item.owner):
            found.setdefault(at, []).append(item)
    return found


def _read(item: _Item) -> Read:
    return Read(item.what, item.scope, item.via, item.api_version, item.outcome)


def _gap(item: _Item) -> Gap:
    return Gap(item.scope, item.what, item.reason, item.permission)


def _units(header: _Header) -> list[tuple[str, ...]]:
    """What was read together: as the header says, else all scopes of one subscription."""
    if header.units:
        return [tuple(unit) for unit in header.units]
    together: dict[str, list[str]] = {}
    for scope in header.scopes:
        together.setdefault(ResourceId.parse(scope).subscription, []).append(scope)
    return [tuple(unit) for unit in together.values()] or ([("/",)] if header.resources or header.complete else [])


class _Owners:
    """Which units an id or scope belongs to: the one named, else those it lies in, whose subscription it shares, else all."""

    def __init__(self, units: list[tuple[str, ...]]) -> None:
        self.all = tuple(range(len(units)))
        self._by_scope: dict[str, tuple[int, ...]] = {}
        self._by_subscription: dict[str, tuple[int, ...]] = {}
        #: What ids of a subscription begin with, as spelled; only while no unit is less than a subscription.
        self._by_start: dict[str, tuple[int, ...]] | None = {}
        for at, unit in enumerate(units):
            for scope in map(ResourceId.parse, unit):
                if scope.type != "Microsoft.Resources/subscriptions":
                    self._by_start = None
                _join(self._by_scope, scope.key, at)
                _join(self._by_subscription, scope.subscription, at)

    def of(self, text: str, named: str) -> tuple[int, ...]:
        """Positions of units; `named` is what a line or read says itself."""
        if named and (owner := self._by_scope.get(normalise(named))):
            return owner[:1]
        start = text[:_START]
        if self._by_start is not None and start.startswith("/subscriptions/") and start[-1] == "/" and start.count("/") == 3:
            if start not in self._by_start:
                self._by_start[start] = self._search(start)
            return self._by_start[start]
        return self._search(text)

    def _search(self, text: str) -> tuple[int, ...]:
        at = key = normalise(text)
        while at and text:
            if at in self._by_scope:
                return self._by_scope[at]
            at = at.rpartition("/")[0]
        subscription = key.split("/")[2] if key.startswith("/subscriptions/") else ""
        return self._by_subscription.get(subscription, self.all) if subscription else self._by_scope.get("/", self.all)


def _join(table: dict[str, tuple[int, ...]], key: str, at: int) -> None:
    if at not in (known := table.get(key, ())):
        table[key] = (*known, at)


def _scopes_of(export: Export) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for _, body in export.bodies:
        parsed = ResourceId.parse(_text(body.get("id")))
        if parsed.subscription:
            found.setdefault(parsed.subscription, f"/subscriptions/{parsed.subscription}")
    return tuple(found[key] for key in sorted(found))


def _is_extension(resource: Resource) -> bool:
    scope = ResourceId.parse(resource.id).scope
    return resource.type_key.startswith(_EXTENSIONS) or ("/providers/" in scope.lower() and not parent_type(resource.type))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
