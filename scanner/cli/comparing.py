"""Which kind of file was handed in for a comparison, told by what stands in it and never by its name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from scanner.model.errors import DriftlineError
from scanner.model.result import RESULT_SCHEMA
from scanner.model.source import Source
from scanner.sources.reading import open_plain, read_all
from scanner.sources.snapshot_file import SnapshotFileSource

__all__ = ["FileKind", "hold_alike", "open_side"]


class FileKind(StrEnum):
    """What a file is."""

    SNAPSHOT = "snapshot"
    TEMPLATE = "template"
    RESULT = "result"


class _Document(msgspec.Struct):
    """The members that say what a JSON document is."""

    schema: str | None = None
    dollar: str | None = msgspec.field(name="$schema", default=None)


def hold_alike(old: Path, new: Path) -> FileKind:
    """The kind of NEW, where both can be compared: two results, or what a snapshot can be held against."""
    kinds = [_kind(path) for path in (old, new)]
    for path, kind in zip((old, new), kinds, strict=True):
        if kind is FileKind.TEMPLATE:
            hint = "Compare two snapshots: driftline collect --subscription ID --output FILE."
            raise DriftlineError(f"{path} is a template, which cannot be compared", hint=hint)
    if FileKind.RESULT in kinds and kinds[0] is not kinds[1]:
        raise DriftlineError(
            f"{old} is a {kinds[0]} and {new} is a {kinds[1]}: they cannot be compared",
            hint="Give two snapshots, as driftline collect writes them, or two results, as driftline scan --format json does.",
        )
    return kinds[1]


def open_side(path: Path) -> Source:
    """One side of a comparison of what is there."""
    return SnapshotFileSource(path)


def _kind(path: Path) -> FileKind:
    with open_plain(path) as file:
        if b"driftline.snapshot/" in file.readline(1 << 16):
            return FileKind.SNAPSHOT
    try:
        document = msgspec.json.decode(read_all(path), type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return FileKind.SNAPSHOT  # a plain export, or what its reader finds the words for
    schema = document.schema or ""
    if schema.startswith("driftline.result/"):
        if schema != RESULT_SCHEMA:
            hint = f"This driftline reads {RESULT_SCHEMA}: scan again, or use the driftline that wrote the file."
            raise DriftlineError(f"{path} has the schema {schema!r}, which is not known", hint=hint)
        return FileKind.RESULT
    if schema.startswith("driftline.diff/"):
        raise DriftlineError(f"{path} is itself a comparison", hint="Give the two files that it was made of.")
    return FileKind.TEMPLATE if "deploymenttemplate.json" in (document.dollar or "").lower() else FileKind.SNAPSHOT
