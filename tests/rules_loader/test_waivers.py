"""Waivers files: every fault with its line; `*` stays within a segment of an id, `**` crosses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts import FACT_PATHS
from scanner.model.errors import ConfigurationError
from scanner.rules import load_baseline, load_rules
from scanner.rules.rule_set import RuleSet
from scanner.rules.waivers import Waiver, compile_glob, load_waivers

NAMES = st.text("ab.-$[(", min_size=1, max_size=4)
WHO = "owner: team, reason: legacy, expires: 2027-01-31"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules([], load_baseline("openai-chat"), fact_paths=FACT_PATHS)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, rules: RuleSet) -> tuple[Waiver, ...]:
    Path("waivers.yaml").write_text(text, encoding="utf-8")
    return load_waivers([Path("waivers.yaml")], rules)


def faults(text: str, rules: RuleSet) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, rules)
    return [str(fault).removeprefix("waivers.yaml:") for fault in caught.value.faults]


def test_a_waiver_names_a_rule_or_a_control_and_a_plain_day(rules: RuleSet) -> None:
    one, all_of_them = read(f"- {{rule: net-003, resource: '**', {WHO}}}\n- {{rule: NET-005, resource: '**', {WHO}}}\n", rules)
    assert (one.rules, one.subject, one.accepts, one.line) == (("NET-003",), "*", "fail", 1)
    assert {"NET-005a", "NET-005b"} < set(all_of_them.rules)


def test_a_waiver_names_a_former_id(rules: RuleSet) -> None:
    moved = RuleSet(rules.rules, rules.relations, rules.hash, {"OLD-001": "NET-003"})
    assert read(f"- {{rule: OLD-001, resource: '**', {WHO}}}\n", moved)[0].rules == ("NET-003",)


def test_an_empty_file_waives_nothing(rules: RuleSet) -> None:
    assert read("# none\n", rules) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rule: NET-003\n", "1: is a list of waivers: begin each with a dash"),
        ("\n- {rule: NET-003, resource: '**', reason: r, expires: 2027-01-31}\n", '2: "owner" is missing'),
        ("- {rule: NET-003, resource: '**', owner: o, expires: 2027-01-31}\n", '1: "reason" is missing'),
        ("- {rule: NET-003, resource: '**', owner: o, reason: r}\n", '1: "expires" is missing'),
        ("- {rule: NET-003, resource: '**', owner: ' ', reason: r, expires: 2027-01-31}\n", '1: "owner" is empty: a waiver says who accepts the failure and why'),
        ("- {rule: NET-003, resource: '**', owner: o, reason: r, expires: '2027-01-31T00:00:00'}\n", '1: "expires" is a day such as 2027-01-31'),
        (f"- {{rule: NET-3003, resource: '**', {WHO}}}\n", '1: no rule or control is called "NET-3003"; did you mean "NET-003"?'),
        (f"- {{rule: NET-003, resource: sites/app, {WHO}}}\n", '1: "sites/app" is no glob: it begins with / or **, such as **/sites/app-legacy'),
        (f"- {{rule: NET-003, resource: /a/***, {WHO}}}\n", '1: "/a/***" is no glob: * stays within a segment and ** crosses segments; three mean nothing'),
        (f"- {{rule: NET-003, resource: /a?, {WHO}}}\n", '1: "/a?" is no glob: * and ** are the only wildcards'),
        (f"- {{rule: NET-003, resource: '', {WHO}}}\n", '1: "" is no glob: it is empty; ** takes in everything'),
        (f"- {{rule: NET-003, resource: /A/b, {WHO}}}\n- {{rule: net-003, resource: /a/B/, {WHO}}}\n", "2: the same is already waived in waivers.yaml:1: keep one of them"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_fault_with_its_line(text: str, expected: str, rules: RuleSet) -> None:
    assert faults(text, rules) == [expected]


def test_a_file_that_is_not_there_is_a_fault(rules: RuleSet) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read"):
        load_waivers([Path("none.yaml")], rules)


def test_globs_ignore_letter_case_and_a_lone_star_takes_every_subject(rules: RuleSet) -> None:
    (item,) = read(f"- {{rule: NET-003, resource: '/Subscriptions/*/**/sites/App-*', {WHO}}}\n", rules)
    assert item.covers("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/app-x", "/an/id")
    assert not item.covers("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/app-x/slots/y", "")


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=4))
def test_one_star_never_crosses_a_slash_and_two_do(before: list[str], after: list[str]) -> None:
    first, last = "/".join(before), "/".join(after)
    text = f"{first}/x/y/{last}"
    assert compile_glob(f"{first}/**/{last}").fullmatch(text)
    assert compile_glob(f"{first}/*/*/{last}").fullmatch(text)
    assert not compile_glob("*").fullmatch(text)


@given(st.text("ab/*", max_size=8).filter(lambda glob: "**" not in glob), st.text("ab/", max_size=8))
def test_without_two_stars_both_sides_have_the_same_number_of_slashes(glob: str, text: str) -> None:
    if compile_glob(glob).fullmatch(text):
        assert glob.count("/") == text.count("/")
