"""The reference passes, the drifted state is found out, and what may not be read is unknown and never a pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.packaged import packaged
from scanner.model.read_plan import INVENTORY, POLICY_STATES
from scanner.model.yaml_file import load_yaml

Scan = Callable[..., tuple[int, dict[str, Any]]]


#: Rules for which the reference holds nothing: no open account, no live key of an account, no peering, no model gateway …
NOTHING_TO_JUDGE = {
    "KEY-001b",
    "AI-003b", "AI-007a", "AI-008b", "AI-009a", "AI-009b", "AI-010a", "AI-010b", "COST-004b", "GOV-007", "GOV-003a", "GOV-003b", "GOV-003c", "GOV-003d", "GOV-003e", "GOV-006", "KEY-008a", "KEY-008b",
    "KEY-009c", "KEY-010b", "KEY-010c",
    "NET-015c", "NET-019a", "NET-019b", "NET-024", "NET-025a", "NET-025b", "NET-026", "REL-012", "REL-013a", "REL-013b",
}  # fmt: skip


#: Rules that read the content filters of an account.
NEED_FILTERS = {"AI-001", "AI-002", "AI-003a", "AI-004", "AI-012"}


def verdicts(result: dict[str, Any], verdict: str) -> set[tuple[str, str, str]]:
    return {
        (item["rule"], item["resource"].lower(), item["subject"]) for item in result["findings"] if item["verdict"] == verdict
    }


def passes(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(rule, resource.lower(), subject) for rule, subject, resources in result["passes"] for resource in resources}


def changes() -> list[dict[str, Any]]:
    file = load_yaml(packaged("baselines", "openai-chat", "deployment", "drifted.yaml"), [])
    assert file is not None
    return list(file.data["changes"])


def test_the_reference_passes_with_nothing_unknown(scan: Scan) -> None:
    code, result = scan("--simulate", "reference")
    assert (code, result["findings"], result["coverage"]["gaps"], result["scan"]["complete"]) == (0, [], [], True)
    assert {rule["id"] for rule in result["rules"]} - {rule for rule, _, _ in passes(result)} <= NOTHING_TO_JUDGE


def test_every_drift_that_a_rule_covers_is_found_and_nothing_else_fails(scan: Scan) -> None:
    code, result = scan("--simulate", "drifted")
    known = {rule["control"] for rule in result["rules"]}
    wanted = {control for change in changes() for control in change["finds"]} & known
    found = {item["control"] for item in result["findings"] if item["verdict"] == "fail"}
    assert (code, found) == (1, wanted)
    assert verdicts(result, "unknown") == verdicts(result, "error") == set()
    assert all(item["evidence"] and item["message"] for item in result["findings"])


@pytest.mark.parametrize("change", changes(), ids=lambda change: change["title"][:48])
def test_each_drift_alone_breaks_only_what_it_says(scan: Scan, state: Callable[[str], str], change: dict[str, Any]) -> None:
    import yaml

    needed = [other for other in changes() if other is change or _makes_room_for(other, change)]
    path = state(yaml.safe_dump({"changes": needed}))
    code, result = scan("--simulate", path)
    known = {rule["control"] for rule in result["rules"]}
    wanted = {control for other in needed for control in other["finds"]} & known
    failing = [item for item in result["findings"] if item["verdict"] == "fail"]
    assert {item["control"] for item in failing} == wanted
    assert code == int(any(item["severity"] in ("critical", "high") for item in failing))


def _makes_room_for(other: dict[str, Any], change: dict[str, Any]) -> bool:
    """Whether another change creates what this one stands on or points to."""
    made = other.get("create", {}).get("resource", "")
    return bool(made) and made in str(change.get("create", change.get("set", {})))


def test_a_role_that_lacks_one_read_leaves_unknown_what_needs_it_by_name(scan: Scan, without: Callable[..., str]) -> None:
    _, reference = scan("--simulate", "reference")
    code, result = scan("--simulate", without("Microsoft.CognitiveServices/accounts/raiPolicies/read"))
    assert code == 3
    assert {rule for rule, _, _ in verdicts(result, "unknown")} == {*NEED_FILTERS, "GOV-002", "GOV-005"}
    lost = {*NEED_FILTERS, "GOV-002"}
    assert passes(result) == {item for item in passes(reference) if item[0] not in lost}
    assert [(gap["what"], gap["permission"]) for gap in result["coverage"]["gaps"]] == [
        (POLICY_STATES, "*/read"),  # what Azure Policy finds may lack what one may not read
        (INVENTORY, "*/read"),  # and so may the list of everything
        ("Microsoft.CognitiveServices/accounts/raiPolicies", "Microsoft.CognitiveServices/accounts/raiPolicies/read"),
    ]


@pytest.mark.parametrize(
    ("action", "rules"),
    [
        ("Microsoft.Insights/diagnosticSettings/read", {"MON-001"}),
        ("Microsoft.KeyVault/vaults/secrets/read", {"KEY-009b"}),
        ("Microsoft.KeyVault/vaults/keys/read", {"KEY-009c"}),
        (
            "Microsoft.Authorization/roleAssignments/read",
            {f"IAM-{number:03}" for number in range(2, 12)} | {"IAM-012", "IAM-013a", "IAM-013b", "IAM-017", "IAM-018a"},
        ),
        ("Microsoft.CognitiveServices/accounts/deployments/read", {"AI-001", "AI-002", "AI-006a"}),
        ("Microsoft.Web/serverfarms/read", {"REL-001", "GOV-004a"}),
        ("Microsoft.Network/applicationGateways/read", {"NET-016", "GOV-004a", "MON-001"}),
        ("Microsoft.MachineLearningServices/workspaces/computes/read", {"IAM-010", "IAM-011"}),
    ],
)
def test_each_refused_read_is_unknown_where_it_is_needed(
    scan: Scan, without: Callable[..., str], action: str, rules: set[str]
) -> None:
    _, reference = scan("--simulate", "reference")
    code, result = scan("--simulate", without(action))
    unknown = {rule for rule, _, _ in verdicts(result, "unknown")}
    assert (code, verdicts(result, "fail"), rules - unknown) == (3, set(), set())
    assert {rule for rule, _, _ in passes(reference) - passes(result)} <= unknown
    assert passes(result) <= passes(reference)


def test_without_any_permission_everything_is_unknown(scan: Scan, without: Callable[..., str]) -> None:
    code, result = scan("--simulate", without('"*/read"'))
    assert (code, passes(result), verdicts(result, "fail")) == (3, set(), set())
    unknown = {rule for rule, _, _ in verdicts(result, "unknown")}
    assert {rule["id"] for rule in result["rules"]} - unknown == {
        "AI-003b",
        "AI-009a",
        "KEY-001b",
        "REL-013a",
    }  # which the baseline does not ask for
    assert all(gap["permission"] for gap in result["coverage"]["gaps"])


def test_unknown_does_not_fail_the_gate_where_it_is_allowed(scan: Scan, without: Callable[..., str]) -> None:
    assert scan("--simulate", without("Microsoft.KeyVault/vaults/keys/read"), "--allow-unknown")[0] == 0


def test_the_development_environment_asks_for_less(scan: Scan, state: Callable[[str], str]) -> None:
    smaller = state("parameters: {searchReplicas: 1, endpointInstances: 1, appInstances: 1, zoneRedundant: true}\n")
    assert scan("--simulate", smaller, "--environment", "dev")[0] == 0
    code, result = scan("--simulate", smaller)
    assert (code, {item["rule"] for item in result["findings"]}) == (1, {"REL-001", "REL-002", "REL-007", "REL-009", "REL-010"})


def test_reading_directly_gives_the_same_verdicts_as_the_index(scan: Scan) -> None:
    _, indexed = scan("--simulate", "drifted", "--now", "2026-11-01")
    _, direct = scan("--simulate", "drifted", "--now", "2026-11-01", "--fresh")
    assert (verdicts(direct, "fail"), passes(direct)) == (verdicts(indexed, "fail"), passes(indexed))
