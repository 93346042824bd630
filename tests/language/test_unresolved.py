"""What is not known stays so through every function: a definite answer holds whatever the unknown turns out to be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.language.expressions import compile_expression
from scanner.language.functions import STANDARD, EvaluationError, Function
from scanner.model.unknown import Partial, Unknown

Json = Any
WHY = Unknown.because("only Azure knows")
VALUES: tuple[Json, ...] = ("a", "", 0, 1, True, False, None, [], ["a"], {}, {"a": 1}, {"b": "a"})


class Scope:
    """Whatever `x()` stands for."""

    def __init__(self, value: Json) -> None:
        self.value = value


TABLE = STANDARD.extended(Function("x", 0, 0, lambda scope: scope.value, takes_scope=True))
HOLDERS = ("x()", "createArray(x())", "createArray('a', x())", "createObject('a', x())", "createArray(createObject('b', x()))")
OTHERS = ("'a'", "1", "createArray('a', 'b')", "createObject('a', 1)", "true()", "''", "createArray()")


def calls() -> st.SearchStrategy[str]:
    names = [item for item in STANDARD if item.least <= 3 and not item.takes_lambdas and not item.takes_scope]
    arguments = st.sampled_from([*HOLDERS, *OTHERS])
    return st.sampled_from(names).flatmap(
        lambda item: st.lists(arguments, min_size=item.least, max_size=3 if item.most is None else min(item.most, 3)).map(
            lambda given: f"[{item.name}({', '.join(given)})]"
        )
    )


def value_of(text: str, value: Json) -> Json:
    try:
        return compile_expression(text, TABLE).strict(Scope(value))
    except EvaluationError:
        return "refused"


def blurred(value: Json) -> Json:
    """A value with what is unknown in it left out of the comparison."""
    if isinstance(value, Unknown):
        return ...
    if isinstance(value, dict):
        return {key: blurred(item) for key, item in value.items()}
    return [blurred(item) for item in value] if isinstance(value, list) else value


def agrees(found: Json, real: Json) -> bool:
    """Whether a real value is one that the found one, unknown in parts, allows."""
    if found is ...:
        return True
    if isinstance(found, dict) and isinstance(real, dict):
        return found.keys() == real.keys() and all(agrees(item, real[key]) for key, item in found.items())
    if isinstance(found, list) and isinstance(real, list):
        return len(found) == len(real) and all(map(agrees, found, real))
    return type(found) is type(real) and bool(found == real)


@settings(max_examples=1000)
@given(calls(), st.sampled_from(VALUES))
def test_a_definite_answer_holds_whatever_the_unknown_is(text: str, value: Json) -> None:
    found = value_of(text, WHY)
    real = value_of(text, value)
    if found != "refused" and real != "refused":
        assert agrees(blurred(found), real), (found, real)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("[length(createArray(x(), 1))]", 2),
        ("[if(true(), 1, x())]", 1),
        ("[or(x(), true())]", True),
        ("[and(x(), false())]", False),
        ("[contains(createArray(x(), 'a'), 'a')]", True),
        ("[contains(createObject('a', x()), 'A')]", True),
        ("[first(createArray('a', x()))]", "a"),
        ("[tryGet(createObject('a', 1, 'b', x()), 'a')]", 1),
        ("[coalesce('a', x())]", "a"),
        ("[empty(createArray(x()))]", False),
    ],
)
def test_what_does_not_depend_on_it_is_known(text: str, known: Json) -> None:
    assert value_of(text, WHY) == known


@pytest.mark.parametrize(
    "text",
    ["[concat('a', x())]", "[string(createArray(x()))]", "[contains(createArray(x(), 'b'), 'a')]", "[uniqueString(x())]",
     "[equals(createObject('a', x()), createObject('a', 1))]", "[union(createArray(x()), createArray(1))]", "[x().y]",
     "[createObject('a', 1)[x()]]"],
)  # fmt: skip
def test_what_depends_on_it_is_unknown_with_its_reason(text: str) -> None:
    assert value_of(text, WHY) == WHY


def test_an_object_known_in_part_gives_what_is_known_and_else_why_not() -> None:
    part = Partial({"Name": "a", "inner": {"b": 1}}, rest=WHY)
    assert value_of("[x().name]", part) == "a"
    assert value_of("[x().inner.b]", part) == 1
    assert value_of("[x().inner.c]", part) == WHY
    assert value_of("[x().other.deeper]", part) == WHY
    assert value_of("[tryGet(x(), 'other')]", part) == WHY
    assert value_of("[contains(x(), 'other')]", part) == WHY
    assert value_of("[length(x())]", part) == WHY
