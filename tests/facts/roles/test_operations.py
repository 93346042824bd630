"""Whether one set of operations lies within another, held against a plain matcher over operations that Azure really has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.roles.operations import EntangledError, Permission, overlap, witness

REAL = [
    line.lower()
    for line in (Path(__file__).parent / "operations.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
Entry = tuple[list[str], list[str]]


def plain(pattern: str, operation: str) -> bool:
    """What a pattern means, said as a regular expression: shares no code with what is tested."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), operation, re.DOTALL) is not None


def allowed(entries: list[Entry], operation: str) -> bool:
    return any(
        any(plain(item, operation) for item in actions) and not any(plain(item, operation) for item in excluded)
        for actions, excluded in entries
    )


def permissions(entries: list[Entry]) -> list[Permission]:
    return [Permission(frozenset(actions), frozenset(excluded)) for actions, excluded in entries]


@st.composite
def patterns(draw: st.DrawFn, operation: str = "") -> str:
    """An operation, a real one, with some of its segments, or parts of them, replaced by `*`."""
    segments = (operation or draw(st.sampled_from(REAL))).split("/")
    for at in draw(st.sets(st.integers(0, len(segments) - 1), max_size=2)):
        cut = draw(st.integers(0, len(segments[at])))
        segments[at] = draw(st.sampled_from(("*", segments[at][:cut] + "*", "*" + segments[at][cut:])))
    whole = "/".join(segments)
    ended = draw(st.booleans())
    return whole if ended else "/".join(segments[: draw(st.integers(1, len(segments)))]) + "/*"


entries = st.lists(st.tuples(st.lists(patterns(), min_size=1, max_size=4), st.lists(patterns(), max_size=3)), max_size=3)


@given(entries, entries)
def test_a_witness_is_granted_and_not_agreed_and_where_there_is_none_no_real_operation_is(
    granted: list[Entry], agreed: list[Entry]
) -> None:
    found = witness(permissions(granted), permissions(agreed))
    beyond = [item for item in REAL if allowed(granted, item) and not allowed(agreed, item)]
    if found is None:
        assert beyond == []
    else:
        assert allowed(granted, found[0])
        assert not allowed(agreed, found[0])


@given(entries, entries, st.lists(patterns(), min_size=1, max_size=2))
def test_a_witness_within_patterns_is_one_of_them(granted: list[Entry], agreed: list[Entry], within: list[str]) -> None:
    found = witness(permissions(granted), permissions(agreed), within=within)
    asked = [item for item in REAL if any(plain(one, item) for one in within)]
    beyond = [item for item in asked if allowed(granted, item) and not allowed(agreed, item)]
    assert (found is not None) or beyond == []
    assert found is None or any(plain(one, found[0]) for one in within)


@given(entries)
def test_a_set_holds_itself_and_all_holds_it(granted: list[Entry]) -> None:
    assert witness(permissions(granted), permissions(granted)) is None
    assert witness(permissions(granted), [Permission(frozenset({"*"}))]) is None


@given(st.data())
def test_patterns_overlap_where_a_real_operation_is_of_both(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(REAL))
    left, right = data.draw(patterns(operation)), data.draw(patterns(operation))
    assert overlap(left, right) or not (plain(left, operation) and plain(right, operation))


@given(patterns(), patterns())
def test_patterns_that_do_not_overlap_share_no_real_operation(left: str, right: str) -> None:
    assert overlap(left, right) or not any(plain(left, item) and plain(right, item) for item in REAL)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a*", "*b", True), ("a*", "b*", False), ("*", "", True), ("a/*/read", "a/b/*", True), ("a/read", "a/write", False),
        ("*/read", "a/*", True), ("*a*", "*b*", True), ("ab", "a*b", True), ("ac", "a*b", False), ("", "a", False),
    ],
)  # fmt: skip
def test_overlap(left: str, right: str, *, expected: bool) -> None:
    assert overlap(left, right) is expected
    assert overlap(right, left) is expected


@pytest.mark.parametrize(
    ("granted", "agreed", "expected"),
    [
        ([(["*"], [])], [(["*"], ["microsoft.authorization/*/write"])], "microsoft.authorization//write"),
        ([(["*"], ["microsoft.authorization/*/write"])], [(["*"], ["microsoft.authorization/*/write"])], None),
        ([(["a/*"], [])], [(["a/*/read"], []), (["a/*/write"], []), (["a/*/delete"], []), (["a/*/action"], [])], "a/read"),
        ([(["a/*/read"], [])], [(["*/read"], [])], None),
        ([(["a/b/read", "a/c/read"], [])], [(["a/b/read"], []), (["a/c/read"], [])], None),
        ([(["a/*"], ["a/*"])], [], None),
        ([(["not an operation"], [])], [], None),
    ],
)  # fmt: skip
def test_inclusion_at_its_edges(granted: list[Entry], agreed: list[Entry], expected: str | None) -> None:
    found = witness(permissions(granted), permissions(agreed))
    assert (found[0] if found else None) == expected


def test_data_actions_are_held_against_data_actions_alone() -> None:
    data = Permission(frozenset({"a/b/read"}), data=True)
    assert witness([data], [Permission(frozenset({"*"}))]) == ("a/b/read", True)
    assert witness([data], [Permission(frozenset({"a/*"}), data=True)]) is None


def test_the_operation_that_tells_most_is_named() -> None:
    everything = [Permission(frozenset({"*"}))]
    assert witness(everything, [], telling=["A/Odd", "A/Keys/Action", "b/read"]) == ("a/keys/action", False)


def test_patterns_that_are_too_entangled_are_given_up() -> None:
    knots = frozenset(f"*{letter}*{other}*{letter}*/read" for letter in "abcdefgh" for other in "ijkl")
    with pytest.raises(EntangledError):
        witness(
            [Permission(frozenset({"*"}))],
            [Permission(frozenset({"*"}), knots), *permissions([(["*/write", "*/delete", "*/action"], []), (["*"], ["*/read"])])],
        )
