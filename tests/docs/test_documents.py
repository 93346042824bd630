"""The documents say what is there: every operator, function, fact, form and command; links lead somewhere."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from scanner.facts import FACTS
from scanner.language.operators import OPERATORS
from scanner.language.rule_functions import RULE_FUNCTIONS
from scanner.rules import load_baseline
from scanner.rules.shapes import RuleShape, TargetShape


@pytest.fixture(scope="module")
def language(root: Path) -> str:
    return (root / "docs" / "rule-language.md").read_text(encoding="utf-8")


def test_every_operator_function_and_fact_is_documented(language: str) -> None:
    words = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", language, flags=re.DOTALL)))
    assert (set(OPERATORS) | set(RULE_FUNCTIONS.names()) | {fact.type for fact in FACTS.values()}) - words == set()


def test_a_fact_says_what_a_document_stands_for_as_the_table_of_facts_does(language: str) -> None:
    rows = dict(re.findall(r"^\| `(driftline/\w+)` \| (.+?) \|", language, re.MULTILINE))
    assert {fact.type: fact.one_per for fact in FACTS.values()} == rows


def test_a_fact_names_the_tables_and_parameters_that_it_reads(root: Path) -> None:
    baseline = load_baseline("openai-chat")
    for fact in FACTS.values():
        assert set(fact.tables) <= set(baseline.tables)
        assert set(fact.parameters) <= set(baseline.parameters)
    source = "".join(path.read_text(encoding="utf-8") for path in (root / "scanner" / "facts").rglob("*.py"))
    read = re.findall(r"""\b(tables|parameters)(?:\.get\(|\[)"([\w-]+)\"""", source)
    named = {(kind, name) for fact in FACTS.values() for kind in ("tables", "parameters") for name in getattr(fact, kind)}
    assert set(read) - named == set(), "name these at the Fact: tables=(…), parameters=(…)"


def test_every_key_of_a_rule_is_documented(language: str) -> None:
    keys = {field.alias or name for shape in (RuleShape, TargetShape) for name, field in shape.model_fields.items()}
    assert {key for key in keys if f"`{key}" not in language and f"{key}:" not in language} == set()


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    broken = []
    for page in (
        root / "README.md",
        root / "CONTRIBUTING.md",
        *sorted((root / "docs").glob("*.md")),
        *sorted((root / "docs" / "how-to").glob("*.md")),
    ):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_finding_of_the_readme_is_a_real_one(root: Path) -> None:
    from scanner.report.terminal import render_terminal
    from tests.engine.test_promises import scanned
    from tests.honesty.snapshots import bodies

    shown = re.search(r"```\n(HIGH .*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    from dataclasses import replace

    result = scanned(bodies("drifted"))
    keys = replace(result, findings=tuple(item for item in result.findings if item.rule == "KEY-009a"))
    assert shown[1] in render_terminal(keys)


@pytest.mark.parametrize("name", ["summary.svg", "architecture-drifted.svg"])
def test_the_pictures_load_nothing_from_elsewhere(root: Path, name: str) -> None:
    picture = (root / "docs" / name).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"' )]+", picture)) == {"http://www.w3.org/2000/svg"}


def test_the_architecture_of_the_readme_is_drawn_as_it_is(root: Path) -> None:
    from scanner.report.picture import render_svg
    from tests.engine.test_promises import scanned
    from tests.honesty.snapshots import bodies

    drawn = render_svg(scanned(bodies("drifted"))).decode()
    shown = (root / "docs" / "architecture-drifted.svg").read_text(encoding="utf-8")
    places = re.compile(r'class="name" x="[^"]*" y="[^"]*">[^<]*|class="line" d="[^"]*"')
    assert places.findall(shown) == places.findall(drawn), "run make picture"


def test_the_commands_are_told_as_they_are(root: Path) -> None:
    spec = spec_from_file_location("make_commands", root / "docs" / "make_commands.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (root / "docs" / "commands.md").read_text(encoding="utf-8") == made.page(), "run make docs"
