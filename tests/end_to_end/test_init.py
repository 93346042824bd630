"""`driftline baseline init` writes settings that a scan takes, and says what it could not decide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli import baseline_init
from scanner.cli.app import app
from scanner.engine.propose import Question
from scanner.model.errors import DriftlineError

Scan = Callable[..., tuple[int, dict[str, Any]]]
TWO_SEARCHES = """changes:
  - title: A second search service
    create:
      resource: providers/Microsoft.Search/searchServices/srch-second
      body: {location: eastus2, sku: {name: standard}, properties: {replicaCount: 3, publicNetworkAccess: disabled, disableLocalAuth: true}}
"""


def init(path: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(app, ["baseline", "init", "--output", str(path), *arguments], standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return path.read_text(encoding="utf-8")


def test_what_it_writes_is_scanned_without_a_word(tmp_path: Path, scan: Scan) -> None:
    text = init(tmp_path / "own.yaml", "--simulate", "reference", "--yes")
    assert "rg-chat-prod" in text
    code, result = scan("--simulate", "reference", "--config", str(tmp_path / "own.yaml"))
    assert (code, result["notes"], result["workloads"][0]["name"]) == (0, [], "rg-chat-prod")


def test_an_ambiguity_is_left_open_in_comments_or_settled_by_an_answer(
    tmp_path: Path, scan: Scan, state: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = state(TWO_SEARCHES)
    assert "#   search:" in init(tmp_path / "open.yaml", "--simulate", path, "--yes")
    assert "ambiguous" in str(scan("--simulate", path, "--config", str(tmp_path / "open.yaml"))[1]["notes"])
    monkeypatch.setattr(baseline_init, "_leave_open", _first)
    init(tmp_path / "settled.yaml", "--simulate", path)
    _, result = scan("--simulate", path, "--config", str(tmp_path / "settled.yaml"))
    assert ("ambiguous" in str(result["notes"]), len(result["workloads"][0]["components"]["search"])) == (False, 1)


def _first(question: Question) -> str:
    return question.candidates[0]


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("baseline: openai-chat\n", encoding="utf-8")
    with pytest.raises(DriftlineError, match="is there already"):
        init(tmp_path / "own.yaml", "--simulate", "reference")
    assert "workloads" in init(tmp_path / "own.yaml", "--simulate", "reference", "--force")


def test_what_is_missing_is_named(tmp_path: Path, state: Callable[[str], str]) -> None:
    gone = "changes:\n  - title: No Bastion\n    remove: {resource: providers/Microsoft.Network/bastionHosts/bas-chat-prod}\n"
    assert "# bastion is not there" in init(tmp_path / "own.yaml", "--simulate", state(gone))


@pytest.mark.parametrize(("answers", "expected"), [([2], "b"), ([0], ""), ([7, -1, 1], "a")])
def test_a_question_is_asked_until_the_number_is_one_of_those(
    monkeypatch: pytest.MonkeyPatch, answers: list[int], expected: str
) -> None:
    given = iter(answers)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(given))
    assert baseline_init._ask(Question("search", "finds data", ("a", "b"))) == expected
