"""main.json is what its parts make, and what it deploys with the parameters of an environment holds the baseline of that environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.templates import read_parameters, read_template
from tests.stated import write_evidence


@pytest.fixture
def deployment(root: Path) -> Path:
    return root / "baselines" / "openai-chat" / "deployment"


def test_main_is_what_its_parts_make(root: Path) -> None:
    check = subprocess.run([sys.executable, str(root / "docs" / "make_main_template.py"), "--check"], check=False)  # ours
    assert check.returncode == 0, "main.json is stale: run make deployment"


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_what_main_deploys_holds_the_baseline(deployment: Path, tmp_path: Path, environment: str) -> None:
    state = yaml.safe_load((deployment / "reference.yaml").read_text(encoding="utf-8"))
    state |= {"templates": [{"file": "main.json"}], "parameters": read_parameters(deployment / f"parameters.{environment}.json")}
    (tmp_path / "state.yaml").write_text(yaml.safe_dump(state), encoding="utf-8")
    shutil.copy(deployment / "main.json", tmp_path)
    arguments = [
        "scan",
        "--simulate",
        str(tmp_path / "state.yaml"),
        "--environment",
        environment,
        "--output",
        str(tmp_path),
        "--quiet",
        "--evidence",
        str(write_evidence(tmp_path / "evidence")),
    ]
    outcome = CliRunner().invoke(app, [*arguments, "--fail-on", "info"], standalone_mode=False, catch_exceptions=False)
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (outcome.return_value, [(item["rule"], item["message"]) for item in result["findings"]]) == (0, [])


def test_the_parameter_files_name_only_what_main_declares(deployment: Path) -> None:
    declared = set(read_template(deployment / "main.json").data["parameters"])
    for path in deployment.glob("parameters.*.json"):
        assert set(read_parameters(path)) <= declared, path.name
