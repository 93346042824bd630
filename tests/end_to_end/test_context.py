"""What lies outside of the scanned scope is read by id as context, never audited; refused, it is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.simulator import graph

Scan = Callable[..., tuple[int, dict[str, Any]]]

SUB = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
HUB = "/subscriptions/99999999-0000-0000-0000-000000000001"
MOVED = """changes:
  - title: Another group
    create: {{resource: "{scope}/resourceGroups/rg-data", body: {{location: eastus2}}}}
  - title: The storage of the workspace lies elsewhere, and open
    create:
      resource: {scope}/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/stelsewhere
      body: {{location: eastus2, kind: StorageV2, sku: {{name: Standard_ZRS}}, properties: {{publicNetworkAccess: Enabled}}}}
  - title: The workspace refers to it
    set:
      resource: providers/Microsoft.MachineLearningServices/workspaces/mlw-chat-prod
      values: {{properties.storageAccount: "{scope}/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/stelsewhere"}}
"""


#: The old storage is no longer the workspace's: what its identities hold there is beyond the table. It counts as the chat UI's now.
BEYOND = {("IAM-012", item) for item in ("mlWorkspace", "onlineEndpoint", "computeInstance")} | {("IAM-013a", "IAM-013-files")}


def found(result: dict[str, Any], verdict: str) -> set[tuple[str, str]]:
    return {(item["rule"], item["subject"]) for item in result["findings"] if item["verdict"] == verdict}


def test_what_a_group_refers_to_outside_is_context_and_not_audited(scan: Scan, state: Callable[[str], str]) -> None:
    _, result = scan("--simulate", state(MOVED.format(scope=SUB)), "--resource-group", "rg-chat-prod")
    judged = {item["resource"] for item in result["findings"]} | {one for _, _, ids in result["passes"] for one in ids}
    assert not [one for one in judged if "stelsewhere" in one]
    assert result["workloads"][0]["components"]["mlStorage"] == [
        f"{SUB}/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/stelsewhere"
    ]
    # The assignments on what lies outside were not read: whether the roles are granted there is unknown, not missing.
    assert (found(result, "fail"), {rule for rule, _ in found(result, "unknown")}) == (
        BEYOND,
        {"IAM-003", "IAM-004", "IAM-008", "IAM-011"},
    )


def test_what_lies_in_a_subscription_that_may_not_be_read_is_unknown(scan: Scan, state: Callable[[str], str]) -> None:
    subscription = f"changes:\n  - title: Another subscription\n    create: {{resource: {HUB}, body: {{displayName: hub}}}}"
    code, result = scan("--simulate", state(MOVED.format(scope=HUB).replace("changes:", subscription)))
    assert (code, found(result, "fail")) == (3, set())
    assert found(result, "unknown") == {
        *BEYOND, ("IAM-013b", "chatUi"), ("GOV-004a", "mlStorage"), ("MON-004", "Availability"), ("NET-018c", ""), *((rule, rule) for rule in ("IAM-003", "IAM-004", "IAM-008", "IAM-011")),
        *((f"PEP-00{link}", group) for link in (1, 2, 3) for group in ("blob", "file")), ("PEP-004", ""),
    }  # fmt: skip
    assert [(gap["scope"].startswith(HUB), gap["reason"]) for gap in result["coverage"]["gaps"]] == [
        (True, "403 AuthorizationFailed")
    ]


def test_the_index_is_read_page_by_page(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = scan("--simulate", "drifted", "--now", "2026-11-23")
    monkeypatch.setattr(graph, "_MOST", 7)
    _, paged = scan("--simulate", "drifted", "--now", "2026-11-23")
    assert (paged["findings"], paged["passes"]) == (whole["findings"], whole["passes"])
    assert paged["coverage"]["requests"]["total"] > whole["coverage"]["requests"]["total"]
