"""Which policies are in force at a scope: initiatives, parameters, overrides, exclusions and exemptions; and what Azure finds."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
AUTHORIZATION = "providers/Microsoft.Authorization"
KEYS = f"/{AUTHORIZATION}/policyDefinitions/71ef260a-8f18-47b7-abcb-62d0673d94dc"
NETWORK = f"/{AUTHORIZATION}/policyDefinitions/037eea7a-bd0a-46c5-9a66-03aea78705d3"
SET_ID = f"{SUBSCRIPTION}/{AUTHORIZATION}/policySetDefinitions/chat"
GIVEN = f"{SUBSCRIPTION}/{AUTHORIZATION}/policyAssignments/chat"
STATES = "Microsoft.PolicyInsights/policyStates"
LOG = resource(rid("Microsoft.OperationalInsights/workspaces", "log"), {})
RULE = {"then": {"effect": "[parameters('effect')]"}}


def definition(key: str = KEYS, default: Json = "Audit", rule: Json = RULE) -> dict[str, Json]:
    return resource(key, {"parameters": {"effect": {"defaultValue": default}}, "policyRule": rule})


def assignment(names: str = KEYS, at: str = SUBSCRIPTION, **over: Json) -> dict[str, Json]:
    return resource(f"{at}/{AUTHORIZATION}/policyAssignments/chat", {"policyDefinitionId": names, **over})


def initiative(effect: Json = "[parameters('own')]", default: Json = "Deny", **over: Json) -> dict[str, Json]:
    member = {
        "policyDefinitionId": KEYS,
        "policyDefinitionReferenceId": "keys",
        "parameters": {"effect": {"value": effect}},
        **over,
    }
    other = {"policyDefinitionId": NETWORK, "policyDefinitionReferenceId": "network"}
    return resource(SET_ID, {"parameters": {"own": {"defaultValue": default}}, "policyDefinitions": [member, other]})


def exemption(at: str = GROUP, **over: Json) -> dict[str, Json]:
    given = {"policyAssignmentId": GIVEN, "exemptionCategory": "Mitigated", **over}
    return resource(f"{at}/{AUTHORIZATION}/policyExemptions/e", given)


def override(value: Json = "Disabled", kind: str = "policyDefinitionReferenceId", selector: Json = None) -> list[Json]:
    selectors = [{"kind": kind, **selector}] if selector else []
    return [{"kind": "policyEffect", "value": value, "selectors": selectors}]


def row(of: Snapshot, name: str = "ai-services-keys", *workloads: WorkloadShape) -> dict[str, Json]:
    (found,) = [item for item in derive("policyCoverage", of, *workloads) if item.subject == name]
    return found.body


def covered(*bodies: dict[str, Json], **over: Json) -> Json:
    return row(snapshot(LOG, *bodies, **over))["covered"]


def test_an_assigned_definition_is_in_force_with_the_effect_that_is_its_default() -> None:
    found = row(snapshot(LOG, definition(), assignment()))
    assert (found["covered"], found["effect"], found["why"]) == (True, "Audit", "")
    assert (found["assignmentId"], found["definitionId"]) == (GIVEN, KEYS.lower())


@pytest.mark.parametrize(
    ("effect", "given", "default", "outcome"),
    [
        ("[parameters('own')]", None, "Deny", "Deny"),
        ("[ PARAMETERS( 'OWN' ) ]", {"Own": {"value": "Audit"}}, "Deny", "Audit"),
        ("[parameters('own')]", {"OWN": {"VALUE": "Disabled"}}, "Deny", False),
        ("AuditIfNotExists", {"own": {"value": "Disabled"}}, "Disabled", "AuditIfNotExists"),
        ("disabled", None, "Deny", False),
        ("Append", None, "Deny", False),
        ("[parameters('none')]", None, "Deny", "Audit"),
    ],
)
def test_a_member_takes_its_effect_from_assignment_initiative_and_definition(
    effect: str, given: Json, default: str, outcome: Json
) -> None:
    over = {} if given is None else {"parameters": given}
    found = row(snapshot(LOG, definition(), initiative(effect, default), assignment(SET_ID.upper(), **over)))
    assert (found["covered"] and found["effect"]) == outcome


@pytest.mark.parametrize(
    ("overrides", "outcome"),
    [
        (override(), False),
        (override("Audit"), True),
        (override(selector={"in": ["KEYS"]}), False),
        (override(selector={"in": ["network"]}), True),
        (override(selector={"notIn": ["keys"]}), True),
        (override(selector={"notIn": ["network"]}), False),
        ([{"kind": "definitionVersion", "value": "1.*.*"}], True),
        ([{"KIND": "POLICYEFFECT", "VALUE": "DISABLED"}], False),
        (override(kind="resourceLocation", selector={"in": ["westeurope"]}), None),
        ([*override(), *override("Deny")], None),
        ([{"kind": "somethingNew"}], None),
        (override(5), None),
        ([5], None),
        ("odd", None),
    ],
)
def test_overrides_set_the_effect_of_the_members_they_select(overrides: Json, *, outcome: bool | None) -> None:
    found = covered(definition(), initiative(), assignment(SET_ID, overrides=overrides))
    assert isinstance(found, Unknown) if outcome is None else found is outcome


OTHER = f"{SUBSCRIPTION}/resourceGroups/other"
MODE = {"enforcementMode": "Default"}


@pytest.mark.parametrize(
    ("over", "lapsed"),
    [
        ({"enforcementMode": "DoNotEnforce"}, [MODE]),
        ({"notScopes": [GROUP.upper(), OTHER]}, [{"notScopes": [OTHER]}]),
        ({"enforcementMode": "doNotEnforce", "notScopes": [OTHER]}, [{**MODE, "notScopes": [OTHER]}]),
        ({"enforcementMode": "Default", "notScopes": [SUBSCRIPTION]}, [{**MODE, "notScopes": []}]),
        ({"enforcementMode": "DoNotEnforce", "overrides": override()}, []),
        ({"enforcementMode": "DoNotEnforce", "resourceSelectors": [{"name": "s", "selectors": []}]}, []),
        ({"enforcementMode": "DoNotEnforce", "notScopes": ["/providers/Microsoft.Management/managementGroups/mg"]}, []),
        ({"overrides": override()}, []),
        ({"notScopes": 5}, []),
    ],
)
def test_an_assignment_has_lapsed_where_its_mode_or_what_it_leaves_out_is_all_that_hinders_it(over: Json, lapsed: Json) -> None:
    found = row(snapshot(LOG, definition(), initiative(), assignment(SET_ID, **over)))
    assert found["lapsed"] == [{"assignmentId": GIVEN, **item} for item in lapsed]


def test_an_assignment_from_which_an_exemption_is_granted_has_not_lapsed_alone() -> None:
    bodies = (definition(), assignment(enforcementMode="DoNotEnforce"), exemption())
    assert row(snapshot(LOG, *bodies))["lapsed"] == []
    assert row(snapshot(LOG, *bodies[:2]))["lapsed"] != []


@pytest.mark.parametrize(
    ("over", "outcome"),
    [
        ({"enforcementMode": "DONOTENFORCE"}, False),
        ({"enforcementMode": "default"}, True),
        ({"enforcementMode": "Enroll"}, None),
        ({"enforcementMode": 5}, None),
        ({"notScopes": [GROUP.upper()]}, False),
        ({"notScopes": [SUBSCRIPTION]}, False),
        ({"notScopes": [f"{SUBSCRIPTION}/resourceGroups/other"]}, True),
        ({"notScopes": ["/providers/Microsoft.Management/managementGroups/mg"]}, None),
        ({"notScopes": 5}, None),
        ({"resourceSelectors": []}, True),
        ({"resourceSelectors": [{"name": "s", "selectors": []}]}, None),
        ({"parameters": []}, None),
        ({"parameters": {"effect": "Audit"}}, None),
        ({"parameters": {"effect": {"value": ["Audit"]}}}, None),
        ({"parameters": {"effect": {"value": "[concat('Au', 'dit')]"}}}, None),
    ],
)
def test_what_an_assignment_says_decides_whether_it_is_in_force(over: Json, *, outcome: bool | None) -> None:
    found = covered(definition(), assignment(**over))
    assert isinstance(found, Unknown) if outcome is None else found is outcome


def test_assignments_above_the_scope_count_and_those_below_do_not() -> None:
    above = "/providers/Microsoft.Management/managementGroups/mg"
    assert covered(definition(), assignment(at=above)) is True
    assert covered(definition(), assignment(), scopes=[GROUP]) is True
    found = row(snapshot(LOG, definition(), assignment(at=GROUP)))
    assert (found["covered"], found["why"]) == (False, f"chat is assigned below, at {GROUP}")
    two = [SUBSCRIPTION, SUBSCRIPTION[:-1] + "2"]
    of = snapshot(LOG, definition(), assignment(at=above), scopes=two)
    documents = [item.body["covered"] for item in derive("policyCoverage", of) if item.subject == "ai-services-keys"]
    assert [type(item) for item in documents] == [Unknown, Unknown]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (exemption(), False),
        (exemption(SUBSCRIPTION.upper(), policyAssignmentId=GIVEN.upper()), False),
        (exemption(policyDefinitionReferenceIds=["KEYS"]), False),
        (exemption(policyDefinitionReferenceIds=["network"]), True),
        (exemption(policyAssignmentId=f"{GIVEN}2"), True),
        (exemption(expiresOn="2026-10-31T00:00:00Z"), True),
        (exemption(expiresOn="2026-11-02T00:00:00Z"), False),
        (exemption(expiresOn="soon"), None),
        (exemption(expiresOn=5), None),
        (exemption(f"{SUBSCRIPTION}/resourceGroups/other"), True),
        (exemption(LOG["id"]), True),
        (exemption(resourceSelectors=[{"selectors": []}]), None),
        (exemption(policyAssignmentId=None), None),
        (exemption(policyDefinitionReferenceIds="keys"), None),
        ({"id": exemption()["id"]}, None),
    ],
)
def test_an_exemption_in_force_takes_the_workload_out(given: dict[str, Json], *, outcome: bool | None) -> None:
    found = covered(definition(), initiative(), assignment(SET_ID), given)
    assert isinstance(found, Unknown) if outcome is None else found is outcome


@pytest.mark.parametrize(
    "bodies",
    [
        [assignment()],  # the definition is not there
        [assignment(SET_ID)],  # nor is the initiative
        [definition(), {"id": GIVEN}],
        [definition(), assignment("")],
        [definition(), assignment(None)],  # type: ignore[arg-type]
        [definition(), assignment("/subscriptions/x/providers/Microsoft.Storage/storageAccounts/s")],
        [definition(), resource(SET_ID, {"policyDefinitions": {"odd": 1}}), assignment(SET_ID)],
        [definition(), resource(SET_ID, {"policyDefinitions": [5]}), assignment(SET_ID)],
        [definition(), initiative(policyDefinitionId=None), assignment(SET_ID)],
        [definition(), initiative(parameters="odd"), assignment(SET_ID)],
        [definition(default=None), assignment()],
        [definition(rule={}), assignment()],
        [definition(rule={"then": {"effect": "[if(true(), 'Audit', 'Deny')]"}}), assignment()],
        [{"id": KEYS}, assignment()],
    ],
)
def test_what_is_dangling_or_odd_is_unknown(bodies: list[dict[str, Json]]) -> None:
    assert isinstance(covered(*bodies), Unknown)


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("policyAssignments", SUBSCRIPTION),
        ("policyExemptions", SUBSCRIPTION),
        ("policySetDefinitions", SET_ID),
        ("policyDefinitions", KEYS),
    ],
)
def test_what_was_refused_is_unknown_with_its_reason(what: str, where: str) -> None:
    given = {
        "policyAssignments": [definition(), initiative()],
        "policyExemptions": [definition(), assignment()],
        "policySetDefinitions": [definition(), assignment(SET_ID)],
        "policyDefinitions": [initiative(), assignment(SET_ID)],
    }[what]
    found = covered(*given, gaps=[Gap(where, f"Microsoft.Authorization/{what}", DENIED)])
    assert DENIED in str(found)


def test_one_assignment_in_force_is_enough_whatever_the_others_are() -> None:
    odd = resource(f"{GIVEN}2", {"policyDefinitionId": 5})
    assert covered(definition(), assignment(), odd) is True
    assert isinstance(covered(definition(), odd), Unknown)


def test_a_row_is_there_for_whom_its_condition_holds() -> None:
    workload = WorkloadShape(name="w", scopes=[GROUP], parameters={"cmkRequired": ["search"], "openaiKeyAuthAllowed": True})
    names = {item.subject for item in derive("policyCoverage", snapshot(LOG), workload)}
    assert "search-own-key" in names
    assert not names & {"ai-services-keys", "storage-own-key"}


def state(compliance: Json, name: str = "s", **over: Json) -> dict[str, Json]:
    given = {"resourceId": f"{GROUP}/x", "policyAssignmentId": GIVEN, "policyDefinitionId": KEYS, "complianceState": compliance}
    return resource(f"{SUBSCRIPTION}/providers/{STATES}/{name}", {**given, **over})


def compliance(*states: dict[str, Json], **over: Json) -> dict[str, Json]:
    (found,) = derive("policyCompliance", snapshot(LOG, definition(), assignment(), *states, **over))
    return found.body


def test_what_is_non_compliant_is_named() -> None:
    found = compliance(state("Compliant"), state("NONCOMPLIANT", "t", resourceId=f"{GROUP.upper()}/Y"))
    assert (found["policies"], found["evaluated"]) == (1, 2)
    assert found["nonCompliant"] == [
        {"resource": f"{GROUP.upper()}/Y", "resourceName": "Y", "definitionId": KEYS, "assignmentId": GIVEN}
    ]


@pytest.mark.parametrize(
    "other",
    [
        state("NonCompliant", "t", policyAssignmentId=f"{GIVEN}2"),
        state("NonCompliant", "t", policyDefinitionId=NETWORK),
        state("NonCompliant", "t", resourceId="/subscriptions/other/x"),
        state("Exempt", "t"),
    ],
)
def test_states_of_other_policies_and_places_do_not_count(other: dict[str, Json]) -> None:
    assert compliance(state("Compliant"), other)["nonCompliant"] == []


@pytest.mark.parametrize(
    "odd",
    [state("Conflict", "t"), state(None, "t"), state(5, "t"), state("Compliant", "t", resourceId=None), {"id": state("")["id"]}],
)
def test_a_state_that_says_neither_is_unknown(odd: dict[str, Json]) -> None:
    assert [type(item) for item in compliance(state("Compliant", "u"), odd)["nonCompliant"]] == [Unknown]


def test_without_a_word_of_azure_policy_nothing_is_known_to_comply() -> None:
    assert "has not told yet" in str(compliance()["nonCompliant"][0])
    refused = compliance(state("Compliant"), gaps=[Gap(SUBSCRIPTION, STATES, DENIED)])
    assert DENIED in str(refused["nonCompliant"])
    unasked = compliance(reads=[Read(EVERYTHING, f"/{AUTHORIZATION}"), Read("Microsoft.Authorization/policyAssignments", "/")])
    assert isinstance(unasked["nonCompliant"], Unknown)


def test_a_policy_that_may_not_be_in_force_makes_no_finding() -> None:
    (found,) = derive(
        "policyCompliance", snapshot(LOG, definition(), assignment(enforcementMode="Enroll"), state("NonCompliant"))
    )
    assert isinstance(found.body["policies"], Unknown)
    assert {type(item) for item in found.body["nonCompliant"]} == {Unknown}
