"""Comparisons of snapshots as text, comment and document: agreed, valid, and deaf to hostile names."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from scanner.diff.change import Change, ChangeKind, SnapshotDiff, Uncompared
from scanner.report.diff_json import Sides, render_snapshot_diff_json
from scanner.report.diff_markdown import render_snapshot_diff_markdown
from scanner.report.diff_terminal import render_snapshot_diff
from scanner.report.schemas import schemas

GOLDEN = Path(__file__).parent / "golden"
GROUP = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01/resourceGroups/rg-chat-prod"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai-chat-prod"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stchat"
SETTING = f"{STORAGE}/providers/microsoft.insights/diagnosticSettings/to-log"
DIFF = SnapshotDiff(
    changes=(
        Change(ChangeKind.CHANGED, ACCOUNT, "Microsoft.CognitiveServices/accounts", "properties.publicNetworkAccess", "Disabled", "Enabled"),
        Change(ChangeKind.CHANGED, STORAGE, "t", "properties.allowSharedKeyAccess", False, True),
        Change(ChangeKind.REMOVED, STORAGE, "t", "properties.networkAcls", {"bypass": "None", "id": f"{ACCOUNT}"}),
        Change(ChangeKind.ADDED, STORAGE, "t", "properties.ipRules[1.2.3.4]", None, {"value": "1.2.3.4"}),
        Change(ChangeKind.CHANGED, STORAGE, "t", "properties.zones", ["1", "2", "3"], ["1", "2"]),
        Change(ChangeKind.CHANGED, STORAGE, "t", "tags.owner", "", "the platform team that owns everything"),
        Change(ChangeKind.REMOVED, SETTING, "t"),
        Change(ChangeKind.ADDED, GROUP, "t", below=2),
    ),
    uncompared=(
        *(Uncompared(STORAGE, f"properties.secret{at}", "it is a secret and was removed when read") for at in range(5)),
        Uncompared(ACCOUNT, "", "NEW: Microsoft.CognitiveServices/accounts could not be read: 403 AuthorizationFailed"),
    ),
    compared=143,
    left_out=7,
    notes=("NEW was interrupted: what was not read by then cannot be compared.",),
)  # fmt: skip
HOSTILE = [
    "\x1b[31mred",
    "two\nlines",
    "right\u202eto left",
    "`` ` ``",
    "`",
    "**bold** <img src=x onerror=alert(1)> @team #1 | x",
    "[a](http://b)",
]


@pytest.mark.parametrize(
    ("name", "text"),
    [("diff-80.txt", render_snapshot_diff(DIFF)), ("diff.md", render_snapshot_diff_markdown(DIFF))],
)
def test_the_text_is_the_agreed_one(name: str, text: str) -> None:
    if os.environ.get("DRIFTLINE_GOLDEN") == "write":
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert name.endswith(".md") or max(map(len, text.splitlines())) <= 80


def test_the_document_is_as_its_schema_has_it() -> None:
    for diff in (DIFF, SnapshotDiff()):
        document = json.loads(render_snapshot_diff_json(diff, Sides("a.jsonl", "b.jsonl")))
        jsonschema.validate(document, schemas()["diff"])
    assert document["counts"] == {"changed": 0, "removed": 0, "added": 0, "uncompared": 0, "compared": 0, "leftOut": 0}


def hostile(name: str) -> SnapshotDiff:
    change = Change(ChangeKind.CHANGED, f"{ACCOUNT}{name}", name, name, name, [name])
    return SnapshotDiff((change, replace(change, path="")), (Uncompared(name, name, name),), notes=(name,))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_cannot_bite_a_terminal(name: str) -> None:
    text = render_snapshot_diff(hostile(name), width=500)
    assert not any(sign in text for sign in "\x1b\u202e\x07")
    assert len(text.splitlines()) == len(render_snapshot_diff(hostile("x"), width=500).splitlines())


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_no_markup_in_a_comment(name: str) -> None:
    text = render_snapshot_diff_markdown(hostile(name))
    plain = render_snapshot_diff_markdown(hostile("x"))
    assert not any(sign in text for sign in "\x1b\u202e")
    # A code span ends at the first run of as many backticks as opened it: what is left outside is ours alone.
    spans = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")
    assert [spans.sub("`x`", line) for line in text.splitlines()] == [spans.sub("`x`", line) for line in plain.splitlines()]


def test_a_comment_is_no_longer_than_one_may_be() -> None:
    changes = tuple(replace(DIFF.changes[0], path=f"properties.p{at}") for at in range(5000))
    text = render_snapshot_diff_markdown(replace(DIFF, changes=changes))
    assert len(text) < 65_536
    assert "more lines in diff.json" in text
