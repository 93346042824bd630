"""Which kind of file was handed in for a comparison, told by what stands in it and never by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from scanner.model.errors import DriftlineError
from scanner.model.resource_id import ResourceId
from scanner.model.result import RESULT_SCHEMA
from scanner.model.source import Source
from scanner.sources.reading import open_plain, read_all
from scanner.sources.snapshot_file import SnapshotFileSource

__all__ = ["Deployment", "FileKind", "hold_alike", "open_sides"]

#: Where a template says what it is, comments before it included.
_HEAD: Final = 1 << 14


class FileKind(StrEnum):
    """What a file is."""

    SNAPSHOT = "snapshot"
    TEMPLATE = "template"
    RESULT = "result"


class _Document(msgspec.Struct):
    """The members that say what a JSON document is."""

    schema: str | None = None
    dollar: str | None = msgspec.field(name="$schema", default=None)


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a template was deployed: its parameters and its place. What is not said is that of the snapshot."""

    parameters: Path | None = None
    subscription: str = ""
    resource_group: str = ""
    location: str = ""


def hold_alike(old: Path, new: Path) -> FileKind:
    """The kind of OLD, where NEW can be held against it: two results, two snapshots, or a template and a snapshot."""
    before, after = _kind(old), _kind(new)
    if after is FileKind.TEMPLATE:
        raise DriftlineError(f"{new} is a template, and stands second", hint="Name it first: driftline diff TEMPLATE SNAPSHOT.")
    if (before is FileKind.RESULT) is not (after is FileKind.RESULT):
        raise DriftlineError(
            f"{old} is a {before} and {new} is a {after}: they cannot be compared",
            hint="Give two snapshots, as driftline collect writes them, or two results, as driftline scan --format json does.",
        )
    return before


def open_sides(old: Path, new: Path, kind: FileKind, deployment: Deployment) -> tuple[Source, Source]:
    """Both sides of a comparison of what is there."""
    there = SnapshotFileSource(new)
    if kind is not FileKind.TEMPLATE:
        if deployment != Deployment():
            raise DriftlineError(f"{old} is no template: nothing is to be said of its deployment")
        return SnapshotFileSource(old), there
    return _template(old, there.scopes, deployment), there


def _template(path: Path, scopes: Sequence[str], given: Deployment) -> Source:
    """A template deployed to where it is told, or to the one place that the snapshot is of."""
    from datetime import UTC, datetime

    from scanner.sources.template import TemplateOptions, TemplateSource

    places = [ResourceId.parse(scope) for scope in scopes]
    subscriptions = {place.subscription for place in places if place.subscription}
    groups = {place.resource_group.lower(): place.resource_group for place in places}
    subscription = given.subscription or (next(iter(subscriptions)) if len(subscriptions) == 1 else "")
    group = given.resource_group or (next(iter(groups.values())) if len(groups) == 1 else "")
    if not subscription or (not group and _goes_into_a_group(path)):
        missing = "--resource-group NAME" if subscription else "--subscription ID"
        raise DriftlineError(f"it is not known where {path} was deployed to", hint=f"Say it with {missing}.")
    options = TemplateOptions(path, given.parameters, subscription, group, location=given.location)
    return TemplateSource(options, datetime.now(UTC))


def _goes_into_a_group(path: Path) -> bool:
    if path.suffix == ".bicep":
        return b"targetScope" not in read_all(path)
    return b"/deploymenttemplate.json" in read_all(path)[:_HEAD].lower()


def _kind(path: Path) -> FileKind:
    if path.suffix == ".bicep":
        return FileKind.TEMPLATE
    with open_plain(path) as file:
        if b"driftline.snapshot/" in file.readline(1 << 16):
            return FileKind.SNAPSHOT
    try:
        document = msgspec.json.decode(read_all(path), type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # A template may hold comments; else it is a plain export, or what its reader finds the words for.
        return FileKind.TEMPLATE if b"deploymenttemplate.json" in read_all(path)[:_HEAD].lower() else FileKind.SNAPSHOT
    schema = document.schema or ""
    if schema.startswith("driftline.result/"):
        if schema != RESULT_SCHEMA:
            hint = f"This driftline reads {RESULT_SCHEMA}: scan again, or use the driftline that wrote the file."
            raise DriftlineError(f"{path} has the schema {schema!r}, which is not known", hint=hint)
        return FileKind.RESULT
    if schema.startswith("driftline.diff/"):
        raise DriftlineError(f"{path} is itself a comparison", hint="Give the two files that it was made of.")
    return FileKind.TEMPLATE if "deploymenttemplate.json" in (document.dollar or "").lower() else FileKind.SNAPSHOT
