"""Child processes that tests interrupt: with signals as a terminal sets them, in a group of their own, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["HARD_LIMIT", "driftline_child", "wait_until"]

#: Seconds after which a child that does not end, or a sign that does not come, fails the test.
HARD_LIMIT = 60
#: A child inherits that SIGINT is ignored, as it is in whatever a script starts with `&`: what the test wants is set in the child.
_LAUNCH = "import signal; signal.signal(signal.SIGINT, signal.{}); from scanner.cli.app import run; run()"


@contextmanager
def driftline_child(
    *arguments: str, cwd: Path, environment: Mapping[str, str], sigint: str = "default_int_handler"
) -> Iterator[subprocess.Popen[str]]:
    """Run driftline beside the test, and kill it with all it started if it still runs at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH.format(sigint), *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
    )  # fmt: skip
    with child:
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


def wait_until(seen: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    """Wait for a visible sign that the child has come as far as the test needs it."""
    deadline = time.monotonic() + HARD_LIMIT
    while not seen():
        assert child.poll() is None, child.stderr.read() if child.stderr is not None else ""
        assert time.monotonic() < deadline, "the sign did not come"
        time.sleep(0.02)
