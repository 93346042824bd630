"""Messages with holes: `{PATH}` reads the resource, `[expression]` computes; what comes from Azure cannot break a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.context import ConditionContext, compile_template, note_path
from scanner.language.reading import Reading
from scanner.language.scope import Pointer, Scope
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["Message", "compile_message", "printable"]

Json = Any

_HOLE = re.compile(r"\{([^{}]+)\}|\[([a-zA-Z][a-zA-Z0-9]*\(.*?\)(?:\.\w+|\[[^\[\]]*\])*)\]")
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Message:
    """Parts of a message: text as it is, holes as functions of the scope. `longest` is how long a value may be."""

    parts: tuple[str | Callable[[Scope], Json], ...]
    longest: int = _LONGEST

    def render(self, scope: Scope) -> str:
        """The message for one resource: `absent` and `unknown` for what is, long values cut, control characters removed."""
        return "".join(part if isinstance(part, str) else printable(part(scope), longest=self.longest) for part in self.parts)


def compile_message(text: str, context: ConditionContext, pointer: Pointer = (), *, longest: int = _LONGEST) -> Message:
    """Compile a message; a hole that does not compile is a fault."""
    parts: list[str | Callable[[Scope], Json]] = []
    at = 0
    for hole in _HOLE.finditer(text):
        parts.append(text[at : hole.start()])
        at = hole.end()
        if hole[1] is not None:
            path = note_path(hole[1], context, pointer)
            if path is not None:
                reading = Reading(path, path, "", context.default_of, ())
                parts.append(lambda scope, reading=reading: _read(reading, scope))  # type: ignore[misc]  # bound per hole
        else:
            template = compile_template(hole[0], context, pointer)
            if template is not None:
                parts.append(template.evaluate)
    parts.append(text[at:])
    if any("{" in part.rpartition("}")[2] for part in parts if isinstance(part, str)):
        context.fault(pointer, 'the message opens a hole with "{" and does not close it')
    return Message(tuple(part for part in parts if part != ""), longest)


def printable(value: Json, *, longest: int = _LONGEST) -> str:
    """A value in a sentence; control, format and bidirectional characters become `?`."""
    if value is ABSENT or value is None:
        return "absent"
    if isinstance(value, Unknown):
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        shown = ", ".join(printable(item) for item in value[:10])
        return f"{shown} and {len(value) - 10} more" if len(value) > 10 else shown or "none"
    cleaned = text = str(value)
    if not text.isprintable():  # most texts are, and are told so quickly
        cleaned = "".join("?" if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else sign for sign in text)
    if len(cleaned) <= longest:
        return cleaned
    # The end of an id says what it is.
    return f"…{cleaned[1 - longest :]}" if cleaned.startswith("/subscriptions/") else f"{cleaned[: longest - 1]}…"


def _read(reading: Reading, scope: Scope) -> Json:
    values = [value for _, value in reading.values(scope)]
    return values[0] if not reading.path.wild and values else [value for value in values if value is not ABSENT]
