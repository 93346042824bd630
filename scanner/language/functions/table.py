"""Functions by name, ignoring case, as the parser looks them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

__all__ = ["EvaluationError", "Function", "FunctionTable"]


class EvaluationError(Exception):
    """A function was given what it cannot work with; the message says what, without naming the expression."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `call` takes the values of the arguments, after the scope where `takes_scope`; a `lazy` one takes the
    scope and thunks, each called with the scope for its value. Only one that `takes_lambdas` is ever given a lambda. A
    `structural` one looks at no element of its arguments, so that it may be given lists and objects that hold unknowns;
    one that `holds_unknown` may be given unknowns themselves.
    """

    name: str
    least: int
    most: int | None
    call: Callable[..., Any]
    takes_scope: bool = False
    lazy: bool = False
    takes_lambdas: bool = False
    structural: bool = False
    holds_unknown: bool = False


class FunctionTable:
    """An immutable, case-insensitive table of functions."""

    def __init__(self, functions: Iterator[Function] | tuple[Function, ...]) -> None:
        self._functions: dict[str, Function] = {}
        for function in functions:
            key = function.name.lower()
            if key in self._functions:
                message = f"function {function.name} is defined twice"
                raise ValueError(message)
            self._functions[key] = function

    def get(self, name: str) -> Function | None:
        """The function of a name in any letter case, or None."""
        return self._functions.get(name.lower())

    def extended(self, *functions: Function) -> FunctionTable:
        """This table with more functions; one of the same name is an error."""
        return FunctionTable((*self._functions.values(), *functions))

    def suggest(self, name: str) -> str:
        """The known name most like an unknown one, or empty."""
        near = get_close_matches(name.lower(), self._functions, n=1, cutoff=0.6)
        return self._functions[near[0]].name if near else ""

    def names(self) -> tuple[str, ...]:
        """Every name as ARM spells it, sorted."""
        return tuple(sorted(function.name for function in self._functions.values()))

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())
