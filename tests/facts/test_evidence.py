"""Evidence: in force or not, of this workload or another, given by files that may hold anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.facts.evidence import stated_evidence
from scanner.model.errors import ConfigurationError
from scanner.model.packaged import packaged
from scanner.model.unknown import Unknown
from scanner.rules.evidence import StatedEvidence, evidence_files, load_evidence, with_evidence
from scanner.rules.evidence_kinds import EVIDENCE_KINDS
from tests.facts.snapshots import NOW, baseline

Json = Any
DAY = timedelta(days=1)


def piece(kind: str = "rollout", workload: str = "chat", since: int = 10, left: int = 10, **data: Json) -> StatedEvidence:
    return StatedEvidence(kind, workload, "team", NOW - since * DAY, NOW + left * DAY, data, f"{since}.yaml")


def found(*pieces: StatedEvidence) -> Json:
    stated = stated_evidence("rollout", "Chat", with_evidence(baseline(), pieces), NOW)
    return stated if isinstance(stated, Unknown) else stated["data"]


def test_the_newest_that_is_in_force_counts() -> None:
    assert found(piece(since=20, strategy="old"), piece(since=5, strategy="new"), piece(since=1, left=-1, strategy="gone")) == {
        "strategy": "new"
    }


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([], "no evidence of kind rollout is given for the workload Chat: docs/evidence.md shows how"),
        ([piece(left=-1)], "expired on 2026-10-31"),
        ([piece(since=-2, left=9)], "issued in the future"),
        ([piece(workload="other")], "there is some of other"),
        ([piece(kind="agents")], "no evidence of kind rollout"),
    ],
)
def test_what_is_not_in_force_is_unknown_with_its_reason(pieces: list[StatedEvidence], reason: str) -> None:
    assert isinstance(found(*pieces), Unknown)
    assert reason in str(found(*pieces))


def test_evidence_changes_the_hash_of_what_is_judged_by_and_nothing_else() -> None:
    with_one = with_evidence(baseline(), [piece()])
    assert with_one.evidence_hash != with_evidence(baseline(), [piece(strategy="x")]).evidence_hash
    assert replace(with_one, evidence=(), evidence_hash="") == baseline()


GOOD = "kind: rollout\nworkload: chat\nowner: team\nissued: 2026-01-01\nexpires: 2027-01-01\ndata: {strategy: canary}\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("rollout", "rolout"), 1, 'no kind of evidence is called "rolout"; did you mean "rollout"?'),
        (GOOD.replace("canary", "bigBang"), 6, '"strategy"'),
        (GOOD.replace("strategy", "strategie"), 6, 'unknown key "strategie"; did you mean "strategy"?'),
        (GOOD.replace("{strategy: canary}", "[canary]"), 6, '"data": should be a mapping'),
        (GOOD.replace("expires: 2027-01-01\n", ""), 0, '"expires" is missing'),
        (GOOD.replace("2027-01-01", "2025-01-01"), 5, "expires before it is issued"),
        (GOOD.replace("2027-01-01", "tomorrow"), 5, '"expires"'),
        (GOOD.replace("owner: team", "owner: ''"), 3, '"owner"'),
        (GOOD + "kind: agents\n", 7, "kind"),
        ("- " + GOOD.replace("\n", "\n  "), 1, "one piece of evidence"),
        ("kind: [", 1, "is not YAML"),
        ("", 1, "one piece of evidence"),
    ],
)
def test_bad_files_are_named_with_line_and_what_to_do(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        load_evidence([path])
    assert words in str(error.value)
    assert f"e.yaml:{line}" in str(error.value) or line <= 1


def test_files_are_found_by_globs_and_directories(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("a.yaml", "b.yaml", "more/c.yaml", "d.txt"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    files, idle = evidence_files([tmp_path, tmp_path / "*" / "*.yaml", tmp_path / "b.yaml", tmp_path / "none*.yaml"])
    assert [path.name for path in files] == ["a.yaml", "b.yaml", "c.yaml"]
    assert idle == [str(tmp_path / "none*.yaml")]


def test_hostile_text_is_data(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(GOOD.replace("owner: team", "owner: \"<script>\\e[31m=cmd|' /C calc'!A0\""), encoding="utf-8")
    (stated,) = load_evidence([path])
    assert stated.owner.startswith("<script>")


def test_an_example_of_every_kind_is_shipped() -> None:
    stated = load_evidence(sorted(packaged("baselines", "openai-chat", "evidence").glob("*.yaml")))
    assert {item.kind for item in stated} == set(EVIDENCE_KINDS)
