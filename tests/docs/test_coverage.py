"""The recommendations of the reference architecture are all there, in its order, each with controls that have rules."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

from scanner.facts import FACT_PATHS
from scanner.rules import RuleSet, load_baseline, load_rules
from scanner.rules.recommendations import Section, load_recommendations


@cache
def loaded() -> tuple[RuleSet, tuple[Section, ...]]:
    baseline = load_baseline("openai-chat")
    return load_rules([], baseline, fact_paths=FACT_PATHS), load_recommendations(baseline)


def named() -> set[str]:
    return {control for section in loaded()[1] for item in section.recommendations for control in item.controls}


def judged() -> set[str]:
    return {rule.control for rule in loaded()[0].rules}


def test_every_control_that_a_recommendation_names_has_a_rule() -> None:
    assert named() - judged() == set()


def test_every_control_is_named_by_a_recommendation_and_has_a_title() -> None:
    rules, _ = loaded()
    assert judged() - named() == set()
    assert (judged() | named()) - set(rules.glossary.controls) == set()


def test_every_recommendation_names_a_control() -> None:
    empty = [item.what for section in loaded()[1] for item in section.recommendations if not item.controls]
    assert empty == []


def test_every_rule_names_a_section_that_the_recommendations_list() -> None:
    rules, sections = loaded()
    known = {section.title for section in sections}
    assert {rule.id: rule.section for rule in rules.rules if rule.section not in known} == {}


def test_the_sections_are_headings_of_the_document_in_its_order(shared: Path) -> None:
    lines = [line.strip() for line in (shared / "reference-architecture.txt").read_text(encoding="utf-8").splitlines()]
    places = [lines.index(section.title) for section in loaded()[1]]
    assert all(before < after for before, after in pairwise(places))


def test_every_heading_of_the_document_is_among_the_sections(shared: Path) -> None:
    text = (shared / "reference-architecture.txt").read_text(encoding="utf-8").splitlines()
    about = {"Deploy this scenario", "Contributors", "Next step", "Important", "Note", "Tip"}
    lone = {line for before, line, after in zip(text, text[1:], text[2:], strict=False) if line and not before and not after}
    headings = {line for line in lone if line == line.strip() and len(line) < 90 and line[-1] not in ".:" and line[0].isupper()}
    assert headings - {section.title for section in loaded()[1]} - about == set()
