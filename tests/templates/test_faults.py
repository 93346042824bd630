"""Bad templates are refused with file, line, JSON path, expression and what is wrong: never a traceback, a hang or a guess."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.model.errors import ConfigurationError
from scanner.templates import parse_template, read_parameters, read_template
from tests.templates.shapes import expanded, nested, read, resource, template

Json = Any
DEEP: Json = template(resource("sa"))
for _ in range(5):
    DEEP = template(nested("d", DEEP))


def refusal(data: Json, given: Json = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        expanded(data, given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (template(resource("[parameters('x')]")), ["resources[0].name", "no parameter 'x'", "[parameters('x')]", "InvalidTemplate"]),
        (template(resource("[concat('a']")), ["resources[0].name", "expected , or )", "column"]),
        (template(resource("[nosuch('a')]")), ['unknown function "nosuch"']),
        (template(resource("a/b")), ["has 2 segments", "takes 1"]),
        (template(resource("a"), resource("A")), ["stands in this template twice"]),
        (template(resource("a", dependsOn=["b"]), resource("b", dependsOn=["a"])), ["circular", "storageAccounts a", "storageAccounts b"]),
        (template(resource("a", dependsOn=["nobody"])), ["resources[0].dependsOn", "'nobody' is not defined in the template"]),
        (template(resource("a", properties={"x": "[reference('b').y]"}), resource("b", properties={"y": "[reference('a').x]"})), ["circular"]),
        (template(variables={"a": "[variables('b')]", "b": "[variables('a')]"}, outputs={"x": {"type": "string", "value": "[variables('a')]"}}), ["circular: variable a → variable b → variable a"]),
        (template(parameters={"a": {"type": "int", "defaultValue": "[parameters('a')]"}}, outputs={"x": {"type": "int", "value": "[parameters('a')]"}}), ["circular: parameter a"]),
        (template(resource("[concat('a', copyIndex())]", copy={"name": "l", "count": 801})), ["turns 801 times", "0 to 800"]),
        (template(resource("[concat('a', copyIndex())]", copy={"name": "l", "count": -1})), ["turns -1 times"]),
        (template(resource("[concat('a', copyIndex())]", copy={"name": "l", "count": 10**30})), ["0 to 800"]),
        (template(resource("[concat('a', copyIndex())]", copy={"name": "l", "count": "many"})), ["is no integer"]),
        (template(resource("[concat('a', copyIndex('x'))]", copy={"name": "l", "count": 1})), ["stands in no copy loop called 'x'"]),
        (template(resource("a", condition="maybe")), ["a condition is true or false, not 'maybe'"]),
        (template(resource("" )), ['a resource has a "name"']),
        (template({"name": "a"}), ['a resource has a "type"']),
        (template("a"), ["a resource is an object"]),
        ({"contentVersion": "1"}, ['a template has "resources"']),
        (template(parameters={"a": {"type": "number"}}), ["'number' is no type of a parameter"]),
        (template(parameters={"a": {"$ref": "#/definitions/a"}}, definitions={"a": {"$ref": "#/definitions/a"}}), ["leads back to itself"]),
        (template(resource("a", properties="[fail('not here')]")), ["the template refuses: not here"]),
        (template(functions=[{"namespace": "n"}]), ['"namespace" and "members"']),
        (template(outputs={"x": {"type": "string", "value": "[reference('dep').outputs.no.value]"}}, resources=[nested("dep", template())]), ["there is no member 'no'"]),
        (DEEP, ["nest deeper than 5"]),
    ],
)  # fmt: skip
def test_a_fault_names_its_place_and_what_is_wrong(data: Json, words: list[str]) -> None:
    said = refusal(data)
    assert [word for word in words if word not in said] == [], said
    assert said.startswith("main.json:")


def test_every_missing_and_unfitting_parameter_is_told_at_once() -> None:
    data = template(
        parameters={"a": {"type": "string"}, "b": {"type": "securestring"}, "c": {"type": "int", "minValue": 3}, "d": {"type": "string", "allowedValues": ["x"]},
                    "e": {"type": "secureObject"}},
    )  # fmt: skip
    said = refusal(data, {"c": 1, "d": "y", "e": "hunter2", "z": 1})
    for words in (
        "no value is given, and there is no default, for: a, b",
        "c is at least 3",
        "'y' is not among the allowed values of d: x",
        "no parameter 'z'",
        "e is of type secureobject",
    ):
        assert words in said
    assert "hunter2" not in said


def test_the_line_of_a_fault_is_the_line_in_the_file() -> None:
    text = '{\n "resources": [\n  // first\n  {\n   "type": "A.B/c",\n   "name": "[parameters(\'x\')]"\n  }\n ]\n}'
    assert refusal(text).startswith("main.json:6: resources[0].name: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"resources": [NaN]}',
        "{'a': 1}",
        "[" * 100_000,
        '{"a":' * 5000,
        '{"resources": [1e999999]}',
        "\x00",
    ],
)
def test_what_is_no_template_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"main\.json"):
        expanded(text if text.startswith("{") else read_template(path).data)


def test_a_template_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_template(tmp_path / "none.json")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfa{")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        read_template(tmp_path / "bad.json")


@pytest.mark.parametrize(
    "data", [[], {"parameters": []}, {"parameters": {"a": 1}}, {"$schema": "x", "parameters": {"a": {"v": 1}}}]
)
def test_a_parameter_file_of_the_wrong_form_is_refused(data: Json, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"$schema": "x", **data} if isinstance(data, dict) else data))
    with pytest.raises(ConfigurationError, match=r"p\.json"):
        read_parameters(path)


def test_loops_in_loops_end_in_a_fault_and_not_in_a_hang() -> None:
    inner = template(resource("[concat('x', copyIndex())]", copy={"name": "i", "count": 800}))
    data = template(nested("[concat('d', copyIndex())]", inner, copy={"name": "o", "count": 800}))
    began = time.monotonic()
    assert "more than 20000 resources together" in refusal(data)
    assert time.monotonic() - began < 60


_WORDS = st.sampled_from(
    ["type", "name", "apiVersion", "properties", "copy", "count", "input", "condition", "dependsOn", "resources", "scope", "existing", "template", "parameters",
     "value", "outputs", "variables", "Microsoft.Resources/deployments", "A.B/c", "a", "[copyIndex()]", "[parameters('a')]", "[reference('a')]",
     "[variables('a')]", "[[", "[", "]", "[concat(", "true", "functions", "expressionEvaluationOptions", "inner", "templateLink", "relativePath", "/etc/passwd"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 900) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_WORDS, _VALUES, max_size=6), _VALUES)
def test_odd_templates_expand_or_are_refused_and_nothing_else(data: Json, resources: Json) -> None:
    try:
        expanded({"resources": resources, **data})
    except ConfigurationError as error:
        assert str(error).startswith("main.json")


def test_the_lines_of_every_value_are_found() -> None:
    file = parse_template('{\n"a": [\n1,\n{"b":\n2}\n],\n"c": {}}', "f")
    assert [file.line(at) for at in ((), ("a",), ("a", 0), ("a", 1), ("a", 1, "b"), ("c",), ("c", "nothing"))] == [
        1,
        2,
        3,
        4,
        4,
        7,
        7,
    ]
    assert read({"a": 1}).line(("a",)) == 2
