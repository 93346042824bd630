"""Paths read ARM documents ignoring case; impossible shapes are unknown, missing and null are absent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.language.paths import PathError, compile_path
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown

DOCUMENT = {
    "properties": {
        "Sku": {"name": "P1v3"},
        "rules": [{"name": "a", "ports": [1, 2]}, {"name": None}, {"ports": []}],
        "map": {"one": {"x": 1}, "two": {}},
        "nothing": None,
        "text": "t",
    },
    "tags": {"cost center": "7", "it's": 1},
    "zones": ["1", "2"],
}


def spelled(document: Any) -> Spellings:
    spellings = Spellings()
    spellings.learn(document)
    return spellings


SPELLINGS = spelled(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties.sku.NAME", "P1v3"),
        ("tags['cost center']", "7"),
        ("tags['it''s']", 1),
        ("zones[1]", "2"),
        ("zones[7]", ABSENT),
        ("properties.nothing", ABSENT),
        ("properties.nothing.deeper", ABSENT),
        ("properties.missing.deeper", ABSENT),
        ("properties.rules[0].ports[1]", 2),
    ],
)
def test_a_path_reads_one_value(path: str, value: Any) -> None:
    assert compile_path(path).read(DOCUMENT, SPELLINGS) == value


@pytest.mark.parametrize("path", ["properties.text.deeper", "properties.rules.name", "properties.text[0]", "properties[0]"])
def test_an_impossible_shape_is_unknown(path: str) -> None:
    assert isinstance(compile_path(path).read(DOCUMENT, SPELLINGS), Unknown)


@pytest.mark.parametrize(
    ("path", "pairs"),
    [
        ("zones[*]", [("zones[0]", "1"), ("zones[1]", "2")]),
        ("properties.rules[*].name", [(f"properties.rules[{n}].name", value) for n, value in enumerate(["a", ABSENT, ABSENT])]),
        ("properties.rules[*].ports[*]", [("properties.rules[0].ports[0]", 1), ("properties.rules[0].ports[1]", 2)]),
        ("properties.map.*.x", [("properties.map.one.x", 1), ("properties.map.two.x", ABSENT)]),
        ("properties.missing[*].x", []),
    ],
)
def test_a_wild_path_reads_every_value(path: str, pairs: list[tuple[str, Any]]) -> None:
    assert compile_path(path).expand(DOCUMENT, SPELLINGS) == pairs


@pytest.mark.parametrize("path", ["properties.nothing[*]", "properties.text[*].x", "properties.nothing.*", "properties.sku[*]"])
def test_something_else_where_a_list_or_map_is_due_is_unknown(path: str) -> None:
    (pair,) = compile_path(path).expand(DOCUMENT, SPELLINGS)
    assert isinstance(pair[1], Unknown)


@pytest.mark.parametrize("text", ["", ".a", "a..b", "a[", "a[x]", "a['b]", "a['b'", "[*]", "a b", "a[*", "a.", "x" * 3000])
def test_a_bad_path_says_where(text: str) -> None:
    with pytest.raises(PathError, match="column"):
        compile_path(text)


@given(st.text(max_size=30))
def test_parsing_gives_a_path_or_a_path_error(text: str) -> None:
    try:
        compile_path(text).expand(DOCUMENT, SPELLINGS)
    except PathError as error:
        assert 0 <= error.position <= max(len(text), 2000)


@given(
    st.dictionaries(
        st.sampled_from("abAB"), st.recursive(st.none() | st.integers(), lambda x: st.dictionaries(st.sampled_from("abAB"), x))
    )
)
def test_exact_spelling_wins_and_any_case_is_found(document: dict[str, Any]) -> None:
    found = compile_path("a").read(document, spelled(document))
    candidates = [document["a"]] if "a" in document else [value for key, value in document.items() if key.lower() == "a"]
    assert found == (ABSENT if not candidates or candidates[0] is None else candidates[0])
