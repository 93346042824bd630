"""What functions of every group share: argument types with errors in words, ARM's text form of values, equality, lambdas."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from scanner.language.functions.table import EvaluationError
from scanner.model.unknown import Unknown

__all__ = ["Lambda", "LambdaScope", "array", "integer", "kind", "mapping", "number", "same", "text", "to_text", "wrong"]

Json = Any


def wrong(message: str) -> NoReturn:
    """Refuse the arguments."""
    raise EvaluationError(message)


def kind(value: Json) -> str:
    """A value's JSON type in words."""
    names: dict[type, str] = {
        str: "text",
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        list: "an array",
        dict: "an object",
    }
    if isinstance(value, Lambda):
        return "a lambda"
    return "null" if value is None else names.get(type(value), "an object")


def text(value: Json) -> str:
    """A string argument."""
    return value if isinstance(value, str) else wrong(f"expected text, got {kind(value)}")


def array(value: Json) -> list[Json]:
    """An array argument."""
    return value if isinstance(value, list) else wrong(f"expected an array, got {kind(value)}")


def mapping(value: Json) -> Mapping[str, Json]:
    """An object argument."""
    return value if isinstance(value, Mapping) else wrong(f"expected an object, got {kind(value)}")


def integer(value: Json) -> int:
    """An integer argument; booleans are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else wrong(f"expected an integer, got {kind(value)}")


def number(value: Json) -> int | float:
    """A number argument."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return wrong(f"expected a number, got {kind(value)}")


def to_text(value: Json) -> str:
    """ARM's `string()`: text as it is, anything else as compact JSON with `True`/`False` capitalised as ARM does."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def same(left: Json, right: Json) -> bool:
    """ARM's equality: of like types only, text case-sensitive (conditions of rules and policies ignore case instead)."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    return bool(left == right)


@dataclass(frozen=True, slots=True)
class Lambda:
    """A lambda with the scope it was made in."""

    names: tuple[str, ...]
    body: Callable[[Any], Json]
    scope: Any

    def __call__(self, *values: Json) -> Json:
        """The value of the body with its variables set; surplus values (the index) are dropped."""
        if len(values) < len(self.names):
            wrong(f"the lambda takes {len(self.names)} variables, {len(values)} are given")
        return self.body(LambdaScope(self.scope, dict(zip(self.names, values, strict=False))))

    def decides(self, *values: Json) -> bool | Unknown:
        """The value of a predicate."""
        result = self(*values)
        return result if isinstance(result, bool | Unknown) else wrong(f"the lambda must give a boolean, gave {kind(result)}")


class LambdaScope:
    """A scope with lambda variables in front of another scope."""

    def __init__(self, inner: Any, variables: dict[str, Json]) -> None:
        self.inner = inner
        self.variables = variables

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def variable(self, name: str) -> Json:
        """The innermost variable of a name, ignoring case."""
        scope: Any = self
        while isinstance(scope, LambdaScope):
            for key, value in scope.variables.items():
                if key.lower() == name.lower():
                    return value
            scope = scope.inner
        return wrong(f"no lambda around this has a variable {name!r}")
