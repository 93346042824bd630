"""Wall time of a whole scan of the reference snapshot from a file, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measured import Measured

__all__ = ["measure_reference_scan"]

RUNS = 5


def measure_reference_scan() -> Measured:
    """The median wall time of `driftline scan --snapshot` over five runs, after collecting the reference once."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "reference.jsonl"
        _driftline("collect", "--simulate", "reference", "--output", str(snapshot), "--quiet")
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            _driftline("scan", "--snapshot", str(snapshot), "--output", folder, "--format", "json", "--quiet")
            times.append(time.perf_counter() - begun)
    return Measured("scan of the reference snapshot from a file", f"{sorted(times)[RUNS // 2]:.2f} s", "", "at most 1.5 s")


def _driftline(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "scanner.cli", *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command
