"""Expressions in tables of the baseline: their values under the parameters of a workload."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from scanner.facts.bare_world import BareWorld
from scanner.facts.fact import FactContext
from scanner.language.expressions import Template, compile_value
from scanner.language.rule_functions import RULE_FUNCTIONS
from scanner.language.scope import Scope
from scanner.model.resource import Resource
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["TableValues"]

Json = Any


class _World(BareWorld):
    """The world of a table's expressions: the parameters of the workload."""

    def __init__(self, context: FactContext, parameters: Mapping[str, Json]) -> None:
        super().__init__(context.snapshot.spellings)
        self._parameters = parameters

    def parameter(self, name: str) -> Json:
        """A parameter of the baseline."""
        return self._parameters.get(name, Unknown.because(f"the baseline has no parameter {name!r}"))


class TableValues:
    """Values of a table's cells, where a text may be an expression."""

    def __init__(self, context: FactContext, parameters: Mapping[str, Json]) -> None:
        self._now, self._world = context.now, _World(context, parameters)

    def value(self, cell: Json, resource: Resource) -> Json:
        """The value of a cell for a resource."""
        if not isinstance(cell, str):
            return cell
        found = _compiled(cell).evaluate(Scope(resource, resource.body, resource, self._now, self._world))
        return Unknown.because(f"{cell} has no value") if found is ABSENT else found


@cache
def _compiled(text: str) -> Template:
    return compile_value(text, RULE_FUNCTIONS)
