"""Plans: 10,000 findings on storage accounts, planned with foresight, then proven with their undo; growth by doubling."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from benchmarks.measured import Measured
from scanner.engine.failures import failing_outcomes
from scanner.engine.unit import judge_unit
from scanner.facts import FACT_PATHS
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.result import ScanInfo
from scanner.model.snapshot import Snapshot
from scanner.proof.foresight import foresee
from scanner.proof.proving import prove
from scanner.remediation.asking import Failure
from scanner.remediation.plan import Plan
from scanner.rules import load_baseline, load_rules
from scanner.rules.loader import shipped_defaults

__all__ = ["measure_plans"]

Json = Any
FINDINGS = 10_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
_OPEN = {
    "publicNetworkAccess": "Enabled", "allowSharedKeyAccess": False, "allowBlobPublicAccess": True, "minimumTlsVersion": "TLS1_0",
    "supportsHttpsTrafficOnly": False, "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
}  # fmt: skip


def measure_plans() -> list[Measured]:
    """Seconds of planning and of proving, and how planning grows."""
    half, _ = _planned(FINDINGS // 2)
    whole, world = _planned(FINDINGS)
    proof = world.seconds_of_proof()
    return [
        Measured(f"plan for {world.findings:,} findings, with foresight", f"{whole:.2f} s", "", "seconds"),
        Measured("  twice the findings", f"{whole / half:.2f}x", f"of {half:.2f} s", "at most n log n: 2.2x"),
        Measured(f"  its proof and undo, {len(world.plan.steps):,} steps", f"{proof:.2f} s", "", ""),
    ]


class _World:
    """Accounts that break the rules on storage, and those rules."""

    def __init__(self, findings: int) -> None:
        self.baseline = load_baseline("openai-chat")
        rules = load_rules([], self.baseline, fact_paths=FACT_PATHS)
        self.rules = rules.select(["NET-005", "NET-014"])
        self.snapshot = _snapshot(1)
        each = len(self.failing(self.snapshot))
        self.snapshot = _snapshot(findings // each)
        self.findings = (findings // each) * each
        self.plan = Plan(_scan(), ())

    def failing(self, snapshot: Snapshot) -> list[Any]:
        return failing_outcomes(snapshot, self.rules, self.baseline, (), NOW)

    def make_plan(self) -> None:
        failures = [Failure(finding, outcome, self.snapshot) for finding, outcome in self.failing(self.snapshot)]
        assert len(failures) == self.findings, len(failures)
        self.plan = foresee(_scan(), failures, (), [self.snapshot], self.failing, NOW, shipped_defaults())
        assert self.plan.steps

    def seconds_of_proof(self) -> float:
        judge = partial(judge_unit, rule_set=self.rules, baseline=self.baseline, workloads=(), now=NOW)
        start = time.perf_counter()
        tried = prove(self.plan, [self.snapshot], judge, shipped_defaults(), NOW).proof
        spent = time.perf_counter() - start
        assert tried is not None
        assert tried.holds, tried
        return spent


def _planned(findings: int) -> tuple[float, _World]:
    world = _World(findings)
    start = time.perf_counter()
    world.make_plan()
    return time.perf_counter() - start, world


def _snapshot(accounts: int) -> Snapshot:
    group = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
    bodies: list[Json] = [
        {"id": f"{group}/st{at}", "location": "eastus2", "kind": "StorageV2", "properties": dict(_OPEN)} for at in range(accounts)
    ]
    workspace = {
        "id": f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/mlw",
        "properties": {"storageAccount": f"{group}/st0"},
    }
    return Snapshot(
        scopes=[SUBSCRIPTION],
        resources=[make_resource(body, via="get") for body in (*bodies, workspace)],
        reads=[Read(EVERYTHING, "/")],
    )


def _scan() -> ScanInfo:
    return ScanInfo("", NOW.isoformat(), NOW.isoformat(), "0", "openai-chat", "prod", "snapshot", (SUBSCRIPTION,), True, "", "")
