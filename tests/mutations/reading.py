"""Which property paths of a snapshot's resources its judgement really reads: noted at run time, by the identity of what is read.

Conditions, expressions, relations, components and facts all come to an ARM body through `scanner.language.paths` or the members
of `scanner.language.expressions`; both are wrapped here while something is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from scanner.language import expressions, paths
from scanner.model.arm_types import arm_type
from scanner.model.resource import Resource

__all__ = ["PropertyPath", "Recorder", "spelled"]

Json = Any
#: A compared resource type, and steps of lower-case member names, `[*]` (an element) and `.*` (any value of a map).
PropertyPath = tuple[str, tuple[str, ...]]


class Recorder:
    """Notes what is read of the bodies of some resources. `seen` are the paths until now."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._places: dict[int, PropertyPath] = {}
        self.seen: set[PropertyPath] = set()
        for resource in resources:
            for steps, value in _parts(resource.body, resource.type_key, ()):
                self._places.setdefault(id(value), (resource.type_key, steps))

    def note(self, holder: Json, step: str) -> None:
        """One step is read from a part of a body; other holders (fact documents, parameters) are none."""
        at = self._places.get(id(holder))
        if at is not None:
            self.seen.add((at[0], (*at[1], spelled(at[0], at[1], step))))

    @contextmanager
    def listening(self) -> Iterator[set[PropertyPath]]:
        """What is read meanwhile."""
        before, self.seen = self.seen, set()
        with (
            patch.object(paths, "_raw_member", self._wrapped(paths._raw_member, lambda document, name, *_: (document, name))),
            patch.object(paths, "_spread", self._wrapped(paths._spread, lambda at, value, step, *_: (value, _wild(step)))),
            patch.object(expressions, "member_of", self._wrapped(expressions.member_of, lambda value, key: (value, key))),
        ):
            yield self.seen
        self.seen = self.seen | before

    def _wrapped(self, read: Callable[..., Json], what: Callable[..., tuple[Json, Json]]) -> Callable[..., Json]:
        def noting(*arguments: Json) -> Json:
            holder, step = what(*arguments)
            self.note(holder, step.lower() if isinstance(step, str) else "[*]")
            return read(*arguments)

        return noting


def _parts(value: Json, type_key: str, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every object and list at any depth with its steps."""
    if isinstance(value, dict):
        yield at, value
        for name, item in value.items():
            yield from _parts(item, type_key, (*at, spelled(type_key, at, name.lower())))
    elif isinstance(value, list):
        yield at, value
        for item in value:
            yield from _parts(item, type_key, (*at, "[*]"))


def spelled(type_key: str, at: tuple[str, ...], step: str) -> str:
    """`.*` for a member of what the path table knows as a map: its name is data."""
    return ".*" if at in _maps(type_key) and step != "[*]" else step


@cache
def _maps(type_key: str) -> frozenset[tuple[str, ...]]:
    """Where the path table says that an object is a map and names none of its members."""
    table = arm_type(type_key)
    known = [tuple(re.findall(r"\[\*\]|\.\*|[^.\[\]*]+", path.lower())) for path in (table.paths if table is not None else ())]
    maps = {steps[:at] for steps in known for at, step in enumerate(steps) if step == ".*"}
    named = {steps[:at] for steps in known for at, step in enumerate(steps) if step not in (".*", "[*]")}
    return frozenset(maps - named)


def _wild(step: paths.Step) -> str:
    return "[*]" if step.kind == "elements" else ".*"
