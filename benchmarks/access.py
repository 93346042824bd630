"""Access: 20,000 assignments under 1,000 custom roles; key ages: 10,000 keys; growth by doubling."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.measured import Measured
from scanner.facts import FACTS, FactContext, bind_workloads
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.rules import load_baseline

__all__ = ["measure_access", "measure_key_ages"]

Json = Any
ASSIGNMENTS, ROLES, KEYS = 20_000, 1_000, 10_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
GROUP = "/subscriptions/s/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
ACCOUNTS = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts"
_PROVIDERS = ("Storage/storageAccounts", "KeyVault/vaults", "Search/searchServices", "CognitiveServices/accounts", "Web/sites")
_VERBS = ("read", "write", "delete", "*", "*/action", "*/read", "listKeys/action")


def measure_access() -> list[Measured]:
    """Seconds for everything that is said of roles, and how they grow."""
    facts = ("driftline/access", "driftline/identityaccess", "driftline/clients", "driftline/owners")
    half, whole = _seconds(facts, _grants(ASSIGNMENTS // 2, ROLES // 2)), _seconds(facts, _grants(ASSIGNMENTS, ROLES))
    return [
        Measured(f"access, {ASSIGNMENTS:,} assignments and {ROLES:,} custom roles", f"{whole:.2f} s", "", "seconds"),
        Measured("  twice of both", f"{whole / half:.2f}x", f"of {half:.2f} s", "at most n log n: 2.2x"),
    ]


def measure_key_ages() -> list[Measured]:
    """Seconds for the age of the keys of accounts, two each, with an event of the activity log for every second account."""
    half, whole = (_seconds(("driftline/key",), _accounts(number // 2)) for number in (KEYS // 2, KEYS))
    return [
        Measured(f"ages of {KEYS:,} keys", f"{whole:.2f} s", "", "seconds"),
        Measured("  twice the keys", f"{whole / half:.2f}x", f"of {half:.2f} s", "at most n log n: 2.2x"),
    ]


def _seconds(facts: tuple[str, ...], bodies: list[Json]) -> float:
    baseline = load_baseline("openai-chat")
    snapshot = Snapshot(scopes=["/subscriptions/s"], resources=map(make_resource, bodies), reads=[Read(EVERYTHING, "/")])
    context = FactContext(snapshot, baseline, bind_workloads(snapshot, baseline, ()), NOW)
    start = time.perf_counter()
    documents = sum(1 for fact in facts for _ in FACTS[fact].derive(context))
    spent = time.perf_counter() - start
    assert documents, facts
    return spent


def _grants(assignments: int, roles: int) -> list[Json]:
    """A workload whose identity holds every twentieth assignment, the others strangers; all of custom roles."""
    dice = random.Random(assignments)  # noqa: S311  # synthetic data
    made = [
        {
            "id": f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r{at}",
            "properties": {"roleName": f"role {at}", "permissions": [{"actions": [_operation(dice) for _ in range(10)]}]},
        }
        for at in range(roles)
    ]
    granted = [
        {
            "id": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/a{at}",
            "properties": {
                "roleDefinitionId": f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r{at % roles}",
                "principalId": "p" if at % 20 == 0 else f"p{at}", "principalType": "ServicePrincipal", "scope": GROUP,
            },
        }
        for at in range(assignments)
    ]  # fmt: skip
    workspace = {"id": WORKSPACE, "identity": {"type": "SystemAssigned", "principalId": "p"}, "properties": {}}
    account = {"id": f"{ACCOUNTS}/oai", "kind": "OpenAI", "properties": {}}
    return [workspace, account, *made, *granted]


def _operation(dice: random.Random) -> str:
    return f"Microsoft.{dice.choice(_PROVIDERS)}/part{dice.randrange(50)}/{dice.choice(_VERBS)}"


def _accounts(number: int) -> list[Json]:
    named = [f"{ACCOUNTS}/oai{at}" for at in range(number)]
    accounts = [{"id": one, "kind": "OpenAI", "properties": {"disableLocalAuth": False}} for one in named]
    log = f"{GROUP}/providers/Microsoft.Insights/eventtypes/management"
    events = [
        {
            "id": f"{log}/values/e{at}", "resourceId": one, "eventTimestamp": "2026-10-01T00:00:00Z",
            "status": {"value": "Succeeded"},
            "operationName": {"value": "Microsoft.CognitiveServices/accounts/regenerateKey/action"},
        }
        for at, one in enumerate(named[::2])
    ]  # fmt: skip
    window = {
        "id": log,
        "from": "2026-08-03T00:00:00Z",
        "to": "2026-11-01T00:00:00Z",
        "providers": ["Microsoft.CognitiveServices"],
    }
    return [*accounts, *events, window]
