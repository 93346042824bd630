"""The ready files of integrations/ as tests read and run them: their driftline commands, and their scripts with programs of ours."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import typer.main
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "integrations"
HOW_TO = ROOT / "docs" / "how-to"
WORKFLOW = FOLDER / "github-actions" / "driftline.yml"
STAGE = FOLDER / "azure-devops" / "driftline.yml"
JOB = FOLDER / "container-apps-job"
CRON = FOLDER / "cron"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
DRIFTLINE = Path(sys.executable).parent / "driftline"

Json = Any

#: What variables of scripts stand for; an array that may be empty is.
_VARIABLES = {
    "$SUBSCRIPTION": [SUBSCRIPTION],
    "$DRIFTLINE_ENVIRONMENT": ["prod"],
    "$DRIFTLINE_FAIL_ON": ["high"],
    "${known[@]}": [],
    "${earlier[@]}": [],
    "$@": ["--subscription", SUBSCRIPTION],
}
#: A command stands at the beginning of a line, or after what begins a command.
_COMMAND = re.compile(r"(?:^|[|&;(]|\bthen\b|\bdo\b)[ \t]*driftline ([^\n]+)", re.MULTILINE)
_END = re.compile(r"\s(?:\|\||&&|[|;>&]|\d>).*")


def commands(text: str) -> list[list[str]]:
    """The arguments of every driftline command in a script."""
    joined = re.sub(r"(?m)(?:^|[ \t])#.*", "", re.sub(r"\\\n\s*", " ", text))
    told = [shlex.split(_END.sub("", found)) for found in _COMMAND.findall(joined)]
    return [list(chain.from_iterable(_VARIABLES.get(word, [word]) for word in line)) for line in told]


def hold(arguments: list[str]) -> dict[str, Json]:
    """What our command line makes of arguments, without running them; raises what it would refuse them with."""
    from scanner.cli.app import app

    command = typer.main.get_command(app)
    context = command.make_context("driftline", list(arguments))
    while isinstance(command, typer.core.TyperGroup):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        context = found.make_context(name, rest, parent=context)
        command = found
    return dict(context.params)


@cache
def workflow() -> Json:
    """The workflow of GitHub Actions; YAML 1.1 takes `on` for true, which is undone."""
    data = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in data.items()}


@cache
def stage() -> Json:
    """The template of Azure Pipelines."""
    return yaml.safe_load(STAGE.read_text(encoding="utf-8"))


def github_steps() -> list[Json]:
    """The steps of the workflow's one job."""
    return workflow()["jobs"]["scan"]["steps"]


def azure_steps() -> list[Json]:
    """The steps of the stage, those under a condition of the template included."""
    return list(_steps(stage()["stages"][0]["jobs"][0]["steps"]))


def step(steps: list[Json], name: str, kind: str = "") -> Json:
    """The step of this name; of several, the one of a kind."""
    return next(item for item in steps if name in (item.get("name"), item.get("displayName")) and (not kind or kind in item))


def scripts() -> dict[str, str]:
    """Every script of bash in the ready files, as bash sees it."""
    found = {f"github: {item['name']}": item["run"] for item in github_steps() if "run" in item}
    variables = stage()["stages"][0]["variables"]
    for item in azure_steps():
        script = item.get("bash") or item.get("inputs", {}).get("inlineScript")
        if script:  # Azure Pipelines fills in variables before bash sees them
            found[f"azure: {item['displayName']}"] = re.sub(r"\$\((\w+)\)", lambda name: variables[name[1]], script)
    return {**found, "cron": (CRON / "driftline-scan.sh").read_text(encoding="utf-8")}


def _steps(items: list[Json]) -> Iterator[Json]:
    for item in items:
        key, value = next(iter(item.items()))
        if key.startswith("${{"):
            yield from _steps(value)
        else:
            yield item


@dataclass
class Desk:
    """A directory to run scripts in, with programs of ours in front of all others."""

    place: Path

    def __post_init__(self) -> None:
        (self.place / "bin").mkdir()
        (self.place / "work").mkdir()

    @property
    def work(self) -> Path:
        return self.place / "work"

    def program(self, name: str, script: str) -> None:
        """A program of this name."""
        path = self.place / "bin" / name
        path.write_text(f"#!/usr/bin/env bash\nset -eu\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def scan_state(self, state: str) -> None:
        """Let driftline scan a simulated state in place of a subscription."""
        self.program(
            "driftline",
            'arguments=()\nwhile [ $# -gt 0 ]; do\n  if [ "$1" = --subscription ]; then '
            f'arguments+=(--simulate {state}); shift 2; else arguments+=("$1"); shift; fi\ndone\n'
            f'exec {shlex.quote(str(DRIFTLINE))} "${{arguments[@]}}"',
        )

    def run(self, script: str | Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a pipeline does, or a file of one."""
        path = script
        if isinstance(script, str):
            path = self.place / "script.sh"
            path.write_text(script, encoding="utf-8")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path), *arguments],
            cwd=self.work, env=self.environment(**environment), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a script, without any setting of driftline's from outside."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTLINE_")}
        return {**inherited, "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}", **more}
