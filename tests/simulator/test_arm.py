"""The generic API: any type, any API version, letter case and slashes as clients send them, ARM's statuses and bodies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-Toy"
SUB = GROUP.partition("/resourceGroups")[0]
UNKNOWN = "Contoso.Unheard/things"


def code(body: Any) -> str:
    return str(body.get("error", body)["code"])


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def test_a_resource_of_any_type_is_put_read_patched_listed_and_deleted(azure: Any) -> None:
    path = f"{UNKNOWN}/one"
    created = azure.ask(
        "PUT", path, {"location": "here", "tags": {"a": "1"}, "properties": {"kept": [1], "inner": {"x": 1, "y": 2}}}
    )
    assert created == (
        201,
        {
            "id": f"{GROUP}/providers/{path}", "name": "one", "type": UNKNOWN, "location": "here", "tags": {"a": "1"},
            "properties": {"kept": [1], "inner": {"x": 1, "y": 2}},
        },
    )  # fmt: skip
    patched = azure.ask("PATCH", path, {"properties": {"inner": {"x": None, "z": 3}}, "tags": {"b": "2"}})
    assert (patched[0], patched[1]["properties"], patched[1]["tags"]) == (
        200, {"kept": [1], "inner": {"y": 2, "z": 3}}, {"a": "1", "b": "2"},
    )  # fmt: skip
    replaced = azure.ask("PUT", path, {"location": "there"})
    assert (replaced[0], replaced[1]["properties"], "tags" in replaced[1]) == (200, {}, False)
    assert names(azure.get(UNKNOWN)) == names(azure.get(f"{SUB}/providers/{UNKNOWN}")) == ["one"]
    assert [azure.ask(method, path)[0] for method in ("HEAD", "DELETE", "DELETE", "HEAD")] == [204, 200, 204, 404]
    assert azure.get(UNKNOWN) == []


def test_ids_and_types_are_found_in_any_letter_case_and_answered_as_first_spelled(azure: Any) -> None:
    wanted = azure.get("Microsoft.Storage/storageAccounts/sttoy")
    odd = f"{GROUP}/providers/microsoft.storage/STORAGEACCOUNTS/StToy".replace("resourceGroups/rg-Toy", "resourcegroups/RG-TOY")
    assert azure.get(odd) == wanted
    azure.ask("PUT", odd, wanted)
    (after,) = azure.get("Microsoft.Storage/storageAccounts")
    assert {**after, "systemData": None} == {**wanted, "systemData": None}
    created = azure.ask("PUT", odd.replace("StToy", "Second"), {"location": "eastus2", "sku": {"name": "Standard_LRS"}})
    assert created[1]["id"] == f"{GROUP}/providers/Microsoft.Storage/storageAccounts/Second"


def test_what_clients_send_back_of_computed_members_is_ignored(azure: Any) -> None:
    path = "Microsoft.Storage/storageAccounts/sttoy"
    before = azure.get(path)
    sent = {**before, "id": "/nonsense", "name": "other", "properties": {**before["properties"], "minimumTlsVersion": "TLS1_2"}}
    sent["properties"] |= {
        "provisioningState": "Failed",
        "keyCreationTime": {"key1": "2000-01-01T00:00:00Z"},
        "creationTime": "never",
    }
    after = azure.ask("PUT", path, sent)[1]
    assert {**after, "systemData": None} == {
        **before, "systemData": None, "properties": {**before["properties"], "minimumTlsVersion": "TLS1_2"},
    }  # fmt: skip
    assert after["systemData"]["createdAt"] == before["systemData"]["createdAt"] < after["systemData"]["lastModifiedAt"]


@pytest.mark.parametrize(
    ("method", "path", "status", "wanted"),
    [
        ("GET", "Microsoft.Web/sites/nowhere", 404, "ResourceNotFound"),
        ("PATCH", "Microsoft.Web/sites/nowhere", 404, "ResourceNotFound"),
        ("GET", "Microsoft.Web/sites/nowhere/config", 404, "ResourceNotFound"),
        ("PUT", "Microsoft.Web/sites/nowhere/config/web", 404, "ParentResourceNotFound"),
        ("GET", f"{SUB}/resourceGroups/none/providers/Microsoft.Web/sites", 404, "ResourceGroupNotFound"),
        ("GET", f"{SUB}/resourceGroups/none/resources", 404, "ResourceGroupNotFound"),
        ("PUT", f"{SUB}/resourceGroups/none/providers/Microsoft.Web/sites/x", 404, "ResourceGroupNotFound"),
        ("GET", "/subscriptions/99999999-9999-4999-8999-999999999999/resources", 404, "SubscriptionNotFound"),
        ("GET", f"{SUB}/providers/Contoso.Nothing", 404, "InvalidResourceNamespace"),
        ("PUT", "Microsoft.Web/sites", 405, "MethodNotAllowed"),
        ("PUT", "Microsoft.Web/sites/list-body", 400, "InvalidRequestContent"),
        ("POST", "Microsoft.Web/sites/app-toy/restart", 404, "NotFound"),
        ("GET", "Microsoft.Web/sites/app-toy/config/appsettings", 405, "MethodNotAllowed"),
        ("GET", "/nonsense", 404, "NotFound"),
        ("PUT", "Microsoft.Resources/deployments/main", 400, "InvalidRequestContent"),
        ("PATCH", "Microsoft.Web/sites/app-toy/providers/Microsoft.Resources/tags/default", 501, "NotSimulated"),
        ("GET", "Microsoft.Web/sites/app-toy/providers/Microsoft.Insights/diagnosticSettingsCategories", 501, "NotSimulated"),
    ],
)
def test_refusals_have_arms_status_and_code(azure: Any, method: str, path: str, status: int, wanted: str) -> None:
    answered, body = azure.ask(method, path, [] if "list-body" in path else {})
    assert (answered, code(body)) == (status, wanted)


def test_an_absent_resource_is_named_as_azure_names_it(azure: Any) -> None:
    _, body = azure.ask("GET", "Microsoft.Web/sites/custodian-test-app")
    assert body == {
        "error": {
            "code": "ResourceNotFound",
            "message": "The Resource 'Microsoft.Web/sites/custodian-test-app' under resource group 'rg-Toy' was not found.",
        }
    }


def test_an_api_version_is_required_and_any_will_do(azure: Any) -> None:
    from scanner.simulator.arm import Request
    from scanner.simulator.errors import ArmError

    owner = azure.deployed.principals[1]
    with pytest.raises(ArmError) as raised:
        azure.arm.handle(Request("GET", SUB, {}, None, owner))
    assert (raised.value.status, raised.value.code) == (400, "MissingApiVersionParameter")
    assert azure.arm.handle(Request("GET", SUB, {"API-Version": "1999-01-01"}, None, owner)).body["displayName"] == "sub-toy"


def test_children_inside_a_parent_are_resources_and_the_other_way_round(azure: Any) -> None:
    network = azure.get("Microsoft.Network/virtualNetworks/vnet-toy")
    subnets = azure.get("Microsoft.Network/virtualNetworks/vnet-toy/subnets")
    assert network["properties"]["subnets"] == subnets
    assert names(subnets) == ["snet-endpoints", "snet-gateway"]
    azure.ask("PUT", "Microsoft.Network/virtualNetworks/vnet-toy/subnets/third", {"properties": {"addressPrefix": "10.1.3.0/24"}})
    azure.ask("DELETE", "Microsoft.Network/virtualNetworks/vnet-toy/subnets/snet-gateway")
    assert names(azure.get("Microsoft.Network/virtualNetworks/vnet-toy")["properties"]["subnets"]) == ["snet-endpoints", "third"]
    only = {**network, "properties": {**network["properties"], "subnets": network["properties"]["subnets"][:1]}}
    azure.ask("PUT", "Microsoft.Network/virtualNetworks/vnet-toy", only)
    assert names(azure.get("Microsoft.Network/virtualNetworks/vnet-toy/subnets")) == ["snet-endpoints"]
    azure.ask("PATCH", "Microsoft.Network/virtualNetworks/vnet-toy", {"tags": {"a": "b"}})
    assert names(azure.get("Microsoft.Network/virtualNetworks/vnet-toy/subnets")) == ["snet-endpoints"]


def test_rules_of_a_security_group_and_of_a_managed_network_likewise(azure: Any) -> None:
    rule = {"properties": {"protocol": "*", "access": "Deny", "priority": 4000, "direction": "Inbound"}}
    azure.ask("PUT", "Microsoft.Network/networkSecurityGroups/nsg-toy/securityRules/last", rule)
    assert names(azure.get("Microsoft.Network/networkSecurityGroups/nsg-toy")["properties"]["securityRules"]) == [
        "allow-https",
        "last",
    ]
    workspace = "Microsoft.MachineLearningServices/workspaces/mlw-toy"
    fqdn = {"properties": {"type": "FQDN", "destination": "packages.example.com"}}
    azure.ask("PUT", f"{workspace}/outboundRules/pypi", fqdn)
    shown = azure.get(workspace)["properties"]["managedNetwork"]["outboundRules"]
    assert {name: rule["type"] for name, rule in shown.items()} == {"openai": "PrivateEndpoint", "pypi": "FQDN"}
    assert {item["name"]: item["properties"] for item in azure.get(f"{workspace}/outboundRules")} == shown


def test_deleting_takes_what_lies_below_and_upon_it(azure: Any) -> None:
    vault = "Microsoft.KeyVault/vaults/kv-toy"
    azure.ask("DELETE", vault)
    assert [azure.ask("GET", f"{vault}/{rest}")[0] for rest in ("secrets/endpoint-key", "secrets")] == [404, 404]
    assert azure.ask("GET", f"{vault}/providers/Microsoft.Insights/diagnosticSettings")[0] == 404


def test_generic_lists_omit_properties_and_name_children_after_their_parent(azure: Any) -> None:
    items = {item["id"].rpartition("/providers/")[2]: item for item in azure.get(f"{SUB}/resources")}
    assert not any("properties" in item for item in items.values())
    assert items["Microsoft.MachineLearningServices/workspaces/mlw-toy/onlineEndpoints/ept-toy"]["name"] == "mlw-toy/ept-toy"
    assert not any("secrets" in key or "diagnosticSettings" in key or "roleAssignments" in key for key in items)
    found = azure.get(f"{GROUP}/resources", filter="resourceType eq 'microsoft.keyvault/vaults' and name eq 'kv-toy'")
    assert names(found) == ["kv-toy"]
    assert code(azure.ask("GET", f"{GROUP}/resources", filter="tagName eq 'x'")[1]) == "InvalidFilterInQueryString"


def test_providers_list_their_types_with_versions(azure: Any) -> None:
    provider = azure.get(f"{SUB}/providers/microsoft.search")
    assert (provider["namespace"], provider["registrationState"]) == ("Microsoft.Search", "Registered")
    assert {item["resourceType"]: item["apiVersions"] for item in provider["resourceTypes"]} == {
        "searchServices": ["2025-05-01"],
        "searchServices/privateEndpointConnections": ["2025-05-01"],
        "searchServices/sharedPrivateLinkResources": ["2025-05-01"],
    }
    assert provider in azure.get(f"{SUB}/providers")


def test_containers_are_read_and_listed(azure: Any) -> None:
    (subscription,) = azure.get("/subscriptions")
    assert subscription == azure.get(SUB)
    assert (subscription["displayName"], subscription["tenantId"]) == ("sub-toy", "11111111-1111-4111-8111-111111111111")
    (group,) = azure.get(f"{SUB}/resourcegroups")
    assert group == azure.get(GROUP)
    assert (group["name"], group["location"], group["tags"]) == ("rg-Toy", "eastus2", {"owner": "toy team"})
    assert azure.get("/tenants") == [
        {"id": "/tenants/11111111-1111-4111-8111-111111111111", "tenantId": subscription["tenantId"]}
    ]


def test_answers_of_the_state_are_given_to_those_who_may_read(azure: Any) -> None:
    models = "Microsoft.CognitiveServices/accounts/oai-toy/models"
    assert azure.get(models)["value"][0]["name"] == "gpt-4o"
    assert azure.ask("GET", models, who="nobody")[0] == 403


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("Microsoft.Compute/virtualMachines/vm-jump", GROUP.replace("rg-Toy", "RG-TOY")),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/id-toy", GROUP.replace("resourceGroups", "resourcegroups")),
        (f"{SUB}/providers/Microsoft.Consumption/budgets/budget-toy", SUB.lstrip("/")),
        (f"{SUB}/providers/Microsoft.Insights/diagnosticSettings/activity", SUB.lstrip("/")),
    ],
)
def test_ids_come_back_as_oddly_as_azure_spells_them(azure: Any, path: str, shown: str) -> None:
    assert azure.get(path)["id"].startswith(f"{shown}/providers/")


def test_settings_of_a_resource_come_back_with_a_lower_case_id(azure: Any) -> None:
    (setting,) = azure.get("Microsoft.KeyVault/vaults/kv-toy/providers/Microsoft.Insights/diagnosticSettings")
    base = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-toy".lower()
    assert setting["id"] == f"{base}/providers/microsoft.insights/diagnosticSettings/all-logs"


MEMBERS = st.sampled_from(
    ["properties", "identity", "sku", "name", "subnets", "ipConfigurations", "osProfile", "type", "siteConfig", "id"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=8,
)
TYPES = [
    "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkInterfaces", "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/applicationGateways", "Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts", "Microsoft.Web/sites",
    "Microsoft.MachineLearningServices/workspaces", "Microsoft.Compute/virtualMachines", "Microsoft.Authorization/roleAssignments",
]  # fmt: skip


@settings(max_examples=30)
@given(st.dictionaries(MEMBERS, JSON, max_size=3), st.sampled_from(TYPES))
def test_any_body_is_taken_or_refused_and_nothing_else_suffers(deploy: Any, toy: Any, body: Any, kind: str) -> None:
    azure = deploy(toy)
    before = azure.get(f"{GROUP}/resources")
    status, _ = azure.ask("PUT", f"{kind}/odd", body)
    assert status in (201, 400)
    after = [item for item in azure.get(f"{GROUP}/resources") if "/odd" not in item["id"]]
    assert after == before
    assert azure.graph("resources | project id, properties", top=1000)["count"] >= len(before)
    assert (azure.ask("GET", f"{kind}/odd")[0] == 200) == (status == 201)
