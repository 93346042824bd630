"""Several processes that write at once: nothing is lost, nothing is there twice, and what is told is what came before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from scanner.model.history import FindingState
from scanner.store import open_store
from scanner.store.histories import read_histories
from tests.store.conftest import CODEC

ROOT = Path(__file__).parents[2]
WRITERS, EACH = 4, 5


def writer(url: str, environment: str, days: range) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.store.writing", url, environment, *map(str, days)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def finish(writers: list[subprocess.Popen[str]]) -> None:
    for one in writers:
        said = one.communicate(timeout=120)
        assert (one.returncode, said) == (0, ("", ""))


def test_writers_of_one_history_that_they_all_begin_lose_nothing(url: str) -> None:
    finish([writer(url, "prod", range(1 + at, 1 + WRITERS * EACH, WRITERS)) for at in range(WRITERS)])
    (history,) = read_histories(open_store(url, CODEC))
    assert [scan.point.scan for scan in history.scans] == [f"{day:032x}" for day in range(1, 1 + WRITERS * EACH)]
    assert {item.state for item in history.findings} == {FindingState.FAILING}  # the last day is even
    assert {item.first_seen[:10] for item in history.findings} == {"2026-11-02"}
    assert len(history.findings) == 20


def test_writers_of_different_histories_do_not_mix(url: str) -> None:
    finish([writer(url, f"env{at}", range(1, 1 + EACH)) for at in range(WRITERS)])
    found = read_histories(open_store(url, CODEC))
    assert Counter(item.environment for item in found) == {f"env{at}": 1 for at in range(WRITERS)}
    for history in found:
        compared = [scan.compared_with for scan in history.scans]
        assert compared == ["", *(scan.point.scan for scan in history.scans[:-1])]
        assert [scan.changes for scan in history.scans[1:]] == [{"regressed": 20}, {"fixed": 20}] * 2


def test_a_scan_is_compared_with_what_came_in_the_meantime(url: str) -> None:
    """What another stored between comparing and storing is what the history tells of."""
    from tests.store.results import result

    key = ("KEY-001", "a")
    ours, theirs = open_store(url, CODEC), open_store(url, CODEC)
    assert ours.add(result(1, {key: "pass"}))
    told = ours.with_history(result(3, {key: "fail"}))
    assert theirs.add(theirs.with_history(result(2, {key: "fail"})))
    assert ours.add(told)
    last = read_histories(ours)[0].scans[-1]
    assert (last.compared_with, last.changes) == (f"{2:032x}", {})
