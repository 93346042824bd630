"""Offline scan of 100,000 resources in many subscriptions, snapshot file to result.json, against parsing the same bytes.

The file is the reference deployment over and over: each subscription has ids and names of its own, every tenth is drifted, one is
ten times as large as the others. Memory is held against a scan of that largest subscription alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measured import Measured

__all__ = ["measure_offline", "write_snapshots"]

RESOURCES = 100_000
RUNS = 3
#: The largest subscription holds the reference this many times over, in as many resource groups.
LARGEST = 10


def measure_offline() -> list[Measured]:
    """Wall time and memory of the scan, the median of three runs, the floor measured between them."""
    with tempfile.TemporaryDirectory() as folder:
        whole, largest = Path(folder) / "whole.jsonl", Path(folder) / "largest.jsonl"
        count = write_snapshots(whole, largest, RESOURCES)
        floors, times, ratios, memory = [], [], [], 0
        for _ in range(RUNS):
            floors.append(_time(lambda: parse(whole)))
            seconds, memory = scan(whole, Path(folder) / "out")
            times.append(seconds)
            ratios.append(seconds / floors[-1])
        alone = scan(largest, Path(folder) / "alone")[1]
        megabytes = whole.stat().st_size / 1e6
    time_ratio, memory_ratio = f"{_median(ratios):.1f} x the floor", f"{memory / alone:.1f} x that of the largest alone"
    return [
        Measured(f"orjson.loads of {count:,} resources, {megabytes:.0f} MB", f"{_median(floors):.2f} s", "the floor", ""),
        Measured("scan of them, file to result.json", f"{_median(times):.2f} s", time_ratio, "at most 2.5 x"),
        Measured("its peak memory", f"{memory / 1e6:.0f} MB", memory_ratio, "bounded by the largest subscription"),
    ]


def write_snapshots(whole: Path, largest: Path, resources: int) -> int:
    """Write a snapshot of at least this many resources and one of its largest subscription; how many the first holds."""
    states = {name: _collected(name) for name in ("reference", "drifted")}
    header, total, number = _header(), 0, 0
    with tempfile.TemporaryFile() as spool:
        while total < resources:
            lines, own = _subscription(states, number)
            if number == 0:
                _write(largest, own, [line + b"\n" for line in lines])
            spool.writelines(line + b"\n" for line in lines)
            for member in ("scopes", "units", "reads", "gaps"):
                header[member].extend(own[member])
            total += len(lines)
            number += 1
        spool.seek(0)
        _write(whole, header, spool)
    return total


def parse(path: Path) -> None:
    """The floor: every line parsed and dropped."""
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)


def scan(snapshot: Path, folder: Path) -> tuple[float, int]:
    """Wall time of the command, and the most memory that it and its workers held at once, in bytes."""
    command = [sys.executable, "-m", "scanner.cli", "scan", "--snapshot", str(snapshot), "--output", str(folder)]
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  # our own command
        [*command, "--format", "json", "--quiet", "--fail-on", "never", "--allow-unknown", "--now", "2026-11-01"]
    )
    most = 0
    while process.poll() is None:
        most = max(most, _memory(process.pid))
        time.sleep(0.02)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"the scan ended with exit code {process.returncode}")
    return time.perf_counter() - begun, most


def _memory(process: int) -> int:
    """What a process and its children hold for themselves: shared pages count once, by their share (Linux)."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    own = next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)
    return own + sum(_memory(int(child)) for child in children)


def _collected(state: str) -> tuple[dict[str, Any], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.jsonl"
        command = [sys.executable, "-m", "scanner.cli", "collect", "--simulate", state, "--output", str(path), "--quiet"]
        subprocess.run([*command, "--now", "2026-11-01"], check=True)  # noqa: S603  # our own command
        header, *lines = path.read_text(encoding="utf-8").splitlines()
    return json.loads(header), lines


def _header() -> dict[str, Any]:
    return {
        "schema": "driftline.snapshot/1", "collected": "2026-11-01T00:00:00Z", "scopes": [], "units": [], "resources": 0,
        "complete": True, "reads": [], "gaps": [],
    }  # fmt: skip


def _subscription(states: dict[str, tuple[dict[str, Any], list[str]]], number: int) -> tuple[list[bytes], dict[str, Any]]:
    """The lines of one subscription, with a header of its own."""
    header, lines = states["drifted" if number % 10 == 9 else "reference"]
    text = json.dumps({name: header[name] for name in ("scopes", "units", "reads", "gaps")})
    found: dict[bytes, None] = {}
    own = _header()
    for copy in range(LARGEST if number == 0 else 1):
        rename = _renaming(header["scopes"][0], number, copy)
        found.update(dict.fromkeys(rename(line).encode() for line in lines))
        renamed = json.loads(rename(text))
        own["scopes"], own["units"] = renamed["scopes"], renamed["units"]
        for member in ("reads", "gaps"):
            own[member] += [item for item in renamed[member] if item not in own[member]]
    return list(found), own


def _renaming(scope: str, number: int, copy: int) -> Callable[[str], str]:
    """Another subscription, and other names: `chat` is in all of them."""
    old = scope.rpartition("/")[2]
    new = f"{old[:-12]}{number:012x}"
    suffix = f"c{number}x{copy}"
    return lambda text: text.replace(old, new).replace("chat", suffix)


def _write(path: Path, header: dict[str, Any], lines: Any) -> None:
    with path.open("wb") as file:
        file.write(json.dumps(header).encode() + b"\n")
        file.writelines(lines)


def _time(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
