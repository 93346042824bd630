"""Azure Policy in the simulator: built-in definitions, lists above and below a scope, and what it finds."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.simulator.states import deploy_state
from tests.simulator.conftest import GROUP, NOW, SUB, TOY, Azure

AUTHORIZATION = "providers/Microsoft.Authorization"
VAULTS = f"/{AUTHORIZATION}/policyDefinitions/12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5"
SET_ID = f"{SUB}/{AUTHORIZATION}/policySetDefinitions/s"
GIVEN = f"{SUB}/{AUTHORIZATION}/policyAssignments/a"
EXEMPTION = f"{GROUP}/{AUTHORIZATION}/policyExemptions/e"
STATES = "policyresources | where type =~ 'Microsoft.PolicyInsights/policyStates' | project id, properties"


@pytest.fixture
def governed() -> Azure:
    """A toy state with an initiative of one policy on vaults."""
    azure = Azure(deploy_state(TOY, NOW))
    member = {"policyDefinitionId": VAULTS, "policyDefinitionReferenceId": "vaults"}
    assert azure.ask("PUT", SET_ID, {"properties": {"policyDefinitions": [member]}})[0] == 201
    assert azure.ask("PUT", GIVEN, {"properties": {"policyDefinitionId": SET_ID}})[0] == 201
    return azure


def test_whoever_signs_in_reads_built_in_definitions(governed: Azure) -> None:
    found = governed.get(VAULTS.upper().replace("/PROVIDERS", "/providers"), who="group-only")
    assert (found["id"], found["properties"]["policyRule"]["then"]["effect"]) == (VAULTS, "[parameters('effect')]")
    assert found["properties"]["parameters"]["effect"]["defaultValue"] == "Audit"
    missing = f"/{AUTHORIZATION}/policyDefinitions/00000000-0000-0000-0000-000000000000"
    assert governed.ask("GET", missing)[0] in (403, 404)
    assert governed.ask("PUT", VAULTS, {"properties": {}})[0] == 403


def test_an_initiative_is_read_by_id_where_one_may(governed: Azure) -> None:
    assert governed.get(SET_ID)["properties"]["policyDefinitions"][0]["policyDefinitionReferenceId"] == "vaults"
    assert governed.ask("GET", SET_ID, who="group-only")[0] == 403


def test_assignments_and_exemptions_are_listed_above_and_below(governed: Azure) -> None:
    given = {"properties": {"policyAssignmentId": GIVEN, "exemptionCategory": "Waiver"}}
    assert governed.ask("PUT", EXEMPTION, given)[0] == 201
    assert governed.ask("PUT", f"{EXEMPTION}2", {"properties": {"policyAssignmentId": GIVEN}})[0] == 400

    def names(scope: str, kind: str, condition: str = "") -> list[str]:
        return [item["id"] for item in governed.get(f"{scope}/{AUTHORIZATION}/{kind}", filter=condition)]

    assert names(GROUP, "policyAssignments") == names(GROUP, "policyAssignments", "atScope()") == [GIVEN]
    assert names(SUB, "policyExemptions") == [EXEMPTION]
    assert names(SUB, "policyExemptions", "atScope()") == []


def test_resources_comply_but_for_what_is_stated(governed: Azure) -> None:
    assert compliance(governed) == {"kv-toy": "Compliant"}
    stated = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-toy/providers/Microsoft.PolicyInsights/policyStates/found"
    properties = {"complianceState": "NonCompliant", "policyAssignmentId": GIVEN.upper(), "policyDefinitionId": VAULTS}
    governed.deployed.store.put(stated, {"properties": properties})
    assert compliance(governed) == {"kv-toy": "NonCompliant"}
    assert governed.graph(STATES, who="nobody")["data"] == []


def test_what_an_assignment_leaves_out_is_not_judged(governed: Azure) -> None:
    assert governed.ask("PUT", GIVEN, {"properties": {"policyDefinitionId": SET_ID, "notScopes": [GROUP]}})[0] == 200
    assert compliance(governed) == {}


def compliance(azure: Azure) -> dict[str, Any]:
    rows = azure.graph(STATES)["data"]
    assert all(row["properties"]["policyAssignmentId"] == GIVEN.lower() for row in rows)
    return {row["properties"]["resourceId"].rpartition("/")[2]: row["properties"]["complianceState"] for row in rows}
