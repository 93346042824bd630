"""Waivers through the command line: the gate does not count what is waived, and no verdict changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_commands import run

Scan = Callable[..., tuple[int, dict[str, Any]]]
DRIFTED = ("--simulate", "drifted", "--now", "2026-11-20T23:59:59Z", "--fail-on", "info")


@pytest.fixture
def waiving(tmp_path: Path) -> Callable[..., tuple[str, ...]]:
    """Write waivers of rules (and a driftline.yaml that names them); the options of a scan by them."""

    def write(*rules: str, expires: str = "2026-11-20", accepts: str = "fail", resource: str = "**") -> tuple[str, ...]:
        entry = "- {{rule: {}, resource: '{}', owner: web, reason: moving, ticket: T-1, expires: {}, accepts: {}}}\n"
        text = "".join(entry.format(rule, resource, expires, accepts) for rule in rules)
        (tmp_path / "waivers.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "driftline.yaml").write_text("waivers: waivers.yaml\n", encoding="utf-8")
        return ("--config", str(tmp_path / "driftline.yaml"))

    return write


def failing(result: dict[str, Any]) -> list[str]:
    return sorted({item["rule"] for item in result["findings"] if item["verdict"] == "fail"})


def test_all_that_fails_is_waived_and_the_counts_stay(scan: Scan, waiving: Callable[..., tuple[str, ...]]) -> None:
    code, before = scan(*DRIFTED)
    config = waiving(*failing(before))
    waived_code, after = scan(*DRIFTED, *config)
    assert (code, waived_code) == (1, 0)
    assert after["coverage"]["verdicts"] == before["coverage"]["verdicts"]
    assert {item["waiver"]["state"] for item in after["findings"]} == {"in force"}
    assert after["findings"][0]["waiver"] | {"file": "", "line": 0} == {
        "owner": "web", "reason": "moving", "ticket": "T-1", "expires": "2026-11-20", "accepts": "fail", "file": "", "line": 0, "state": "in force",
    }  # fmt: skip
    assert sum(item["matched"] for item in after["waivers"]) == len(after["findings"])
    assert before["scan"]["id"] != after["scan"]["id"] == scan(*DRIFTED, *config)[1]["scan"]["id"]


def test_a_waiver_ends_after_its_last_day_and_says_so(scan: Scan, waiving: Callable[..., tuple[str, ...]]) -> None:
    rules = failing(scan(*DRIFTED)[1])
    code, result = scan(*DRIFTED, *waiving(*rules, expires="2026-11-19"))
    assert (code, {item["state"] for item in result["waivers"]}) == (1, {"expired"})
    assert {item["waiver"]["state"] for item in result["findings"]} == {"expired"}


def test_the_summary_marks_what_is_waived_and_names_idle_waivers(waiving: Callable[..., tuple[str, ...]]) -> None:
    config = waiving("NET-003", resource="**/accounts/no-such-account")
    text = run("scan", *DRIFTED, *config, "--no-progress")[1]
    assert "Waivers: 1 unused" in text
    said = "waivers.yaml:1 NET-003 covers no finding: no judged resource matches its glob"
    assert "".join(said.split()) in "".join(text.split())  # the path is as long as the line
    config = waiving("NET-003")
    assert "waived)" in " ".join(run("scan", *DRIFTED, *config, "--no-progress")[1].split())


def test_an_unknown_is_waived_only_by_a_waiver_that_accepts_it(
    scan: Scan, waiving: Callable[..., tuple[str, ...]], without: Callable[..., str]
) -> None:
    here: tuple[str, ...] = ("--simulate", without("Microsoft.CognitiveServices/accounts/raiPolicies/read"), "--fail-on", "info")
    here += ("--now", "2026-11-20")
    code, result = scan(*here)
    rules = sorted({item["rule"] for item in result["findings"]})
    assert (code, {item["verdict"] for item in result["findings"]}) == (3, {"unknown"})
    code, result = scan(*here, *waiving(*rules, accepts="fail"))
    assert (code, {item["state"] for item in result["waivers"]}) == (3, {"unused"})
    code, result = scan(*here, *waiving(*rules, accepts="unknown"))
    assert (code, {item["state"] for item in result["waivers"]}) == (0, {"in force"})


def test_waivers_of_rules_that_are_left_out_are_not_called_unused(scan: Scan, waiving: Callable[..., tuple[str, ...]]) -> None:
    assert scan(*DRIFTED, "--only", "KEY", *waiving("NET-003"))[1]["waivers"] == []
