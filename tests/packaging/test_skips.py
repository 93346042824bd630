"""The promise that CI skips nothing: a skip fails the run there, with its reason, and only there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

SUITE = """
import pytest

def test_sound(): pass

@pytest.mark.skip(reason="needs a thing")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_expected_to_fail(): assert False
"""
MODULE = 'import pytest; pytest.skip("needs another thing", allow_module_level=True)'


def _run(folder, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")
    } | settings
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def suite(root, tmp_path):
    shutil.copy(root / "tests" / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_suite.py").write_text(SUITE)
    return tmp_path


def test_a_skip_is_allowed_on_a_developers_machine(suite):
    assert _run(suite).returncode == pytest.ExitCode.OK


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_a_skip_fails_in_ci_and_says_why_before_the_closing_line(suite, options):
    done = _run(suite, *options, CI="true")
    lines = done.stdout.splitlines()
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_suite.py::test_skipped: Skipped: needs a thing" in lines
    assert not any(line.startswith("test_suite.py::test_expected_to_fail:") for line in lines)
    assert "1 passed, 1 skipped, 1 xfailed" in lines[-1]


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_a_whole_module_skipped_fails_too(suite, options):
    (suite / "test_module.py").write_text(MODULE)
    done = _run(suite, "test_module.py", "--fail-on-skip", *options)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_module.py: Skipped: needs another thing" in done.stdout.splitlines()
