"""Changes one property path in every resource of a type: takes it away, gives it another value, letter case or type."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.model.resource import make_resource
from tests.mutations.reading import PropertyPath, spelled

__all__ = ["KINDS", "Change", "changed", "changes_of", "is_present", "shown", "values_at", "without_unread"]

Json = Any
#: What is done to a path. `letters` and `name` change letter case only: of the text that stands there, of the member's name.
KINDS: Final = ("remove", "flip", "type", "letters", "name")
#: Words for a change, and what becomes of a value.
Way = tuple[str, Callable[[Json], Json]]

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT")
_DURATION: Final = re.compile(r"P[0-9DTHMSYW]+", re.IGNORECASE)
_OTHER: Final = "other"


@dataclass(frozen=True)
class Change:
    """One way to change a value: `kind` of `KINDS`, and what it becomes of what stands there; None where it does not apply."""

    kind: str
    words: str
    edit: Callable[[Json], Json]


class _Gone:
    """In place of a value: take it away."""


GONE: Final = _Gone()


def shown(path: PropertyPath) -> str:
    """The steps in the way of the rule language."""
    text = ""
    for step in path[1]:
        text += step if step in ("[*]", ".*") else f"['{step}']" if "." in step else f".{step}"
    return text.removeprefix(".")


def is_present(body: Json, steps: tuple[str, ...]) -> bool:
    """Whether a body holds a value at some steps."""
    return any(True for holder, key in _places(body, steps) if holder[key] is not None)


def values_at(bodies: list[Json], path: PropertyPath) -> list[Json]:
    """Every value that stands at a path, nulls left out."""
    of_type = (body for body in bodies if make_resource(body).type_key == path[0])
    found = (holder[key] for body in of_type for holder, key in _places(body, path[1]))
    return [value for value in found if value is not None]


def changes_of(path: PropertyPath, values: list[Json]) -> list[Change]:
    """Every change for the values that stand at a path."""
    kind = _kind(path)
    found = [Change("remove", "removed", lambda _: GONE)]
    flips: Callable[[Json], list[Way]] = partial(_flips, kind=kind)
    words = dict.fromkeys(each for value in values for each, _ in flips(value))
    found += [Change("flip", each, partial(_by_words, each, flips)) for each in words]
    odd = [each for each, _ in _types(values[0]) if all(each in dict(_types(value)) for value in values)]
    found += [Change("type", each, partial(_by_words, each, _types)) for each in odd]
    if any(isinstance(value, str) and value.swapcase() != value for value in values):
        found.append(Change("letters", "other letter case", lambda value: value.swapcase() if isinstance(value, str) else value))
    if path[1][-1] != "[*]":
        found.append(Change("name", "other letter case of the name", lambda value: value))
    return found


def _by_words(words: str, ways: Callable[[Json], list[Way]], found: Json) -> Json:
    """A value changed in one way, or as it is where that way is not for its like."""
    return dict(ways(found)).get(words, lambda value: value)(found)


def changed(bodies: list[Json], path: PropertyPath, change: Change) -> list[Json]:
    """The bodies with a path changed wherever it stands; those it does not concern are shared."""
    return [_changed(body, path[1], change) if _concerns(body, path) else body for body in bodies]


def _concerns(body: Json, path: PropertyPath) -> bool:
    return make_resource(body).type_key == path[0] and is_present(body, path[1])


def _changed(body: Json, steps: tuple[str, ...], change: Change) -> Json:
    copied = _copied(body, steps)
    for holder, key in _places(copied, steps):
        if holder[key] is None:
            continue
        value = change.edit(holder[key])
        if value is GONE or change.kind == "name":
            del holder[key]
        if value is not GONE:
            if change.kind == "name":
                holder[key.swapcase()] = value
            else:
                holder[key] = value
    return copied


def _copied(value: Json, steps: tuple[str, ...]) -> Json:
    """A value copied as deep as the steps lead."""
    if not steps or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [_copied(item, steps[1:]) for item in value]
    return {key: _copied(item, steps[1:]) if steps[0] in (".*", key.lower()) else item for key, item in value.items()}


def _places(value: Json, steps: tuple[str, ...]) -> Iterator[tuple[Json, Any]]:
    """Each holder with the key of what stands at the steps, the last elements first so that they can be taken out."""
    if not steps:
        return
    if isinstance(value, list) and steps[0] == "[*]":
        keys: list[Any] = list(reversed(range(len(value))))
    elif isinstance(value, dict):
        keys = [key for key in value if steps[0] in (".*", key.lower())]
    else:
        keys = []
    for key in keys:
        if len(steps) == 1:
            yield value, key
        else:
            yield from _places(value[key], steps[1:])


def _kind(path: PropertyPath) -> str:
    table = arm_type(path[0])
    return table.kind(shown(path)) if table is not None else ""


def _flips(value: Json, kind: str) -> list[Way]:
    """Other values of the same type: at least one must matter."""
    match value:
        case bool():
            return [("the opposite", lambda found: not found)]
        case int() | float():
            return [("0", lambda _: 0), ("one more", lambda found: found + 1), ("many", lambda _: 10**9)]
        case str():
            return _texts(value, kind)
        case list():
            more: list[Way] = [("one more", lambda found: [*found, _OTHER])]
            return [("empty", lambda _: []), *(more if all(isinstance(item, str) for item in value) else [])]
        case _:
            return [("empty", lambda _: {})]


def _texts(value: str, kind: str) -> list[Way]:
    if value.lower() in ("true", "false"):
        return [("the opposite", lambda found: "false" if found.lower() == "true" else "true")]
    if _DATE.match(value):
        return _constants("2001-01-01T00:00:00Z", "2100-01-01T00:00:00Z")
    if _DURATION.fullmatch(value):
        return _constants("PT1S", "P300D")
    if value.isdigit():
        return [*_constants("0", "1000000"), ("one more", lambda found: str(int(found) + 1))]
    if kind.startswith("enum["):
        return _constants(*kind.partition("[")[2].partition("]")[0].split(","), _OTHER)
    return [*_constants(_OTHER, ""), ("with another end", lambda found: f"{found}-{_OTHER}")]


def _constants(*values: Json) -> list[Way]:
    return [(repr(value), partial(_instead, value)) for value in values]


def _instead(value: Json, _: Json) -> Json:
    return value


def _texts_alone(value: list[Json]) -> bool:
    return bool(value) and all(isinstance(item, str) for item in value)


_INSIDE: Final[list[Way]] = [("a list of objects", lambda found: [{"odd": item} for item in found])]


def _types(value: Json) -> list[Way]:
    """Values that cannot stand where a value stands. Texts of booleans and numbers can."""
    match value:
        case list():
            return [("a text", lambda _: "odd"), ("an object", lambda _: {"odd": 1}), *(_INSIDE if _texts_alone(value) else [])]
        case dict():
            return [("a text", lambda _: "odd"), ("a list", lambda _: ["odd"])]
        case str() if value.isdigit() or value.lower() in ("true", "false"):
            return [("a list", lambda found: [found]), ("an object", lambda found: {"odd": found})]
        case str():
            return [("a list", lambda found: [found]), ("an object", lambda found: {"odd": found}), ("a number", lambda _: 7)]
        case _:
            return [("a list", lambda found: [found]), ("an object", lambda found: {"odd": found}), ("a text", lambda _: "odd")]


def without_unread(body: Json, read: Collection[PropertyPath]) -> Json:
    """A body of which nothing is left but what is read, the members by which it is known, and properties, which may be read empty."""
    type_key = make_resource(body).type_key
    kept = {steps[:at] for name, steps in read if name == type_key for at in range(len(steps) + 1)}
    kept |= {("id",), ("name",), ("type",), ("properties",)}
    return _pruned(body, type_key, kept, ())


def _pruned(value: Json, type_key: str, kept: Collection[tuple[str, ...]], at: tuple[str, ...]) -> Json:
    if isinstance(value, list):
        return [_pruned(item, type_key, kept, (*at, "[*]")) for item in value]
    if not isinstance(value, dict) or not any(steps[: len(at)] == at and len(steps) > len(at) for steps in kept):
        return value
    steps_of = {name: (*at, spelled(type_key, at, name.lower())) for name in value}
    return {name: _pruned(item, type_key, kept, steps_of[name]) for name, item in value.items() if steps_of[name] in kept}
