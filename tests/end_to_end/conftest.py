"""Scans as a user makes them: through the command line, the real Azure clients and HTTPS, against the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from tests.stated import write_evidence

Scan = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Run `driftline scan` with arguments: the exit code and result.json. What people state is stated, unless `unstated`."""
    evidence = ["--evidence", str(write_evidence(tmp_path / "evidence-of-tests"))]

    def run(*arguments: str, unstated: bool = False) -> tuple[int, dict[str, Any]]:
        outcome = CliRunner().invoke(
            app,
            ["scan", *arguments, *([] if unstated else evidence), "--output", str(tmp_path / "out"), "--quiet"],
            standalone_mode=False,
        )
        if outcome.exception is not None:
            raise outcome.exception
        return int(outcome.return_value), json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))

    return run


@pytest.fixture
def state(tmp_path: Path) -> Callable[[str], str]:
    """Write a state file that inherits from the reference; its path."""

    def write(text: str) -> str:
        path = tmp_path / "state.yaml"
        path.write_text("state: under-test\nfrom: reference.yaml\n" + text, encoding="utf-8")
        return str(path)

    return write


SCANNER = (
    "{name: scanner, clientId: a3c1f0de-51b5-4a0f-9f1b-6d1a2b3c4d01, objectId: b7e2d1cf-62c6-4b10-a02c-7e2b3c4d5e02, "
    "secret: simulated, roles: [%s]}"
)


@pytest.fixture
def without(state: Callable[[str], str]) -> Callable[..., str]:
    """A state in which the scanner may read everything but some actions."""

    def make(*actions: str) -> str:
        role = f'{{name: Limited, actions: ["*/read"], notActions: [{", ".join(actions)}]}}'
        return state(f"roles: [{role}]\nprincipals:\n  - {SCANNER % '{role: Limited, scope: subscription}'}\n")

    return make
