"""Conditions: three-valued truth, defaults, unread parts, counts as intervals, evidence, faults with pointers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.language.conditions import Condition, ConditionContext, compile_condition, leaves
from scanner.language.rule_functions import RULE_FUNCTIONS
from scanner.language.scope import Default, Related, Scope
from scanner.model.finding import Evidence
from scanner.model.resource import Resource, make_resource
from scanner.model.spellings import Spellings
from scanner.model.unknown import Unknown

STORAGE = "Microsoft.Storage/storageAccounts"
ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"
DEFAULTS = {"properties.httpsOnly": Default(False), "properties.tls": Default("TLS1_0", since="2023-01-01")}
KINDS = {
    "properties.flag": "bool", "properties.count": "int", "properties.mode": "enum[On,Off]", "properties.constant": "'Fixed'",
    "properties.words[*]": "string",
}  # fmt: skip


class World:
    """A world of one resource with two endpoints, of which one relation may hold more."""

    def __init__(self, *resources: Resource) -> None:
        self.spellings = Spellings()
        for resource in resources:
            self.spellings.learn(resource.body)
        self.endpoints = resources[1:]

    def related(self, relation: str, resource: Resource) -> Related:
        missing = Unknown.because("endpoints were not read") if relation == "partly" else None
        return Related(tuple(self.endpoints), missing)

    def parameter(self, name: str) -> Any:
        return {"limit": 3, "names": ["a", "b"]}.get(name, Unknown.because(f"no parameter {name}"))

    def component(self, name: str) -> Any:
        return Unknown.because(f"component {name} is not bound")

    components = component

    def evidence(self, kind: str, now: datetime) -> Any:
        return {"said": kind}

    def table(self, name: str, keys: tuple[str, ...]) -> Any:
        return Unknown.because("no row")


FAULTS: list[tuple[Any, str]] = []


def compiled(data: Any) -> Condition:
    FAULTS.clear()
    context = ConditionContext(
        functions=RULE_FUNCTIONS,
        types=(STORAGE,),
        named={"closed": {"parameters": ["value"], "condition": {"field": "properties.access", "equals": "[parameters('value')]"}},
               "loop": {"condition": {"use": "loop"}}},
        relations={"endpoints": ("Microsoft.Network/privateEndpoints",), "partly": ("Microsoft.Network/privateEndpoints",)},
        default_of=lambda type_key, path: DEFAULTS.get(path),
        fault=lambda pointer, message: FAULTS.append((pointer, message)),
        kind_of=lambda type_key, path: KINDS.get(path, ""),
    )  # fmt: skip
    return compile_condition(data, context)


def scope_of(properties: Any, **more: Any) -> Scope:
    resource = make_resource({"id": ID, "properties": properties, **more}, api_version=more.pop("apiVersion", ""))
    endpoints = [
        make_resource({"id": f"{ID}-pe{n}", "properties": {"state": state}}) for n, state in enumerate(["Approved", "Pending"])
    ]
    return Scope(resource, resource.body, resource, datetime(2026, 11, 1, tzinfo=UTC), World(resource, *endpoints))


def truth(data: Any, properties: Any, **more: Any) -> Any:
    condition = compiled(data)
    assert not FAULTS, FAULTS
    found = condition.test(scope_of(properties, **more))
    return "unknown" if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("condition", "properties", "expected"),
    [
        ({"field": "properties.access", "equals": "disabled"}, {"Access": "DISABLED"}, True),
        ({"field": "properties.access", "equals": "Disabled"}, {}, False),
        ({"field": "properties.access", "notEquals": "Enabled"}, {}, True),
        ({"field": "properties.access", "equals": "Disabled", "absent": "Disabled"}, {}, True),
        ({"field": "properties.httpsOnly", "equals": True}, {}, False),
        ({"field": "properties.httpsOnly", "equals": False}, {"httpsOnly": None}, True),
        ({"field": "properties.httpsOnly", "exists": False}, {}, True),
        ({"field": "properties.tls", "equals": "TLS1_0"}, {}, "unknown"),
        ({"field": "properties.access", "equals": "Disabled"}, {"access": {"a": 1}}, "unknown"),
        ({"field": "properties.access.deeper", "notEquals": "x"}, {"access": "text"}, "unknown"),
        ({"field": "properties.flag", "notEquals": True}, {"flag": 7}, "unknown"),
        ({"field": "properties.flag", "notEquals": True}, {"flag": "False"}, True),
        ({"field": "properties.count", "greaterOrEquals": 2}, {"count": "3"}, True),
        ({"field": "properties.mode", "notEquals": "On"}, {"mode": 7}, "unknown"),
        ({"field": "properties.mode", "exists": True}, {"mode": [1]}, "unknown"),
        ({"field": "properties.constant", "notEquals": "Fixed"}, {"constant": 7}, "unknown"),
        ({"field": "properties.constant", "notEquals": "Fixed"}, {"constant": "Other"}, True),
        ({"field": "properties.rules[*].open", "equals": False}, {"rules": []}, True),
        ({"field": "properties.rules[*].open", "equals": False}, {"rules": [{"open": False}, {"open": True}]}, False),
        ({"field": "properties.rules[*].open", "equals": False}, {"rules": [{"open": False}, 7]}, "unknown"),
        ({"field": "properties.rules[*].open", "equals": False}, {"rules": None}, "unknown"),
        ({"field": "properties.rules[*].open", "equals": False}, {"rules": "none"}, "unknown"),
        ({"field": "location", "equals": "eastus2"}, {}, False),
        ({"field": "name", "equals": "ST"}, {}, True),
        ({"field": "type", "equals": STORAGE.lower()}, {}, True),
        ({"value": "[baseline('limit')]", "equals": 3}, {}, True),
        ({"value": "[baseline('none')]", "equals": 3}, {}, "unknown"),
        ({"value": "[component('hub')]", "exists": True}, {}, "unknown"),
        ({"value": "[field('properties.rules[*].n')]", "equals": [1, 2]}, {"rules": [{"n": 1}, {}, {"n": 2}]}, True),
        ({"use": "closed", "with": {"value": "Disabled"}}, {"access": "Disabled"}, True),
    ],
)
def test_leaves(condition: Any, properties: Any, expected: Any) -> None:
    assert truth(condition, properties) == expected


def test_a_location_is_normalised() -> None:
    assert truth({"field": "location", "equals": "eastus2"}, {}, location="East US 2") is True


def test_what_an_answer_did_not_hold_is_unknown() -> None:
    assert truth({"field": "properties.access", "notEquals": "Enabled"}, None) == "unknown"


@pytest.mark.parametrize(("version", "expected"), [("2023-06-01", True), ("2022-09-01", "unknown")])
def test_a_default_holds_from_its_api_version(version: str, expected: Any) -> None:
    condition = compiled({"field": "properties.tls", "equals": "TLS1_0"})
    resource = make_resource({"id": ID, "properties": {}}, api_version=version)
    found = condition.test(Scope(resource, resource.body, resource, datetime(2026, 11, 1, tzinfo=UTC), World(resource)))
    assert ("unknown" if isinstance(found, Unknown) else found) == expected


TRUE, FALSE, UNKNOWN = ({"value": 1, "equals": 1}, {"value": 1, "equals": 2}, {"value": "[baseline('none')]", "equals": 1})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"allOf": [TRUE, TRUE]}, True),
        ({"allOf": [UNKNOWN, FALSE]}, False),
        ({"allOf": [UNKNOWN, TRUE]}, "unknown"),
        ({"anyOf": [UNKNOWN, TRUE]}, True),
        ({"anyOf": [UNKNOWN, FALSE]}, "unknown"),
        ({"anyOf": [FALSE, FALSE]}, False),
        ({"not": UNKNOWN}, "unknown"),
        ({"not": FALSE}, True),
    ],
)
def test_logic_is_kleenes(condition: Any, expected: Any) -> None:
    assert truth(condition, {}) == expected


RULES = {"rules": [{"port": 22, "to": [1, 2]}, {"port": 443, "to": [3]}, {"to": []}]}


@pytest.mark.parametrize(
    ("condition", "properties", "expected"),
    [
        ({"count": {"field": "properties.rules[*]"}, "equals": 3}, RULES, True),
        ({"count": {"field": "properties.rules[*]"}, "equals": 0}, {}, True),
        ({"count": {"field": "properties.rules[*]"}, "equals": 0}, {"rules": None}, "unknown"),
        ({"count": {"field": "properties.rules[*]", "where": {"field": "properties.rules[*].port", "equals": 22}}, "equals": 1}, RULES, True),
        ({"count": {"field": "properties.rules[*]", "where": {"value": "[current('properties.rules[*].port')]", "equals": 443}}, "equals": 1},
         RULES, True),
        ({"count": {"field": "properties.rules[*]", "name": "r", "where": {"count": {"field": "properties.rules[*].to[*]"}, "greater": 1}},
          "equals": 1}, RULES, True),
        ({"count": {"field": "properties.rules[*]", "where": {"field": "properties.rules[*].port", "equals": 22}}, "lessOrEquals": 1},
         {"rules": [{"port": 22}, {"port": [22]}]}, "unknown"),
        ({"count": {"field": "properties.rules[*]", "where": {"field": "properties.rules[*].port", "equals": 22}}, "greaterOrEquals": 1},
         {"rules": [{"port": 22}, {"port": [22]}]}, True),
        ({"count": {"value": [1, 2, 3], "name": "n", "where": {"value": "[current('n')]", "greater": 1}}, "equals": 2}, {}, True),
        ({"count": {"value": "[baseline('names')]", "name": "n"}, "equals": 2}, {}, True),
        ({"count": {"related": "endpoints"}, "equals": 2}, {}, True),
        ({"count": {"related": "endpoints", "where": {"field": "properties.state", "equals": "Approved"}}, "equals": 1}, {}, True),
        ({"count": {"related": "endpoints", "where": {"value": "[target('properties.wanted')]", "equals": "x"}}, "equals": 2},
         {"wanted": "x"}, True),
        ({"value": "[length(related('endpoints'))]", "equals": 2}, {}, True),
        ({"value": "[first(related('endpoints', 'endpoints')).properties.state]", "equals": "Approved"}, {}, True),
        ({"value": "[length(related('partly'))]", "equals": 2}, {}, "unknown"),
        ({"count": {"related": "partly"}, "greaterOrEquals": 1}, {}, True),
        ({"count": {"related": "partly"}, "equals": 2}, {}, "unknown"),
        ({"count": {"related": "partly"}, "less": 2}, {}, False),
        ({"sum": {"field": "properties.rules[*]", "of": "properties.rules[*].port"}, "equals": 465}, {"rules": [{"port": 22}, {"port": 443}]}, True),
        ({"sum": {"field": "properties.rules[*]", "of": "properties.rules[*].port"}, "equals": 22}, {"rules": [{"port": 22}, {"port": "x"}]},
         "unknown"),
        ({"count": {"field": "properties.rules[*]", "distinct": "properties.rules[*].port"}, "equals": 1}, {"rules": [{"port": 1}, {"port": 1}]},
         True),
        ({"count": {"field": "properties.rules[*]", "distinct": "properties.rules[*].port"}, "equals": 2}, {"rules": [{"port": [1]}, {"port": [2]}]},
         "unknown"),
        ({"count": {"field": "properties.words[*]", "where": {"field": "properties.words[*]", "notEquals": ""}}, "greater": 0}, {"words": [7]},
         "unknown"),
        ({"count": {"field": "properties.words[*]", "where": {"field": "properties.words[*]", "notEquals": ""}}, "greater": 0}, {"words": [7, "a"]},
         True),
    ],
)  # fmt: skip
def test_counts(condition: Any, properties: Any, expected: Any) -> None:
    assert truth(condition, properties) == expected


@pytest.mark.parametrize(
    ("condition", "pointer", "message"),
    [
        ("text", (), "a condition is a mapping"),
        ({"feild": "a", "equals": 1}, (), 'unknown key "feild"; did you mean "field"?'),
        ({"field": "a", "equal": 1}, ("equal",), 'unknown key "equal"; did you mean "equals"?'),
        ({"field": "a", "equals": 1, "like": "x"}, (), "exactly one operator"),
        ({"field": "a", "like": "a*b*"}, ("like",), "at most one *"),
        ({"field": "a[", "equals": 1}, ("field",), "expected [*], [0] or ['name']"),
        ({"allOf": []}, ("allOf",), "at least one condition"),
        ({"allOf": [{"not": {"field": "a", "greatr": 1}}]}, ("allOf", 0, "not", "greatr"), 'did you mean "greater"?'),
        ({"value": "[baselin('x')]", "equals": 1}, ("value",), 'unknown function "baselin"; did you mean "baseline"?'),
        ({"use": "close"}, ("use",), 'unknown condition "close"; did you mean "closed"?'),
        ({"use": "closed"}, ("use",), "takes exactly: value"),
        ({"use": "loop"}, ("use",), "uses itself"),
        ({"count": {"related": "endpoint"}, "equals": 1}, ("count", "related"), 'did you mean "endpoints"?'),
        ({"value": "[length(related('endpoint'))]", "equals": 1}, ("value",), 'did you mean "endpoints"?'),
        ({"count": {"field": "a.b"}, "equals": 1}, ("count", "field"), "ends in [*]"),
        ({"count": {"field": "a[*]", "wher": 1}, "equals": 1}, ("count", "wher"), 'did you mean "where"?'),
        ({"count": {"value": [1], "name": "n", "where": {"value": "[current('m')]", "equals": 1}}, "equals": 1},
         ("count", "where", "value"), "names no count around it"),
        ({"sum": {"field": "a[*]"}, "equals": 1}, ("sum",), 'a sum needs "of"'),
    ],
)  # fmt: skip
def test_faults_say_where_and_what(condition: Any, pointer: Any, message: str) -> None:
    broken = compiled(condition)
    assert [item for item in FAULTS if item[0] == pointer and message in item[1]], FAULTS
    assert isinstance(broken.test(scope_of({})), Unknown) or FAULTS


def test_a_deep_condition_is_a_fault_and_no_crash() -> None:
    data: Any = TRUE
    for _ in range(500):
        data = {"not": data}
    compiled(data)
    assert any("nest deeper" in message for _, message in FAULTS)


def explained(data: Any, properties: Any) -> tuple[Evidence, ...]:
    return compiled(data).explain(scope_of(properties))


def test_evidence_names_path_expected_and_actual() -> None:
    assert explained({"field": "properties.access", "equals": "Disabled"}, {"access": "Enabled"}) == (
        Evidence("properties.access", "equals", "Disabled", "Enabled"),
    )


def test_evidence_of_an_absent_property_says_what_azure_assumes() -> None:
    assert explained({"field": "properties.httpsOnly", "equals": True}, {}) == (
        Evidence("properties.httpsOnly", "equals", True, None, "absent (Azure default: false)"),
    )


def test_evidence_holds_only_what_decided() -> None:
    both = {"allOf": [{"field": "properties.a", "equals": 1}, {"field": "properties.b", "equals": 1}]}
    assert [item.path for item in explained(both, {"a": 1, "b": 2})] == ["properties.b"]


def test_evidence_of_a_wild_path_names_the_element() -> None:
    condition = {"field": "properties.rules[*].open", "equals": False}
    assert [item.path for item in explained(condition, {"rules": [{"open": False}, {"open": True}]})] == [
        "properties.rules[1].open"
    ]


def test_evidence_of_a_count_says_how_many_and_why_not_more() -> None:
    condition = {
        "count": {"related": "endpoints", "where": {"field": "properties.state", "equals": "Gone"}},
        "greaterOrEquals": 1,
    }
    first, *rest = explained(condition, {})
    assert (first.path, first.expected, first.actual) == ("count of related endpoints", 1, 0)
    assert [(item.path, item.actual) for item in rest] == [
        (f"{ID}-pe0: properties.state", "Approved"),
        (f"{ID}-pe1: properties.state", "Pending"),
    ]


def test_leaves_can_be_held_to_learn_whether_they_matter() -> None:
    condition = compiled({"allOf": [{"field": "properties.a", "equals": 1}, {"not": {"field": "properties.b", "equals": 1}}]})
    first, second = leaves(condition)
    scope = scope_of({"a": 1})
    assert condition.test(scope) is True
    second.test = lambda scope: True
    assert condition.test(scope) is False
    assert first.pointer == ("allOf", 0)
