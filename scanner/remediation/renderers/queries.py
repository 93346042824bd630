"""JMESPath for az: what asks a resource for the values that a step relies on, and what makes the body that it writes of the body
that is there. All of it is ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.model.unknown import ABSENT, Unknown
from scanner.remediation.operations import Change, Operation, Steps, changed, value_at
from scanner.sources.redact import is_removed

__all__ = ["Expected", "expected_of", "expected_of_body", "literal", "new_body", "place"]

Json = Any
Tree = dict[str | int, Any]
Answers = list[tuple[str, Json]]

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What an element of a list is known by, where it is written into.
_NAMES: Final = ("name", "id")
#: What tells one element of a list from another, wherever Azure puts it.
_KEYS: Final = ("name", "category", "value")


@dataclass(frozen=True, slots=True)
class Expected:
    """What is asked about one value before and after a step, and what is answered: JSON in small letters, in which answers are
    compared. `both` is how it stands where both hold: what was there may be part of what is wanted, or the other way round.
    """

    label: str
    before: tuple[str, str]
    after: tuple[str, str]
    both: str = "wanted"


def place(path: Steps) -> str:
    """A path as JMESPath: `properties.list[0]."odd name"`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in path]
    return "".join(parts).removeprefix(".")


def literal(value: Json) -> str:
    """A JSON value as JMESPath."""
    text = _json(value).replace("`", "\\u0060")  # in JSON it can only stand in a string
    return f"`{text}`"


def expected_of(operation: Operation) -> list[Expected]:
    """What a set relies on: elements of lists are at their places, and values are as they were scanned, or as they are wanted."""
    changes = list(_narrowed(operation))
    return [*_relied_on(operation, changes), *map(_expected, changes)]


def expected_of_body(body: Json) -> list[Expected]:
    """What tells that a resource is as a body says; members that Azure adds do not matter."""
    members = body.items() if isinstance(body, Mapping) else ()
    asked = ((str(name), list(_answers(_name(str(name)), value))) for name, value in members)
    return [_settled(label, answers) for label, answers in asked if answers]


def new_body(operation: Operation, mark: str) -> str:
    """The body to write, made of the body that is there. What goes has the mark as its value: JMESPath takes no member away."""
    tree: Tree = {}
    for change in _narrowed(operation):
        value = value_at(operation.whole, change.path)
        gone = value is ABSENT and isinstance(change.path[-1], str)
        _plant(tree, change.path, literal(mark if gone else value))
    return _built(tree, (), operation.whole) if tree else "@"


def _name(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _json(value: Json) -> str:
    return json.dumps(None if value is ABSENT else value, separators=(",", ":"), default=str)


def _settled(label: str, answers: Answers) -> Expected:
    return Expected(label, _joined(answers), _joined(answers))


def _joined(answers: Answers) -> tuple[str, str]:
    if not answers:
        return "`[]`", "[]"  # `[]` by itself would flatten
    return f"[{', '.join(query for query, _ in answers)}]", f"[{','.join(_json(answer) for _, answer in answers)}]".lower()


def _narrowed(operation: Operation) -> Iterator[Change]:
    for change in operation.changes:
        yield from _within(change)


def _within(change: Change) -> Iterator[Change]:
    """The changes within an object, member by member, so that members which were not scanned stay."""
    before, after = {} if _gone(change.before) else change.before, change.after
    if isinstance(before, Mapping) and isinstance(after, Mapping) and after:
        defaults = change.default if isinstance(change.default, Mapping) else {}
        for name in dict.fromkeys([*before, *after]):
            one, other, default = (values.get(name, ABSENT) for values in (before, after, defaults))
            yield from _within(Change((*change.path, name), one, other, default))
    elif _json(change.before) != _json(after):  # as JSON, in which 1 is not true
        yield change


def _gone(value: Json) -> bool:
    return value is ABSENT or value is None


def _hidden(value: Json) -> bool:
    return isinstance(value, Unknown) or is_removed(value)


def _expected(change: Change) -> Expected:
    """What is absent is the same as Azure's default, where that is known."""
    here, before, after = place(change.path), change.before, change.after
    if not _gone(change.default):
        here = f"not_null({here}, {literal(change.default)})"
        before, after = (change.default if _gone(value) else value for value in (before, after))
    sides = (_joined(_side(here, before, after)), _joined(_side(here, after, before)))
    return Expected(change.text, *sides, "wanted" if _holds(before, after) else "open")


def _side(here: str, value: Json, other: Json) -> Answers:
    if not _gone(value):
        return list(_answers(here, value))
    return [(f"length({here} || `[]`)", 0)] if isinstance(other, list) else [(here, None)]


def _answers(here: str, value: Json) -> Iterator[tuple[str, Json]]:
    """What tells a value, in scalars: objects may hold more than is known of them, and what was hidden is not asked for."""
    if isinstance(value, list):
        yield f"length({here} || `[]`)", len(value)
        for element, item in _elements(here, value):
            yield from _answers(element, item)
    elif isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _answers(f"{here}.{_name(name)}", item)
    elif isinstance(value, Mapping):
        yield f"type({here})", "object"
    elif isinstance(value, int | float) and not isinstance(value, bool):  # 1 and 1.0 are one number, but two texts
        yield f"{here} == {literal(value)}", True
    elif not _gone(value) and not _hidden(value):
        yield here, value


def _elements(here: str, items: list[Json]) -> Iterator[tuple[str, Json]]:
    """Elements by what tells them apart, else by their places."""
    for key in _KEYS:
        values = [item.get(key) if isinstance(item, Mapping) else None for item in items]
        names = [value for value in values if isinstance(value, str)]
        if len({name.lower() for name in names}) == len(items):
            for name, item in zip(names, items, strict=True):
                yield f"({here}[?{key} == {literal(name)}] | [0])", item
            return
    for at, item in enumerate(items):
        yield f"{here}[{at}]", item


def _holds(part: Json, whole: Json) -> bool:
    """Whether what tells one value holds of another too."""
    if _hidden(part):
        return True
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(_gone(item) or _holds(item, whole.get(name)) for name, item in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_holds, part, whole))
    return _json(part).lower() == _json(whole).lower()


def _relied_on(operation: Operation, changes: Iterable[Change]) -> Iterator[Expected]:
    """What lists that are written into hold where they are: elements are known by their place, and another may stand there."""
    scanned = changed(operation.whole, [Change(item.path, item.after, item.before) for item in operation.changes])
    lists = {change.path[:at]: None for change in changes for at, step in enumerate(change.path) if isinstance(step, int)}
    written = {change.path for change in changes}
    for path in lists:
        items = value_at(scanned, path)
        answers: Answers = [(f"length({place(path)} || `[]`)", len(items))]
        for at, item in enumerate(items):
            named = (((*path, at, name), value_at(item, (name,))) for name in _NAMES)
            answers += [(place(it), text) for it, text in named if isinstance(text, str) and it not in written]
        yield _settled(f"the list {Change(path, None, None).text}", answers)


def _plant(tree: Tree, path: Steps, value: str) -> None:
    """A value at its path, unless one above it is written whole."""
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
        if isinstance(tree, str):
            return
    tree[path[-1]] = value


def _built(tree: Tree | str, path: Steps, whole: Json) -> str:
    if isinstance(tree, str):
        return tree
    if any(isinstance(step, int) for step in tree):
        items = range(len(value_at(whole, path)))
        return f"[{', '.join(_built(tree[at], (*path, at), whole) if at in tree else place((*path, at)) for at in items)}]"
    members = ", ".join(f"{_name(str(name))}: {_built(below, (*path, name), whole)}" for name, below in tree.items())
    return f"merge({f'{place(path)} || `{{}}`' if path else '@'}, {{{members}}})"
