"""The README for a reviewer is read back by markdown-it: nothing in a name or value becomes markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scanner.remediation.plan import Proof, ProofState
from scanner.remediation.renderers.readme import render_readme
from scanner.remediation.renderers.table import RENDERERS
from tests.remediation.plans import HOSTILE, TEXTS, plan, set_step, steps

FORMATS = ("az", "arm", "powershell", "terraform")
#: The only HTML there is.
MARKUP = {"<details>", "</details>", "<summary>", "</summary>", "<br>", "<code>", "</code>"}


def text(formats=FORMATS, **changes) -> str:
    (name, content), *more = render_readme(plan(**changes), formats).items()
    assert (name, more) == ("README.md", [])
    return content.decode()


def tokens(markdown: str) -> list[Token]:
    found = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [*found, *(child for token in found for child in token.children or [])]


def section(markdown: str, heading: str) -> str:
    return markdown.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_nothing_hostile_becomes_markup():
    seen = tokens(
        text(steps=(*steps(), replace(steps()[1], id="step-007", title=" ".join(TEXTS), rules=TEXTS, disrupts_text=HOSTILE)))
    )
    assert {token.type for token in seen} & {"link_open", "image", "fence", "code_block", "hr", "blockquote_open"} == set()
    html = [line for token in seen if token.type in ("html_inline", "html_block") for line in token.content.split("\n") if line]
    assert {
        line.replace("What each step writes", "").replace("Findings that follow from others", "") for line in html
    } <= MARKUP | {"<summary></summary>"}


def test_every_row_has_the_cells_of_its_head():
    seen = tokens(text())
    rows = [token for token in seen if token.type == "tr_open"]
    cells = [token for token in seen if token.type in ("td_open", "th_open")]
    assert len(rows) == 2 * (1 + len(steps()))
    assert len(cells) == (7 + 3) * (1 + len(steps()))


def test_it_says_what_how_much_and_what_stays():
    told = text()
    assert "6 steps mend 6 findings in" in told
    assert "2 of the steps may disrupt somebody. 2 are not proven." in told
    assert "1 findings stay for people, 1 follow from others, 2 were left alone." in told
    assert section(told, "Risk").splitlines() == [
        "", "- Clients on 5.6.7.8 lose access: step-002", "- It is not known whom: step-004",
        "- Before step-003 a person does this: OPS-001: a person names the owner (kv-data)",
    ]  # fmt: skip
    manual = section(told, "Left to people").splitlines()[1]
    assert manual.startswith("- **OPS-001** Name an owner: `")
    assert manual.endswith(
        "Set the tag \\`owner\\` &#124; to &lt;b&gt;one&lt;/b&gt; of. Choices: a&#124;b; \\[c\\](http&#58;//d). "
        "No step does it: it needs a decision here."
    )


def test_it_says_what_the_files_leave_out_and_what_has_no_undo():
    told = section(text(), "Run it")
    assert "The files of `arm` leave out:" in told
    assert "- step-005: a template removes nothing" in told
    assert "- step-004: a template calls no action" in told
    assert "`terraform` leave" not in told
    assert [line for line in section(text(), "Undo").splitlines() if "cannot be undone" in line] == [
        "- step-003 cannot be undone: Azure never takes purge protection back",
        "- step-004 cannot be undone: regenerateKey cannot be undone",
    ]


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        (None, "The plan was not tried."),
        (Proof("simulator"), "It was tried on a simulator of the snapshot: 0 findings are fixed"),
        (Proof("az"), "It was tried on the real az on a simulator of the snapshot: 0 findings"),
    ],
)
def test_it_says_what_was_shown_and_what_a_simulator_cannot_judge(proof, said):
    told = section(text(proof=proof), "Proof")
    assert said in told
    assert "It cannot judge how a service behaves" in told


def test_a_proof_that_does_not_hold_says_what_went_otherwise():
    told = section(text(), "Proof")
    assert "**It was tried on a simulator of the snapshot and did not go as promised.** 1 findings are fixed. But:" in told
    assert "Still failing (1):\n\n- NET-009: NET-009 fails after it (`" in told


def test_only_the_formats_that_are_there_are_told_of():
    told = text(formats=("terraform",))
    assert "terraform apply" in told
    assert "fix.sh" not in told
    assert "fix.ps1" not in told
    assert "fix.json" not in told


def test_a_long_plan_stays_short():
    many = tuple(replace(steps()[1], id=f"step-{at:03d}", after=(), proof=ProofState.PROVEN) for at in range(300))
    told = text(steps=many)
    assert "And 240 more in `plan.json`." in told
    assert len(told.splitlines()) < 250
    assert len(text(steps=many[:30]).splitlines()) < 200


def test_a_plan_without_steps_is_told_of():
    assert "0 steps mend 0 findings." in text(steps=(), manual=(), covered=(), left=(), proof=None)


def test_each_format_gives_files_of_its_own():
    names = [name for render in RENDERERS.values() for name in render(plan())]
    assert len(names) == len(set(names))


def test_the_undo_of_a_secret_is_not_promised():
    from scanner.remediation.operations import Change

    made = set_step(
        "step-001",
        steps()[1].operation.resource,
        {"properties": {"key": "(removed: secret)"}},
        Change(("properties", "key"), "(removed: secret)", "x"),
    )
    assert "- step-001 cannot be undone: it holds what was never read" in section(text(steps=(made,)), "Undo")
