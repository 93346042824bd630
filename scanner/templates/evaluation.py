"""Evaluates the JSON of a template in a scope: expressions, copy loops of properties; a fault names its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from scanner.language.expressions import ExpressionError, compile_expression, is_expression
from scanner.language.functions import EvaluationError
from scanner.model.errors import ConfigurationError
from scanner.model.unknown import Partial, Unknown
from scanner.templates.files import Pointer, TemplateFile

if TYPE_CHECKING:
    from scanner.templates.deployment import Deployment

__all__ = ["MOST_COPIES", "CopyLoop", "Scope", "copies_of", "evaluate", "fault", "settled", "truth_of", "unknown_in"]

Json = Any
#: ARM's limit of a copy loop, and of the resources of one template.
MOST_COPIES: Final = 800


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions see: the deployment with its parameters and variables, and the copy loops around them (by lower-case name;
    `loop` is the innermost of a resource). `arguments` are those of a user-defined function, which sees nothing else.
    """

    deployment: Deployment
    loops: Mapping[str, int] = field(default_factory=dict)
    loop: str = ""
    arguments: Mapping[str, Json] | None = None

    @property
    def now(self) -> datetime:
        """When the template is taken to be deployed."""
        return self.deployment.tree.now

    def new_guid(self) -> Json:
        """What `newGuid()` gives."""
        return self.deployment.tree.world.new_guid()

    def inside(self, name: str, index: int) -> Scope:
        """The scope of one turn of a loop."""
        return replace(self, loops={**self.loops, name.lower(): index}, loop=name.lower())


@dataclass(frozen=True, slots=True)
class CopyLoop:
    """A copy loop: its name and how often it turns, which may be unknown."""

    name: str
    count: int | Unknown

    def scopes(self, scope: Scope) -> Iterator[Scope]:
        """One scope for each turn."""
        assert not isinstance(self.count, Unknown)
        return (scope.inside(self.name, index) for index in range(self.count))


def evaluate(value: Json, scope: Scope, file: TemplateFile, at: Pointer) -> Json:
    """The value with its expressions evaluated and its `copy` members expanded; a new object. Raises `ConfigurationError`."""
    if isinstance(value, str):
        return _text(value, scope, file, at) if value.startswith("[") else value
    if isinstance(value, dict):
        result: dict[str, Json] = {}
        for key, item in value.items():
            if key == "copy" and _is_property_copy(item):
                result.update(_property_copies(item, scope, file, (*at, "copy")))
                continue
            name = _text(key, scope, file, (*at, key)) if key.startswith("[") else key
            if isinstance(name, Unknown):
                return name
            result[str(name)] = evaluate(item, scope, file, (*at, key))
        return result
    if isinstance(value, list):
        return [evaluate(item, scope, file, (*at, index)) for index, item in enumerate(value)]
    return value


def copies_of(loop: Json, scope: Scope, file: TemplateFile, at: Pointer) -> CopyLoop:
    """The copy loop that is written somewhere. Raises `ConfigurationError`."""
    if not isinstance(loop, dict) or not isinstance(loop.get("name"), str) or "count" not in loop:
        fault(file, at, 'a copy loop has a "name" and a "count"')
    name = evaluate(loop["name"], scope, file, (*at, "name"))
    count = evaluate(loop["count"], scope, file, (*at, "count"))
    unknown = unknown_in([name, count])
    if unknown is not None:
        return CopyLoop("", unknown)
    if not isinstance(count, int) or isinstance(count, bool):
        fault(file, (*at, "count"), f"the count of the copy loop {name!r} is no integer but {count!r}")
    if not 0 <= count <= MOST_COPIES:
        fault(
            file,
            (*at, "count"),
            f"the copy loop {name!r} turns {count} times, and ARM takes 0 to {MOST_COPIES} (InvalidTemplate)",
        )
    return CopyLoop(str(name), count)


def truth_of(value: Json, file: TemplateFile, at: Pointer) -> bool | Unknown:
    """A condition's value; ARM takes the texts `true` and `false` too."""
    if isinstance(value, bool | Unknown):
        return value
    if not isinstance(value, str) or value.lower() not in ("true", "false"):
        fault(file, at, f"a condition is true or false, not {value!r}")
    return value.lower() == "true"


def unknown_in(value: Json) -> Unknown | None:
    """The unknown somewhere in a value, with all reasons."""
    reasons: dict[str, None] = {}
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Unknown):
            reasons.update(dict.fromkeys(item.reasons))
        elif isinstance(item, Partial):
            reasons.update(dict.fromkeys(item.rest.reasons))
        pending.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    return Unknown(tuple(reasons)) if reasons else None


def settled(value: Json) -> Json:
    """A value for a body: what is known in part only is unknown there, as nothing marks what it lacks."""
    if isinstance(value, Partial):
        return value.rest
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return value


def fault(file: TemplateFile, at: Pointer, message: str) -> NoReturn:
    """Refuse the template, at a place."""
    raise ConfigurationError([file.fault(at, message)])


def _text(text: str, scope: Scope, file: TemplateFile, at: Pointer) -> Json:
    if not is_expression(text):
        return text[1:] if text.startswith("[[") else text
    try:
        return compile_expression(text, scope.deployment.functions).strict(scope)
    except ExpressionError as error:
        fault(file, at, f"{error} (ARM: InvalidTemplate)")
    except EvaluationError as error:
        shown = text if len(text) <= 160 else f"{text[:157]}…"
        fault(file, at, f"{error} in {shown} (ARM: InvalidTemplate)")


def _is_property_copy(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "input" in item and "count" in item for item in value)


def _property_copies(loops: list[Json], scope: Scope, file: TemplateFile, at: Pointer) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for index, item in enumerate(loops):
        here = (*at, index)
        loop = copies_of(item, scope, file, here)
        if isinstance(loop.count, Unknown):
            made[str(item.get("name"))] = loop.count
            continue
        turns = (replace(scope, loops=inner.loops) for inner in loop.scopes(scope))
        made[loop.name] = [evaluate(item["input"], turn, file, (*here, "input")) for turn in turns]
    return made
