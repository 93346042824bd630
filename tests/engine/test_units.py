"""Units are judged alike together, alone and in processes of their own, and leave nothing behind."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from scanner.engine.scan import run_scan
from scanner.engine.unit import JudgedUnit, judge_in_processes, judge_unit
from scanner.facts import FACT_PATHS
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.errors import DriftlineError, SnapshotError
from scanner.model.resource import make_resource
from scanner.model.result import Result
from scanner.model.snapshot import Snapshot
from scanner.report.result_json import as_document
from scanner.rules import load_baseline, load_rules
from scanner.simulator.states import deploy_state
from scanner.sources.snapshot_file import SnapshotFileSource, write_snapshot

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BASELINE = load_baseline("openai-chat", "prod")
RULES = load_rules([], BASELINE, fact_paths=FACT_PATHS)
JUDGE = partial(judge_unit, rule_set=RULES, baseline=BASELINE, workloads=(), now=NOW)
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are copied on POSIX alone")
QUIETLY = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@cache
def bodies(state: str) -> str:
    store = deploy_state(state, NOW).store
    return json.dumps([store.show(item) for item in store.everything()])


def subscription(number: int) -> Snapshot:
    """The reference, every third time the drifted one, in a subscription and with names of its own."""
    own = f"{number:012x}"
    text = bodies("drifted" if number % 3 == 2 else "reference").replace("2f1f3c9d1e01", own).replace("chat", f"c{number}")
    scope = f"/subscriptions/5d0c1a52-7f3e-4c0b-9a55-{own}"
    resources = [make_resource(body, via="get") for body in json.loads(text)]
    return Snapshot(scopes=[scope], resources=resources, reads=[Read(EVERYTHING, scope)], collected="2026-11-01T00:00:00Z")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    write_snapshot(tmp_path / "many.jsonl", map(subscription, range(6)))
    return tmp_path / "many.jsonl"


def scanned(path: Path) -> Result:
    return run_scan(SnapshotFileSource(path), RULES, BASELINE, now=NOW, pinned=True)


@FORKS
@QUIETLY
def test_processes_judge_as_one_process_does_and_in_the_same_order(many: Path) -> None:
    with SnapshotFileSource(many).divided() as units:
        alone = [JUDGE(unit()) for unit in units]
        together = list(judge_in_processes(units, JUDGE, 2))
    assert together == alone
    assert any(unit.findings for unit in alone)


def test_the_command_gives_the_same_bytes_on_one_processor_and_on_all(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "many.jsonl.gz", map(subscription, range(20)))
    script = (
        "import os, sys\n"
        "if sys.argv[1] == 'one' and hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from scanner.cli import main\n"
        "sys.argv[:2] = ['driftline']\n"
        "main()\n"
    )
    results = []
    for processors in ("one", "all"):
        options = ["--snapshot", str(tmp_path / "many.jsonl.gz"), "--output", str(tmp_path / processors), "--now", "2026-11-01"]
        subprocess.run([sys.executable, "-c", script, processors, "scan", *options, "--quiet", "--fail-on", "never"], check=False)
        results.append((tmp_path / processors / "result.json").read_bytes())
    assert results[0] == results[1]


def test_many_subscriptions_are_judged_as_each_would_be_alone(many: Path, tmp_path: Path) -> None:
    whole = as_document(scanned(many))
    parts = []
    for number in range(6):
        write_snapshot(tmp_path / "one.jsonl", [subscription(number)])
        parts.append(as_document(scanned(tmp_path / "one.jsonl")))
    for member in ("findings", "workloads"):
        assert by_text(whole[member]) == by_text(item for part in parts for item in part[member])
    for member in ("passes", "notApplicable"):
        united: dict[tuple[str, str], list[str]] = {}
        for rule, subject, ids in (item for part in parts for item in part[member]):
            united.setdefault((rule, subject), []).extend(ids)
        assert {(rule, subject): ids for rule, subject, ids in whole[member]} == {
            key: sorted(ids, key=str.lower) for key, ids in united.items()
        }
    assert whole["coverage"]["resources"] == sum(part["coverage"]["resources"] for part in parts)


def by_text(items: Any) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)


def test_resources_of_one_subscription_may_stand_anywhere_in_the_file(many: Path) -> None:
    before = scanned(many)
    header, *lines = many.read_text(encoding="utf-8").splitlines()
    mixed = [line for start in range(6) for line in lines[start::6]]
    many.write_text("\n".join([header, "", *mixed]), encoding="utf-8")
    after = scanned(many)
    assert (by_text(as_document(after)["findings"]), after.passes) == (by_text(as_document(before)["findings"]), before.passes)


def test_a_judged_snapshot_is_gone_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        snapshot = subscription(2)
        gone = weakref.ref(snapshot)
        judged = JUDGE(snapshot)
        del snapshot
        assert judged.findings
        assert gone() is None
    finally:
        gc.enable()


@FORKS
@QUIETLY
def test_an_error_in_a_process_arrives_as_it_was_raised() -> None:
    def damaged() -> Snapshot:
        raise SnapshotError("s.jsonl", 7, "the line is not JSON", hint="Collect it again.")

    with pytest.raises(DriftlineError) as caught:
        list(judge_in_processes([damaged, damaged], JUDGE, 2))
    assert str(caught.value) == "s.jsonl:7: the line is not JSON\nCollect it again."


@FORKS
@QUIETLY
def test_a_process_that_is_killed_is_an_error_that_says_so() -> None:
    def killed() -> Snapshot:
        os._exit(9)

    def nothing(_: Snapshot) -> Iterator[JudgedUnit]:
        yield from ()

    with pytest.raises(DriftlineError, match="was killed"):
        list(judge_in_processes([killed], nothing, 1))  # type: ignore[arg-type]  # never called
