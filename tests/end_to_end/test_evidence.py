"""Evidence from the command line: the reference with what is shipped beside it, without, and files held against their kinds."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.model.packaged import packaged
from tests.end_to_end.conftest import Scan

SETTINGS = str(packaged("baselines", "openai-chat", "evidence-driftline.yaml"))
SHIPPED = packaged("baselines", "openai-chat", "evidence")


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--config", SETTINGS, "--fail-on", "medium"), 0), (("--fail-on", "medium"), 3), ((), 0)]
)
def test_the_reference_holds_with_its_evidence_and_is_unknown_without(scan: Scan, arguments: tuple[str, ...], code: int) -> None:
    found, result = scan("--simulate", "reference", *arguments, unstated=True)
    assert (found, {item["verdict"] for item in result["findings"]} - {"unknown"}) == (code, set())


def test_evidence_may_be_named_on_the_command_line(scan: Scan, tmp_path: Path) -> None:
    stated = (SHIPPED / "source.yaml").read_text(encoding="utf-8").replace("chat-prod", "rg-chat-prod")
    (tmp_path / "source.yaml").write_text(stated, encoding="utf-8")
    _, result = scan("--simulate", "reference", "--only", "OPS-004", "--evidence", str(tmp_path), unstated=True)
    assert [rule for rule, _, _ in result["passes"]] == ["OPS-004"]


def check(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["evidence", "check", *arguments], standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return int(outcome.return_value), outcome.stdout


def test_check_says_what_is_stated_and_until_when() -> None:
    code, said = check(str(SHIPPED), "--now", "2026-11-01")
    assert (code, said.count("\n")) == (0, 14)
    assert "evaluation.yaml: evaluation of chat-prod by chat team, until 2096-01-15\n" in said
    assert "expired on 2096-01-15: scans take it for unknown" in check(str(SHIPPED), "--now", "2097-01-01")[1]
    assert "soon to expire" in check(str(SHIPPED), "--now", "2096-01-01")[1]
    assert "in the future" in check(str(SHIPPED), "--now", "2025-01-01")[1]


def test_check_refuses_what_is_wrong_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text("kind: evaluation\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is missing"):
        check(str(tmp_path))
    with pytest.raises(DriftlineError, match="is not there"):
        check(str(tmp_path / "none.yaml"))
