"""Template and parameter files: JSON as ARM takes it, with comments and text over several lines, and the line of every value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from scanner.language.functions.objects import without_comments
from scanner.model.errors import ConfigurationError, Fault

__all__ = ["Pointer", "TemplateFile", "json_path", "parse_template", "read_template"]

Json = Any
Pointer = tuple[str | int, ...]

#: ARM's own limit is 4 MiB, after expansion of what the template holds.
_MAX_BYTES: Final = 8 * 1024 * 1024
_MAX_DEPTH: Final = 150
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|\n|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(eq=False)
class TemplateFile:
    """A file that was read: `name` as shown to people, `path` empty where it did not come from a disk."""

    name: str
    data: dict[str, Json]
    text: str = ""
    path: Path | None = None
    _lines: dict[Pointer, int] = field(default_factory=dict)

    def line(self, pointer: Pointer) -> int:
        """The 1-based line of a value, or of the nearest thing around it that is written in the file."""
        if not self._lines:
            self._lines = _lines_of(self.text)
        while pointer and pointer not in self._lines:
            pointer = pointer[:-1]
        return self._lines.get(pointer, 1)

    def fault(self, pointer: Pointer, message: str) -> Fault:
        """A fault of this file at a value: its line and JSON path, and what is wrong."""
        where = json_path(pointer)
        return Fault(self.name, self.line(pointer), f"{where}: {message}" if where else message)


def read_template(path: Path, *, what: str = "template") -> TemplateFile:
    """Read a file. Raises `ConfigurationError` where it cannot be, or is not JSON, or no object."""
    try:
        raw = path.read_bytes()
        if len(raw) > _MAX_BYTES:
            _refuse(path.name, 0, f"the {what} is larger than {_MAX_BYTES // 1024 // 1024} MiB")
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except OSError as error:
        _refuse(path.name, 0, f"the {what} cannot be read: {error.strerror or error}")
    except UnicodeDecodeError:
        _refuse(path.name, 0, f"the {what} is not UTF-8 text")
    return parse_template(text, path.name, path=path, what=what)


def parse_template(text: str, name: str, *, path: Path | None = None, what: str = "template") -> TemplateFile:
    """The object that a text holds. Raises `ConfigurationError`."""
    try:
        data = _decoded(text)
    except json.JSONDecodeError as error:
        _refuse(name, error.lineno, f"the {what} is not JSON: {error.msg} (column {error.colno})")
    except (RecursionError, ValueError) as error:
        why = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        _refuse(name, 0, f"the {what} is not JSON that ARM takes: {why}")
    if not isinstance(data, dict):
        _refuse(name, 1, f"the {what} is no JSON object")
    if _deeper_than(data, _MAX_DEPTH):
        _refuse(name, 1, f"the {what} nests deeper than {_MAX_DEPTH}")
    return TemplateFile(name, data, text, path)


def json_path(pointer: Sequence[str | int]) -> str:
    """`resources[2].properties.sku` of a pointer."""
    shown = ""
    for key in pointer:
        if isinstance(key, int):
            shown += f"[{key}]"
        elif re.fullmatch(r"[\w$-]+", key):
            shown += f".{key}" if shown else key
        else:
            shown += f"[{json.dumps(key)}]"
    return shown


def _decoded(text: str) -> Json:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return json.loads(without_comments(text), strict=False, parse_constant=_no_constant)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


def _deeper_than(value: Json, most: int) -> bool:
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > most:
            return True
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        pending.extend((inner, depth + 1) for inner in inside)
    return False


def _lines_of(text: str) -> dict[Pointer, int]:
    """Where each value begins (the name before it, for a member), found by its tokens: the text is known to be JSON."""
    lines: dict[Pointer, int] = {(): 1}
    line, stack, key = 1, list[str | int](), None
    for found in _TOKEN.finditer(without_comments(text)):
        word = found[0]
        if word == "\n":
            line += 1
            continue
        if word in "}]":
            stack.pop()
            key = None
        elif word == ",":
            if isinstance(stack[-1], int):
                stack[-1] += 1
            key = None
        elif word in "{[" or key is not None or not stack or isinstance(stack[-1], int):
            # A value: of the name that was just read, else of the position in a list.
            lines.setdefault(_pointer(stack, key), line)
            if word in "{[":
                if key is not None:
                    stack[-1] = key
                stack.append("" if word == "{" else 0)
            key = None
        else:
            key = json.loads(word, strict=False)
            lines.setdefault(_pointer(stack, key), line)
        line += word.count("\n")
    return lines


def _pointer(stack: list[str | int], key: str | None) -> Pointer:
    if not stack:
        return ()
    return (*stack[:-1], stack[-1] if key is None else key)


def _refuse(name: str, line: int, message: str) -> NoReturn:
    raise ConfigurationError([Fault(name, line, message)])
