"""The pages on rules are what the command writes, say what a reader needs, and stay plain text whatever a rule holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.facts import FACT_PATHS
from scanner.language.markdown import anchor, code, escaped, fenced
from scanner.language.operators import OPERATORS
from scanner.language.scope import Uses
from scanner.report.pages import MARK
from scanner.report.pages.condition_words import OPERATOR_WORDS, Speaker, nested
from scanner.report.pages.control import mode_of
from scanner.rules import Relation, load_baseline, load_rules
from scanner.rules.rule_set import Glossary

RULE = """\
id: OUR-{number:03}
control: {control}
title: {hostile}
severity: high
section: {hostile}
rationale: {hostile}
help: {hostile}
frameworks: {{MCSB: [{hostile}], {hostile}: [a]}}
target:
  type: Microsoft.Storage/storageAccounts
  where: {{field: kind, notEquals: {hostile}}}
assert: {{field: location, equals: {hostile}}}
message: {hostile}
fix:
  title: {hostile}
  disrupts: {{level: none, text: {hostile}}}
  steps: [{{manual: {{text: {hostile}, choices: [{hostile}, {hostile}]}}}}]
"""
FOLDING = ("<details>", "<summary>", "</summary>", "</details>", "<code>", "</code>")
HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "![i](https://evil.example/x.png) [l](javascript:alert(1)) <https://evil.example>",
    "a | b || c `d` ``e` *f* _g_ ~~h~~ https://evil.example www.evil.example me@evil.example",
    "</details></summary>--> <!-- [x]: https://evil.example",
    "# h",
    "- l",
    "1. l",
    "``` x",
    "&lt;b&gt; &amp; &#60;",
    "$x$ \\\\ \\\\[",
    "tab\\tline\\nline\\u202eback",
]


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["rules", "docs", *arguments], standalone_mode=False)
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return int(outcome.return_value or 0), outcome.output


def tokens(page: str) -> Iterator[Token]:
    for block in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(page):
        yield block
        yield from block.children or ()


def links(page: str) -> list[str]:
    return [str(token.attrs["href"]) for token in tokens(page) if token.type == "link_open"]


def html(page: str) -> set[str]:
    held = (token.content for token in tokens(page) if token.type in ("html_block", "html_inline"))
    return {tag for text in held for tag in re.findall(r"<[^>]*>?", re.sub(r"\d+ lines", "", text))}


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (root / "docs" / "controls").glob("*.md")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ours").mkdir()
    return tmp_path


def write_rules(folder: Path, *rules: tuple[str, str]) -> None:
    """One rule for each text that it is to hold everywhere, and what its control is called."""
    for number, (hostile, control) in enumerate(rules, 1):
        quoted = '"' + hostile.replace('"', '\\"').replace("{", "(") + '"'
        text = RULE.format(hostile=quoted, number=number, control=f'"{control}"')
        (folder / "ours" / f"rule-{number}.yaml").write_text(text, encoding="utf-8")


def test_the_committed_pages_are_what_the_command_writes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert run("--check") == (0, "")


def test_links_between_pages_lead_to_a_page_and_a_heading_of_it(pages: dict[str, str]) -> None:
    known = {name: {*("", *map(anchor, re.findall(r"^#+ (.*)$", page, re.MULTILINE)))} for name, page in pages.items()}
    followed = {tuple(link.partition("#")[::2]) for page in pages.values() for link in links(page)}
    assert {(name, heading) for name, heading in followed if heading not in known.get(name, ())} == set()


def test_pages_hold_no_html_but_what_folds_the_long_parts_away(pages: dict[str, str]) -> None:
    assert set().union(*map(html, pages.values())) <= {MARK, *FOLDING}


def test_every_rule_has_an_example(pages: dict[str, str]) -> None:
    lacking = {name for name, page in pages.items() if page.count(" How it is judged\n") != page.count("# Examples\n")}
    assert lacking == set()


def test_nothing_that_a_rule_holds_becomes_markup(folder: Path) -> None:
    write_rules(folder, *((hostile, f"OUR-{number:03}") for number, hostile in enumerate(HOSTILE, 1)))
    assert run("--rules", "ours", "--only", "OUR", "--output", "pages")[0] == 0
    pages = {path.name: path.read_text(encoding="utf-8") for path in (folder / "pages").glob("OUR-*.md")}
    assert len(pages) == len(HOSTILE)
    index = (folder / "pages" / "README.md").read_text(encoding="utf-8")
    assert links(index) == ["sections.md", *sorted(pages)]
    for page in pages.values():
        assert [link.partition("#")[0] for link in links(page)] == ["README.md", "sections.md"]
        assert html(page) <= {MARK, *FOLDING}
    sections = (folder / "pages" / "sections.md").read_text(encoding="utf-8")
    assert set(links(sections)) == {"README.md", *pages}
    for page in (index, sections, *pages.values()):
        assert not {token.type for token in tokens(page)} & {"image", "em_open", "s_open", "hr"}
        assert not re.search(r"https?://|www\.|\w@\w", prose(page))


def prose(page: str) -> str:
    """A page without its code: what a renderer might turn into links."""
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"^(`{3,}).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL))


def test_a_page_lies_in_the_folder_whatever_its_control_is_called(folder: Path) -> None:
    controls = ["../../up", "a/b", "a-b", "README", "x" * 300, "ünï cödé", "con | trol", "...", "A-B"]
    write_rules(folder, *(("Holds", control) for control in controls))
    assert run("--rules", "ours", "--only", "OUR", "--output", "pages")[0] == 0
    names = {path.relative_to(folder).as_posix().lower() for path in folder.rglob("*.md")}
    assert len(names) == 2 + len(controls)
    assert all(re.fullmatch(r"pages/[a-z0-9-]{1,64}\.md", name) for name in names)


def test_a_check_names_each_page_that_differs_and_what_to_run(folder: Path) -> None:
    write_rules(folder, ("Holds", "OUR-001"))
    options = ("--rules", "ours", "--only", "OUR-001", "--output", "pages")
    run(*options)
    assert run(*options, "--check") == (0, "")
    (folder / "pages" / "OUR-001.md").write_text("other", encoding="utf-8")
    (folder / "pages" / "README.md").unlink()
    differing = "pages/OUR-001.md differs from the rules\npages/README.md differs from the rules\n"
    again = "Run: driftline rules docs --rules ours --only OUR-001 --output pages\n"
    assert run(*options, "--check") == (1, differing + again)


def test_a_page_of_a_rule_that_is_gone_is_removed_and_a_page_of_someone_else_is_left(folder: Path) -> None:
    write_rules(folder, ("Holds", "OLD-001"))
    options = ("--rules", "ours", "--only", "OUR-001", "--output", "pages")
    run(*options)
    (folder / "pages" / "notes.md").write_text("mine", encoding="utf-8")
    write_rules(folder, ("Holds", "OUR-001"))
    assert "pages/OLD-001.md is no page any more" in run(*options, "--check")[1]
    assert run(*options)[0] == 0
    assert {path.name for path in (folder / "pages").iterdir()} == {"OUR-001.md", "README.md", "sections.md", "notes.md"}


def test_a_control_is_decided_from_azure_or_from_evidence_or_from_either() -> None:
    rule_set = load_rules([], load_baseline("openai-chat"), fact_paths=FACT_PATHS)
    state = rule_set.rules[0]
    evidence = replace(state, target=replace(state.target, types=("driftline/evidence",)))
    asking = replace(state, uses=Uses(relations={"evidenceOfWorkload"}))
    relation = Relation("evidenceOfWorkload", ("*",), ("driftline/evidence",), ())
    known = replace(rule_set, relations={relation.name: relation})
    assert [mode_of(rules, known) for rules in ([state], [evidence], [evidence, state], [asking])] == [
        "auto", "evidence", "auto or evidence", "auto or evidence",
    ]  # fmt: skip


def test_every_operator_has_words() -> None:
    assert set(OPERATOR_WORDS) == set(OPERATORS)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"field": "a", "equals": True}, "- `a` is `true`"),
        ({"field": "a", "exists": "false"}, "- `a` is absent"),
        ({"field": "a", "in": ["x", "y"], "absent": "z"}, "- `a` is one of `x`, `y` (absent counts as `z`)"),
        ({"field": "A[*].x", "less": "[baseline('most')]"}, "- every `A[*].x` is less than the parameter `most`"),
        ({"not": {"value": "[current()]", "equals": ""}}, "- this does not hold:\n  - `current()` is empty"),
        ({"allOf": [{"field": "a", "equals": 1}, {"use": "fine"}]}, "- `a` is `1`\n- `fine` holds: All is well"),
        ({"count": {"field": "A[*]"}, "greater": 0}, "- there is at least one element of `A[*]`"),
        (
            {"count": {"related": "friends", "where": {"field": "b", "equals": 1}}, "equals": 0},
            "- there is no resource related by `friends` (Those it knows) for which:\n  - `b` is `1`",
        ),
        (
            {"count": {"related": ["parent", "children:A/b"]}, "greater": 0},
            "- there is at least one `A/b` below its parent",
        ),
        (
            {"count": {"related": ["friends", "extensions:A/c"]}, "greater": 0},
            "- there is at least one `A/c` on that, by way of `friends` (Those it knows)",
        ),
        ({"count": {"value": "[components('vault')]"}, "greater": 0}, "- there is at least one component `vault`"),
        ({"field": "a", "notIn": "[baseline('known')]"}, "- `a` is not in the parameter `known`"),
        ({"not": {"anyOf": [{"field": "a", "equals": 1}]}}, "- none of these holds:\n  - `a` is `1`"),
        (
            {
                "count": {
                    "field": "A[*]",
                    "where": {"allOf": [{"field": "a[*].x", "equals": 1}, {"field": "A[*]", "equals": 2}]},
                },
                "less": 1,
            },
            "- there is no element of `A[*]` for which:\n  - its `x` is `1`\n  - the element is `2`",
        ),
        ({"count": {"value": "[range(1, 3)]"}, "equals": 3}, "- the number of element of `range(1, 3)` is `3`"),
        (
            {"anyOf": [{"allOf": [{"field": "a", "equals": 1}, {"field": "b", "equals": 2}]}, {"field": "c", "equals": 3}]},
            "- one of these holds:\n  - all of these hold:\n    - `a` is `1`\n    - `b` is `2`\n  - `c` is `3`",
        ),
    ],
)
def test_a_condition_reads_as_a_sentence(condition: dict, words: str) -> None:
    glossary = Glossary(conditions={"fine": "All is well."}, relations={"friends": "Those it knows."})
    assert nested(Speaker(glossary).lines(condition)) == words


def test_text_shows_as_it_is() -> None:
    for text in (*HOSTILE, "plain", "1) x", "+ x", "> x", "=", "a_b*c"):
        shown = " ".join(token.content for token in tokens(escaped(text)) if token.type == "text")
        assert shown.replace(" ", "") == "".join(text.split())
    assert fenced("a\n````\nb") == "`````yaml\na\n````\nb\n`````"
    assert (code("a`b"), code("a|b")) == ("``a`b``", "<code>a&#124;b</code>")
