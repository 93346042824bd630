"""Logical and comparison functions. Those that need not evaluate every argument do not, and so stay known where they can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.language.functions.table import EvaluationError, Function
from scanner.language.functions.values import kind, same, wrong
from scanner.model.unknown import ABSENT, Unknown, all_of, any_of

__all__ = ["LOGIC"]

Json = Any
Thunk = Callable[[Any], Json]


def _truth(value: Json) -> bool | Unknown:
    return value if isinstance(value, bool | Unknown) else wrong(f"expected a boolean, got {kind(value)}")


def _and(scope: Any, *thunks: Thunk) -> Json:
    return all_of(_truth(thunk(scope)) for thunk in thunks)


def _or(scope: Any, *thunks: Thunk) -> Json:
    return any_of(_truth(thunk(scope)) for thunk in thunks)


def _not(value: Json) -> Json:
    truth = _truth(value)
    return truth if isinstance(truth, Unknown) else not truth


def _if(scope: Any, condition: Thunk, then: Thunk, otherwise: Thunk) -> Json:
    truth = _truth(condition(scope))
    if isinstance(truth, Unknown):
        return truth
    return then(scope) if truth else otherwise(scope)


def _coalesce(scope: Any, *thunks: Thunk) -> Json:
    for thunk in thunks:
        value = thunk(scope)
        if value is not None and value is not ABSENT:
            return value
    return None


def _try_get(scope: Any, subject: Thunk, *keys: Thunk) -> Json:
    from scanner.language.expressions import member_of

    value = subject(scope)
    for key in keys:
        at = key(scope)
        if isinstance(value, Unknown) or isinstance(at, Unknown):
            return value if isinstance(value, Unknown) else at
        if value is None or value is ABSENT:
            return None
        if not isinstance(value, Mapping | list) or (isinstance(value, list) and isinstance(at, str)):
            return wrong(f"tryGet: {kind(value)} stands where an object or array is due")
        try:
            value = member_of(value, at)
        except EvaluationError:
            return None
    return value


def _bool(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    return wrong(f"cannot turn {kind(value)} into a boolean")


def _ordered(accept: Callable[[Any, Any], bool]) -> Callable[[Json, Json], bool]:
    def compare(left: Json, right: Json) -> bool:
        numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
        if not numbers and not (isinstance(left, str) and isinstance(right, str)):
            wrong(f"compares two numbers or two texts, not {kind(left)} and {kind(right)}")
        return accept(left, right)

    return compare


LOGIC: Final = (
    Function("and", 2, None, _and, lazy=True),
    Function("bool", 1, 1, _bool),
    Function("coalesce", 1, None, _coalesce, lazy=True),
    Function("equals", 2, 2, same),
    Function("false", 0, 0, lambda: False),
    Function("greater", 2, 2, _ordered(lambda left, right: left > right)),
    Function("greaterOrEquals", 2, 2, _ordered(lambda left, right: left >= right)),
    Function("if", 3, 3, _if, lazy=True),
    Function("less", 2, 2, _ordered(lambda left, right: left < right)),
    Function("lessOrEquals", 2, 2, _ordered(lambda left, right: left <= right)),
    Function("not", 1, 1, _not),
    Function("or", 2, None, _or, lazy=True),
    Function("true", 0, 0, lambda: True),
    Function("tryGet", 2, None, _try_get, lazy=True),
)
