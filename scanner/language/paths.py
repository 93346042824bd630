"""Paths into ARM documents: the one accessor. Member names match ignoring case; what lies under it can change.

Forms: `a.b`, `tags['cost center']`, `a[0].b`, `A[*].x` (every element), `m.*.x` (every value of a map).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scanner.language.kinds import kind_of
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["Path", "PathError", "Step", "compile_path", "read_member"]

Json = Any

_MEMBER = re.compile(r"[^.\[\]*'\s]+")
_MAX_LENGTH = 2000
_WILD = ("elements", "values")
_WILD_ENDS = ("[*]", ".*")


class PathError(Exception):
    """A path that does not parse: `message` and the 0-based `position` in it."""

    def __init__(self, text: str, position: int, message: str) -> None:
        super().__init__(f"path {text!r}, column {position + 1}: {message}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a member (`name`, and its lower-case form), an index, every element (`[*]`) or every value (`.*`)."""

    kind: str
    name: str = ""
    lowered: str = ""
    index: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "member":
                return f".{self.name}" if _MEMBER.fullmatch(self.name) else f"['{self.name}']"
            case "index":
                return f"[{self.index}]"
            case "elements":
                return "[*]"
            case _:
                return ".*"


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path. `wild` when it holds `[*]` or `.*` and so names many values."""

    text: str
    steps: tuple[Step, ...]
    wild: bool

    def read(self, document: Json, spellings: Spellings) -> Json:
        """The value of a path that is not wild; `ABSENT` for missing and null; unknown where the shape is impossible."""
        value = document
        for step in self.steps:
            value = _take(value, step, spellings, self.text)
            if value is ABSENT or value.__class__ is Unknown:
                return value
        return value

    def expand(self, document: Json, spellings: Spellings) -> list[tuple[str, Json]]:
        """Every value with its concrete path (`A[2].x`), absent ones as `ABSENT`; nothing where A is absent.

        Where a list is due and something else stands, one pair holds the unknown and its path keeps the wildcard.
        """
        found: list[tuple[str, Json]] = [("", document)]
        for step, following in zip(self.steps, (*self.steps[1:], None), strict=True):
            if step.kind in _WILD:
                found = [pair for at, value in found for pair in _spread(at, value, step, self.text)]
            else:
                keep_null = following is not None and following.kind in _WILD
                found = [
                    (at, value)
                    if at.endswith(_WILD_ENDS)
                    else (_join(at, step), _take(value, step, spellings, self.text, keep_null=keep_null))
                    for at, value in found
                ]
        return [(at, ABSENT if value is None else value) for at, value in found]

    def prefix(self, other: Path) -> Path | None:
        """What remains after `other`, when `other` is a proper or whole prefix (ignoring case); else None."""
        size = len(other.steps)
        if len(self.steps) < size or any(
            (mine.kind, mine.lowered, mine.index) != (theirs.kind, theirs.lowered, theirs.index)
            for mine, theirs in zip(self.steps, other.steps, strict=False)
        ):
            return None
        rest = self.steps[size:]
        return Path(self.text, rest, any(step.kind in _WILD for step in rest))


def read_member(document: dict[str, Json], name: str, lowered: str, spellings: Spellings) -> Json:
    """A member in any letter case, exact spelling first; `ABSENT` when missing or null."""
    value = _raw_member(document, name, lowered, spellings)
    return ABSENT if value is None else value


def _raw_member(document: dict[str, Json], name: str, lowered: str, spellings: Spellings) -> Json:
    value = document.get(name, ABSENT)
    if value is ABSENT and spellings.differs(name, lowered):
        return next((item for key, item in document.items() if key.lower() == lowered), ABSENT)
    return value


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Parse once; raises `PathError`."""
    if len(text) > _MAX_LENGTH:
        raise PathError(text[:40] + "…", _MAX_LENGTH, f"longer than {_MAX_LENGTH} characters")
    steps: list[Step] = []
    at = 0
    while at < len(text):
        step, at = _parse_step(text, at, first=not steps)
        steps.append(step)
    if not steps:
        raise PathError(text, 0, "a path names at least one member")
    return Path(text, tuple(steps), any(step.kind in _WILD for step in steps))


def _parse_step(text: str, at: int, *, first: bool) -> tuple[Step, int]:
    if text.startswith("[*]", at) and not first:
        return Step("elements"), at + 3
    if text.startswith("['", at):
        return _parse_quoted(text, at)
    if text.startswith("[", at):
        end = text.find("]", at)
        digits = text[at + 1 : end] if end > 0 else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise PathError(text, at, "expected [*], [0] or ['name']")
        return Step("index", index=int(digits)), end + 1
    if not first:
        if text[at] != ".":
            raise PathError(text, at, "expected '.', '[' or the end")
        at += 1
        if text.startswith("*", at):
            return Step("values"), at + 1
    found = _MEMBER.match(text, at)
    if found is None:
        raise PathError(text, at, "expected a member name")
    return Step("member", found[0], found[0].lower()), found.end()


def _parse_quoted(text: str, at: int) -> tuple[Step, int]:
    name, position = "", at + 2
    while True:
        end = text.find("'", position)
        if end < 0:
            raise PathError(text, at, "the quoted name does not end")
        name += text[position:end]
        if text.startswith("''", end):
            name, position = name + "'", end + 2
            continue
        if not text.startswith("']", end):
            raise PathError(text, end, "expected '] after the quoted name")
        return Step("member", name, name.lower()), end + 2


def _take(value: Json, step: Step, spellings: Spellings, text: str, *, keep_null: bool = False) -> Json:
    if value.__class__ is dict:
        if step.kind == "member":
            member = _raw_member(value, step.name, step.lowered, spellings)
            return ABSENT if member is None and not keep_null else member
    elif value.__class__ is list:
        if step.kind == "index":
            item = value[step.index] if step.index < len(value) else None
            return ABSENT if item is None else item
    elif value is None or value is ABSENT:
        return ABSENT
    elif value.__class__ is Unknown:
        return value
    due = "an object" if step.kind == "member" else "a list"
    return Unknown.because(f"{text}: {kind_of(value)} stands where {due} is due")


def _spread(at: str, value: Json, step: Step, text: str) -> list[tuple[str, Json]]:
    if at.endswith(_WILD_ENDS):
        return [(at, value)]
    if value is ABSENT:
        return []
    if step.kind == "elements":
        if value.__class__ is list:
            return [(f"{at}[{position}]", item) for position, item in enumerate(value)]
    elif value.__class__ is dict:
        return [(_join(at, Step("member", name)), item) for name, item in value.items()]
    due = "a list" if step.kind == "elements" else "an object"
    wild = at + str(step)
    if value.__class__ is Unknown:
        return [(wild, value)]
    return [(wild, Unknown.because(f"{text}: {kind_of(value)} stands where {due} is due"))]


def _join(at: str, step: Step) -> str:
    return (at + str(step)).removeprefix(".")
