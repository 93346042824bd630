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

__all__ = ["Expected", "expected_of", "expected_of_body", "literal", "new_body", "place"]

Json = Any
Tree = dict[str | int, Any]

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: How what was taken out at the door is marked.
_REMOVED: Final = "(removed: "
#: What an element of a list is known by.
_NAMES: Final = ("name", "id")


@dataclass(frozen=True, slots=True)
class Expected:
    """What is asked about one value, and what is answered before and after a step: JSON in small letters, in which answers are
    compared. `before` is empty where anything may be there.
    """

    label: str
    query: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Question:
    query: str
    before: Json
    after: Json
    anything: bool = False


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
    asked = ((change.text, _asked(change)) for change in changes)
    return [*_relied_on(operation, changes), *(_expected(label, questions) for label, questions in asked if questions)]


def expected_of_body(body: Json) -> list[Expected]:
    """What tells that a resource is as a body says; members that Azure adds do not matter."""
    members = body.items() if isinstance(body, Mapping) else ()
    asked = ((str(name), list(_questions(_name(str(name)), value, value))) for name, value in members)
    return [_expected(label, questions) for label, questions in asked if questions]


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


def _expected(label: str, questions: Iterable[_Question]) -> Expected:
    asked = list(questions)
    before = "" if any(question.anything for question in asked) else _answer(question.before for question in asked)
    return Expected(
        label, f"[{', '.join(question.query for question in asked)}]", before, _answer(question.after for question in asked)
    )


def _answer(values: Iterable[Json]) -> str:
    return f"[{','.join(map(_json, values))}]".lower()


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
    return isinstance(value, Unknown) or (isinstance(value, str) and value.startswith(_REMOVED))


def _asked(change: Change) -> list[_Question]:
    """What is asked about a change. What is absent is the same as Azure's default, where that is known."""
    here, default = place(change.path), change.default
    if _gone(default):
        return list(_questions(here, change.before, change.after))
    before, after = (default if _gone(value) else value for value in (change.before, change.after))
    return list(_questions(f"not_null({here}, {literal(default)})", before, after))


def _questions(here: str, before: Json, after: Json) -> Iterator[_Question]:
    """What tells a value before from one after, in scalars: objects may hold more than is known of them."""
    kinds = {_kind(before), _kind(after)} - {"null"}
    if len(kinds) > 1 and kinds & {"array", "object"}:
        yield _Question(f"type({here})", _kind(before), _kind(after))
    elif kinds == {"array"}:
        yield from _of_lists(here, before or [], after or [])
    elif kinds == {"object"} and (before or after):
        for name in dict.fromkeys([*(before or ()), *(after or ())]):
            one, other = ((value or {}).get(name, ABSENT) for value in (before, after))
            yield from _questions(f"{here}.{_name(name)}", one, other)
    elif kinds == {"object"}:
        yield _Question(f"type({here})", _kind(before), _kind(after))
    elif _hidden(before) or _hidden(after):
        if not _hidden(after):
            yield _Question(here, None, after, anything=True)
    elif kinds == {"number"}:  # 1 and 1.0 are one number, but two texts
        same = before == after
        yield _Question(f"{here} == {literal(after)}", before=same, after=True)
        if not same:
            yield _Question(f"{here} == {literal(before)}", before=True, after=False)
    else:
        yield _Question(here, before, after)


def _of_lists(here: str, before: list[Json], after: list[Json]) -> Iterator[_Question]:
    yield _Question(f"length({here} || `[]`)", len(before), len(after))
    for at in range(max(len(before), len(after))):
        one, other = (items[at] if at < len(items) else ABSENT for items in (before, after))
        yield from _questions(f"{here}[{at}]", one, other)


def _kind(value: Json) -> str:
    """What JMESPath calls the type of a value; unlike Python, it knows no number that is true."""
    if _gone(value):
        return "null"
    kinds = ((bool, "boolean"), (int | float, "number"), (list, "array"), (Mapping, "object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "string")


def _relied_on(operation: Operation, changes: Iterable[Change]) -> Iterator[Expected]:
    """What lists that are written into hold where they are: elements are known by their place, and another may stand there."""
    scanned = changed(operation.whole, [Change(item.path, item.after, item.before) for item in operation.changes])
    lists = {change.path[:at]: None for change in changes for at, step in enumerate(change.path) if isinstance(step, int)}
    written = {change.path for change in changes}
    for path in lists:
        items = value_at(scanned, path)
        questions = [_Question(f"length({place(path)} || `[]`)", len(items), len(items))]
        for at, item in enumerate(items):
            named = (((*path, at, name), value_at(item, (name,))) for name in _NAMES)
            questions += [_Question(place(it), text, text) for it, text in named if isinstance(text, str) and it not in written]
        yield _expected(f"the list {Change(path, None, None).text}", questions)


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
