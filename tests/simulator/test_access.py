"""Access by role: actions less notActions at a scope, refusals in ARM's words, lists of grants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.simulator.access import built_in_roles

GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-Toy"
SUB = GROUP.partition("/resourceGroups")[0]
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-toy"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"


@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("scanner", "GET", STORAGE, 200),
        ("scanner", "GET", VAULT, 200),
        ("scanner", "PUT", f"{STORAGE}/sttoy", 403),
        ("scanner", "DELETE", f"{STORAGE}/sttoy", 403),
        ("scanner", "POST", f"{STORAGE}/sttoy/listKeys", 403),
        ("scanner", "POST", f"{GROUP}/providers/Microsoft.Web/sites/app-toy/config/appsettings/list", 403),
        ("owner", "POST", f"{STORAGE}/sttoy/listKeys", 200),
        ("partial", "GET", STORAGE, 200),
        ("partial", "GET", VAULT, 403),
        ("partial", "GET", f"{SUB}/providers/Microsoft.KeyVault/vaults", 403),
        ("partial", "GET", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings", 200),
        ("group-only", "GET", STORAGE, 200),
        ("group-only", "GET", f"{SUB}/providers/Microsoft.Storage/storageAccounts", 403),
        ("group-only", "GET", SUB, 403),
        ("group-only", "GET", GROUP, 200),
        ("nobody", "GET", GROUP, 403),
        ("nobody", "GET", f"{SUB}/resourceGroups", 403),
    ],
)
def test_a_request_needs_its_action_at_its_scope(azure: Any, who: str, method: str, path: str, status: int) -> None:
    assert azure.ask(method, path, {}, who)[0] == status


def test_a_refusal_names_client_action_and_scope_as_azure_does(azure: Any) -> None:
    _, body = azure.ask("GET", VAULT.lower(), who="partial")
    assert body == {
        "error": {
            "code": "AuthorizationFailed",
            "message": "The client '33333333-0000-4000-8000-000000000003' with object id '44444444-0000-4000-8000-000000000003' does "
            f"not have authorization to perform action 'Microsoft.KeyVault/vaults/read' over scope '{VAULT.lower()}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials.",
        }
    }


def test_subscriptions_are_listed_for_whoever_holds_a_role_in_them(azure: Any) -> None:
    assert {who: len(azure.get("/subscriptions", who)) for who in ("scanner", "group-only", "nobody")} == {
        "scanner": 1, "group-only": 1, "nobody": 0,
    }  # fmt: skip


def test_permissions_tell_what_the_caller_holds(azure: Any) -> None:
    (held,) = azure.get(f"{SUB}/providers/Microsoft.Authorization/permissions", "partial")
    assert held == {"actions": ["*/read"], "notActions": ["Microsoft.KeyVault/*"], "dataActions": [], "notDataActions": []}
    assert azure.ask("GET", f"{SUB}/providers/Microsoft.Authorization/permissions", who="nobody")[0] == 403


def test_a_grant_takes_effect_and_its_removal_too(azure: Any) -> None:
    path = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/5c1d1f5e-0000-4000-8000-000000000001"
    reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    principal = "44444444-0000-4000-8000-000000000005"
    status, body = azure.ask("PUT", path, {"properties": {"roleDefinitionId": reader, "principalId": principal}})
    assert (status, body["properties"]["scope"], body["properties"]["roleDefinitionId"]) == (201, VAULT, f"{SUB}{reader}")
    assert [azure.ask("GET", item, who="nobody")[0] for item in (VAULT, f"{VAULT}/secrets", GROUP)] == [200, 200, 403]
    again = azure.ask("PUT", path[:-1] + "2", {"properties": {"roleDefinitionId": reader, "principalId": principal}})
    assert (again[0], again[1]["error"]["code"]) == (409, "RoleAssignmentExists")
    assert azure.ask("DELETE", path)[0] == 200
    assert azure.ask("GET", VAULT, who="nobody")[0] == 403


@pytest.mark.parametrize(
    ("scope", "condition", "wanted"),
    [
        (SUB, "", {"scanner", "owner", "partial", "group-only", "workspace"}),
        (SUB, "atScope()", {"scanner", "owner", "partial"}),
        (GROUP, "atScope()", {"scanner", "owner", "partial", "group-only", "workspace"}),
        (VAULT, "", {"scanner", "owner", "partial", "group-only", "workspace"}),
        (SUB, "principalId eq '44444444-0000-4000-8000-000000000004'", {"group-only"}),
        (SUB, "assignedTo('44444444-0000-4000-8000-000000000001')", {"scanner"}),
        (SUB, "atScope() and assignedTo('44444444-0000-4000-8000-000000000004')", set()),
    ],
)
def test_assignments_are_listed_at_above_and_below_a_scope(azure: Any, scope: str, condition: str, wanted: set[str]) -> None:
    named = {item.object_id: item.name for item in azure.deployed.principals}
    found = azure.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments", filter=condition)
    assert {named.get(item["properties"]["principalId"], "workspace") for item in found} == wanted


def test_an_unknown_filter_is_refused_and_not_ignored(azure: Any) -> None:
    status, body = azure.ask("GET", f"{SUB}/providers/Microsoft.Authorization/roleAssignments", filter="roleName eq 'x'")
    assert (status, body["error"]["code"]) == (400, "InvalidFilterInQueryString")


def test_role_definitions_are_built_in_and_custom(azure: Any) -> None:
    path = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions"
    (reader,) = azure.get(path, filter="roleName eq 'Reader'")
    assert reader["properties"]["permissions"][0]["actions"] == ["*/read"]
    assert reader == azure.get(reader["id"])
    (custom,) = azure.get(path, filter="type eq 'CustomRole'")
    assert (custom["properties"]["roleName"], custom["properties"]["assignableScopes"]) == ("Storage reader", [SUB])
    assert len(azure.get(path)) > 20


def test_built_in_roles_hold_what_microsoft_documents_and_nothing_else(shared: Any) -> None:
    files = ("docs-authorization-roledefinitions-builtin.json", "recorded-authorization-roledefinitions-builtin.json")
    documented: dict[str, Any] = {}
    for file in files:
        for item in json.loads((shared / "arm-examples" / file).read_text(encoding="utf-8"))["body"]["value"]:
            documented.setdefault(item["name"], item["properties"]["permissions"])
    known = {name: item["properties"]["permissions"] for name, item in built_in_roles().items()}
    assert {name: known.get(name) for name in documented} == documented
    published = {
        known[name][0]["dataActions"][0] if known[name][0]["dataActions"] else known[name][0]["actions"][0]
        for name in known.keys() - documented.keys()
    }
    assert published == {
        "Microsoft.ContainerRegistry/registries/repositories/metadata/read", "Microsoft.Insights/Metrics/Write",
        "Microsoft.MachineLearningServices/workspaces/connections/listsecrets/action",
    }  # fmt: skip
