"""Plain exports of other tools as ARM bodies: lists, Resource Graph answers, PSRule's envelope, JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from scanner.model.errors import SnapshotError

__all__ = ["bodies_of"]

Json = Any
_ENVELOPE: Final = {
    "ResourceId": "id",
    "Id": "id",
    "ResourceName": "name",
    "Name": "name",
    "ResourceType": "type",
    "Type": "type",
    "Location": "location",
    "Kind": "kind",
    "Tags": "tags",
    "Sku": "sku",
    "Identity": "identity",
    "Properties": "properties",
    "Zones": "zones",
}


def bodies_of(raw: bytes, path: Path) -> list[tuple[str, dict[str, Json]]]:
    """Every ARM body of a file with its place in it. Raises `SnapshotError` for what is no JSON, or JSON without bodies."""
    found = [(place, _unwrap(item)) for place, item in _items(raw, path)]
    if not found:
        raise SnapshotError(path, 0, "there is no resource in the file")
    for place, body in found:
        if not isinstance(body, dict):
            raise SnapshotError(path, 0, f"{place} is no resource: an object with an id is due")
    return found


def _items(raw: bytes, path: Path) -> Iterator[tuple[str, Json]]:
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield from _lines(raw, path)
        return
    yield from _of(data)


def _lines(raw: bytes, path: Path) -> Iterator[tuple[str, Json]]:
    for number, line in enumerate(raw.splitlines(), start=1):
        if line.strip():
            try:
                yield f"line-{number}", msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise SnapshotError(path, number, f"is not JSON: {error}") from error


def _of(data: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(data, dict):
        table = data.get("data")
        if isinstance(table, dict) and isinstance(table.get("columns"), list) and isinstance(table.get("rows"), list):
            names = [column.get("name") if isinstance(column, dict) else None for column in table["columns"]]
            for at, row in enumerate(table["rows"]):
                pairs = zip(names, row, strict=False) if isinstance(row, list) else []
                yield f"row-{at}", {name: value for name, value in pairs if name}
            return
        for member in ("value", "data"):
            if isinstance(data.get(member), list):
                data = data[member]
                break
    if isinstance(data, list):
        yield from ((f"element-{at}", item) for at, item in enumerate(data))
    else:
        yield "element-0", data


def _unwrap(body: Json) -> Json:
    if isinstance(body, dict) and "ResourceId" in body and "id" not in body:
        return {_ENVELOPE.get(key, key): value for key, value in body.items()}
    return body
