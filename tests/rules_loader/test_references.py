"""What refers to something else: rules to rules, fixes to operations, shared files to types, former ids to present ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts import FACT_PATHS
from scanner.rules import RuleSet, load_baseline, load_rules
from tests.rules_loader.folders import RULE, faults_of, write

OTHER = RULE.replace("TST-001", "TST-002")
FIX = "fix:\n  title: Mend it\n  disrupts: {level: none}\n"
SET = '  steps:\n    - set:\n        resource: "[field(\'id\')]"\n        api_version: "2025-06-01"\n        values: {%s}\n'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load() -> RuleSet:
    return load_rules([Path("own")], load_baseline("openai-chat"), fact_paths=FACT_PATHS, shipped=False)


def refused(**files: str) -> list[str]:
    write("own", **files)
    return [fault.removeprefix("own/") for fault in faults_of(load)]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("consequence_of:\n  - TST-002\n  - TST-003\n", ['r.yaml:9: no rule has the id "TST-003"; did you mean "TST-002"?']),
        ("consequence_of: [TST-001]\n", ["r.yaml:7: TST-001 cannot come after itself"]),
        (FIX + "  after: [KEY-9]\n  steps: [{manual: {text: a}}]\n", ['r.yaml:10: no rule has the id "KEY-9"']),
    ],
)
def test_a_rule_follows_only_rules_there_are(added: str, expected: list[str]) -> None:
    assert refused(r=RULE + added, s=OTHER) == expected


def test_a_faulty_rule_is_still_there_for_those_that_name_it() -> None:
    assert refused(r=RULE + "consequence_of: [TST-002]\n", s=OTHER.replace("severity", "severty")) == [
        's.yaml:1: "severity" is missing',
        's.yaml:3: unknown key "severty"; did you mean "severity"?',
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (SET % "properties.suportsHttpsTrafficOnly: true", ['r.yaml:14: Microsoft.Storage/storageAccounts has no property "properties.suportsHttpsTrafficOnly"; did you mean "properties.supportsHttpsTrafficOnly"?']),
        (SET % "'a[': true", ["r.yaml:14: path 'a[', column 2: expected [*], [0] or ['name']"]),
        (SET % "tags.a: \"[baseline('keyMaxAgeDay')]\"", ['r.yaml:14: the baseline openai-chat has no parameter "keyMaxAgeDay"; did you mean "keyMaxAgeDays"?']),
        ((SET % "tags.a: b").replace("2025-06-01", "latest"), ["r.yaml:13: \"api_version\": should match pattern '^\\d{4}-\\d{2}-\\d{2}(-[a-z][a-z0-9.-]*)?$'"]),
        ((SET % "tags.a: b").replace("[field('id')]", "/subscriptions/s"), ["r.yaml:12: a resource is named by an expression such as \"[field('id')]\""]),
        ((SET % "tags.a: b").replace("[field('id')]", "[fild('id')]"), ["r.yaml:12: unknown function \"fild\"; did you mean \"field\"? (column 2 of [fild('id')])"]),
        ("  steps:\n    - remove: {}\n", ['r.yaml:11: "resource" is missing']),
        ("  steps:\n    - manual: {txt: a}\n", ['r.yaml:11: "text" is missing', 'r.yaml:11: unknown key "txt"; did you mean "text"?']),
        ("  steps:\n    - manual: a\n", ['r.yaml:11: "manual": should be a mapping']),
        ("  steps:\n    - {manual: {text: a}, remove: {resource: \"[field('id')]\"}}\n", ["r.yaml:11: a step is exactly one of set, create, remove, action, manual"]),
        ("  requires: {feld: kind, equals: a}\n  steps:\n    - manual: {text: a}\n", ['r.yaml:10: unknown key "feld"; did you mean "field"?']),
    ],
)  # fmt: skip
def test_a_step_of_a_fix_is_an_operation_that_azure_could_do(steps: str, expected: list[str]) -> None:
    assert refused(r=RULE + FIX + steps) == expected


def test_a_fix_of_every_operation_loads_and_asks_for_nothing_more_to_be_collected() -> None:
    resource, version = "resource: \"[component('vault').id]\"", 'api_version: "2025-06-01"'
    steps = (
        f"  steps:\n    - set: {{{resource}, {version}, values: {{properties.x: 1}}}}\n    - create: {{{resource}, {version}, body: {{}}}}\n"
        f"    - remove: {{{resource}}}\n    - action: {{{resource}, {version}, operation: rotate}}\n    - manual: {{text: a, choices: [b]}}\n"
        "  requires: {field: kind, equals: StorageV2}\n"
    )
    write("own", r=RULE, s=OTHER + FIX + steps)
    plain, mended = load().rules
    assert mended.fix is not None
    assert (mended.fix.kind, [step.operation for step in mended.fix.steps], mended.fix.requires is not None) == (
        "set", ["set", "create", "remove", "action", "manual"], True,
    )  # fmt: skip
    assert mended.uses == plain.uses


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ("properties.networkAcls.ipRules", ["r.yaml:6: each takes the path of elements: properties.networkAcls.ipRules[*], or properties.networkAcls.ipRules.* for the values of a map"]),
        ("properties.networkAcl.ipRules[*]", ['r.yaml:6: Microsoft.Storage/storageAccounts has no property "properties.networkAcl.ipRules[*]"; did you mean "properties.networkAcls.ipRules[*]"?']),
    ],
)  # fmt: skip
def test_each_walks_the_elements_of_a_property_there_is(each: str, expected: list[str]) -> None:
    target = "  type: Microsoft.Storage/storageAccounts\n"
    assert refused(r=RULE.replace(target, f'{target}  each: "{each}"\n')) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("equals: yes", ['r.yaml:6: properties.supportsHttpsTrafficOnly is true or false, never "yes"; write true']),
        ("notEquals: Off", ['r.yaml:6: properties.supportsHttpsTrafficOnly is true or false, never "Off"; write false']),
        ("in: [true, Enabled]", ['r.yaml:6: properties.supportsHttpsTrafficOnly is true or false, never "Enabled"']),
    ],
)
def test_a_word_is_never_equal_to_true_or_false(condition: str, expected: list[str]) -> None:
    assert refused(r=RULE.replace("equals: true", condition)) == expected


def test_true_and_false_may_be_spelled_as_azure_policy_does() -> None:
    write("own", r=RULE.replace("equals: true", 'in: ["True", "[string(false())]"]'))
    assert len(load().rules) == 1


RELATION = '  from: "*"\n  to: Microsoft.Network/privateEndpoints\n  on: [{left: id, right: id}]\n'


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("relations", "parent:\n" + RELATION, ['relations.yaml:1: "parent" is built in and cannot be replaced']),
        ("relations", '"children:Microsoft.Web/sites":\n' + RELATION, ['relations.yaml:1: "children:Microsoft.Web/sites" is built in and cannot be replaced']),
        ("relations", "a:\n" + RELATION.replace("Endpoints", "Endpoint"), ['relations.yaml:3: unknown resource type "Microsoft.Network/privateEndpoint"; did you mean "Microsoft.Network/privateEndpoints"?']),
        ("relations", "a:\n" + RELATION.replace('"*"', "Contoso.Shop/carts"), ['relations.yaml:2: unknown resource type "Contoso.Shop/carts"']),
        ("defaults", "Microsoft.Storage/storageAccounts:\n  properties.supportsHttpsTrafficOnly: yes\n", ['defaults.yaml:2: properties.supportsHttpsTrafficOnly is true or false, not "yes"']),
        ("defaults", "Microsoft.Storage/storageAccounts:\n  properties.minimumTlsVersion: {value: 1.2}\n", ["defaults.yaml:2: properties.minimumTlsVersion is text, not 1.2"]),
        ("conditions", "a:\n  condition: {feld: kind, equals: a}\n", ['conditions.yaml:2: unknown key "feld"; did you mean "field"?']),
        ("conditions", "a:\n  parameters: [size]\n  condition: {field: kind, equals: \"[parameters('siz')]\"}\n", [
            "conditions.yaml:2: the parameter \"size\" is not used: write \"[parameters('size')]\"",
            'conditions.yaml:3: "siz" is no parameter of this condition; did you mean "size"?',
        ]),
    ],
)  # fmt: skip
def test_what_is_shared_is_held_even_when_no_rule_uses_it(name: str, text: str, expected: list[str]) -> None:
    assert refused(r=RULE, **{name: text}) == expected


def test_a_relation_of_facts_loads() -> None:
    write("own", r=RULE, relations="a:\n" + RELATION.replace('"*"', "driftline/key").replace("left: id", "left: resourceId"))
    assert load().relations["a"].from_types == ("driftline/key",)


def test_a_condition_that_reads_the_count_around_it_loads() -> None:
    condition = "a:\n  condition: {value: \"[current('n')]\", equals: b}\n"
    rule = RULE.replace(
        "{field: properties.supportsHttpsTrafficOnly, equals: true}", "{count: {value: [a], name: n, where: {use: a}}, equals: 1}"
    )
    write("own", r=rule, conditions=condition)
    assert len(load().rules) == 1


def test_a_shared_file_is_one_only_at_the_top_of_its_directory() -> None:
    assert (
        refused(r=RULE, net__defaults="Microsoft.Storage/storageAccounts: {}\n")[0] == 'net/defaults.yaml:1: "assert" is missing'
    )


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence() -> None:
    write("own", r=RULE)
    Path("own/s.yml").write_text(OTHER, encoding="utf-8")
    assert faults_of(load) == ["own/s.yml: is passed over: name it .yaml"]


def test_a_renamed_rule_is_found_by_its_former_id_everywhere() -> None:
    write("own", r=RULE + "consequence_of: [OLD-002]\n" + FIX + "  after: [OLD-002]\n  steps: [{manual: {text: a}}]\n", s=OTHER)
    write("own", redirects="OLD-001: TST-001\nOLD-002: TST-002\n")
    rule_set = load()
    first, second = rule_set.rules
    assert (first.consequence_of, first.fix.after if first.fix else ()) == (("TST-002",), ("TST-002",))
    assert [rule_set.get(name) for name in ("OLD-001", "TST-001", "OLD-002", "OLD-003")] == [first, first, second, None]
    assert [[rule.id for rule in rule_set.select(only, skip).rules] for only, skip in ((["old-001"], []), ([], ["OLD-001"]))] == [
        ["TST-001"],
        ["TST-002"],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OLD-001: TST-003\n", 'redirects.yaml:1: OLD-001 leads to "TST-003", which is no rule; did you mean "TST-001"?'),
        ("\nTST-001: TST-001\n", "redirects.yaml:2: TST-001 is the id of a rule, so it cannot lead to another"),
        ("OLD-001: [TST-001]\n", "redirects.yaml:1: a former id leads to the id that the rule has now"),
        ("- a\n", "redirects.yaml:1: redirects.yaml maps names to entries"),
    ],
)
def test_a_former_id_leads_to_a_rule(text: str, expected: str) -> None:
    assert refused(r=RULE, redirects=text) == [expected]
