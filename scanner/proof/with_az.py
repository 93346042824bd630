"""Runs the very scripts that a plan is rendered as, by the real az, against a simulator that holds the snapshot."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scanner.model.errors import DriftlineError
from scanner.proof.proving import Runs
from scanner.proof.rehearsal import Rehearsal
from scanner.remediation.plan import Plan
from scanner.remediation.renderers.az import render_az
from scanner.simulator import Simulator, serve
from scanner.simulator.loaded import OPERATOR

__all__ = ["run_with_az"]

#: Names az where it is not the first on the path.
_VARIABLE: Final = "DRIFTLINE_AZ"
_HINT: Final = f"Install the Azure CLI, or name it: {_VARIABLE}=/path/to/az. --prove alone needs none."
_NOT_REACHED: Final = "not reached: the script stopped before"
#: What is shown of what a script said last.
_LAST_LINES: Final = 4


def run_with_az(rehearsal: Rehearsal, plan: Plan) -> Runs:
    """fix.sh, a reading of what came of it, and undo.sh. Raises `DriftlineError` where az is missing or cannot sign in."""
    az = os.environ.get(_VARIABLE) or shutil.which("az")
    if az is None or shutil.which("bash") is None:
        raise DriftlineError(f"{'az' if az is None else 'bash'} is not installed", hint=_HINT)
    with tempfile.TemporaryDirectory(prefix="driftline-") as name, serve(rehearsal.deployed) as simulator:
        folder = Path(name)
        variables = _signed_in(Path(az), folder, simulator)
        for script, content in render_az(plan).items():
            (folder / script).write_bytes(content)
        said = _run(folder / "fix.sh", ["--apply", "--force"], variables)
        between = rehearsal.read_again()
        done, own = _noted(folder, "done", "found"), _noted(folder, "done")
        said_back = _run(folder / "undo.sh", ["--apply"], variables)
        undone = _noted(folder, "undone")
    forth = {step.id: "" for step in plan.steps} | _missing([step.id for step in plan.steps], done, said)
    back = [step.id for step in reversed(plan.steps) if step.id in own and step.undo is not None]
    return Runs(forth, between, dict.fromkeys(back, "") | _missing(back, undone, said_back))


def _missing(steps: list[str], done: set[str], said: str) -> dict[str, str]:
    """The steps that were not done: the first for what the script said, the others for that."""
    left = [step for step in steps if step not in done]
    return {step: said if at == 0 else _NOT_REACHED for at, step in enumerate(left)}


def _signed_in(az: Path, folder: Path, simulator: Simulator) -> Mapping[str, str]:
    """The variables with which az reaches the simulator and nothing else, signed in as the one who may do everything."""
    variables = {
        **os.environ, "PATH": f"{az.resolve().parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AZURE_CONFIG_DIR": str(folder / "az"), "REQUESTS_CA_BUNDLE": str(simulator.ca_file),
        "AZURE_CORE_COLLECT_TELEMETRY": "0", "AZURE_CORE_NO_COLOR": "1",
    }  # fmt: skip
    principal = ["-u", OPERATOR.client_id, "-p", OPERATOR.secret, "--tenant", simulator.deployed.tenant]
    for arguments in (
        ["cloud", "register", "--name", "Local", "--endpoint-resource-manager", simulator.endpoint],
        ["cloud", "set", "--name", "Local"],
        ["config", "set", "core.instance_discovery=false"],
        ["login", "--service-principal", *principal],
    ):
        ran = subprocess.run([az, *arguments], env=variables, capture_output=True, text=True, check=False)  # noqa: S603  # the user's own az
        if ran.returncode:
            raise DriftlineError(f"az {arguments[0]} failed on the simulator: {ran.stderr.strip()}")
    return variables


def _run(script: Path, options: list[str], variables: Mapping[str, str]) -> str:
    """What a script said last where it failed; empty where it did not."""
    bash = shutil.which("bash") or "bash"
    ran = subprocess.run(  # noqa: S603  # the script that was just rendered
        [bash, script, *options], env=variables, capture_output=True, text=True, check=False, cwd=script.parent
    )
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    return " ".join(lines[-_LAST_LINES:]) or f"exit code {ran.returncode}" if ran.returncode else "it was not done"


def _noted(folder: Path, *words: str) -> set[str]:
    """The ids of steps of which the state file says one of these words last."""
    state = folder / "fix.sh.state"
    last: dict[str, str] = {}
    for line in state.read_text(encoding="utf-8").splitlines() if state.is_file() else ():
        word, step, _ = line.split(" ", 2)
        last[step] = word
    return {step for step, word in last.items() if word in words}
