"""Object functions."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from scanner.language.functions.table import Function
from scanner.language.functions.values import mapping, text, wrong
from scanner.model.unknown import Partial, Unknown

__all__ = ["OBJECTS", "parse_json", "without_comments"]

Json = Any
_LAST_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_COMMENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def _create_object(*parts: Json) -> Json:
    if len(parts) % 2:
        wrong("takes pairs of name and value")
    unknown = next((name for name in parts[::2] if isinstance(name, Unknown)), None)
    if unknown is not None:
        return unknown
    return {text(parts[at]): parts[at + 1] for at in range(0, len(parts), 2)}


def _items(value: Json) -> list[dict[str, Json]]:
    """Pairs sorted by key, as ARM documents it."""
    source = mapping(value)
    return [{"key": key, "value": source[key]} for key in sorted(source)]


def _no_number(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which Python reads and JSON does not have."""
    wrong(f"{name} is not JSON")


def without_comments(source: str) -> str:
    """JSON without the comments and last commas that ARM allows in it: white space stands for them, over as many lines."""
    bare = _COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else " " + "\n" * found[0].count("\n"), source)
    return _LAST_COMMA.sub(lambda found: found[1] or found[0][1:], bare)


def parse_json(value: Json) -> Json:
    """The value of JSON text."""
    try:
        return json.loads(without_comments(text(value)), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return wrong("the text is not JSON")


def _shallow_merge(values: Json) -> Json:
    merged: dict[str, Json] = {}
    for value in values if isinstance(values, list) else wrong("takes an array of objects"):
        if isinstance(value, Unknown | Partial):
            return value if isinstance(value, Unknown) else value.rest
        merged.update(mapping(value))
    return merged


OBJECTS: Final = (
    Function("createObject", 0, None, _create_object, holds_unknown=True),
    Function("items", 1, 1, _items, structural=True),
    Function("json", 1, 1, parse_json),
    Function("null", 0, 0, lambda: None),
    Function("objectKeys", 1, 1, lambda value: sorted(mapping(value)), structural=True),
    Function("shallowMerge", 1, 1, _shallow_merge, structural=True),
)
