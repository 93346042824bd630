"""YAML as data: what is read is plain JSON, every fault names its line, and no file can do more than be refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.model.errors import Fault
from scanner.model.yaml_file import YamlFile, load_yaml

Json = Any
ANCHOR = "anchors and aliases are not used here: write the value out"


def load(folder: Path, content: str | bytes) -> tuple[YamlFile | None, list[str]]:
    path = folder / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    faults: list[Fault] = []
    return load_yaml(path, faults, name="x.yaml"), [str(item) for item in faults]


def test_values_follow_the_core_schema_of_yaml_1_2(tmp_path: Path) -> None:
    text = "a: [yes, no, On, 'true', \"5\", 0o7, 1_000, 12:30]\nb: [true, False, NULL, ~, ]\nc: [5, -5, 08, 1.5, .5, 1e3]\nd: {5: x}\ne:\n"
    file, faults = load(tmp_path, text)
    assert file is not None
    assert (file.data, faults) == (
        {
            "a": ["yes", "no", "On", "true", "5", "0o7", "1_000", "12:30"],
            "b": [True, False, None, None],
            "c": [5, -5, 8, 1.5, 0.5, 1000.0],
            "d": {"5": "x"},
            "e": None,
        },
        [],
    )


def test_a_value_has_the_line_of_its_key_and_an_unlisted_one_that_of_what_surrounds_it(tmp_path: Path) -> None:
    file, _ = load(tmp_path, "# words\na:\n  - b: 1\n    c:\n      2\n")
    assert file is not None
    pointers: list[tuple[str | int, ...]] = [(), ("a",), ("a", 0), ("a", 0, "c"), ("a", 0, "c", "d", 5), ("z",)]
    assert [file.line(pointer) for pointer in pointers] == [2, 2, 3, 4, 4, 2]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", '3: the key "a" stands here twice'),
        ("a: 1\n? [b]\n: 2\n", "2: a key is a word"),
        ("a: &x 1\n", f"1: {ANCHOR}"),
        ("a: 1\n&x b: 2\n", f"2: {ANCHOR}"),
        ("a: !secret x\n", "1: tags such as !secret are not used here"),
        ("a: !secret 'x'\n", "1: tags such as !secret are not used here"),
        (
            "\na: !!python/object:os.system {b: 1}\n",
            "2: tags such as tag:yaml.org,2002:python/object:os.system are not used here",
        ),
        ("a: !!str 5\n", "1: tags such as tag:yaml.org,2002:str are not used here"),
        ("é: 😀\n\ud83d".encode("utf-16", "surrogatepass"), " is not UTF-8 text"),
        ("a: 1\nb: 2026-01-31\n", '2: quote the date: "2026-01-31"'),
        ("a: 2026-1-1 10:00:00\n", '1: quote the date: "2026-1-1 10:00:00"'),
        ("a: 123456789012345678901234567890\n", "1: the number is too large"),
        ("a: 1\nb: -1e999\n", "2: the number is too large"),
        ("a: 1\nb: c: d\n", "2: is not YAML: mapping values are not allowed in this context"),
        ("a: 1\n---\nb: 1\n", "2: is not YAML: but found another document"),
        ("a: 1\nb: \x07\n", "2: is not YAML: it holds a character that YAML does not allow"),
        ("# words\n" + "[" * 100_000, "2: nests deeper than 60"),
        ("a:\n  " + "- " * 61 + "1\n", "2: nests deeper than 60"),
        (b"#" * (4 * 1024 * 1024 + 1), " the file is larger than 4 MiB"),
    ],
)
def test_what_is_not_data_is_a_fault_with_its_line(tmp_path: Path, content: str | bytes, fault: str) -> None:
    assert load(tmp_path, content)[1] == [f"x.yaml:{fault}"]


def test_an_alias_is_a_fault_even_of_a_value_within_itself(tmp_path: Path) -> None:
    assert set(load(tmp_path, "a: &x [1]\nb: *x\n")[1]) == {f"x.yaml:1: {ANCHOR}"}
    assert set(load(tmp_path, "a: &x\n  - *x\n")[1]) == {f"x.yaml:1: {ANCHOR}"}


def test_faults_are_found_behind_characters_of_any_width_and_line_ends_of_any_kind(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeffa: 😀é\r\nb: !t 1\r\n")[1] == ["x.yaml:2: tags such as !t are not used here"]


def test_sixty_levels_are_read(tmp_path: Path) -> None:
    file, faults = load(tmp_path, "[" * 60 + "]" * 60)
    assert (file is not None, faults) == (True, [])


def test_an_empty_file_is_null(tmp_path: Path) -> None:
    file, faults = load(tmp_path, "# nothing\n")
    assert (file, faults) == (YamlFile("x.yaml", None, {}), [])


def test_what_cannot_be_opened_is_a_fault_of_the_file(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert [load_yaml(tmp_path / name, faults, name=name or "folder") for name in ("none.yaml", "")] == [None, None]
    assert list(map(str, faults)) == [
        "none.yaml: cannot be read: No such file or directory",
        "folder: cannot be read: Is a directory",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aé😀 :#-'\"\\\n\t0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:0 é", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_json_is_read_as_itself(tmp_path: Path, data: Json) -> None:
    file, faults = load(tmp_path, json.dumps(data, ensure_ascii=False))
    assert file is not None
    assert (file.data, faults) == (data, [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab01 \n:-[]{}&*!?|>'\"#%@`,\t~<=.😀\x00\ufeff", max_size=40))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    file, faults = load(tmp_path, text)
    assert file is not None or faults
    assert all(fault.startswith("x.yaml:") for fault in faults)
