"""Plans of small rules on small snapshots, for the tests of planning and proving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from scanner.engine.failures import failing_outcomes
from scanner.engine.unit import JudgedUnit, judge_unit
from scanner.facts import FACT_PATHS
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.resource import make_resource
from scanner.model.result import ScanInfo
from scanner.model.snapshot import Snapshot
from scanner.remediation.asking import Failure
from scanner.remediation.plan import Plan
from scanner.remediation.planning import make_plan
from scanner.rules import load_baseline, load_rules
from scanner.rules.rule_set import RuleSet

Json = Any
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNTS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
ITSELF = "[field('id')]"
VERSION = "2025-06-01"
BASELINE = load_baseline("openai-chat")


def account(name: str = "one", **properties: Json) -> Json:
    """A storage account."""
    return {"id": f"{ACCOUNTS}/{name}", "location": "eastus2", "sku": {"name": "Standard_ZRS"}, "properties": properties}


def rule(number: int, condition: Json, *steps: Json, **more: Json) -> Json:
    """A rule on storage accounts whose fix has these steps; `fix` members in `more` go into the fix, others into the rule."""
    fix = {"title": f"Mend {number}", "disrupts": {"level": more.pop("level", "none"), "text": ""}, "steps": list(steps)}
    fix |= {name: more.pop(name) for name in ("after", "pending", "requires") if name in more}
    target = {"type": more.pop("type", "Microsoft.Storage/storageAccounts")}
    return {
        "id": f"TST-{number:03d}", "title": "Account is as agreed", "severity": "medium", "target": target, "assert": condition,
        "paths": "unchecked", "fix": fix if steps else None, **more,
    }  # fmt: skip


def setting(**values: Json) -> Json:
    """A step that sets properties of the account itself."""
    return {
        "set": {"resource": ITSELF, "api_version": VERSION, "values": {f"properties.{key}": item for key, item in values.items()}}
    }


@dataclass
class World:
    """Rules and what they judge."""

    rules: RuleSet
    snapshot: Snapshot

    @property
    def judge_failures(self) -> Callable[[Snapshot], Any]:
        return partial(failing_outcomes, rule_set=self.rules, baseline=BASELINE, workloads=(), now=NOW)

    @property
    def judge(self) -> Callable[[Snapshot], JudgedUnit]:
        return partial(judge_unit, rule_set=self.rules, baseline=BASELINE, workloads=(), now=NOW)

    @property
    def failures(self) -> list[Failure]:
        return [Failure(finding, outcome, self.snapshot) for finding, outcome in self.judge_failures(self.snapshot)]

    @property
    def scan(self) -> ScanInfo:
        return ScanInfo(
            "0" * 32, NOW.isoformat(), NOW.isoformat(), "0", "openai-chat", "prod", "snapshot", (SUBSCRIPTION,), True, "", ""
        )

    def plan(self) -> Plan:
        return make_plan(self.scan, self.failures)


def world(folder: Path, rules: Sequence[Json], bodies: Sequence[Json], gaps: Sequence[Gap] = ()) -> World:
    """A world of rules and bodies, everything read but for the gaps."""
    for item in rules:
        path = folder / "own" / f"{item['id']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        written = {key: value for key, value in item.items() if key != "paths"}
        written["target"] = {**item["target"], "paths": item["paths"]}
        path.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    loaded = load_rules([folder / "own"], BASELINE, fact_paths=FACT_PATHS, shipped=False)
    resources = [make_resource(body, via="get") for body in bodies]
    snapshot = Snapshot(scopes=[SUBSCRIPTION], resources=resources, reads=[Read(EVERYTHING, "/")], gaps=gaps)
    return World(replace(loaded), snapshot)
