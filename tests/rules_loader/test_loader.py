"""Rule folders: what loads, and every fault of every file in one run with file and line."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scanner.engine.cases import RuleReport, run_cases
from scanner.facts import FACT_PATHS
from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.model.verdict import Severity
from scanner.rules import RuleSet, load_baseline, load_cases, load_rules
from scanner.rules.scaffold import scaffold_rule
from tests.rules_loader.folders import RULE, faults_of, write


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(*, shipped: bool = False, with_baseline: bool = False) -> RuleSet:
    baseline = load_baseline("openai-chat") if with_baseline else None
    return load_rules([Path("own")], baseline, fact_paths=FACT_PATHS, shipped=shipped)


def refused(old: str, new: str) -> list[str]:
    """The faults of the rule with one part of its text replaced."""
    assert old in RULE
    write("own", r=RULE.replace(old, new))
    return faults_of(lambda: load(with_baseline=True))


def test_a_rule_needs_little_and_the_rest_follows() -> None:
    write("own", https=RULE, tests__https="- not read here\n")
    (rule,) = load().rules
    assert (rule.id, rule.control, rule.name, rule.family, rule.severity, rule.pillar, rule.file, rule.fix, rule.unknown_when) == (
        "TST-001", "TST-001", "https", "tst", Severity.MEDIUM, "security", "own/https.yaml", None, (),
    )  # fmt: skip
    assert rule.target.types == ("Microsoft.Storage/storageAccounts",)


def test_own_rules_stand_beside_the_shipped_ones_and_the_hash_tells_them_apart() -> None:
    write("own", https=RULE)
    before = load(shipped=True)
    shipped = load_rules([], fact_paths=FACT_PATHS)
    write("own", https=RULE.replace("medium", "high"))
    after = load(shipped=True)
    assert [rule.id for rule in before.rules] == sorted([*(rule.id for rule in shipped.rules), "TST-001"])
    assert (before.hash == shipped.hash, before.hash == after.hash, after.hash == load(shipped=True).hash) == (
        False,
        False,
        True,
    )


ASSERTION = "{field: properties.supportsHttpsTrafficOnly, equals: true}"
TYPE = "  type: Microsoft.Storage/storageAccounts\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: TST-001", "id: tst1", ["own/r.yaml:1: \"id\": should match pattern '^[A-Z][A-Z0-9]*-[0-9]{3}[a-z]?$'"]),
        ("severity: medium\n", "", ['own/r.yaml:1: "severity" is missing']),
        (
            "severity: medium",
            "severity: urgent",
            ["own/r.yaml:3: \"severity\": should be 'critical', 'high', 'medium', 'low' or 'info'"],
        ),
        (
            "severity: medium",
            "severty: medium",
            ['own/r.yaml:1: "severity" is missing', 'own/r.yaml:3: unknown key "severty"; did you mean "severity"?'],
        ),
        ("title", "titel", ['own/r.yaml:1: "title" is missing', 'own/r.yaml:2: unknown key "titel"; did you mean "title"?']),
        (TYPE, "  type: []\n", ["own/r.yaml:5: a rule targets at least one type"]),
        (TYPE, "  type: 5\n", ['own/r.yaml:5: "type": should be a list', 'own/r.yaml:5: "type": should be a valid string']),
        (
            TYPE,
            "  type: Microsoft.Storage/storageAccount\n",
            [
                'own/r.yaml:5: unknown resource type "Microsoft.Storage/storageAccount"; did you mean "Microsoft.Storage/storageAccounts"?'
            ],
        ),
        (TYPE, TYPE + "  each: a[\n", ["own/r.yaml:6: path 'a[', column 2: expected [*], [0] or ['name']"]),
        (TYPE, TYPE + "  each: \"[field('x'\"\n", ["own/r.yaml:6: path \"[field('x'\", column 1: expected [*], [0] or ['name']"]),
        (
            TYPE,
            TYPE + "  component: appStorag\n",
            ['own/r.yaml:6: the baseline openai-chat has no component "appStorag"; did you mean "appStorage"?'],
        ),
        (TYPE, TYPE + "  where: {field: kind}\n", ["own/r.yaml:6: a field needs exactly one operator"]),
        (
            "supportsHttpsTrafficOnly",
            "supportsHttpTrafficOnly",
            [
                'own/r.yaml:6: Microsoft.Storage/storageAccounts has no property "properties.supportsHttpTrafficOnly"; did you mean "properties.supportsHttpsTrafficOnly"?'
            ],
        ),
        (
            "equals: true",
            "equal: true",
            ["own/r.yaml:6: a field needs exactly one operator", 'own/r.yaml:6: unknown key "equal"; did you mean "equals"?'],
        ),
        (
            ASSERTION,
            "\n  allOf:\n    - {field: name, equals: a}\n    - {use: nothing}\n",
            ['own/r.yaml:9: unknown condition "nothing"'],
        ),
        (
            ASSERTION,
            "\n  allOf:\n    - {field: name, equals: a}\n    - related: x\n",
            ["own/r.yaml:9: a condition has one of allOf, anyOf, not, use, field, value, count, sum"],
        ),
        (ASSERTION, "[1]", ['own/r.yaml:6: "assert": should be a mapping']),
        (ASSERTION, "{}", ["own/r.yaml:6: a condition has one of allOf, anyOf, not, use, field, value, count, sum"]),
        (
            ASSERTION,
            "{value: \"[baseline('keyMaxAgeDay')]\", greater: 1}",
            ['own/r.yaml:6: the baseline openai-chat has no parameter "keyMaxAgeDay"; did you mean "keyMaxAgeDays"?'],
        ),
        (ASSERTION, '{value: "[nope()]", equals: 1}', ['own/r.yaml:6: unknown function "nope" (column 2 of [nope()])']),
        (
            "assert:",
            "unknown_when:\n  - condition: {field: kind, exists: false}\n    reason: a\n  - condition: {feld: kind}\n    reason: b\nassert:",
            ['own/r.yaml:9: unknown key "feld"; did you mean "field"?'],
        ),
        (
            "assert:",
            "fix:\n  title: a\n  disrupts: {level: none}\n  steps:\n    - {}\nassert:",
            ["own/r.yaml:10: a step is exactly one of set, create, remove, action, manual"],
        ),
        (
            "assert:",
            "fix:\n  title: a\n  disrupts: {level: none}\n  steps:\n    - manual: a\n    - sett: b\nassert:",
            ["own/r.yaml:11: \"sett\": should be 'set', 'create', 'remove', 'action' or 'manual'"],
        ),
        (
            "assert:",
            "fix:\n  title: a\n  disrupts: {level: none}\n  steps: []\nassert:",
            ['own/r.yaml:9: "steps": should have at least 1 item, not 0'],
        ),
        ("assert:", "consequence_of: TST-002\nassert:", ['own/r.yaml:6: "consequence_of": should be a list']),
        (
            "assert:",
            "assertion:",
            ['own/r.yaml:1: "assert" is missing', 'own/r.yaml:6: unknown key "assertion"; did you mean "assert"?'],
        ),
        (RULE, "", ["own/r.yaml:1: should be a mapping"]),
        (RULE, "- a\n", ["own/r.yaml:1: should be a mapping"]),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_with_its_line(old: str, new: str, expected: list[str]) -> None:
    assert refused(old, new) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("defaults", "- a\n", ["own/defaults.yaml:1: defaults.yaml maps names to entries"]),
        ("conditions", "5\n", ["own/conditions.yaml:1: conditions.yaml maps names to entries"]),
        ("relations", "a\n", ["own/relations.yaml:1: relations.yaml maps names to entries"]),
        (
            "defaults",
            "Microsoft.Storage/storageAccount:\n  kind: a\n",
            [
                'own/defaults.yaml:1: unknown resource type "Microsoft.Storage/storageAccount"; did you mean "Microsoft.Storage/storageAccounts"?'
            ],
        ),
        ("defaults", "Microsoft.Storage/storageAccounts: 5\n", ["own/defaults.yaml:1: maps paths to what Azure assumes"]),
        (
            "defaults",
            "Microsoft.Storage/storageAccounts:\n  kind: a\n  properties.nope: 1\n",
            [
                'own/defaults.yaml:3: Microsoft.Storage/storageAccounts has no property "properties.nope"; did you mean "properties"?'
            ],
        ),
        (
            "defaults",
            "Microsoft.Storage/storageAccounts:\n  kind: a\n  KIND: b\n",
            ["own/defaults.yaml:3: this default is already given and cannot be replaced"],
        ),
        (
            "defaults",
            "Microsoft.Storage/storageAccounts:\n  kind: {value: a, sinc: b}\n",
            ['own/defaults.yaml:2: unknown key "sinc"; did you mean "since"?'],
        ),
        (
            "conditions",
            "a:\n  conditio: {field: kind}\n",
            [
                'own/conditions.yaml:1: "condition" is missing',
                'own/conditions.yaml:2: unknown key "conditio"; did you mean "condition"?',
            ],
        ),
        ("relations", "a:\n  from: '*'\n  to: '*'\n", ['own/relations.yaml:1: "on" is missing']),
        (
            "relations",
            "a:\n  from: '*'\n  to: '*'\n  on:\n    - left: id\n      right: \"[field('x')]\"\n",
            ["own/relations.yaml:6: right is a path; only left may be an expression"],
        ),
        (
            "relations",
            "a:\n  from: '*'\n  to: '*'\n  on:\n    - left: a[\n      right: b[\n",
            [
                "own/relations.yaml:5: path 'a[', column 2: expected [*], [0] or ['name']",
                "own/relations.yaml:6: path 'b[', column 2: expected [*], [0] or ['name']",
            ],
        ),
        (
            "relations",
            "a:\n  from: Microsoft.Storage/storageAccounts\n  to: '*'\n  on: [{left: properties.nope, right: id}]\n",
            [
                'own/relations.yaml:4: Microsoft.Storage/storageAccounts has no property "properties.nope"; did you mean "properties"?'
            ],
        ),
        (
            "relations",
            "a:\n  from: '*'\n  to: '*'\n  on:\n    - left: \"[nope()]\"\n      right: id\n",
            ['own/relations.yaml:5: unknown function "nope" (column 2 of [nope()])'],
        ),
    ],
)
def test_what_is_wrong_with_what_rules_share_is_said_with_its_line(name: str, text: str, expected: list[str]) -> None:
    write("own", **{name: text})
    assert faults_of(load) == expected


def test_what_is_shared_may_be_added_to_and_not_replaced() -> None:
    entry = "Microsoft.Storage/storageAccounts:\n  properties.allowsharedkeyaccess: false\n"
    write("own", defaults=entry, relations="# none\n", conditions="")
    assert faults_of(lambda: load(shipped=True)) == ["own/defaults.yaml:2: this default is already given and cannot be replaced"]
    taken = "contentFilter:\n  from: '*'\n  to: '*'\n  on: [{left: id, right: id}]\n"
    write("own", defaults="", relations=taken)
    assert faults_of(lambda: load(shipped=True)) == [
        'own/relations.yaml:1: "contentFilter" is already defined in rules/relations.yaml and cannot be replaced'
    ]


def test_every_fault_of_every_file_is_said_at_once_in_the_order_of_files_and_lines() -> None:
    write(
        "own", b=RULE.replace("medium", "urgent").replace("equals", "equal"), a__c="id: [\n", conditions="- a\n", d=RULE, e=RULE
    )
    Path("own/f.yaml").mkdir()
    assert faults_of(lambda: load_rules([Path("own"), Path("none")], shipped=False)) == [
        "none: is no directory of rules",
        "own/a/c.yaml:1: is not YAML: did not find expected node content",
        "own/b.yaml:3: \"severity\": should be 'critical', 'high', 'medium', 'low' or 'info'",
        "own/conditions.yaml:1: conditions.yaml maps names to entries",
        "own/e.yaml:1: the id TST-001 is taken by own/d.yaml",
        "own/f.yaml: cannot be read: Is a directory",
    ]


def test_a_type_that_nobody_lists_may_be_targeted_unchecked() -> None:
    unlisted = RULE.replace("Microsoft.Storage/storageAccounts", "Contoso.Shop/carts")
    write("own", r=unlisted)
    assert faults_of(load) == ['own/r.yaml:5: unknown resource type "Contoso.Shop/carts"; add "paths: unchecked" if it is right']
    write("own", r=unlisted.replace("carts\n", "carts\n  paths: unchecked\n"))
    assert [rule.target.types for rule in load().rules] == [("Contoso.Shop/carts",)]


SHIPPED = sorted((Path(__file__).parents[2] / "rules").glob("*/*.yaml"))
PIECES = ["[", "]", "{", "}", ":", "\n", "  ", "- ", "'", '"', "null", "5", "true", "[field('a')]", "[*]", ".", "*", "&a ", "!t ", "assert", "count", "related", "each: "]  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32), st.integers(1, 4))
@example(SHIPPED[0], 0, 1)
def test_a_rule_text_in_any_state_loads_or_is_refused_and_nothing_else(path: Path, seed: int, times: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # test data
    text = path.read_text(encoding="utf-8")
    for _ in range(times):
        text = _mutated(text, chance)
    write("own", rule=text, conditions=(path.parents[1] / "conditions.yaml").read_text(encoding="utf-8"))
    write("own", relations=(path.parents[1] / "relations.yaml").read_text(encoding="utf-8"))
    try:
        assert len(load(with_baseline=True).rules) == 1
    except ConfigurationError as error:
        assert {fault.file for fault in error.faults} == {"own/rule.yaml"}
        assert all(0 < fault.line <= text.count("\n") + 1 for fault in error.faults)


def _mutated(text: str, chance: random.Random) -> str:
    """A piece cut, doubled, moved or put in; or a word replaced by another of the text."""
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.randrange(30))
    words = text.split(" ")
    here, there = chance.randrange(len(words)), chance.randrange(len(words))
    match chance.randrange(4):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:end] + text[start:]
        case 2:
            return text[:start] + chance.choice(PIECES) + text[start:]
        case _:
            return " ".join([*words[:here], words[there], *words[here + 1 :]])


def test_a_scaffolded_rule_loads_at_once_and_its_cases_hold() -> None:
    rule, cases = scaffold_rule("TST-042b", Path("own"))
    assert (rule, cases) == (Path("own/tst/tst-042b.yaml"), Path("own/tests/tst/tst-042b.yaml"))
    rule_set = load(shipped=True, with_baseline=True)
    reports = list(run_cases(load_cases([cases]), rule_set, load_baseline("openai-chat"), datetime(2026, 11, 1, tzinfo=UTC)))
    assert reports == [RuleReport("TST-042b", 6, ())]


def test_a_scaffold_overwrites_nothing_and_says_what_cannot_be_written() -> None:
    rule, cases = scaffold_rule("TST-042", Path("own"))
    rule.unlink()
    cases.write_text("mine", encoding="utf-8")
    with pytest.raises(DriftlineError, match="is already there"):
        scaffold_rule("TST-042", Path("own"))
    assert (rule.exists(), cases.read_text(encoding="utf-8")) == (False, "mine")
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(DriftlineError, match=r"file/tst/tst-001\.yaml cannot be written: Not a directory"):
        scaffold_rule("TST-001", Path("file"))
