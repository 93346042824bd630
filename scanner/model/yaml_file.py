"""YAML files as plain JSON values with the line of every key: what people write is data, and faults name their line.

Scalars follow YAML 1.2's core schema: `yes`, `no`, `on` and dates are text. Duplicate keys, tags, anchors and aliases are faults.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from scanner.model.errors import Fault

__all__ = ["YamlFile", "load_yaml"]

Json = Any
Pointer = Sequence[str | int]

_MAX_BYTES: Final = 4 * 1024 * 1024
_MAX_DEPTH: Final = 60
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, Json]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ].*)?")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A loaded file: `name` as shown to people, its data, and where each value stands."""

    name: str
    data: Json
    lines: dict[tuple[str | int, ...], int]

    def line(self, pointer: Pointer = ()) -> int:
        """The 1-based line of a value, or of the nearest thing around it."""
        at = tuple(pointer)
        while at not in self.lines and at:
            at = at[:-1]
        return self.lines.get(at, 1)

    def fault(self, pointer: Pointer, message: str) -> Fault:
        """A fault of this file at a value."""
        return Fault(self.name, self.line(pointer), message)


def load_yaml(path: Path, faults: list[Fault], *, name: str = "", plain_dates: bool = False) -> YamlFile | None:
    """Load one file; what is wrong is added to `faults`, and None returned where nothing could be read."""
    shown = name or str(path)
    try:
        raw = path.read_bytes()
        if len(raw) > _MAX_BYTES:
            faults.append(Fault(shown, 0, f"the file is larger than {_MAX_BYTES // 1024 // 1024} MiB"))
            return None
        text = raw.decode("utf-8-sig")
        deep = _line_of_too_deep(text)
        if deep:
            faults.append(Fault(shown, deep, f"nests deeper than {_MAX_DEPTH}"))
            return None
        node = yaml.compose(text, Loader=_loader())
    except OSError as error:
        faults.append(Fault(shown, 0, f"cannot be read: {error.strerror or error}"))
        return None
    except UnicodeDecodeError:
        faults.append(Fault(shown, 0, "is not UTF-8 text"))
        return None
    except yaml.reader.ReaderError as error:
        line = raw[: error.position].count(b"\n") + 1
        faults.append(Fault(shown, line, "is not YAML: it holds a character that YAML does not allow"))
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not YAML"
        last = raw.rstrip().count(b"\n") + 1  # what is missing at the end is missing after the last line, not on one beyond it
        faults.append(Fault(shown, min(mark.line + 1, last) if mark else 0, f"is not YAML: {problem}"))
        return None
    reader = _Reader(shown, text, faults, plain_dates=plain_dates)
    return YamlFile(shown, reader.read(node, ()) if node is not None else None, reader.lines)


def _line_of_too_deep(text: str) -> int:
    """The line where nesting grows too deep, else 0. Composing recurses in C, which a file could otherwise crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            return event.start_mark.line + 1 if event.start_mark else 1
    return 0


def _loader() -> Any:
    """The C parser where PyYAML was built with it, else the Python one; both give the same nodes."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader:
    def __init__(self, name: str, text: str, faults: list[Fault], *, plain_dates: bool) -> None:
        self._name, self._text, self._faults, self._plain_dates = name, text, faults, plain_dates
        self.lines: dict[tuple[str | int, ...], int] = {}

    def read(self, node: Any, at: tuple[str | int, ...]) -> Json:
        line = node.start_mark.line + 1
        self.lines.setdefault(at, line)
        if self._is_decorated(node):
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*at, position)) for position, item in enumerate(node.value)]
        return self._mapping(node, at)

    def _is_decorated(self, node: Any) -> bool:
        """Whether a tag or an anchor stands before the value: a fault, and no way into a value that an alias puts in itself."""
        line, first = node.start_mark.line + 1, self._text[node.start_mark.index : node.start_mark.index + 1]
        if first == "!":
            self._wrong(line, f"tags such as {node.tag} are not used here")
        elif first == "&":
            self._wrong(line, "anchors and aliases are not used here: write the value out")
        return first in {"!", "&"}

    def _mapping(self, node: Any, at: tuple[str | int, ...]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._wrong(line, "a key is a word")
                continue
            if self._is_decorated(key_node):
                continue
            key = key_node.value
            if key in found:
                self._wrong(line, f'the key "{key}" stands here twice')
            self.lines[(*at, key)] = line
            found[key] = self.read(value_node, (*at, key))
        return found

    def _scalar(self, node: Any, line: int) -> Json:
        text: str = node.value
        if node.style in ('"', "'", "|", ">"):
            return text
        lowered = text.lower()
        if lowered in _WORDS and text in (lowered, lowered.capitalize(), lowered.upper()):
            return _WORDS[lowered]
        if not self._plain_dates and _DATE.fullmatch(text):
            self._wrong(line, f'quote the date: "{text}"')
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 30 else self._wrong(line, "the number is too large")
        if not _FLOAT.fullmatch(text):
            return text
        return float(text) if math.isfinite(float(text)) else self._wrong(line, "the number is too large")

    def _wrong(self, line: int, message: str) -> None:
        self._faults.append(Fault(self._name, line, message))
