"""String functions."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from scanner.language.functions.objects import parse_json
from scanner.language.functions.table import Function
from scanner.language.functions.unique import unique_string
from scanner.language.functions.values import array, integer, text, to_text, wrong
from scanner.model.unknown import Unknown

__all__ = ["STRINGS"]

Json = Any

#: The name space of ARM's guid(): version 5 UUIDs of the arguments joined by "-".
_ARM_GUIDS: Final = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_HOLE = re.compile(r"\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}")


def _base64_to_string(value: Json) -> str:
    try:
        return base64.b64decode(text(value), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return wrong("the text is not base64 of UTF-8")


def _data_uri_to_string(value: Json) -> str:
    head, comma, data = text(value).partition(",")
    if not head.startswith("data:") or not comma:
        wrong("the text is no data URI")
    return _base64_to_string(data) if head.endswith(";base64") else unquote(data)


def _format(pattern: Json, *values: Json) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        at = int(found[1])
        if at >= len(values):
            wrong(f"the format asks for value {at}, {len(values)} are given")
        shown = _with_form(values[at], found[3] or "")
        width = max(-200, min(200, int(found[2] or 0)))
        return shown.rjust(width) if width >= 0 else shown.ljust(-width)

    return _HOLE.sub(fill, text(pattern))


def _with_form(value: Json, form: str) -> str:
    """.NET's `N`, `D`, `X` with a precision, for integers; any other form prints the value as it is."""
    found = re.fullmatch(r"([NDX])(\d{0,2})", form, re.IGNORECASE)
    if found is None or not isinstance(value, int) or isinstance(value, bool):
        return to_text(value)
    letter, digits = found[1].upper(), found[2]
    if letter == "N":
        return f"{value:,.{int(digits or 2)}f}"
    if letter == "D":
        return f"{'-' if value < 0 else ''}{abs(value):0{int(digits or 1)}d}"
    return f"{value % 2**64:0{int(digits or 1)}{found[1]}}"  # a negative number in two's complement


def _guid(*parts: Json) -> str:
    return str(uuid.uuid5(_ARM_GUIDS, "-".join(to_text(part) for part in parts)))


def _new_guid(scope: Any) -> Json:
    made = scope.new_guid()
    return made if isinstance(made, Unknown) else str(made)


def _join(items: Json, delimiter: Json) -> str:
    return text(delimiter).join(to_text(item) for item in array(items))


def _pad_left(value: Json, width: Json, filler: Json = " ") -> str:
    if not 0 <= integer(width) <= 10_000 or len(text(filler)) != 1:
        wrong("takes a width up to 10000 and one character")
    return to_text(value).rjust(width, filler)


def _replace(value: Json, old: Json, new: Json) -> str:
    return text(value).replace(text(old), text(new)) if text(old) else wrong("cannot replace nothing")


def _split(value: Json, delimiter: Json) -> list[str]:
    delimiters = [delimiter] if isinstance(delimiter, str) else array(delimiter)
    pattern = "|".join(re.escape(text(item)) for item in sorted(delimiters, key=len, reverse=True) if item)
    return re.split(pattern, text(value)) if pattern else [text(value)]


def _substring(value: Json, start: Json, length: Json = None) -> str:
    source, first = text(value), integer(start)
    size = len(source) - first if length is None else integer(length)
    if first < 0 or size < 0 or first + size > len(source):
        wrong(f"{first} and {size} lie outside of {len(source)} characters")
    return source[first : first + size]


STRINGS: Final = (
    Function("base64", 1, 1, lambda value: base64.b64encode(text(value).encode()).decode()),
    Function("base64ToJson", 1, 1, lambda value: parse_json(_base64_to_string(value))),
    Function("base64ToString", 1, 1, _base64_to_string),
    Function(
        "dataUri", 1, 1, lambda value: "data:text/plain;charset=utf8;base64," + base64.b64encode(to_text(value).encode()).decode()
    ),
    Function("dataUriToString", 1, 1, _data_uri_to_string),
    Function("endsWith", 2, 2, lambda value, tail: text(value).lower().endswith(text(tail).lower())),
    Function("format", 1, None, _format),
    Function("guid", 1, None, _guid),
    Function("join", 2, 2, _join),
    Function("newGuid", 0, 0, _new_guid, takes_scope=True),
    Function("padLeft", 2, 3, _pad_left),
    Function("replace", 3, 3, _replace),
    Function("split", 2, 2, _split),
    Function("startsWith", 2, 2, lambda value, head: text(value).lower().startswith(text(head).lower())),
    Function("string", 1, 1, to_text),
    Function("substring", 2, 3, _substring),
    Function("toLower", 1, 1, lambda value: text(value).lower()),
    Function("toUpper", 1, 1, lambda value: text(value).upper()),
    Function("trim", 1, 1, lambda value: text(value).strip()),
    Function("uniqueString", 1, None, lambda *parts: unique_string("-".join(map(text, parts)))),
    Function("uri", 2, 2, lambda base, relative: urljoin(text(base), text(relative))),
    Function("uriComponent", 1, 1, lambda value: quote(text(value), safe="")),
    Function("uriComponentToString", 1, 1, lambda value: unquote(text(value))),
)
