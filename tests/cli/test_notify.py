"""A scan tells the receivers of driftline.yaml what became worse, and never fails for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from tests.notify.test_notify import Receiver

Json = Any
SETTINGS = """
store: sqlite:///history.db
notify:
  - {kind: webhook, address_from: HOOK, secret_from: HOOK_SECRET, level: critical}
  - {kind: slack, address_from: NOWHERE}
"""


def scan(config: Path, state: str, output: Path) -> tuple[int, str]:
    outcome = CliRunner().invoke(
        app, ["scan", "--simulate", state, "--config", str(config), "--output", str(output), "--quiet"], standalone_mode=False
    )
    if outcome.exception is not None:
        raise outcome.exception
    return int(outcome.return_value), outcome.stderr


def test_what_a_deployment_made_worse_is_told_and_what_hinders_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Receiver()
    try:
        monkeypatch.setenv("HOOK", here.url)
        monkeypatch.setenv("HOOK_SECRET", "known")
        monkeypatch.delenv("NOWHERE", raising=False)
        config = tmp_path / "driftline.yaml"
        config.write_text(SETTINGS, encoding="utf-8")
        code, said = scan(config, "reference", tmp_path)
        assert (code, here.bodies) == (0, [])
        assert "nobody is notified: what is new is known with --store or --only-new" in said
        code, said = scan(config, "drifted", tmp_path)
        (message,) = map(json.loads, here.bodies)
        assert {item["severity"] for item in message["changes"]} == {"critical"}
        assert {"NET-001", "NET-003"} <= {item["rule"] for item in message["changes"]}
        assert (code, "slack is not notified: the environment variable NOWHERE is not set" in said) == (1, True)
        code, said = scan(config, "drifted", tmp_path)
        assert (code, len(here.bodies), "not notified" in said) == (1, 1, False)
    finally:
        here.server.shutdown()
        here.server.server_close()
