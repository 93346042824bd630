"""How conditions read values: a path of the resource or of a count's current element; unread parts, defaults, odd types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scanner.language.kinds import kind_of
from scanner.language.paths import Path
from scanner.language.scope import Default, Scope
from scanner.model.resource import Resource
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["Reading", "bound_element", "is_impossible", "read_from", "unread_reason"]

Json = Any
DefaultOf = Callable[[str, str], Default | None]

_OWN_MEMBERS = ("id", "name", "type")


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads one path in a scope. `element` names the count whose current element the path continues (empty: the resource),
    `rest` is what remains of the path then. `kinds` are the table's kinds of the path, for values of an impossible type.
    """

    path: Path
    rest: Path
    element: str
    default_of: DefaultOf
    kinds: tuple[str, ...]

    def values(self, scope: Scope) -> list[tuple[str, Json]]:
        """Every value with its concrete path; one pair unless the path is wild. Absent ones stay `ABSENT`."""
        document = scope.currents.get(self.element, ABSENT) if self.element else scope.document
        if self.element and not self.rest.steps:
            pairs: list[tuple[str, Json]] = [(self.path.text, document)]
        elif self.rest.wild:
            pairs = self.rest.expand(document, scope.world.spellings)
        else:
            pairs = [(self.path.text, read_from(scope, self.rest, document, whole=not self.element))]
        if not pairs and not self.element:
            reason = unread_reason(scope.resource, self.path)
            return [] if reason is None else [(self.path.text, reason)]
        return [(at, self._checked(value, scope)) for at, value in pairs]

    def assume(self, scope: Scope) -> tuple[Json, str]:
        """What Azure assumes when the path is absent, and the words for it; `ABSENT` where nothing is known to be assumed."""
        default = self.default_of(scope.resource.type_key, self.path.text)
        if default is None:
            return ABSENT, "absent"
        if default.since and not scope.resource.api_version >= default.since:
            return Unknown.because(
                f"{self.path.text} is absent and its default changed with API version {default.since}"
                f" (answer of {scope.resource.api_version or 'an unstated version'})"
            ), "absent"
        return default.value, f"absent (Azure default: {_words(default.value)})"

    def _checked(self, value: Json, scope: Scope) -> Json:
        if value is ABSENT:
            reason = None if self.element else unread_reason(scope.resource, self.path)
            return ABSENT if reason is None else reason
        if value.__class__ is not Unknown and self.kinds and all(is_impossible(value, kind) for kind in self.kinds):
            return Unknown.because(
                f"{self.path.text} is of an impossible type ({kind_of(value)} for {self.kinds[0].split('[')[0]})"
            )
        return value


def read_from(scope: Scope, path: Path, document: Json, *, whole: bool) -> Json:
    """A path that is not wild; `id`, `name` and `type` of a resource are those by which it is known, whatever its body says."""
    if (
        whole
        and len(path.steps) == 1
        and path.steps[0].lowered in _OWN_MEMBERS
        and not scope.resource.type_key.startswith("driftline/")
    ):
        resource = scope.resource
        return {"id": resource.id, "name": resource.name, "type": resource.type}[path.steps[0].lowered]
    return path.read(document, scope.world.spellings)


def unread_reason(resource: Resource, path: Path) -> Unknown | None:
    """Unknown when this answer does not hold the member that the path starts with."""
    first = path.steps[0].lowered if path.steps else ""
    if first in resource.unread:
        return Unknown.because(f"{resource.id} was read without its {first}" + (f" (via {resource.via})" if resource.via else ""))
    return None


def bound_element(path: Path, bound: Sequence[tuple[str, Path]]) -> tuple[str, Path]:
    """The innermost count whose array path begins this path, and the rest of the path below its element."""
    for name, array in reversed(bound):
        rest = path.prefix(array)
        if rest is not None:
            return name, rest
    return "", path


def is_impossible(value: Json, kind: str) -> bool:
    """Whether a value cannot be of a kind of the path table; text forms of booleans and numbers are possible."""
    word = kind.split("[", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    match word:
        case "bool":
            return not (value.__class__ is bool or (value.__class__ is str and value.lower() in ("true", "false")))
        case "int":
            return value.__class__ not in (int, float) and not (value.__class__ is str and value.lstrip("-").isdigit())
        case "string" | "enum":
            return value.__class__ is not str
        case constant if constant.startswith("'"):
            return value.__class__ is not str
        case "array":
            return value.__class__ is not list
        case "object":
            return value.__class__ is not dict
        case _:
            return False


def _words(value: Json) -> str:
    return str(value).lower() if value.__class__ is bool else str(value)
