"""Nanoseconds per (rule, resource): ten rules on 20,000 storage accounts against ten hand-written functions on the same data.

The floor does by hand what the rules do: look a member up, ignore case, assume Azure's default, note who passed and who not.
"""

from __future__ import annotations

import gc
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured
from scanner.engine.evaluate import evaluate
from scanner.engine.judgement import Judgement
from scanner.facts import FACT_PATHS
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.rules import load_baseline, load_rules

__all__ = ["measure_rules"]

ACCOUNTS = 20_000
ROUNDS = 7
NOW = datetime(2026, 11, 1, tzinfo=UTC)

#: path, operator, value, Azure's default where it has one; the same list makes the rules and the hand-written functions.
CONDITIONS: list[tuple[str, str, Any]] = [
    ("properties.publicNetworkAccess", "equals", "Disabled"),
    ("properties.minimumTlsVersion", "in", ["TLS1_2", "TLS1_3"]),
    ("properties.allowBlobPublicAccess", "equals", False),
    ("properties.allowSharedKeyAccess", "equals", False),
    ("properties.supportsHttpsTrafficOnly", "equals", True),
    ("sku.name", "in", ["Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS", "Premium_ZRS"]),
    ("kind", "equals", "StorageV2"),
    ("properties.accessTier", "notEquals", "Archive"),
    ("properties.defaultToOAuthAuthentication", "equals", True),
    ("properties.allowCrossTenantReplication", "equals", False),
]

RULE = """\
id: BENCH-{number:03d}
title: Storage condition {number}
severity: low
target: {{type: Microsoft.Storage/storageAccounts}}
assert: {{field: {path}, {operator}: {value}}}
"""


def measure_rules() -> list[Measured]:
    """The median time of the rules and of the floor over alternating rounds, and their ratio."""
    bodies = [_account(number, random.Random(number)) for number in range(ACCOUNTS)]  # noqa: S311  # synthetic data
    snapshot = Snapshot(
        scopes=["/subscriptions/s"], resources=[make_resource(body) for body in bodies], reads=[Read(EVERYTHING, "/")]
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, (path, operator, value) in enumerate(CONDITIONS, start=1):
            text = RULE.format(number=number, path=path, operator=operator, value=_yaml(value))
            (Path(folder) / f"bench-{number}.yaml").write_text(text, encoding="utf-8")
        baseline = load_baseline("openai-chat", "prod")
        measured = [f"BENCH-{number:03d}" for number in range(1, len(CONDITIONS) + 1)]
        rule_set = load_rules([Path(folder)], baseline, fact_paths=FACT_PATHS).select(measured, [])

    by_rules: list[Callable[[], object]] = [lambda: evaluate(snapshot, rule_set, baseline, (), NOW, Judgement())]
    times: dict[str, list[float]] = {"rules": [], "floor": []}
    for _ in range(ROUNDS):
        times["floor"].append(_time(lambda: _by_hand(bodies)))
        times["rules"].append(_time(by_rules[0]))
    judged = Judgement()
    evaluate(snapshot, rule_set, baseline, (), NOW, judged)
    passes, failures = _by_hand(bodies)
    agree = sum(map(len, judged.passed.values())) == len(passes) and len(judged.outcomes) == len(failures)
    each = {name: sorted(seconds)[ROUNDS // 2] / (ACCOUNTS * len(CONDITIONS)) * 1e9 for name, seconds in times.items()}
    ratio = sorted(rules / floor for rules, floor in zip(times["rules"], times["floor"], strict=True))[ROUNDS // 2]
    return [
        Measured("hand-written check, per (rule, resource)", f"{each['floor']:.0f} ns", "the floor", ""),
        Measured("driftline, per (rule, resource)", f"{each['rules']:.0f} ns", f"{ratio:.2f} x the floor", "at most 2 x"),
        Measured("both give the same verdicts", "yes" if agree else "NO", "", ""),
    ]


def _time(run: Callable[[], object]) -> float:
    gc.collect()
    begun = time.process_time()
    run()
    return time.process_time() - begun


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _account(number: int, chance: random.Random) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded", "creationTime": "2026-01-01T00:00:00Z",
        "publicNetworkAccess": chance.choice(["Disabled"] * 9 + ["Enabled"]),
        "minimumTlsVersion": chance.choice(["TLS1_2"] * 9 + ["TLS1_0"]), "allowBlobPublicAccess": chance.random() < 0.1,
        "allowSharedKeyAccess": chance.random() < 0.1, "supportsHttpsTrafficOnly": chance.random() > 0.1, "accessTier": "Hot",
        "defaultToOAuthAuthentication": chance.random() > 0.1, "allowCrossTenantReplication": chance.random() < 0.1,
        "encryption": {"keySource": "Microsoft.Storage", "services": {"blob": {"enabled": True}, "file": {"enabled": True}}},
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []},
        "primaryEndpoints": {"blob": f"https://st{number}.blob.core.windows.net/"},
    }  # fmt: skip
    return {
        "id": f"/subscriptions/s/resourceGroups/rg{number % 50}/providers/Microsoft.Storage/storageAccounts/st{number}",
        "name": f"st{number}", "type": "Microsoft.Storage/storageAccounts", "location": "eastus2", "kind": "StorageV2",
        "sku": {"name": chance.choice(["Standard_ZRS"] * 9 + ["Standard_LRS"]), "tier": "Standard"},
        "tags": {"env": "prod"}, "properties": properties,
    }  # fmt: skip


def _by_hand(bodies: list[dict[str, Any]]) -> tuple[list[tuple[int, str]], list[tuple[int, str, Any]]]:
    """Ten hand-written functions, each called on each account; passes noted by id, failures with the value found."""
    passes: list[tuple[int, str]] = []
    failures: list[tuple[int, str, Any]] = []
    for body in bodies:
        for number, function in enumerate(_HAND_WRITTEN):
            good, actual = function(body)
            if good:
                passes.append((number, body["id"]))
            else:
                failures.append((number, body["id"], actual))
    return passes, failures


def _text(container: str, name: str, accepted: set[str]) -> Callable[[dict[str, Any]], tuple[bool, Any]]:
    def check(body: dict[str, Any]) -> tuple[bool, Any]:
        value = (body.get(container) or {}).get(name)
        return isinstance(value, str) and value.lower() in accepted, value

    return check


def _flag(name: str, wanted: bool) -> Callable[[dict[str, Any]], tuple[bool, Any]]:  # noqa: FBT001  # a table of two values
    def check(body: dict[str, Any]) -> tuple[bool, Any]:
        value = (body.get("properties") or {}).get(name)
        return value is wanted or (isinstance(value, str) and value.lower() == str(wanted).lower()), value

    return check


def _kind(body: dict[str, Any]) -> tuple[bool, Any]:
    value = body.get("kind")
    return isinstance(value, str) and value.lower() == "storagev2", value


def _not_archived(body: dict[str, Any]) -> tuple[bool, Any]:
    value = (body.get("properties") or {}).get("accessTier")
    return not (isinstance(value, str) and value.lower() == "archive"), value


_HAND_WRITTEN = [
    _text("properties", "publicNetworkAccess", {"disabled"}),
    _text("properties", "minimumTlsVersion", {"tls1_2", "tls1_3"}),
    _flag("allowBlobPublicAccess", False),
    _flag("allowSharedKeyAccess", False),
    _flag("supportsHttpsTrafficOnly", True),
    _text("sku", "name", {"standard_zrs", "standard_gzrs", "standard_ragzrs", "premium_zrs"}),
    _kind,
    _not_archived,
    _flag("defaultToOAuthAuthentication", True),
    _flag("allowCrossTenantReplication", False),
]
