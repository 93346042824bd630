"""Azure Policy's comparison operators, with its semantics: strings ignore case, a missing value is null, booleans and numbers
compare with their string forms. What has no order is unknown, never true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from scanner.language.kinds import kind_of
from scanner.model.unknown import ABSENT, Truth, Unknown, negate

__all__ = ["NEGATIONS", "OPERATORS", "canonical", "compare"]

Json = Any
Operator = Callable[[Json, Json], Truth]

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


def canonical(value: Json) -> Json:
    """The form in which scalars are equal: lower-case text; `true` and `3` equal their string forms."""
    if value.__class__ is str:
        return value.lower()
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is int:
        return str(value)
    if value.__class__ is float:
        return str(int(value)) if value.is_integer() else repr(value)
    if value.__class__ is list:
        return tuple(canonical(item) for item in value)
    if value.__class__ is dict:
        return tuple(sorted((key.lower(), canonical(item)) for key, item in value.items()))
    return value


def _equals(actual: Json, expected: Json) -> Truth:
    if actual is ABSENT or expected is ABSENT or expected is None:
        return (actual is ABSENT) and (expected is ABSENT or expected is None)
    if (actual.__class__ in (dict, list)) != (expected.__class__ in (dict, list)):
        return _unlike(actual, expected)
    return bool(canonical(actual) == canonical(expected))


def _like(actual: Json, expected: Json) -> Truth:
    if actual is ABSENT:
        return False
    if _structured(actual) or _structured(expected):
        return _unlike(actual, expected)
    text, (head, star, tail) = canonical(actual), canonical(expected).partition("*")
    if not star:
        return bool(text == head)
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _match(actual: Json, expected: Json) -> Truth:
    return _matches(actual, expected, flags=0)


def _match_insensitively(actual: Json, expected: Json) -> Truth:
    return _matches(actual, expected, flags=re.IGNORECASE)


def _matches(actual: Json, expected: Json, *, flags: int) -> Truth:
    if actual is ABSENT:
        return False
    if actual.__class__ is not str:
        return _unlike(actual, expected)
    signs = {"#": "[0-9]", "?": "[A-Za-z]", ".": "."}
    pattern = "".join(signs.get(sign) or re.escape(sign) for sign in str(expected))
    return re.fullmatch(pattern, actual, flags | re.DOTALL) is not None


def _contains(actual: Json, expected: Json) -> Truth:
    if actual is ABSENT:
        return False
    if actual.__class__ is list:
        return any(_equals(item, expected) is True for item in actual)
    if actual.__class__ is dict or _structured(expected):
        return _unlike(actual, expected)
    return bool(canonical(expected) in canonical(actual))


def _in(actual: Json, expected: Json) -> Truth:
    if expected.__class__ is not list:
        return _unlike(expected, actual)
    if actual is ABSENT:
        return False
    if actual.__class__ in (dict, list):
        return _unlike(actual, expected)
    return canonical(actual) in {canonical(item) for item in expected}


def _contains_key(actual: Json, expected: Json) -> Truth:
    if actual is ABSENT:
        return False
    if actual.__class__ is not dict or _structured(expected):
        return _unlike(actual, expected)
    return any(key.lower() == canonical(expected) for key in actual)


def _exists(actual: Json, expected: Json) -> Truth:
    return bool((actual is not ABSENT) == (canonical(expected) == "true"))


def compare(actual: Json, expected: Json) -> int | Unknown | None:
    """-1, 0 or 1; None where either is null (no order holds); unknown for unlike types."""
    if actual in (ABSENT, None) or expected in (ABSENT, None):
        return None
    pairs = (_as_number(actual), _as_number(expected)), (_as_date(actual), _as_date(expected))
    for left, right in pairs:
        if left is not None and right is not None:
            return int(left > right) - int(left < right)
    if actual.__class__ is str and expected.__class__ is str and None in pairs[0] and None in pairs[1]:
        if any(side is not None for pair in pairs for side in pair):
            return _unlike(actual, expected)
        left_text, right_text = actual.lower(), expected.lower()
        return (left_text > right_text) - (left_text < right_text)
    return _unlike(actual, expected)


def _ordered(accept: Callable[[int], bool]) -> Operator:
    def test(actual: Json, expected: Json) -> Truth:
        order = compare(actual, expected)
        if order is None or isinstance(order, Unknown):
            return False if order is None else order
        return accept(order)

    return test


def _negated(operator: Operator) -> Operator:
    return lambda actual, expected: negate(operator(actual, expected))


def _unlike(actual: Json, expected: Json) -> Unknown:
    return Unknown.because(f"{kind_of(actual)} cannot be compared with {kind_of(expected)}")


def _structured(value: Json) -> bool:
    """Whether a value has no text form to compare: an object, a list, null."""
    return value.__class__ in (dict, list) or value is None or value is ABSENT


def _as_number(value: Json) -> Any:
    if value.__class__ in (int, float):
        return value
    if value.__class__ is str and len(value) < 40 and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return None


def _as_date(value: Json) -> Any:
    if value.__class__ is not str or not _DATE.fullmatch(value):
        return None
    try:
        date = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


#: Operators that say the contrary of another.
NEGATIONS: Final = {
    "notEquals": "equals", "notLike": "like", "notMatch": "match", "notMatchInsensitively": "matchInsensitively",
    "notContains": "contains", "notIn": "in", "notContainsKey": "containsKey",
}  # fmt: skip

_POSITIVE: Final[dict[str, Operator]] = {
    "equals": _equals, "like": _like, "match": _match, "matchInsensitively": _match_insensitively, "contains": _contains,
    "in": _in, "containsKey": _contains_key, "exists": _exists, "less": _ordered(lambda order: order < 0),
    "lessOrEquals": _ordered(lambda order: order <= 0), "greater": _ordered(lambda order: order > 0),
    "greaterOrEquals": _ordered(lambda order: order >= 0),
}  # fmt: skip

#: Every operator by its name: called with the actual value (`ABSENT` for null) and the expected one, neither unknown.
OPERATORS: Final[dict[str, Operator]] = {
    **_POSITIVE, **{name: _negated(_POSITIVE[positive]) for name, positive in NEGATIONS.items()},
}  # fmt: skip
