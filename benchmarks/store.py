"""History: a scan of 10,000 findings compared with the one before and stored in an SQLite file, where half of them were fixed."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measured import Measured
from scanner.model.finding import Evidence, Finding
from scanner.model.result import Judged, Result, RuleInfo, ScanInfo
from scanner.model.source import RequestCounts
from scanner.model.verdict import Severity, Verdict
from scanner.report.result_json import render_json
from scanner.report.result_reading import parse_result
from scanner.store import Codec, open_store
from scanner.store.histories import read_histories

__all__ = ["measure_store"]

FINDINGS = 10_000
_SUBSCRIPTION = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"


def measure_store() -> list[Measured]:
    """Seconds of the first scan, of each later one with its comparison, and of reading the history."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        store = open_store(f"sqlite:///{path}", Codec(render_json, parse_result))
        times = []
        for day, failing in enumerate((range(FINDINGS), range(FINDINGS // 2, FINDINGS * 3 // 2), range(FINDINGS)), 1):
            result = _result(day, failing)
            begun = time.perf_counter()
            assert store.add(store.with_history(result))
            times.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        (history,) = read_histories(store)
        reading = time.perf_counter() - begun
        assert [sum(scan.changes.values()) for scan in history.scans] == [0, FINDINGS, FINDINGS]
        size = f"{path.stat().st_size / 1e6:.1f} MB for {len(history.scans)} scans"
    return [
        Measured(f"store a scan of {FINDINGS:,} findings", f"{times[0]:.2f} s", "", "at most 2 s"),
        Measured("  one more, half of it fixed and as much regressed", f"{max(times[1:]):.2f} s", size, "at most 2 s"),
        Measured("  read the history", f"{reading:.2f} s", "", ""),
    ]


def _result(day: int, failing: range) -> Result:
    """What fails, and passes for the rest."""
    rule = RuleInfo("KEY-004", "KEY-004", "", "Storage account refuses shared keys", Severity.HIGH, "key", "", "", "")
    started = f"2026-11-{day:02}T00:00:00Z"
    finding = Finding(
        rule.id, rule.control, "", rule.title, rule.severity, Verdict.FAIL, "", "Microsoft.Storage/storageAccounts", "storage",
        "The account accepts shared keys", (Evidence("properties.allowSharedKeyAccess", "equals", False, True),),
    )  # fmt: skip
    everything = range(FINDINGS * 3 // 2)
    passing = tuple(f"{_GROUP}/st{at}" for at in everything if at not in failing)
    return Result(
        scan=ScanInfo(f"{day:032x}", started, started, "0", "openai-chat", "prod", "live", (_SUBSCRIPTION,), True, "r", "b"),
        rules=(rule,), resources=len(everything), findings=tuple(replace(finding, resource=f"{_GROUP}/st{at}") for at in failing),
        passes=(Judged(rule.id, "", passing),), not_applicable=(), gaps=(), requests=RequestCounts(),
    )  # fmt: skip
