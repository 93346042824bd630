"""Lists without regard to order: plain values as sets, objects by what names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from scanner.diff.scalars import is_hidden, is_id_text
from scanner.model.resource_id import normalise

__all__ = ["keyed", "plain_changes"]

Json = Any
#: Elements by what names them, each with the name as spelled.
_Table = dict[tuple[str, ...], tuple[tuple[str, ...], Any]]
#: Members that name an element among its like, tried in this order; of several all together name it.
_KEYS: Final = (
    ("name",),
    ("name", "source"),
    ("id",),
    ("category", "categorygroup"),
    ("objectid", "applicationid"),
    ("key",),
    ("value",),
)


def plain_changes(old: list[Json], new: list[Json], form: Callable[[Json], Json], *, ordered: bool) -> bool | None:
    """Whether two lists of plain values differ; None where that hangs on values that are not known."""
    if ordered and not any(map(is_hidden, (*old, *new))):
        return list(map(form, old)) != list(map(form, new))
    hidden_old, hidden_new = sum(map(is_hidden, old)), sum(map(is_hidden, new))
    before, after = ({form(item) for item in side if not is_hidden(item)} for side in (old, new))
    if not hidden_old and not hidden_new:
        return before != after
    if len(old) != len(new) or len(before - after) > hidden_new or len(after - before) > hidden_old:
        return True
    return None


def keyed(old: list[Json], new: list[Json]) -> list[tuple[str, Json, Json]] | None:
    """Elements of two lists in pairs by what names them, each with a label; None where nothing names them all."""
    for names in _KEYS:
        before, after = _table(old, names), _table(new, names)
        if before is not None and after is not None:
            spelled = {**{key: words for key, (words, _) in after.items()}, **{key: words for key, (words, _) in before.items()}}
            keys = [*before, *(key for key in after if key not in before)]
            labels = _labels([spelled[key] for key in keys])
            return [(label, _element(before, key), _element(after, key)) for label, key in zip(labels, keys, strict=True)]
    return None


def _element(table: _Table, key: tuple[str, ...]) -> Json:
    return table[key][1] if key in table else None


def _table(items: list[Json], names: tuple[str, ...]) -> _Table | None:
    found: _Table = {}
    for item in items:
        words = tuple(_words(item, names)) if isinstance(item, dict) else ()
        key = tuple(map(_compared, words))
        if not any(key) or key in found:
            return None
        found[key] = words, item
    return found


def _words(item: dict[str, Json], names: tuple[str, ...]) -> Iterator[str]:
    """The values of an element's naming members; nothing at all where one of them is no known text."""
    values = {name.lower(): value for name, value in item.items() if name.lower() in names}
    if all(value is None or (isinstance(value, str) and not is_hidden(value)) for value in values.values()):
        yield from (values.get(name) or "" for name in names)


def _compared(value: str) -> str:
    return normalise(value) if is_id_text(value) else value.lower()


def _labels(keys: list[tuple[str, ...]]) -> list[str]:
    """What stands in the brackets of a path: the name; of an id its end where that tells them apart."""
    short = [", ".join(part.rpartition("/")[2] if is_id_text(part) else part for part in key if part) for key in keys]
    telling = len({text.lower() for text in short}) == len(keys)
    return [_safe(text) for text in (short if telling else (", ".join(filter(None, key)) for key in keys))]


def _safe(text: str) -> str:
    if "[" in text or "]" in text or "'" in text:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return text
