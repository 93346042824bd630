"""The HTML page: self-contained, complete, and inert whatever names and tags say."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from scanner.model.finding import Evidence, Fix
from scanner.model.result import WaiverUse
from scanner.report.html import render_html
from tests.report.test_terminal import RESULT

HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><svg onload=alert(1)>", "javascript:alert(1)",
    "{{ 7 * 7 }}", "{% raw %}", "' onmouseover='alert(1)", "</style><style>*{display:none}", "<!--", "&lt;b&gt;",
]  # fmt: skip
LOADING = ("src", "srcset", "action", "formaction", "data", "poster", "background", "ping")


class Page(HTMLParser):
    """Tags with their attributes, ids, and the text outside of style and script."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(source)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.words.append(data)


def page(result: Any = RESULT) -> Page:
    return Page(render_html(result).decode())


def hostile(text: str) -> Any:
    item = replace(
        RESULT.findings[0], message=text, component=text, subject=text, title=text, resource=f"{RESULT.findings[0].resource}/{text}",
        evidence=(Evidence(text, "equals", text, text, text), Evidence("a", "in", [text], {text: text})), consequence_of=(text,),
        fix=Fix("set", text, "possible", text, (text,), text, (text,), "failed", text),
        waiver={"owner": text, "reason": text, "ticket": text, "expires": text, "accepts": "fail", "file": text, "line": 1, "state": "in force"},
    )  # fmt: skip
    rule = replace(RESULT.rules[0], title=text, rationale=text, help=text, section=text, frameworks={text: [text]})
    use = WaiverUse("NET-003", text, text, text, text, text, text, "fail", text, 1, "unused", 0, text)
    return replace(RESULT, findings=(item,), rules=(rule, *RESULT.rules[1:]), notes=(text,), waivers=(use,))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_azure_is_text_and_nothing_else(text: str) -> None:
    plain, odd = page(hostile("plain")), page(hostile(text))
    assert [tag for tag, _ in odd.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(attributes) for _, attributes in odd.tags] == [sorted(attributes) for _, attributes in plain.tags]
    assert text in odd.text or "\x1b" in text


def test_control_and_direction_marks_are_taken_out() -> None:
    source = render_html(hostile("a\u202egnp.exe\x1b[31m\x00b")).decode()
    assert not re.search("[\x00\x1b\u202e]", source)
    assert "a?gnp.exe?[31m?b" in source


def test_nothing_is_loaded_from_anywhere() -> None:
    found = page()
    assert not [(tag, name) for tag, attributes in found.tags for name in attributes if name in LOADING or name.startswith("on")]
    assert all(str(attributes["href"]).startswith("#") for tag, attributes in found.tags if "href" in attributes)
    assert not {"link", "iframe", "object", "embed", "base", "img"} & {tag for tag, _ in found.tags}
    assert not re.search(r"url\(|@import", render_html(RESULT).decode())


def test_the_policy_lets_only_the_pages_own_style_and_script_run() -> None:
    policy = next(str(a["content"]) for tag, a in page().tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_every_id_is_used_once_and_every_link_within_the_page_leads_somewhere() -> None:
    found = page(replace(RESULT, findings=RESULT.findings[:3]))
    ids = [str(attributes["id"]) for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {str(attributes["href"])[1:] for _, attributes in found.tags if "href" in attributes}
    assert {target for target in targets if "=" not in target} <= set(ids)


def test_each_finding_says_what_why_and_how_to_mend_it() -> None:
    text = page().text
    for item in RESULT.findings:
        assert item.message.split("\n", maxsplit=1)[0][:40] in text
    for words in ("Should hold", "Why it matters", "Repair", "What could not be read", "What passed", "Components"):
        assert words in text


def test_the_same_result_gives_the_same_page() -> None:
    assert render_html(RESULT) == render_html(RESULT)


def test_a_result_without_findings_says_that_all_holds() -> None:
    assert "the reference architecture holds" in page(replace(RESULT, findings=())).text


def with_fix(**members: Any) -> str:
    fix = replace(Fix("set", "Close it", "possible", "Clients outside lose it"), **members)
    return page(replace(RESULT, findings=(replace(RESULT.findings[0], fix=fix),))).text


def test_a_fix_is_told_with_what_it_disrupts_its_steps_and_its_proof() -> None:
    found = with_fix(steps=("step-003: vault: properties.x Enabled → Disabled",), proof="proven")
    assert "Close it disrupts: possible Clients outside lose it" in found
    assert "step-003: vault: properties.x Enabled → Disabled" in found
    assert "fix proven on a simulator of this state" in found


def test_a_fix_that_failed_its_proof_says_why() -> None:
    found = with_fix(steps=("step-003: vault",), proof="failed", proof_note="NET-001 fails now")
    assert found.count("fix failed its proof") == 2
    assert "NET-001 fails now" in found


def test_what_is_left_to_people_comes_with_its_choices() -> None:
    found = with_fix(text="Set a budget", choices=("On the group", "On the subscription"))
    assert "Left to people: Set a budget On the group On the subscription" in found
    assert "proof" not in found
