"""Numeric functions: ARM's integers, division truncating towards zero."""

from __future__ import annotations

import re
from typing import Any, Final

from scanner.language.functions.table import Function
from scanner.language.functions.values import integer, kind, number, wrong

__all__ = ["NUMBERS"]

Json = Any

_VERSION = re.compile(r"\d+(\.\d+)*")


def _bounded(value: int) -> int:
    """64 bits, as .NET's long: without an end a lambda could square a number until nothing else runs."""
    return value if -(2**63) <= value < 2**63 else wrong("the result does not fit into 64 bits")


def _div(left: Json, right: Json) -> int:
    dividend, divisor = integer(left), integer(right)
    if divisor == 0:
        wrong("cannot divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _mod(left: Json, right: Json) -> int:
    return integer(left) - _div(left, right) * integer(right)


def _int(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,20}\s*", value):
        return int(value)
    return wrong(f"cannot turn {value!r:.40} into an integer")


def _float(value: Json) -> float:
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,20}(\.\d{1,20})?\s*", value):
        return float(value)
    return float(number(value))


def _extreme(choose: Any) -> Any:
    def pick(*values: Json) -> Json:
        items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        return choose([integer(item) for item in items]) if items else wrong("needs at least one integer")

    return pick


def _version_compare(left: Json, right: Json) -> int:
    """-1, 0 or 1 of two dotted versions, missing parts counting as zero (ours; ARM has none)."""
    parts = [_version(left), _version(right)]
    size = max(map(len, parts))
    first, second = ([*part, *([0] * (size - len(part)))] for part in parts)
    return (first > second) - (first < second)


def _version(value: Json) -> list[int]:
    if not isinstance(value, str) or not _VERSION.fullmatch(value) or len(value) > 60:
        return wrong(
            f"expected a version such as 1.2, got {value!r:.40}"
            if isinstance(value, str)
            else f"expected a version, got {kind(value)}"
        )
    return [int(part) for part in value.split(".")]


NUMBERS: Final = (
    Function("add", 2, 2, lambda left, right: _bounded(integer(left) + integer(right))),
    Function("div", 2, 2, _div),
    Function("float", 1, 1, _float),
    Function("int", 1, 1, _int),
    Function("max", 1, None, _extreme(max)),
    Function("min", 1, None, _extreme(min)),
    Function("mod", 2, 2, _mod),
    Function("mul", 2, 2, lambda left, right: _bounded(integer(left) * integer(right))),
    Function("sub", 2, 2, lambda left, right: _bounded(integer(left) - integer(right))),
    Function("versionCompare", 2, 2, _version_compare),
)
