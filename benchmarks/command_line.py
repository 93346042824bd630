"""Processor time of `driftline --help`, against that of an empty Python."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.measured import Measured

__all__ = ["measure_help"]

RUNS = 5


def measure_help() -> Measured:
    """The median processor time over five runs, children only."""
    floor = _cpu([sys.executable, "-c", "pass"])
    taken = _cpu([sys.executable, "-m", "scanner.cli", "--help"])
    return Measured(
        "driftline --help", f"{taken:.2f} s of processor time", f"{taken / floor:.1f} x an empty Python", "at most 0.4 s"
    )


def _cpu(command: list[str]) -> float:
    taken = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own interpreter
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(taken)[RUNS // 2]
