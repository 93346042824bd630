"""Plain exports of other tools as ARM bodies: lists, Resource Graph answers, PSRule's envelope, JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scanner.model.errors import SnapshotError
from scanner.sources.reading import decode

__all__ = ["Export", "read_export"]

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
    "ManagedBy": "managedBy",
    "Plan": "plan",
    "Tags": "tags",
    "Sku": "sku",
    "Identity": "identity",
    "Properties": "properties",
    "Zones": "zones",
}
#: What a list says when it is one page of several (az graph query, Resource Graph, ARM), unless it is empty.
_MORE: Final = ("nextLink", "skip_token", "skipToken", "$skipToken")


@dataclass(frozen=True, slots=True)
class Export:
    """Every ARM body of a file with its place in it (`element-3`, `line-7`), and why there may be more, or empty."""

    bodies: tuple[tuple[str, dict[str, Json]], ...]
    cut: str = ""


def read_export(raw: bytes, path: Path) -> Export:
    """The bodies of a file. Raises `SnapshotError` for what is no JSON, or JSON without resources."""
    if not raw.strip():
        raise SnapshotError(path, 0, "the file is empty: there is no resource in it")
    data = _lines(raw, path) if _is_lines(raw) else decode(raw, path, 1)
    found = [(place, body) for place, item in _items(data) for place, body in _flat(place, item)]
    if not found:
        raise SnapshotError(path, 0, "there is no resource in the file")
    for place, body in found:
        if not isinstance(body, dict):
            raise SnapshotError(path, 0, f"{place} is no resource: an object with an id is due")
    if not any(body.get("id") or body.get("type") for _, body in found):
        raise SnapshotError(path, 0, "there is no resource in the file: nothing in it has an id or a type")
    return Export(tuple(found), _cut(data))


class _Lines(list[Json]):
    """JSON Lines: pairs of line number and value."""


def _is_lines(raw: bytes) -> bool:
    """Whether the first line is an object of its own and more follow."""
    first, _, rest = raw.lstrip().partition(b"\n")
    return first.rstrip().startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _lines(raw: bytes, path: Path) -> _Lines:
    return _Lines((number, decode(line, path, number)) for number, line in enumerate(raw.split(b"\n"), start=1) if line.strip())


def _items(data: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(data, _Lines):
        yield from ((f"line-{number}", item) for number, item in data)
        return
    if isinstance(data, dict):
        if isinstance(data.get("data"), dict) and _is_table(data["data"]):
            yield from _rows(data["data"])
            return
        data = next((data[member] for member in ("value", "data") if isinstance(data.get(member), list)), data)
    if isinstance(data, list):
        yield from ((f"element-{at}", item) for at, item in enumerate(data))
    else:
        yield "element-0", data


def _is_table(table: dict[str, Json]) -> bool:
    return isinstance(table.get("columns"), list) and isinstance(table.get("rows"), list)


def _rows(table: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    names = [column.get("name") if isinstance(column, dict) else None for column in table["columns"]]
    for at, row in enumerate(table["rows"]):
        pairs = zip(names, row, strict=False) if isinstance(row, list) else ()
        yield f"row-{at}", {name: value for name, value in pairs if isinstance(name, str)}


def _flat(place: str, body: Json) -> Iterator[tuple[str, Json]]:
    """A body out of PSRule's envelope, which nests the resources that belong to one."""
    if not isinstance(body, dict) or "ResourceId" not in body or "id" in body:
        yield place, body
        return
    nested = body.get("resources")
    yield place, {_ENVELOPE.get(key, key): value for key, value in body.items() if key != "resources"}
    for at, inner in enumerate(nested if isinstance(nested, list) else ()):
        yield from _flat(f"{place}-{at}", inner)


def _cut(data: Json) -> str:
    """Why an answer does not hold everything that was asked for, in words; empty where it does or is no answer."""
    if not isinstance(data, dict) or not any(member in data for member in ("value", "data")):
        return ""
    more = next((member for member in _MORE if data.get(member)), "")
    if more:
        return f"the export is one page of several: it has a {more}"
    if str(data.get("resultTruncated", "")).lower() == "true":
        return "the export was cut off: resultTruncated is true"
    total, count = (data.get(name) for name in ("totalRecords", "count"))
    total = data.get("total_records", total)
    if isinstance(total, int) and isinstance(count, int) and total > count:
        return f"the export holds {count} of {total} rows"
    return ""
