"""Role rows: granted here, above or not at all, by what was read; every doubt is unknown and never missing."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import Gap
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
WORKSPACE = rid("Microsoft.MachineLearningServices/workspaces", "mlw")
ENDPOINTS = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
ENDPOINT = rid(ENDPOINTS, "mlw/ept")
REGISTRY = rid("Microsoft.ContainerRegistry/registries", "cr")
USER = rid("Microsoft.ManagedIdentity/userAssignedIdentities", "id-chat")
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/corp"
OTHER = "/subscriptions/00000000-0000-0000-0000-000000000002"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ACR_PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"
REPOSITORY_WRITER = "2a1e307c-b015-4ebd-883e-5b7698a07328"
OWN = {"type": "SystemAssigned", "principalId": "P1"}
USERS = {"type": "UserAssigned", "userAssignedIdentities": {USER: {}}}


def grant(scope: str, role: str = CONTRIBUTOR, principal: str = "p1", kind: str = "ServicePrincipal") -> dict[str, Json]:
    return resource(
        f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/a",
        {
            "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role.upper()}",
            "principalId": principal,
            "principalType": kind,
            "scope": scope,
        },
    )


def workspace(identity: Json = OWN) -> dict[str, Json]:
    return resource(WORKSPACE, {"containerRegistry": REGISTRY}, identity=identity)


def granted(of: Snapshot, row: str = "IAM-002") -> Json:
    return next(item.body["granted"] for item in derive("access", of) if item.subject == row)


def test_a_document_says_who_where_which_role_and_by_which_assignment() -> None:
    found = {item.subject: item for item in derive("access", snapshot(workspace(), grant(GROUP)))}
    assert found["IAM-002"].judged_id == WORKSPACE
    assert found["IAM-002"].body == {
        "resourceId": WORKSPACE,
        "resourceName": "mlw",
        "resourceType": "Microsoft.MachineLearningServices/workspaces",
        "row": "IAM-002",
        "identity": "mlWorkspace",
        "principalIds": ["p1"],
        "scope": GROUP,
        "scopeName": "rg-chat",
        "role": "Contributor",
        "roleId": CONTRIBUTOR,
        "granted": "exact",
        "assignmentId": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/a",
    }


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (GROUP.upper(), "exact"),
        (SUBSCRIPTION, "wider"),
        ("/", "wider"),
        (MANAGEMENT_GROUP, "wider"),
        (f"{SUBSCRIPTION}/resourceGroups/rg-chat-2", "missing"),
        (REGISTRY, "missing"),
    ],
)
def test_a_role_counts_at_its_scope_and_above(scope: str, expected: str) -> None:
    assert granted(snapshot(workspace(), grant(scope))) == expected


def test_another_role_or_another_principal_grants_nothing() -> None:
    assert granted(snapshot(workspace(), grant(GROUP, role=ACR_PUSH))) == "missing"
    assert granted(snapshot(workspace(), grant(GROUP, principal="p9"))) == "missing"


def test_the_exact_grant_is_named_where_a_wider_one_exists_too() -> None:
    of = snapshot(workspace(), grant(SUBSCRIPTION), grant(GROUP))
    found = next(item.body for item in derive("access", of) if item.subject == "IAM-002")
    assert (found["granted"], found["assignmentId"].startswith(GROUP)) == ("exact", True)


def test_above_which_of_several_subscriptions_a_management_group_stands_is_not_known() -> None:
    of = snapshot(workspace(), grant(MANAGEMENT_GROUP), scopes=[SUBSCRIPTION, OTHER])
    assert granted(of) == Unknown.because(f"whether {MANAGEMENT_GROUP.lower()} is above {GROUP.lower()} is not known")
    assert granted(snapshot(workspace(), grant(MANAGEMENT_GROUP), grant(GROUP), scopes=[SUBSCRIPTION, OTHER])) == "exact"


def test_assignments_that_could_not_be_read_make_a_missing_row_unknown_but_not_a_granted_one() -> None:
    refused = [Gap(SUBSCRIPTION, "Microsoft.Authorization/roleAssignments", DENIED)]
    assert isinstance(granted(snapshot(workspace(), gaps=refused)), Unknown)
    assert granted(snapshot(workspace(), grant(GROUP), gaps=refused)) == "exact"


def test_a_group_may_reach_an_identity_but_nothing_reaches_a_resource_without_one() -> None:
    group = grant(GROUP, principal="g1", kind="Group")
    assert granted(snapshot(workspace(), group)) == Unknown.because(
        "a role is granted to the group g1, whose members are not known"
    )
    assert granted(snapshot(workspace({"type": "None"}), group)) == "missing"


def test_an_assignment_without_properties_is_a_doubt_only_where_it_could_count() -> None:
    here, elsewhere = (resource(grant(scope)["id"]) for scope in (GROUP, REGISTRY))
    assert isinstance(granted(snapshot(workspace(), here)), Unknown)
    assert granted(snapshot(workspace(), elsewhere)) == "missing"


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ([resource(USER, {"principalId": "p1"})], "exact"),
        ([resource(USER, {"principalId": "p2"})], "missing"),
        ([], "missing"),
        ([resource(USER)], f"{USER} was read without its principal"),
        ([resource(USER, {"principalId": 5})], f"{WORKSPACE}: its identity is of an impossible type"),
    ],
)
def test_a_user_assigned_identity_is_followed_to_its_principal(bodies: list[dict[str, Json]], expected: str) -> None:
    found = granted(snapshot(workspace(USERS), grant(GROUP), *bodies))
    assert (str(found) if isinstance(found, Unknown) else found) == expected


def test_the_principal_that_the_answer_itself_states_is_enough() -> None:
    stated = {"userAssignedIdentities": {USER: {"PRINCIPALID": "P1"}}}
    assert granted(snapshot(workspace(stated), grant(GROUP))) == "exact"


def test_a_grant_to_one_known_identity_stands_whatever_is_not_known_of_another() -> None:
    both = {**OWN, "userAssignedIdentities": {USER: {}}}
    assert granted(snapshot(workspace(both), resource(USER), grant(GROUP))) == "exact"


@pytest.mark.parametrize(
    ("properties", "role", "expected"),
    [
        ({}, ACR_PUSH, "exact"),
        ({"roleAssignmentMode": "LegacyRegistryPermissions"}, ACR_PUSH, "exact"),
        ({"roleAssignmentMode": "abacrepositorypermissions"}, ACR_PUSH, "missing"),
        ({"roleAssignmentMode": "AbacRepositoryPermissions"}, REPOSITORY_WRITER, "exact"),
        ({}, REPOSITORY_WRITER, "missing"),
    ],
)
def test_a_registry_honours_the_roles_of_its_mode(properties: Json, role: str, expected: str) -> None:
    assert granted(snapshot(workspace(), resource(REGISTRY, properties), grant(REGISTRY, role)), "IAM-006") == expected


def test_the_role_that_is_told_is_the_one_that_the_registry_honours() -> None:
    modes: tuple[Json, ...] = ({}, {"roleAssignmentMode": "AbacRepositoryPermissions"})
    told = [
        next(item.body for item in derive("access", snapshot(workspace(), resource(REGISTRY, mode))) if item.subject == "IAM-006")
        for mode in modes
    ]
    assert [item["roleId"] for item in told] == [ACR_PUSH, REPOSITORY_WRITER]
    assert [item["role"] for item in told] == ["AcrPush", "Container Registry Repository Writer"]


def test_what_is_beyond_the_table_says_whether_it_names_the_identity_itself() -> None:
    store, vault = (rid(kind, "own") for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"))
    whole = resource(WORKSPACE, {"containerRegistry": REGISTRY, "storageAccount": store, "keyVault": vault}, identity=OWN)
    companions = [resource(item, {}) for item in (REGISTRY, store, vault)]
    allows = {"roleName": "Owner", "permissions": [{"actions": ["*"]}]}
    role = resource(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}", allows)
    (found,) = derive("identityAccess", snapshot(whole, *companions, grant(SUBSCRIPTION, OWNER), role))
    assert [(item["principal"], item["direct"]) for item in found.body["excess"]] == [("p1", True)]


def test_a_registry_whose_mode_was_not_read_leaves_the_row_unknown() -> None:
    assert isinstance(granted(snapshot(workspace(), resource(REGISTRY), grant(REGISTRY, ACR_PUSH)), "IAM-006"), Unknown)


def test_an_absent_component_has_no_document() -> None:
    assert {item.subject for item in derive("access", snapshot(workspace()))} == {"IAM-002"}
    assert derive("access", snapshot()) == []


def test_endpoints_that_could_not_be_listed_are_said_to_be_unknown() -> None:
    refused = [Gap(WORKSPACE, ENDPOINTS, DENIED)]
    found = [item for item in derive("access", snapshot(workspace(), gaps=refused)) if item.subject == "IAM-009"]
    assert [(item.judged_id, type(item.body["granted"])) for item in found] == [(SUBSCRIPTION, Unknown)]


def test_where_some_endpoints_were_listed_the_rest_is_said_to_be_unknown_beside_them() -> None:
    second = rid("Microsoft.MachineLearningServices/workspaces", "second")
    of = snapshot(
        workspace(), resource(second, {}), resource(ENDPOINT, {}, identity=OWN), resource(REGISTRY, {}),
        grant(REGISTRY, "7f951dda-4ed3-4680-a7ca-43fe172d538d"), gaps=[Gap(second, ENDPOINTS, DENIED)],
    )  # fmt: skip
    hinted = WorkloadShape(name="chat", scopes=[SUBSCRIPTION], components={"mlWorkspace": "mlw"})
    found = {item.judged_id: item.body["granted"] for item in derive("access", of, hinted) if item.subject == "IAM-007"}
    assert found == {
        ENDPOINT: "exact",
        second: Unknown.because(f"{ENDPOINTS} could not be read at {second.lower()}: {DENIED}"),
    }


@pytest.mark.parametrize("scope", [[GROUP], {"id": GROUP}, 7])
def test_an_assignment_that_does_not_say_where_it_holds_grants_nothing_for_sure(scope: Json) -> None:
    odd = grant(GROUP)
    odd["properties"]["scope"] = scope
    assert isinstance(granted(snapshot(workspace(), odd)), Unknown)
