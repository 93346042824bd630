"""Functions that only rules and imported policies have: they look at the resource, the count around them, and the baseline."""

from __future__ import annotations

from typing import Any, Final

from scanner.language.functions import STANDARD, Function, FunctionTable
from scanner.language.paths import PathError, compile_path
from scanner.language.reading import Reading, bound_element
from scanner.language.scope import EachElement, Scope
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["RULE_FUNCTIONS"]

Json = Any


def _field(scope: Scope, text: Json) -> Json:
    return _read(scope, text)


def _target(scope: Scope, text: Json) -> Json:
    audited = Scope(scope.target, scope.target.body, scope.target, scope.now, scope.world)
    return _read(audited, text)


def _read(scope: Scope, text: Json) -> Json:
    """The value of a path, Azure's default where it is absent and one is known; a list for a wild path."""
    try:
        path = compile_path(str(text))
    except PathError as error:
        return Unknown.because(str(error))
    bound = [(key, compile_path(key)) for key in scope.currents if key.endswith(("[*]", ".*"))]
    element, rest = bound_element(path, sorted(bound, key=lambda pair: len(pair[0])))
    reading = Reading(path, rest, element, _no_default, ())
    values = [value for _, value in reading.values(scope)]
    if not rest.wild:
        return values[0]
    reasons = [reason for value in values if isinstance(value, Unknown) for reason in value.reasons]
    return Unknown(tuple(reasons)) if reasons else [value for value in values if value is not ABSENT]


def _no_default(type_key: str, path: str) -> None:
    return None


def _current(scope: Scope, name: Json = "") -> Json:
    if name in scope.currents:
        value = scope.currents[name]
        return value.value if isinstance(value, EachElement) else value
    return _read(scope, name) if name else Unknown.because("current() stands in no count and no each")


def _baseline(scope: Scope, name: Json) -> Json:
    return scope.world.parameter(str(name))


def _component(scope: Scope, name: Json) -> Json:
    return scope.world.component(str(name))


def _components(scope: Scope, name: Json) -> Json:
    return scope.world.components(str(name))


def _related(scope: Scope, *relations: Json) -> Json:
    """The bodies of the resources that relations lead to, one relation after the other; unknown where there may be more."""
    found = scope.follow([str(item) for item in relations])
    return [item.body for item in found.items] if found.missing is None else found.missing


def _table(scope: Scope, name: Json, *keys: Json) -> Json:
    return scope.world.table(str(name), tuple(str(key) for key in keys))


def _evidence(scope: Scope, kind: Json, *otherwise: Json) -> Json:
    """The second argument stands for evidence that nobody gave; what is expired stays unknown."""
    stated = scope.world.evidence(str(kind), scope.now)
    return otherwise[0] if stated is ABSENT and otherwise else _none_given(kind) if stated is ABSENT else stated


def _none_given(kind: Json) -> Unknown:
    return Unknown.because(f"no evidence of kind {kind} is given for this workload: docs/evidence.md shows how")


def _api_version(scope: Scope) -> Json:
    """The API version in which the resource was read; null where nobody knows it."""
    return scope.resource.api_version or ABSENT


def _parent_id(scope: Scope) -> Json:
    return scope.resource.parent_key or ABSENT


#: ARM's functions with those of rules.
RULE_FUNCTIONS: Final[FunctionTable] = STANDARD.extended(
    Function("field", 1, 1, _field, takes_scope=True),
    Function("target", 1, 1, _target, takes_scope=True),
    Function("current", 0, 1, _current, takes_scope=True),
    Function("baseline", 1, 1, _baseline, takes_scope=True),
    Function("component", 1, 1, _component, takes_scope=True),
    Function("components", 1, 1, _components, takes_scope=True),
    Function("related", 1, None, _related, takes_scope=True),
    Function("table", 2, None, _table, takes_scope=True),
    Function("evidence", 1, 2, _evidence, takes_scope=True),
    Function("apiVersion", 0, 0, _api_version, takes_scope=True),
    Function("parentId", 0, 0, _parent_id, takes_scope=True),
)
