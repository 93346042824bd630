"""One break per control on the deployed reference, scanned live: exactly that control fails, and what it declares to follow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.facts import FACT_PATHS
from scanner.model.packaged import packaged
from scanner.model.yaml_file import load_yaml
from scanner.rules import load_baseline, load_rules

GROUP = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01/resourceGroups/rg-chat-prod"


@dataclass(frozen=True)
class Mutation:
    """A row of `<family>.yaml`: the control that the changes break, and the controls that break with it (`also`). A row without
    changes breaks nothing that is deployed: a parameter asks for what the reference does not have. `evidence` is stated in place
    of what is shipped with the reference, `kind` and `data` of each.
    """

    control: str
    title: str
    changes: list[dict[str, Any]]
    also: tuple[str, ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.control}{'' if self.changes else ' by evidence' if self.evidence else ' by parameter'}: {self.title[:60]}"

    @property
    def expected(self) -> set[str]:
        return {self.control, *self.also}


def mutations() -> list[Mutation]:
    found = []
    for path in sorted(path for path in Path(__file__).parent.glob("*.yaml") if path.stem != "harmless-paths"):
        file = load_yaml(path, [])
        assert file is not None, f"{path.name} is not YAML"
        for row in file.data:
            parameters = tuple(row.pop("parameters", {}).items())
            stated = tuple(row.pop("evidence", ()))
            found.append(Mutation(**{**row, "also": tuple(row.get("also", ())), "parameters": parameters, "evidence": stated}))
    return found


@pytest.fixture
def scan_broken(tmp_path: Path) -> Callable[[Mutation], tuple[int, dict[str, Any]]]:
    """Deploy the reference with the changes of a mutation, scan it live: the exit code and result.json."""

    def run(mutation: Mutation) -> tuple[int, dict[str, Any]]:
        state, config = tmp_path / "state.yaml", tmp_path / "driftline.yaml"
        state.write_text(
            yaml.safe_dump(
                {
                    "state": "broken",
                    "from": "reference.yaml",
                    "changes": [{"title": mutation.title, **change} for change in mutation.changes],
                }
            ),
            encoding="utf-8",
        )
        workload = {"name": "chat", "scopes": [GROUP], "parameters": dict(mutation.parameters)}
        config.write_text(yaml.safe_dump({"workloads": [workload], "evidence": ["evidence/*.yaml"]}), encoding="utf-8")
        _state_evidence(mutation, tmp_path / "evidence")
        arguments = ["scan", "--simulate", str(state), "--output", str(tmp_path), "--quiet", "--fail-on", "info"]
        arguments += ["--config", str(config)]
        outcome = CliRunner().invoke(app, arguments, standalone_mode=False)
        if outcome.exception is not None:
            raise outcome.exception
        return int(outcome.return_value), json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))

    return run


def _state_evidence(mutation: Mutation, folder: Path) -> None:
    """What is shipped with the reference, but for what the mutation states otherwise."""
    otherwise = {item["kind"]: item["data"] for item in mutation.evidence}
    folder.mkdir()
    for path in packaged("baselines", "openai-chat", "evidence").glob("*.yaml"):
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        stated |= {"workload": "chat", "data": otherwise.get(stated["kind"], stated["data"])}
        (folder / path.name).write_text(yaml.safe_dump(stated, default_flow_style=False), encoding="utf-8")


@pytest.mark.parametrize("mutation", mutations(), ids=str)
def test_a_break_fails_its_control_and_nothing_else(
    mutation: Mutation, scan_broken: Callable[[Mutation], tuple[int, dict[str, Any]]]
) -> None:
    code, result = scan_broken(mutation)
    said = [(item["verdict"], item["rule"], item["resource"].rsplit("/", 1)[-1], item["message"]) for item in result["findings"]]
    assert {item["control"] for item in result["findings"]} == mutation.expected, said
    assert {item["verdict"] for item in result["findings"]} == {"fail"}, said
    assert code == 1


def test_every_control_that_has_rules_is_broken_alone() -> None:
    baseline = load_baseline("openai-chat")
    controls = {rule.control for rule in load_rules([], baseline, fact_paths=FACT_PATHS).rules}
    assert controls - {mutation.control for mutation in mutations()} == set()
