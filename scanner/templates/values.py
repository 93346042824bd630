"""What a template names by itself: parameters, variables and functions, each evaluated when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scanner.language.functions import EvaluationError
from scanner.model.unknown import Partial, Unknown
from scanner.templates.evaluation import Scope, copies_of, evaluate, fault
from scanner.templates.files import Pointer
from scanner.templates.parameters import declared_parameters, default_of, given_parameters, is_secure

if TYPE_CHECKING:
    from scanner.templates.deployment import Deployment

__all__ = ["Values", "texts_of"]

Json = Any


class Values:
    """Parameters and variables of a deployment. A template whose expressions are its parent's has none of its own."""

    def __init__(self, deployment: Deployment, given: Mapping[str, Json]) -> None:
        self._deployment = deployment
        file, at, frame = deployment.file, deployment.at, deployment.frame
        self._declared = {} if frame.outer is not None else declared_parameters(file, at, deployment.template)
        self._given = {} if frame.outer is not None else given_parameters(self._declared, given, file, at, told=frame.told)
        self._known: dict[str, Json] = {}
        self._busy: list[str] = []
        self._variables = self._declared_variables()

    def parameter(self, name: str) -> Json:
        """The value of a parameter. Raises `EvaluationError`, and `ConfigurationError` where its default is at fault."""
        key = str(name).lower()
        if key not in self._declared:
            known = ", ".join(sorted(item.name for item in self._declared.values())) or "none"
            raise EvaluationError(f"the template declares no parameter {name!r} (it has: {known})")
        if key in self._given:
            return self._noted(key, self._given[key])
        return self._once(
            f"parameter {name}",
            lambda: self._noted(key, default_of(self._declared[key], self._deployment.scope, self._deployment.file)),
        )

    def _noted(self, key: str, value: Json) -> Json:
        if is_secure(self._declared[key].shape):
            self._deployment.tree.secrets.update(texts_of(value))
        return value

    def variable(self, name: str) -> Json:
        """The value of a variable. Raises `EvaluationError`, and `ConfigurationError` where it is at fault itself."""
        key = str(name).lower()
        if key not in self._variables:
            raise EvaluationError(f"the template has no variable {name!r}")
        at, value, is_loop = self._variables[key]
        return self._once(
            f"variable {name}",
            lambda: self.loop(value, at) if is_loop else evaluate(value, self._deployment.scope, self._deployment.file, at),
        )

    def call_function(self, output: Json, arguments: Mapping[str, Json], name: str) -> Json:
        """What a user-defined function gives."""
        inside = Scope(self._deployment, arguments=arguments)
        if len(self._busy) > 100:
            raise EvaluationError(f"{name} leads back to itself")
        self._busy.append(name)
        try:
            return evaluate(output, inside, self._deployment.file, (*self._deployment.at, "functions"))
        finally:
            self._busy.pop()

    def _declared_variables(self) -> dict[str, tuple[Pointer, Json, bool]]:
        variables = self._deployment.template.get("variables") or {}
        if not isinstance(variables, dict):
            fault(self._deployment.file, (*self._deployment.at, "variables"), '"variables" is an object')
        found: dict[str, tuple[Pointer, Json, bool]] = {}
        for name, value in variables.items():
            at = (*self._deployment.at, "variables", name)
            if name == "copy" and isinstance(value, list):
                loops = ((index, item) for index, item in enumerate(value) if isinstance(item, dict))
                found.update((str(item.get("name", "")).lower(), ((*at, index), item, True)) for index, item in loops)
            else:
                found[name.lower()] = (at, value, False)
        return found

    def loop(self, item: dict[str, Json], at: Pointer) -> Json:
        """The list that a copy loop of variables or outputs makes."""
        loop = copies_of(item, self._deployment.scope, self._deployment.file, at)
        if isinstance(loop.count, Unknown):
            return loop.count
        return [
            evaluate(item.get("input"), inner, self._deployment.file, (*at, "input"))
            for inner in loop.scopes(self._deployment.scope)
        ]

    def _once(self, what: str, make: Callable[[], Json]) -> Json:
        key = what.lower()
        if key in self._known:
            return self._known[key]
        if key in self._busy:
            circle = " → ".join([*self._busy[self._busy.index(key) :], key])
            raise EvaluationError(f"circular: {circle} (ARM: InvalidTemplate)")
        self._busy.append(key)
        try:
            self._known[key] = make()
        finally:
            self._busy.remove(key)
        return self._known[key]


def texts_of(value: Json) -> Iterator[str]:
    """The texts of a secret that are long enough to be one."""
    if isinstance(value, str) and len(value) >= 4:
        yield value
    elif isinstance(value, dict | list) and not isinstance(value, Partial):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)
