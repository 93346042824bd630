"""Azure Policy's operators: the conformance table, with the documentation's own examples where it gives one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.language.operators import NEGATIONS, OPERATORS
from scanner.model.unknown import ABSENT, Unknown, negate

UNKNOWN = object()

TABLE: list[tuple[str, Any, Any, Any]] = [
    # operator, actual, expected, truth
    ("equals", "Disabled", "disabled", True),
    ("equals", True, "true", True),
    ("equals", "True", True, True),
    ("equals", 3, "3", True),
    ("equals", 3.0, 3, True),
    ("equals", 1, True, False),
    ("equals", ABSENT, "x", False),
    ("equals", ABSENT, "", False),
    ("equals", ["a"], ["A"], True),
    ("equals", {"A": 1}, {"a": "1"}, True),
    ("equals", ["a"], "a", UNKNOWN),
    ("equals", "a", ["a"], UNKNOWN),
    ("notEquals", ABSENT, "x", True),
    ("notEquals", "X", "x", False),
    ("like", "contoso-prod", "contoso*", True),
    ("like", "prod-contoso", "*contoso", True),
    ("like", "Standard_ZRS", "standard_*rs", True),
    ("like", "ab", "ab*b", False),
    ("like", "exact", "EXACT", True),
    ("like", ABSENT, "*", False),
    ("notLike", ABSENT, "*", True),
    ("match", "contoso123", "contoso###", True),
    ("match", "Contoso123", "contoso###", False),
    ("match", "contosoabc", "contoso???", True),
    ("match", "contoso12", "contoso##.", False),
    ("match", "contoso12x", "contoso##.", True),
    ("match", 12, "##", UNKNOWN),
    ("matchInsensitively", "CONTOSO123", "contoso###", True),
    ("notMatch", "contoso-1", "contoso###", True),
    ("notMatchInsensitively", "CONTOSO123", "contoso###", False),
    ("contains", "TLS1_2", "tls", True),
    ("contains", ["a", "B"], "b", True),
    ("contains", ABSENT, "a", False),
    ("notContains", ABSENT, "a", True),
    ("contains", {"a": 1}, "a", UNKNOWN),
    ("in", "EastUS", ["eastus", "westus"], True),
    ("in", 3, ["3"], True),
    ("in", ABSENT, ["a"], False),
    ("notIn", ABSENT, ["a"], True),
    ("in", "a", "abc", UNKNOWN),
    ("in", ["a"], ["a"], UNKNOWN),
    ("containsKey", {"CostCenter": 1}, "costcenter", True),
    ("containsKey", "text", "t", UNKNOWN),
    ("notContainsKey", ABSENT, "x", True),
    ("less", 2, 3, True),
    ("less", "2", 3, True),
    ("less", 10, "9", False),
    ("lessOrEquals", 3, 3, True),
    ("greater", "2026-01-02T00:00:00Z", "2026-01-01", True),
    ("greater", "2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00Z", False),
    ("greaterOrEquals", "b", "A", True),
    ("less", ABSENT, 3, False),
    ("greater", ABSENT, 3, False),
    ("less", True, 3, UNKNOWN),
    ("less", "soon", 3, UNKNOWN),
    ("greater", "soon", "2026-01-01", UNKNOWN),
    ("less", [1], 3, UNKNOWN),
    ("exists", ABSENT, "true", False),
    ("exists", ABSENT, False, True),
    ("exists", "", "true", True),
    ("exists", [], True, True),
]


@pytest.mark.parametrize(("operator", "actual", "expected", "truth"), TABLE)
def test_operators_agree_with_azure_policy(operator: str, actual: Any, expected: Any, truth: Any) -> None:
    found = OPERATORS[operator](actual, expected)
    assert isinstance(found, Unknown) if truth is UNKNOWN else found is truth


def test_every_operator_has_a_row() -> None:
    assert {row[0] for row in TABLE} == set(OPERATORS)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.just("2026-01-01T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(OPERATORS)), st.just(ABSENT) | JSON.filter(lambda value: value is not None), JSON)
def test_no_operator_raises_whatever_it_compares(operator: str, actual: Any, expected: Any) -> None:
    assert isinstance(OPERATORS[operator](actual, expected), bool | Unknown)


@given(st.sampled_from(sorted(NEGATIONS)), st.just(ABSENT) | JSON.filter(lambda value: value is not None), JSON)
def test_negated_operators_are_the_contrary(operator: str, actual: Any, expected: Any) -> None:
    assert OPERATORS[operator](actual, expected) == negate(OPERATORS[NEGATIONS[operator]](actual, expected))
