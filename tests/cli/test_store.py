"""Scans with a past: what --store and --only-new do to files and exit codes, and what history shows of it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.cli.outcome import exit_code, exit_words, left_out, worse_since
from scanner.model.errors import DriftlineError, StoreError
from scanner.model.result import Since, SinceChange
from scanner.model.verdict import Severity
from tests.cli.test_commands import run
from tests.store.results import account, result

Json = Any
ACCOUNT = (
    "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01/resourceGroups/rg-chat/providers/Microsoft.Storage/storageAccounts/st"
)
RULES = ("--only", "NET-005c", "--only", "KEY-004")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DRIFTLINE_STORE", raising=False)


class Scans:
    """Scans of one storage account, a day apart; what the last one said."""

    def __init__(self) -> None:
        self.day, self.said = 0, ""
        self.result: Json = {}

    def __call__(self, *arguments: str, blobs: bool = False, keys: bool = False) -> int:
        self.day += 1
        body = {"id": ACCOUNT, "kind": "StorageV2", "properties": {"allowBlobPublicAccess": blobs, "allowSharedKeyAccess": keys}}
        Path("state.json").write_text(json.dumps([body]), encoding="utf-8")
        outcome = CliRunner().invoke(
            app,
            ["scan", "--snapshot", "state.json", "--output", "out", *RULES, "--now", f"2026-11-{self.day:02}", *arguments],
            standalone_mode=False,
        )
        if outcome.exception is not None:
            raise outcome.exception
        self.said, self.result = outcome.stderr, json.loads(Path("out/result.json").read_text(encoding="utf-8"))
        return int(outcome.return_value)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(item["kind"], item["rule"]) for item in self.result["since"]["changes"]]


@pytest.fixture
def scan() -> Scans:
    return Scans()


STORE = ("--store", "sqlite:///history.db")


def test_a_scan_is_compared_with_the_one_before_in_the_store(scan: Scans) -> None:
    assert scan(*STORE) == 0
    assert "since" not in scan.result
    assert scan(*STORE, blobs=True) == 1
    assert scan.kinds == [("regressed", "NET-005c")]
    assert [point["failing"]["high"] for point in scan.result["trend"]] == [0, 1]
    assert scan(*STORE) == 0
    assert scan.kinds == [("fixed", "NET-005c")]
    assert "Exit code 0" in scan.said


def test_the_gate_fails_on_what_got_worse_since_the_last_scan_in_the_store(scan: Scans) -> None:
    gate = (*STORE, "--only-new", "store")
    assert scan(*gate, blobs=True) == 1
    assert "There is no earlier scan to compare with: everything counts." in scan.said
    assert scan(*gate, blobs=True) == 0
    assert "nothing fails at high or above but for what was so before (1)" in scan.said
    assert scan(*gate, blobs=True, keys=True) == 1
    assert "something fails at high or above, leaving out what was so before (1)" in scan.said
    assert scan(*gate) == 0
    assert scan(*gate, blobs=True) == 1


def test_the_gate_fails_on_what_got_worse_since_a_result(scan: Scans) -> None:
    assert scan(blobs=True) == 1
    Path("out/result.json").rename("main.json")
    gate = ("--only-new", "main.json")
    assert scan(*gate, blobs=True) == 0
    assert scan.result["since"]["started"] == "2026-11-01T00:00:00Z"
    assert scan(*gate, blobs=True, keys=True) == 1
    assert scan.kinds == [("regressed", "KEY-004")]
    assert scan(*gate, "--environment", "dev", keys=True) == 1
    assert "NEW this scan. The baselines differ" in scan.said


def test_what_to_compare_with_is_there_before_the_scan_begins(scan: Scans) -> None:
    with pytest.raises(DriftlineError, match="Name it: --store URL"):
        scan("--only-new", "store")
    with pytest.raises(DriftlineError, match=r"missing\.json cannot be read"):
        scan("--only-new", "missing.json")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("kind", "waived", "counts"),
    [
        ("new", False, True),
        ("regressed", False, True),
        ("waiver_expired", False, False),
        ("gone", False, False),
        ("new", True, False),
    ],
)
def test_only_what_got_worse_counts(kind: str, waived: bool, counts: bool) -> None:  # noqa: FBT001  # a table of cases
    one = result(2, {("KEY-001", "a"): "waived" if waived else "fail"})
    change = SinceChange(kind, "KEY-001", "", Severity.HIGH, account("A").upper(), "")
    worse = worse_since(Since("", "", (change,)))
    assert exit_code(one, "high", allow_unknown=False, worse=worse) == int(counts)
    assert left_out(one, "high", worse) == int(not counts and not waived)


def test_what_newly_cannot_be_read_counts_and_an_error_always_does() -> None:
    unknown, error = (result(2, {("KEY-001", "a"): verdict}) for verdict in ("unknown", "error"))
    change = SinceChange("became_unreadable", "KEY-001", "", Severity.HIGH, account("a"), "")
    assert exit_code(unknown, "high", allow_unknown=False, worse=worse_since(Since("", "", (change,)))) == 3
    assert exit_code(unknown, "high", allow_unknown=False, worse=frozenset()) == 0
    assert exit_code(error, "high", allow_unknown=False, worse=frozenset()) == 3


def test_words_name_both_what_is_waived_and_what_was_so_before() -> None:
    assert exit_words(0, "low", waived=1, known=2) == (
        "Exit code 0: nothing fails at low or above but for what is waived (1) and what was so before (2)."
    )


def test_a_locked_store_costs_neither_the_files_nor_the_exit_code(scan: Scans) -> None:
    scan(*STORE)
    with closing(sqlite3.connect("history.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert scan("--store", "sqlite:///history.db?timeout=0.1", blobs=True) == 1
    assert scan.kinds == [("regressed", "NET-005c")]
    assert "driftline: warning: the scan is not stored: sqlite:///history.db is locked by another program" in scan.said


def test_a_store_that_is_away_costs_neither_the_files_nor_the_exit_code(scan: Scans) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/driftline"
    assert scan("--store", url, "--only-new", "store", "--quiet", blobs=True) == 1
    assert "warning: the scan goes on without its history: postgresql://…@127.0.0.1:1/driftline cannot be used" in scan.said
    assert "warning: the scan is not stored: " in scan.said
    assert "hunter2" not in scan.said


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are of Unix")
def test_a_full_disk_costs_neither_the_result_nor_the_exit_code(scan: Scans, root: Path) -> None:
    """No file may grow beyond 20 kB, which is less than an empty store; the result goes to a pipe."""
    scan(blobs=True)
    program = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); from scanner.cli.app import run; run()"
    arguments = ("scan", "--snapshot", "state.json", "--format", "json", *RULES, *STORE)
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode()
    assert (done.returncode, "Traceback" in said) == (1, False)
    assert "warning: the scan is not stored: sqlite:///history.db" in said
    assert json.loads(done.stdout)["findings"]


def test_a_store_of_a_newer_driftline_ends_the_run_before_the_scan(scan: Scans) -> None:
    scan(*STORE)
    with closing(sqlite3.connect("history.db")) as store:
        store.execute("UPDATE driftline_version SET version_num = '0999'")
        store.commit()
    Path("out/result.json").unlink()
    with pytest.raises(StoreError, match="Upgrade driftline"):
        scan(*STORE)
    assert not Path("out/result.json").exists()


def test_the_store_is_a_setting_like_others_and_its_file_lies_beside_the_settings(
    scan: Scans, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("conf").mkdir()
    Path("conf/driftline.yaml").write_text("store: sqlite:///ours.db\nstore_retention: 400\n", encoding="utf-8")
    scan("--config", "conf/driftline.yaml")
    assert Path("conf/ours.db").is_file()
    monkeypatch.setenv("DRIFTLINE_STORE", "postgresql://me:hunter2@host/db?password=hunter2")
    text = run("scan", "--explain-config", "--config", "conf/driftline.yaml")[1]
    assert 'store = "postgresql://…@host/db"    (environment variable DRIFTLINE_STORE)' in text
    assert "store_retention = 400    (conf/driftline.yaml:2)" in text
    assert "hunter2" not in text


def test_old_scans_are_dropped_where_that_is_asked_for(scan: Scans) -> None:
    for _ in range(3):
        scan(*STORE, "--store-retention", "1")
    history = json.loads(run("history", *STORE, "--format", "json")[1])["histories"][0]
    assert [item["point"]["started"][:10] for item in history["scans"]] == ["2026-11-02", "2026-11-03"]


def test_the_history_is_shown(scan: Scans) -> None:
    for blobs in (False, True, False, True):
        scan(*STORE, blobs=blobs)
    code, text = run("history", *STORE, "--workload", "rg-chat")
    assert code == 0
    assert text.splitlines()[0] == "openai-chat, prod"
    assert re.search(r"^high +▁█▁█ +1 +0$", text, re.MULTILINE)
    assert "1 of them were fixed before" in text
    with pytest.raises(StoreError, match="Known are: rg-chat"):
        run("history", *STORE, "--workload", "other")


def test_a_history_that_is_not_there_is_said_so_and_not_made() -> None:
    with pytest.raises(DriftlineError, match="DRIFTLINE_STORE"):
        run("history")
    with pytest.raises(StoreError, match="is not there"):
        run("history", *STORE)
    assert not Path("history.db").exists()
