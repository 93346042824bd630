"""A spoke scanned on its own: what its hub holds is context, what may not be read of it is unknown and says why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.model.packaged import packaged

Scan = Callable[..., tuple[int, dict[str, Any]]]

CONFIG = str(packaged("baselines", "openai-chat", "deployment", "enterprise-driftline.yaml"))
SPOKE = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
CONNECTIVITY = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e02"
MANAGEMENT = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e03"
ZONES, LOGS = f"{CONNECTIVITY}/resourceGroups/rg-hub-dns", f"{MANAGEMENT}/resourceGroups/rg-logs"
#: The most verdicts of a hundred that may be unknown.
CEILING = 5


@pytest.fixture
def readers(tmp_path: Path) -> Callable[..., str]:
    """The state with a scanner that has Reader at some scopes alone."""

    def write(*scopes: str) -> str:
        path = tmp_path / "state.yaml"
        roles = "".join(f"\n      - {{role: Reader, scope: {scope}}}" for scope in scopes)
        path.write_text(
            "state: under-test\nfrom: enterprise.yaml\nprincipals:\n  - name: scanner\n"
            "    clientId: a3c1f0de-51b5-4a0f-9f1b-6d1a2b3c4d01\n    objectId: b7e2d1cf-62c6-4b10-a02c-7e2b3c4d5e02\n"
            f"    secret: simulated\n    roles:{roles}\n",
            encoding="utf-8",
        )
        return str(path)

    return write


def of_verdict(result: dict[str, Any], verdict: str) -> list[dict[str, Any]]:
    return [item for item in result["findings"] if item["verdict"] == verdict]


def share_of_unknowns(result: dict[str, Any]) -> float:
    passes = sum(len(ids) for _, _, ids in result["passes"])
    return 100 * len(of_verdict(result, "unknown")) / (passes + len(result["findings"]))


def test_few_verdicts_are_unknown_and_none_fails(scan: Scan, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = scan("--simulate", "enterprise", "--config", CONFIG)
    share = share_of_unknowns(result)
    with capsys.disabled():
        sys.stdout.write(f"enterprise: {share:.1f} % of the verdicts are unknown\n")
    assert (code, of_verdict(result, "fail"), of_verdict(result, "error")) == (3, [], [])
    assert 0 < share <= CEILING


def test_every_unknown_says_why_and_every_gap_what_would_mend_it(scan: Scan) -> None:
    _, result = scan("--simulate", "enterprise", "--config", CONFIG)
    for item in of_verdict(result, "unknown"):
        assert "403 AuthorizationFailed" in item["message"]
    for gap in result["coverage"]["gaps"]:
        assert (gap["scope"].startswith(CONNECTIVITY), gap["permission"]) == (True, f"{gap['what']}/read")


def test_nothing_of_the_hub_is_judged(scan: Scan) -> None:
    _, result = scan("--simulate", "enterprise", "--config", CONFIG)
    judged = {item["resource"] for item in result["findings"]} | {one for _, _, ids in result["passes"] for one in ids}
    assert {one.split("/")[2] for one in judged} == {SPOKE.split("/")[2]}
    assert result["scan"]["source"]["scopes"] == [SPOKE]
    assert result["workloads"][0]["components"]["logWorkspace"] == [
        f"{LOGS}/providers/Microsoft.OperationalInsights/workspaces/log-hub"
    ]


def test_a_scanner_that_reads_the_hub_knows_all_since_azure_says_whom_groups_hold(
    scan: Scan, readers: Callable[..., str]
) -> None:
    _, result = scan("--simulate", readers("subscription", CONNECTIVITY, MANAGEMENT), "--config", CONFIG)
    assert (result["findings"], result["coverage"]["gaps"]) == ([], [])


def test_a_role_granted_at_a_management_group_holds(scan: Scan) -> None:
    _, result = scan("--simulate", "enterprise", "--config", CONFIG, "--only", "IAM-008")
    assert (result["findings"], [rule for rule, _, _ in result["passes"]]) == ([], ["IAM-008"])


def test_without_the_logs_what_needs_the_workspace_is_unknown(scan: Scan, readers: Callable[..., str]) -> None:
    _, with_logs = scan("--simulate", readers("subscription", ZONES, LOGS), "--config", CONFIG)
    _, result = scan("--simulate", readers("subscription", ZONES), "--config", CONFIG)
    lost = {item["rule"] for item in of_verdict(result, "unknown")} - {item["rule"] for item in of_verdict(with_logs, "unknown")}
    assert (of_verdict(result, "fail"), lost) == ([], {"MON-001", "MON-005"})


def test_without_the_zones_only_what_needs_zones_is_unknown(scan: Scan, readers: Callable[..., str]) -> None:
    _, with_zones = scan("--simulate", readers("subscription", ZONES, LOGS), "--config", CONFIG)
    _, result = scan("--simulate", readers("subscription", LOGS), "--config", CONFIG)
    lost = {item["rule"] for item in of_verdict(result, "unknown")} - {item["rule"] for item in of_verdict(with_zones, "unknown")}
    assert of_verdict(result, "fail") == []
    assert {rule.split("-")[0] for rule in lost} <= {"PEP"}
