"""Every fault of faults.yaml: the scan ends with the stated code, passes nothing new, fails nothing new, keeps silent on nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import pytest
import yaml

from scanner.cli.compose import write_private
from scanner.cli.outcome import exit_code
from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.model.errors import DriftlineError, SourceError
from scanner.model.result import Result
from scanner.model.verdict import Verdict
from scanner.rules import Baseline, RuleSet, load_baseline, load_rules
from scanner.simulator import start_simulator
from scanner.sources.azure import AzureOptions, AzureSource
from tests.children import HARD_LIMIT, driftline_child, wait_until
from tests.honesty.invariants import judged, passes, silenced, verdicts
from tests.stated import with_shipped_evidence

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))
KEYS = {
    "name",
    "fault",
    "faults",
    "exit",
    "reason",
    "same",
    "unknown",
    "retried",
    "timeout",
    "page_size",
    "state",
    "groups",
    "fails",
    "unjudged",
}
#: No row may take longer, however often it asks again; generous, for machines that run tests are busy.
SECONDS = 30


@cache
def _judging() -> tuple[Baseline, RuleSet]:
    baseline = with_shipped_evidence(load_baseline("openai-chat"))
    return baseline, load_rules([], baseline, fact_paths=FACT_PATHS)


def _scanned(
    faults: Path | None, timeout: float = 30, page_size: int = 20, state: str = "reference", groups: tuple[str, ...] = ()
) -> Result:
    baseline, rule_set = _judging()
    place = Path(__file__).with_name(state) if state.endswith(".yaml") else state
    started = start_simulator(place, faults=faults, now=NOW, page_size=page_size)
    with started as simulator, patch.dict(os.environ, simulator.environment()):
        options = AzureOptions(
            simulator.subscriptions, arm_endpoint=simulator.endpoint, authority=simulator.authority, ca_file=simulator.ca_file,
            timeout=timeout, backoff=0.01, resource_groups=groups,
        )  # fmt: skip
        return run_scan(AzureSource(options), rule_set, baseline, now=NOW)


@cache
def _untroubled(state: str, groups: tuple[str, ...]) -> Result:
    return _scanned(None, state=state, groups=groups)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_fault_is_told_and_never_a_pass(row: dict[str, Any], tmp_path: Path) -> None:
    assert set(row) <= KEYS
    file = tmp_path / "faults.yaml"
    file.write_text(yaml.safe_dump(row.get("faults") or [row["fault"]]), encoding="utf-8")
    started = time.monotonic()
    if row.get("exit") == 2:
        with pytest.raises(SourceError, match=row["reason"]):
            _scanned(file)
        return
    place = row.get("state", "reference"), tuple(row.get("groups", ()))
    result = _scanned(file, row.get("timeout", 30), row.get("page_size", 20), *place)
    assert time.monotonic() - started < SECONDS
    before = _untroubled(*place)
    _hold_honest(row, before, result)
    _hold_row(row, before, result)


def _hold_honest(row: dict[str, Any], before: Result, result: Result) -> None:
    assert passes(result) - passes(before) == set()
    assert {rule for rule, _, _ in verdicts(result, Verdict.FAIL) - verdicts(before, Verdict.FAIL)} == set(row.get("fails", ()))
    assert verdicts(result, Verdict.ERROR) == set()
    assert {rule for rule, _, _ in silenced(before, result)} == set(row.get("unjudged", ()))
    assert all(item.message for item in result.findings)


def _hold_row(row: dict[str, Any], before: Result, result: Result) -> None:
    if "exit" in row:
        assert exit_code(result, "high", allow_unknown=False) == row["exit"]
    unknown = {rule for rule, _, _ in verdicts(result, Verdict.UNKNOWN)}
    assert set(row.get("unknown", ())) <= unknown
    if row.get("same"):
        but = set(row.get("unknown", ()))
        wanted = {item for item in passes(before) if item[0] not in but}
        assert (passes(result), judged(result), unknown) == (wanted, judged(before), but)
    if "reason" in row:
        assert result.gaps
        assert all(row["reason"] in gap.reason for gap in result.gaps)
    if row.get("retried"):
        assert result.requests.retried > 0


def test_a_full_disk_keeps_the_old_file_and_leaves_no_half_one(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    target.write_bytes(b"old")
    open_file = os.fdopen

    @dataclass
    class Full:
        file: Any

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            self.file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    opened: Callable[..., Full] = lambda *given: Full(open_file(*given))  # noqa: E731
    with patch("os.fdopen", opened), pytest.raises(DriftlineError, match="cannot be written: No space left"):
        write_private(target, b"new result")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"old", [target])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_said_in_words() -> None:
    with Path("/dev/full").open("wb") as full:
        arguments = [sys.executable, "-m", "scanner.cli", "scan", "--simulate", "reference", "--format", "json"]
        ended = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == 2
    assert "No space left" in ended.stderr
    assert "defect" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("sigint", ["default_int_handler", "SIG_IGN"])
def test_sigterm_in_mid_scan_judges_what_was_read(tmp_path: Path, sigint: str) -> None:
    """Ended by a pipeline's time limit while children are read: the result is there and says that it is not complete. What a
    script starts with `&` ignores SIGINT, and still ends.
    """
    faults = tmp_path / "faults.yaml"
    faults.write_text('- {path: "*/diagnosticSettings", delay: 60}', encoding="utf-8")
    with start_simulator("reference", faults=faults) as simulator:
        arguments = [
            "scan", "--subscription", simulator.subscriptions[0], "--arm-endpoint", simulator.endpoint, "--authority",
            simulator.authority, "--ca-file", str(simulator.ca_file), "--output", str(tmp_path),
        ]  # fmt: skip
        with driftline_child(*arguments, cwd=tmp_path, environment=simulator.environment(), sigint=sigint) as scan:
            wait_until(lambda: any(path.endswith("/raiPolicies") for _, path, _ in simulator.requests), scan)
            scan.send_signal(signal.SIGTERM)
            _, words = scan.communicate(timeout=HARD_LIMIT)
    assert scan.returncode == 3
    assert "Traceback" not in words
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["scan"]["complete"] is False
