"""The lock files: everything the project declares is in them, pinned and hashed, and nothing in them names a machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+(?: ; .+)? \\$")


def _entries(lock: Path) -> list[str]:
    """A lock file's requirements, each with its continuation lines."""
    lines = lock.read_text("utf-8").splitlines()
    return ["\n".join(lines[at : _end(lines, at)]) for at, line in enumerate(lines) if line and not line.startswith((" ", "#"))]


def _end(lines: list[str], at: int) -> int:
    return next((n for n in range(at + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))


def _declared(root: Path, extra: str) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += project["project"]["optional-dependencies"][extra] if extra else []
    return {canonicalize_name(Requirement(text).name) for text in wanted}


@pytest.mark.parametrize(
    ("name", "extra"), [("requirements.lock", ""), ("requirements-test.lock", "test"), ("requirements-browser.lock", "browser")]
)
def test_a_lock_file_holds_everything_declared_pinned_and_hashed(root, name, extra):
    entries = _entries(root / name)
    faulty = [entry for entry in entries if not _PINNED.match(entry.splitlines()[0]) or "--hash=sha256:" not in entry]
    assert faulty == []
    held = {canonicalize_name(entry.split("==")[0]) for entry in entries}
    assert _declared(root, extra) - held == set()


@pytest.mark.parametrize("name", ["requirements-test.lock", "requirements-browser.lock"])
def test_each_lock_agrees_with_the_runtime_lock(root, name):
    runtime = {entry.splitlines()[0] for entry in _entries(root / "requirements.lock")}
    further = {entry.splitlines()[0] for entry in _entries(root / name)}
    assert runtime - further == set()


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-test.lock", "requirements-browser.lock", "requirements-azure-cli.lock"]
)
def test_a_lock_file_names_no_host_and_no_path(root, name):
    assert (
        re.findall(r"https?://\S+|file:\S+|--(?:index|extra-index|find)\S*|(?<=\s)/\S+", (root / name).read_text("utf-8")) == []
    )
