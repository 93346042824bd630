"""The wrapper for cron, run in bash: silent when all is well, loud otherwise, and never more than so many results."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.integrations.ready import CRON, SUBSCRIPTION, Desk

WRAPPER = CRON / "driftline-scan.sh"
#: Leaves a result, and ends as it is told to.
FAKE = """
while [ "$1" != --output ]; do shift; done
if [ -z "${NOTHING:-}" ]; then echo '{}' > "$2/result.json"; fi
echo "the summary"; echo "the messages" >&2
exit "${CODE:-0}"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def scan(desk: Desk, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return desk.run(WRAPPER, "runs", *(arguments or ("--subscription", SUBSCRIPTION)), **environment)


def runs(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.work / "runs").glob("2*Z"))


def test_a_scan_without_findings_is_silent_and_kept(desk: Desk) -> None:
    desk.scan_state("reference")
    told = scan(desk)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    kept = desk.work / "runs" / "latest"
    assert kept.resolve().name == runs(desk)[0]
    assert {path.name for path in kept.iterdir()} == {"result.json", "report.html", "summary.txt", "messages.txt"}
    assert json.loads((kept / "result.json").read_bytes())["schema"] == "driftline.result/1"
    assert (kept.stat().st_mode & 0o077, (kept / "result.json").stat().st_mode & 0o077) == (0, 0)


def test_findings_are_printed_for_the_mail_and_the_exit_code_is_kept(desk: Desk) -> None:
    desk.scan_state("drifted")
    told = scan(desk)
    assert told.returncode == 1
    assert "NET-001" in told.stdout
    assert told.stderr == f"driftline-scan.sh: exit code 1, see {desk.work}/runs/{runs(desk)[0]}\n"


@pytest.mark.parametrize("code", ["1", "3"])
def test_every_exit_code_is_kept(desk: Desk, code: str) -> None:
    desk.program("driftline", FAKE)
    told = scan(desk, CODE=code)
    assert (told.returncode, told.stdout) == (int(code), "the summary\n")
    assert told.stderr.startswith("the messages\n")


def test_only_the_last_results_stay(desk: Desk) -> None:
    desk.program("driftline", FAKE)
    (desk.work / "runs").mkdir()
    for name in ("20260101T000000Z", "20260102T000000Z", "20260103T000000Z"):
        (desk.work / "runs" / name).mkdir()
    (desk.work / "runs" / "driftline.yaml").write_text("fail_on: high\n", encoding="utf-8")
    (desk.work / "runs" / "2026 notes").mkdir()
    assert scan(desk, KEEP="2").returncode == 0
    assert runs(desk)[0] == "20260103T000000Z"
    assert len(runs(desk)) == 2
    assert scan(desk, KEEP="2").returncode == 0
    assert "20260103T000000Z" not in runs(desk)
    assert {"driftline.yaml", "2026 notes", "latest"} <= {path.name for path in (desk.work / "runs").iterdir()}


def test_a_run_without_a_result_leaves_the_results_alone(desk: Desk) -> None:
    desk.program("driftline", FAKE)
    assert scan(desk, KEEP="1").returncode == 0
    kept = runs(desk)
    for _ in range(2):
        told = scan(desk, KEEP="1", CODE="2", NOTHING="1")
        assert (told.returncode, told.stdout) == (2, "the summary\n")
    assert runs(desk) == kept
    assert (desk.work / "runs" / "latest").resolve().name == kept[0]
    assert (desk.work / "runs" / "failed" / "messages.txt").read_text(encoding="utf-8") == "the messages\n"
    assert not list((desk.work / "runs").glob(".new*"))


def test_two_scans_at_once_are_refused(desk: Desk) -> None:
    desk.program("driftline", 'touch "$STARTED"\nsleep 20')
    started = desk.place / "started"
    first = subprocess.Popen(
        [WRAPPER, "runs", "--subscription", SUBSCRIPTION],
        cwd=desk.work, env=desk.environment(STARTED=str(started)), start_new_session=True,
    )  # fmt: skip
    try:
        while not started.exists():
            time.sleep(0.05)
        told = scan(desk)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == "driftline-scan.sh: another scan into runs is still running\n"
    finally:
        import os
        import signal

        os.killpg(first.pid, signal.SIGTERM)
        first.wait(timeout=30)
    assert not list((desk.work / "runs").glob(".new*"))


@pytest.mark.parametrize(
    ("arguments", "keep", "said"),
    [
        ((), "30", "usage: driftline-scan.sh DIRECTORY ARGUMENT..."),
        (("runs",), "30", "usage: driftline-scan.sh DIRECTORY ARGUMENT..."),
        (("runs", "--subscription"), "0", 'KEEP is "0", not a number from 1'),
        (("runs", "--subscription"), "x", 'KEEP is "x", not a number from 1'),
        (("/dev/null/runs", "--subscription"), "30", "/dev/null/runs cannot be made"),
    ],
)
def test_what_cannot_be_run_says_why(desk: Desk, arguments: tuple[str, ...], keep: str, said: str) -> None:
    told = desk.run(WRAPPER, *arguments, KEEP=keep)
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1] == f"driftline-scan.sh: {said}"


def test_without_driftline_it_says_so(desk: Desk) -> None:
    told = scan(desk, PATH="/usr/bin:/bin")
    assert told.returncode == 127
    assert "driftline" in told.stderr
