"""Words that the text formats of a comparison share: a property's two values in one line, resources by name and group."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from scanner.diff.change import Change, ChangeKind, SnapshotDiff, Uncompared
from scanner.model.resource_id import ResourceId
from scanner.report.words import is_id, plain_value, short_id

__all__ = ["SIGNS", "by_reason", "by_resource", "count", "headline", "resource_words", "value_parts"]

Json = Any
SIGNS: Final = {ChangeKind.CHANGED: "~", ChangeKind.REMOVED: "-", ChangeKind.ADDED: "+"}


def count(number: int, word: str) -> str:
    """`1 property`, `2 properties`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def headline(diff: SnapshotDiff) -> str:
    """How much differs, in one line."""
    kinds = Counter((not item.path, item.kind) for item in diff.changes)
    parts = [
        f"{count(kinds[whole, kind], 'resource' if whole else 'property')} {kind}"
        for whole in (False, True)
        for kind in ChangeKind
        if kinds[whole, kind]
    ]
    return ", ".join(parts) or "No difference"


def by_resource(changes: Iterable[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Changes in their order, those of one resource together."""
    for key, group in groupby(changes, key=lambda item: item.resource):
        yield key, list(group)


def by_reason(uncompared: Iterable[Uncompared]) -> list[tuple[str, list[Uncompared]]]:
    """What could not be compared by its reason, the most frequent first."""
    found: dict[str, list[Uncompared]] = {}
    for item in uncompared:
        found.setdefault(item.reason, []).append(item)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


def resource_words(resource_id: str) -> tuple[str, str]:
    """A resource as a person knows it, with what it stands on, and its group, empty where it is in none."""
    parsed = ResourceId.parse(resource_id)
    in_group = parsed.resource_group if "/providers/" in parsed.key else ""
    extended = f" on {short_id(parsed.scope)}" if "/providers/" in parsed.scope.lower() else ""
    return f"{short_id(resource_id)}{extended}", in_group


def value_parts(change: Change) -> list[tuple[str, str]]:
    """The values of a property, each with the word before it. Of two lists of plain values only what differs is named."""
    old, new = change.old, change.new
    if _is_plain_list(old) and _is_plain_list(new):
        gone, came = _less(old, new), _less(new, old)
        if gone or came:
            parts = [("without", gone), ("with", came)]
            return [(word, ", ".join(map(_value, items))) for word, items in parts if items]
    shown = {ChangeKind.CHANGED: [("", old), ("->", new)], ChangeKind.REMOVED: [("", old)], ChangeKind.ADDED: [("", new)]}
    return [(word, _value(value)) for word, value in shown[change.kind]]


def _value(value: Json) -> str:
    return '""' if value == "" else plain_value(_shortened(value))


def _shortened(value: Json) -> Json:
    """An object or list in which ids are as a person knows them, so that more of it fits a line."""
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return short_id(value) if isinstance(value, str) and is_id(value) else value


def _is_plain_list(value: Json) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _less(items: list[Json], others: list[Json]) -> list[Json]:
    known = {json.dumps(item) for item in others}
    return [item for item in items if json.dumps(item) not in known]
