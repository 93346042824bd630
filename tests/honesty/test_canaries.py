"""No secret leaves: canaries in what Azure answers and in what it says of errors, and none in any output, file or log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from scanner.simulator import Simulator, start_simulator
from scanner.simulator.server import Server

#: Members that ARM answers with a secret in them, each planted in every body's `properties`.
SECRETS = (
    "accessKey", "accountKey", "adminPassword", "authKey", "connectionString", "customData", "clientSecret", "instrumentationKey",
    "encodedCertificate", "password", "primaryKey", "privateKey", "sasToken", "secondaryKey", "sharedKey", "userData",
)  # fmt: skip
CANARY = "canary-7f3a9c"
SCRIPTS = ("fix.sh", "undo.sh", "fix.ps1", "undo.ps1", "fix.json", "undo.json", "main.tf")
ECHO = f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY}-echo== of Bearer {CANARY}-token"


def _planted(body: Any) -> Any:
    if isinstance(body, dict):
        if isinstance(body.get("properties"), dict) and isinstance(body.get("id"), str):
            return {**body, "properties": {**body["properties"], **_secrets()}}
        return {key: _planted(item) for key, item in body.items()}
    return [_planted(item) for item in body] if isinstance(body, list) else body


def _secrets() -> dict[str, Any]:
    """A distinct canary in every place."""
    settings = [{"name": "STORAGE", "value": f"{CANARY}-setting"}]
    return {
        **{name: f"{CANARY}-{name}" for name in SECRETS},
        "siteConfig": {"appSettings": settings, "connectionStrings": [{"name": "db", "connectionString": f"{CANARY}-db"}]},
        "environmentVariables": {"KEY": f"{CANARY}-variable"},
        "servicePrincipalProfile": {"clientId": "x", "secret": f"{CANARY}-principal"},
        "link": f"https://a.blob.core.windows.net/c?sv=1&sig={CANARY}-signature",
        "address": f"https://user:{CANARY}-user@example.invalid/",
        "text": f"Server=a;Password={CANARY}-in-text;",
    }


@pytest.mark.parametrize("troubled", [False, True], ids=["untroubled", "with errors that echo secrets"])
def test_no_canary_leaves(tmp_path: Path, troubled: bool) -> None:  # noqa: FBT001  # a parameter of the table
    faults = tmp_path / "faults.yaml"
    entries = [
        {"path": path, "status": 403, "message": ECHO} for path in ("*/raiPolicies", "*ResourceGraph*", "*/roleAssignments")
    ]
    faults.write_text(yaml.safe_dump(entries if troubled else []), encoding="utf-8")
    answer, sent = Server._answer, []  # what the simulator answers is what is planted

    async def planting(self: Server, *given: Any) -> tuple[int, Any]:
        status, body = await answer(self, *given)
        planted = _planted(body)
        sent.append(json.dumps(planted))
        return status, planted

    with patch.object(Server, "_answer", planting), start_simulator("drifted", faults=faults) as simulator:
        said = _scanned(simulator, tmp_path / "out", "scan") + _scanned(simulator, tmp_path / "out", "collect")
    said += _remediated(tmp_path / "out")
    assert sum(f"{CANARY}-accountKey" in text for text in sent) > 10
    tokens = [json.loads(text)["access_token"] for text in sent if "access_token" in text]
    assert tokens
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {"result.json", "snapshot.jsonl", "scan.log", "collect.log", *SCRIPTS} <= {path.name for path in written}
    assert not [path.name for path in written if path.name in SCRIPTS and "(removed: secret" in path.read_text(encoding="utf-8")]
    everything = [said, *(path.read_text(encoding="utf-8") for path in written)]
    for forbidden in (CANARY, "Bearer ", *tokens):
        assert not [text[max(0, text.index(forbidden) - 80) :][:160] for text in everything if forbidden in text]


def _scanned(simulator: Simulator, folder: Path, command: str) -> str:
    """What a command says on stdout and stderr, logging all that it can."""
    folder.mkdir(exist_ok=True)
    output = folder if command == "scan" else folder / "snapshot.jsonl"
    formats = ("--format", "terminal", "--format", "json", "--include-passes") if command == "scan" else ()
    arguments = [
        sys.executable, "-m", "scanner.cli", command, "--subscription", simulator.subscriptions[0], "--arm-endpoint",
        simulator.endpoint, "--authority", simulator.authority, "--ca-file", str(simulator.ca_file), "--output", str(output),
        "--verbose", "--log-file", str(folder / f"{command}.log"), *formats,
    ]  # fmt: skip
    environment = {**os.environ, **simulator.environment()}
    ended = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 1, 3), ended.stderr
    return ended.stdout + ended.stderr


def _remediated(folder: Path) -> str:
    """What a plan for the snapshot says, its proof and every script written."""
    snapshot, fix = folder / "snapshot.jsonl", folder / "fix"
    formats = [word for name in ("az", "arm", "powershell", "terraform") for word in ("--format", name)]
    said = ""
    for arguments in (
        ["scan", "--snapshot", str(snapshot), "--output", str(folder)],
        ["remediate", str(folder / "result.json"), "--snapshot", str(snapshot), "--prove", "--output", str(fix), *formats],
    ):
        ended = subprocess.run([sys.executable, "-m", "scanner.cli", *arguments], capture_output=True, text=True, check=False)
        assert ended.returncode in (0, 1, 3), ended.stderr
        said += ended.stdout + ended.stderr
    return said
