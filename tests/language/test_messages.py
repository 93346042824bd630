"""Messages: holes are filled for one resource, and nothing that Azure returns can break a terminal or flood it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.language.context import ConditionContext
from scanner.language.messages import compile_message, printable
from scanner.language.rule_functions import RULE_FUNCTIONS
from scanner.language.scope import Scope, World
from scanner.model.resource import make_resource
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown

Json = Any
ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"


class Nothing:
    """A world without anything beyond the resource."""

    def __init__(self, body: Json) -> None:
        self.spellings = Spellings()
        self.spellings.learn(body)

    def parameter(self, name: str) -> Json:
        return Unknown.because(f"no parameter {name}")


def rendered(text: str, *, longest: int = 120, **members: Json) -> str:
    faults: list[str] = []
    context = ConditionContext(
        functions=RULE_FUNCTIONS, types=("Microsoft.Storage/storageAccounts",), named={}, relations={},
        default_of=lambda type_key, path: None, fault=lambda pointer, message: faults.append(message),
    )  # fmt: skip
    message = compile_message(text, context, longest=longest)
    assert faults == []
    resource = make_resource({"id": ID, "name": "st", **members}, via="get", api_version="", fallback_id="/x")
    return message.render(
        Scope(resource, resource.body, resource, datetime(2026, 11, 1, tzinfo=UTC), cast("World", Nothing(resource.body)))
    )


@pytest.mark.parametrize(
    ("text", "members", "expected"),
    [
        ("no holes: {} [] [1] [a b]", {}, "no holes: {} [] [1] [a b]"),
        ("{name} is {kind}", {"kind": "BlobStorage"}, "st is BlobStorage"),
        ("{name} is {kind}", {}, "st is absent"),
        ("{kind} and {properties.a.b}", {"kind": None, "properties": {"a": 5}}, "absent and unknown"),
        ("{properties.on}, {properties.n}", {"properties": {"on": True, "n": 1.5}}, "true, 1.5"),
        ("[concat('a', field('name'))]!", {}, "ast!"),
        ("[baseline('nothing')]", {}, "unknown"),
        ("{tags['cost center']}", {"tags": {"Cost Center": "a"}}, "a"),
        ("{properties.list[*].n}", {"properties": {"list": [{"n": 1}, {}, {"n": 2}]}}, "1, 2"),
        ("{properties.list[*].n}", {"properties": {"list": []}}, "none"),
        ("{kind}", {"kind": "{name} [field('id')]"}, "{name} [field('id')]"),
    ],
)
def test_a_message_says_what_the_resource_holds(text: str, members: dict[str, Json], expected: str) -> None:
    assert rendered(text, **members) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{a[}", "path 'a[', column 2: expected [*], [0] or ['name']"),
        ("[nope()]", 'unknown function "nope" (column 2 of [nope()])'),
    ],
)
def test_a_hole_that_does_not_compile_is_a_fault(text: str, fault: str) -> None:
    faults: list[str] = []
    context = ConditionContext(
        functions=RULE_FUNCTIONS, types=(), named={}, relations={}, default_of=lambda type_key, path: None,
        fault=lambda pointer, message: faults.append(f"{pointer}: {message}"),
    )  # fmt: skip
    compile_message(text, context, ("message",))
    assert faults == [f"('message',): {fault}"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\x1b[31mred\x1b[0m", "a?[31mred?[0m"),
        ("a\r\nb\tc", "a??b?c"),
        ("abc\u202edef\u200b\u2028", "abc?def??"),
        ("é 😀", "é 😀"),
        ("x" * 500, "x" * 119 + "…"),
        (list(range(12)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"),
        ([None, True, Unknown.because("x"), ABSENT], "absent, true, unknown, absent"),
    ],
)
def test_values_are_made_fit_to_print(value: Json, expected: str) -> None:
    assert printable(value) == expected


def test_how_long_a_value_may_be_is_for_the_one_who_compiles_to_say() -> None:
    assert rendered("{kind}", kind="x" * 500, longest=400) == "x" * 399 + "…"
    assert rendered("{kind}", kind="x" * 300 + "\n", longest=400) == "x" * 300 + "?"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_no_value_prints_control_characters(value: Json) -> None:
    assert not [sign for sign in printable(value) if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
