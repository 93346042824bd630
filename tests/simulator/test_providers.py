"""What Azure computes: identities, times, keys, addresses, connections, names, references back, and what it never gives back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from scanner.language.functions.dates import parse_date

GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-Toy"
NET = f"{GROUP}/providers/Microsoft.Network"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces/mlw-toy"
ENDPOINT = "Microsoft.Network/privateEndpoints/pep-kv"


def properties(azure: Any, path: str) -> dict[str, Any]:
    found = azure.get(path)["properties"]
    assert isinstance(found, dict)
    return found


def born(azure: Any) -> datetime:
    return azure.deployed.store.now - timedelta(days=20)


def test_what_a_state_deploys_is_as_old_as_it_says(azure: Any) -> None:
    account = properties(azure, "Microsoft.Storage/storageAccounts/sttoy")
    moments = [account["creationTime"], *account["keyCreationTime"].values()]
    moments.append(azure.get("Microsoft.KeyVault/vaults/kv-toy")["systemData"]["createdAt"])
    assert {parse_date(item) for item in moments} == {born(azure)}
    secret = properties(azure, "Microsoft.KeyVault/vaults/kv-toy/secrets/endpoint-key")["attributes"]
    assert (secret["created"], secret["updated"]) == (int(born(azure).timestamp()),) * 2
    assert secret["exp"] == int((azure.deployed.store.now + timedelta(days=180)).timestamp())
    azure.ask("PUT", "Microsoft.Storage/storageAccounts/new", {"location": "eastus2"})
    assert parse_date(properties(azure, "Microsoft.Storage/storageAccounts/new")["creationTime"]) == azure.deployed.store.now


def test_identities_are_the_same_wherever_they_show(azure: Any) -> None:
    identity = properties(azure, "Microsoft.ManagedIdentity/userAssignedIdentities/id-toy")
    used = azure.get(f"{WORKSPACE}/onlineEndpoints/ept-toy")["identity"]["userAssignedIdentities"]
    assert list(used.values()) == [{"principalId": identity["principalId"], "clientId": identity["clientId"]}]
    own = azure.get(WORKSPACE)["identity"]
    (grant,) = [
        item
        for item in azure.get(f"{GROUP}/providers/Microsoft.Authorization/roleAssignments", filter="atScope()")
        if item["properties"]["principalId"] == own["principalId"]
    ]
    assert (grant["properties"]["scope"], own["tenantId"]) == (GROUP, "11111111-1111-4111-8111-111111111111")


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("Microsoft.Storage/storageAccounts/sttoy", "Succeeded"),
        ("Microsoft.Search/searchServices/srch-toy", "succeeded"),
        ("Microsoft.Web/sites/app-toy", None),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/id-toy", None),
    ],
)
def test_provisioning_states_are_spelled_as_each_provider_spells_them(azure: Any, path: str, state: str | None) -> None:
    assert properties(azure, path).get("provisioningState") == state


def test_no_secret_is_kept_or_answered(azure: Any) -> None:
    azure.ask(
        "PUT", f"{WORKSPACE}/connections/key", {"properties": {"authType": "ApiKey", "credentials": {"key": "canary-credential"}}}
    )
    azure.ask("PUT", "Microsoft.KeyVault/vaults/kv-toy/secrets/new", {"properties": {"value": "canary-value"}})
    shown = json.dumps([item.body for item in azure.deployed.store.everything()])
    assert [word for word in ("canary-password", "canary-setting", "canary-credential", "canary-value") if word in shown] == []


def test_a_new_value_of_a_secret_is_a_new_version_and_an_edit_is_not(azure: Any) -> None:
    path = "Microsoft.KeyVault/vaults/kv-toy/secrets/endpoint-key"
    before = properties(azure, path)
    azure.ask("PATCH", path, {"properties": {"attributes": {"enabled": False}}})
    edited = properties(azure, path)
    now = int(azure.deployed.store.now.timestamp())
    assert edited["attributes"] == {**before["attributes"], "enabled": False, "updated": now}
    assert edited["secretUriWithVersion"] == before["secretUriWithVersion"]
    azure.ask("PUT", path, {"properties": {"value": "x"}})
    renewed = properties(azure, path)
    assert (renewed["attributes"]["created"], renewed["attributes"]["updated"]) == (now, now)
    assert renewed["secretUriWithVersion"] != before["secretUriWithVersion"]


@pytest.mark.parametrize(
    ("priority", "direction", "refused"),
    [(99, "Inbound", "SecurityRuleInvalidPriority"), (4097, "Inbound", "SecurityRuleInvalidPriority"), (200, "Inbound", "SecurityRuleConflict"), (200, "Outbound", ""), (201, "Inbound", "")],
)  # fmt: skip
def test_a_security_rule_has_a_priority_of_its_own(azure: Any, priority: int, direction: str, refused: str) -> None:
    group = "Microsoft.Network/networkSecurityGroups/nsg-own"
    azure.ask("PUT", group, {"location": "eastus2"})
    rule = {"access": "Deny", "protocol": "*", **dict.fromkeys(("sourceAddressPrefix", "destinationAddressPrefix"), "*")}
    azure.ask("PUT", f"{group}/securityRules/one", {"properties": {**rule, "priority": 200, "direction": "Inbound"}})
    body = {"properties": {**rule, "priority": priority, "direction": direction}}
    status, answer = azure.ask("PUT", f"{group}/securityRules/two", body)
    assert (status, answer.get("error", {}).get("code", "")) == (400 if refused else 201, refused)


def test_a_security_group_shows_azures_own_rules(azure: Any, shared: Any) -> None:
    example = json.loads((shared / "arm-examples" / "network-networksecuritygroups-get.json").read_text(encoding="utf-8"))
    members = ("protocol", "access", "priority", "direction", "sourceAddressPrefix", "destinationAddressPrefix", "description")
    wanted, found = (
        {rule["name"]: {key: rule["properties"][key] for key in members} for rule in group["properties"]["defaultSecurityRules"]}
        for group in (example["body"], azure.get("Microsoft.Network/networkSecurityGroups/nsg-toy"))
    )
    assert found == wanted


def test_resources_show_who_refers_to_them(azure: Any) -> None:
    group = properties(azure, "Microsoft.Network/networkSecurityGroups/nsg-toy")
    assert group["subnets"] == [{"id": f"{NET}/virtualNetworks/vnet-toy/subnets/snet-endpoints"}]
    assert properties(azure, "Microsoft.Network/ddosProtectionPlans/ddos-toy")["virtualNetworks"] == [
        {"id": f"{NET}/virtualNetworks/vnet-toy"}
    ]
    frontend = f"{NET}/applicationGateways/agw-toy/frontendIPConfigurations/public"
    assert properties(azure, "Microsoft.Network/publicIPAddresses/pip-toy")["ipConfiguration"] == {"id": frontend}
    subnets = {
        item["name"]: item["properties"] for item in properties(azure, "Microsoft.Network/virtualNetworks/vnet-toy")["subnets"]
    }
    assert subnets["snet-gateway"]["applicationGatewayIPConfigurations"] == [
        {"id": f"{NET}/applicationGateways/agw-toy/gatewayIPConfigurations/ip"}
    ]
    endpoint = f"{GROUP}/providers/{ENDPOINT}"
    assert subnets["snet-endpoints"]["privateEndpoints"] == [{"id": endpoint}]
    assert {item["id"].split("/")[8] for item in subnets["snet-endpoints"]["ipConfigurations"]} == {"nic-jump", azure_nic(azure)}
    machine = properties(azure, "Microsoft.Network/networkInterfaces/nic-jump")["virtualMachine"]["id"]
    assert machine == azure.get("Microsoft.Compute/virtualMachines/vm-jump")["id"]
    azure.ask("DELETE", "Microsoft.Network/applicationGateways/agw-toy")
    assert "ipConfiguration" not in properties(azure, "Microsoft.Network/publicIPAddresses/pip-toy")


def azure_nic(azure: Any) -> str:
    (reference,) = properties(azure, ENDPOINT)["networkInterfaces"]
    return str(reference["id"].rpartition("/")[2])


def test_a_private_endpoint_is_reachable_end_to_end(azure: Any) -> None:
    """Connection, interface, name and record lead to one address."""
    (connection,) = properties(azure, "Microsoft.KeyVault/vaults/kv-toy")["privateEndpointConnections"]
    assert connection["properties"]["privateEndpoint"]["id"] == f"{GROUP}/providers/{ENDPOINT}"
    assert connection["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    (child,) = azure.get("Microsoft.KeyVault/vaults/kv-toy/privateEndpointConnections")
    assert child["properties"] == connection["properties"]
    (configuration,) = properties(azure, f"Microsoft.Network/networkInterfaces/{azure_nic(azure)}")["ipConfigurations"]
    address = configuration["properties"]["privateIPAddress"]
    assert address.startswith("10.1.1.")
    assert properties(azure, ENDPOINT)["customDnsConfigs"] == [{"fqdn": "kv-toy.vault.azure.net", "ipAddresses": [address]}]
    (zone,) = properties(azure, f"{ENDPOINT}/privateDnsZoneGroups/default")["privateDnsZoneConfigs"]
    assert [record["fqdn"] for record in zone["properties"]["recordSets"]] == ["kv-toy.privatelink.vaultcore.azure.net"]
    record = properties(azure, "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net/A/kv-toy")
    assert record["aRecords"] == [{"ipv4Address": address}]


def test_a_deleted_endpoint_takes_its_interface_connection_and_record_along(azure: Any) -> None:
    interface = azure_nic(azure)
    azure.ask("DELETE", ENDPOINT)
    assert properties(azure, "Microsoft.KeyVault/vaults/kv-toy")["privateEndpointConnections"] == []
    zone = "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
    assert azure.get(f"{zone}/A") == []
    assert properties(azure, zone)["numberOfRecordSets"] == 1
    assert azure.ask("GET", f"Microsoft.Network/networkInterfaces/{interface}")[0] == 404


def test_an_endpoint_shows_what_its_service_made_of_the_connection(azure: Any) -> None:
    def state() -> str:
        (connection,) = properties(azure, ENDPOINT)["privateLinkServiceConnections"]
        return str(connection["properties"]["privateLinkServiceConnectionState"]["status"])

    (connection,) = azure.get("Microsoft.KeyVault/vaults/kv-toy/privateEndpointConnections")
    rejected = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}}
    assert state() == "Approved"
    azure.ask("PATCH", connection["id"], rejected)
    azure.ask("PUT", ENDPOINT, azure.get(ENDPOINT))
    assert state() == "Rejected"
    azure.ask("DELETE", connection["id"])
    assert state() == "Disconnected"


def test_a_manual_connection_waits_for_approval(azure: Any) -> None:
    azure.ask(
        "PUT",
        "Microsoft.Network/privateEndpoints/pep-st",
        {
            "location": "eastus2",
            "properties": {
                "subnet": {"id": f"{NET}/virtualNetworks/vnet-toy/subnets/snet-endpoints"},
                "manualPrivateLinkServiceConnections": [
                    {
                        "name": "blob",
                        "properties": {
                            "privateLinkServiceId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttoy",
                            "groupIds": ["blob"],
                        },
                    }
                ],
            },
        },
    )
    (connection,) = properties(azure, "Microsoft.Storage/storageAccounts/sttoy")["privateEndpointConnections"]
    state = connection["properties"]["privateLinkServiceConnectionState"]
    assert state == {"status": "Pending", "description": "", "actionRequired": "None"}  # storage spells it in the singular


def test_what_refers_to_nothing_is_refused(azure: Any) -> None:
    nowhere = {
        "properties": {
            "ipConfigurations": [{"name": "a", "properties": {"subnet": {"id": f"{NET}/virtualNetworks/v/subnets/s"}}}]
        }
    }
    status, body = azure.ask("PUT", "Microsoft.Network/networkInterfaces/lost", nowhere)
    assert (status, body["error"]["code"]) == (400, "InvalidResourceReference")


def test_the_managed_network_is_built_when_it_is_first_needed(azure: Any) -> None:
    body = {
        "location": "eastus2",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "managedNetwork": {
                "isolationMode": "AllowInternetOutbound",
                "outboundRules": {
                    "search": {
                        "type": "PrivateEndpoint",
                        "destination": {
                            "serviceResourceId": f"{GROUP}/providers/Microsoft.Search/searchServices/srch-toy",
                            "subresourceTarget": "searchService",
                        },
                    }
                },
            }
        },
    }
    path = "Microsoft.MachineLearningServices/workspaces/second"  # fmt: skip

    def states() -> tuple[str, str, int]:
        network = properties(azure, path)["managedNetwork"]
        rule = properties(azure, f"{path}/outboundRules/search")["status"]
        return (
            network["status"]["status"],
            rule,
            len(properties(azure, "Microsoft.Search/searchServices/srch-toy")["privateEndpointConnections"]),
        )

    azure.ask("PUT", path, body)
    assert states() == ("Inactive", "Inactive", 0)
    azure.ask("POST", f"{path}/provisionManagedNetwork", {})
    assert states() == ("Active", "Active", 1)
    azure.ask("PUT", path, body)
    assert states() == ("Active", "Active", 1)
    azure.ask("DELETE", f"{path}/outboundRules/search")
    assert len(properties(azure, "Microsoft.Search/searchServices/srch-toy")["privateEndpointConnections"]) == 0


def test_a_workspace_of_the_state_has_its_network_because_computes_need_it(azure: Any) -> None:
    assert properties(azure, WORKSPACE)["managedNetwork"]["status"] == {"status": "Active", "sparkReady": False}
    (connection,) = properties(azure, "Microsoft.CognitiveServices/accounts/oai-toy")["privateEndpointConnections"]
    assert not connection["properties"]["privateEndpoint"]["id"].startswith("/subscriptions/22222222")


def test_a_site_shows_its_configuration_elsewhere(azure: Any) -> None:
    site = "Microsoft.Web/sites/app-toy"
    assert (properties(azure, site)["siteConfig"], properties(azure, site)["defaultHostName"]) == (
        None,
        "app-toy.azurewebsites.net",
    )
    config = properties(azure, f"{site}/config/web")
    assert {key: config.get(key) for key in ("minTlsVersion", "ftpsState", "appSettings")} == {
        "minTlsVersion": "1.2", "ftpsState": "Disabled", "appSettings": None,
    }  # fmt: skip
    assert [item["name"] for item in azure.get(f"{site}/config")] == ["web"]
    assert properties(azure, f"{site}/config/authsettingsV2") == {"platform": {"enabled": False}}
    assert azure.get(f"{site}/config/configreferences/appsettings") == [
        {"name": "ENDPOINT_KEY", "properties": {"vaultName": "kv-toy", "secretName": "endpoint-key"}}
    ]
    listed = azure.ask("POST", f"{site}/config/appsettings/list")[1]["properties"]
    assert sorted(listed) == ["ENDPOINT_KEY", "PLAIN"]
    azure.ask("PATCH", site, {"properties": {"siteConfig": {"ftpsState": "FtpsOnly"}}})
    assert properties(azure, f"{site}/config/web") == {**config, "ftpsState": "FtpsOnly"}


def test_diagnostic_settings_answer_200_and_unset_sinks_are_null(azure: Any) -> None:
    path = "Microsoft.Search/searchServices/srch-toy/providers/Microsoft.Insights/diagnosticSettings/logs"
    status, body = azure.ask(
        "PUT", path, {"properties": {"workspaceId": "/w", "logs": [{"category": "OperationLogs", "enabled": True}]}}
    )
    assert (status, body["properties"]) == (
        200,
        {
            "workspaceId": "/w", "storageAccountId": None, "serviceBusRuleId": None, "eventHubAuthorizationRuleId": None,
            "eventHubName": None, "logAnalyticsDestinationType": None, "metrics": [],
            "logs": [{"category": "OperationLogs", "enabled": True, "retentionPolicy": {"enabled": False, "days": 0}}],
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "Microsoft.Network/ddosProtectionPlans/ddos-toy",
        "Microsoft.CognitiveServices/accounts/oai-toy/deployments/chat",
        f"{WORKSPACE}/computes/ci-toy",
    ],
)
def test_types_without_diagnostics_say_so_in_the_flat_form(azure: Any, path: str) -> None:
    settings = f"{path}/providers/Microsoft.Insights/diagnosticSettings"
    for answer in (azure.ask("GET", settings), azure.ask("PUT", f"{settings}/x", {"properties": {}})):
        assert (answer[0], answer[1]["code"]) == (400, "ResourceTypeNotSupported")


def test_settings_of_subscription_and_resource_do_not_mix(azure: Any) -> None:
    sub = GROUP.partition("/resourceGroups")[0]
    kinds = [f"{sub}/providers/Microsoft.Insights/diagnosticSettings", f"{sub}/providers/Microsoft.Consumption/budgets"]
    assert [[item["name"] for item in azure.get(path)] for path in kinds] == [["activity"], ["budget-toy"]]
    assert azure.get("Microsoft.Search/searchServices/srch-toy/providers/Microsoft.Insights/diagnosticSettings") == []


@pytest.mark.parametrize(
    ("path", "action", "body", "operation"),
    [
        ("Microsoft.Storage/storageAccounts/sttoy", "regenerateKey", {"keyName": "key1"}, "Microsoft.Storage/storageAccounts/regenerateKey/action"),
        ("Microsoft.CognitiveServices/accounts/oai-toy", "regenerateKey", {"keyName": "Key2"}, "Microsoft.CognitiveServices/accounts/regenerateKey/action"),
        ("Microsoft.Search/searchServices/srch-toy", "regenerateAdminKey/primary", {}, "Microsoft.Search/searchServices/regenerateAdminKey/action"),
        (f"{WORKSPACE}/onlineEndpoints/ept-toy", "regenerateKeys", {"keyType": "Primary"},
         "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/regenerateKeys/action"),
    ],
)  # fmt: skip
def test_a_renewed_key_differs_and_the_activity_log_tells(azure: Any, path: str, action: str, body: Any, operation: str) -> None:
    listing = "listAdminKeys" if "searchServices" in path else "listKeys"
    before = azure.ask("POST", f"{path}/{listing}")
    assert azure.ask("POST", f"{path}/{listing}") == before
    assert azure.ask("POST", f"{path}/{action}", body)[0] in (200, 202)
    assert azure.ask("POST", f"{path}/{listing}")[1] != before[1]
    events = log(azure, f"resourceUri eq '{GROUP}/providers/{path}'")
    assert [(event["operationName"]["value"], event["status"]["value"]) for event in events] == [
        (operation, "Started"),
        (operation, "Succeeded"),
    ]


def log(azure: Any, condition: str, since: str = "2026-05-01T00:00:00Z") -> Any:
    path = f"{GROUP.partition('/resourceGroups')[0]}/providers/Microsoft.Insights/eventtypes/management/values"
    return azure.ask("GET", path, filter=f"eventTimestamp ge '{since}'" + (f" and {condition}" if condition else ""))[1]


def test_a_renewed_storage_key_is_young_again(azure: Any) -> None:
    azure.deployed.store.raw(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttoy")
    azure.ask("POST", "Microsoft.Storage/storageAccounts/sttoy/regenerateKey", {"keyName": "key1"})
    created = properties(azure, "Microsoft.Storage/storageAccounts/sttoy")["keyCreationTime"]
    assert {key: parse_date(value) for key, value in created.items()} == {"key1": azure.deployed.store.now, "key2": born(azure)}


def test_a_compute_instance_is_told_when_to_sleep_and_a_cluster_is_not(azure: Any) -> None:
    body = {"properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "STANDARD_DS11_V2"}}}
    azure.ask("PUT", f"{WORKSPACE}/computes/ci", {"location": "eastus2", **body})
    wanted = {"idleTimeBeforeShutdown": "PT60M"}
    assert azure.ask("POST", f"{WORKSPACE}/computes/ci/updateIdleShutdownSetting", wanted)[0] in (200, 202, 204)
    told = properties(azure, f"{WORKSPACE}/computes/ci")["properties"]
    assert (told["vmSize"], told["idleTimeBeforeShutdown"]) == ("STANDARD_DS11_V2", "PT60M")
    azure.ask("PUT", f"{WORKSPACE}/computes/cpu", {"location": "eastus2", "properties": {"computeType": "AmlCompute"}})
    assert azure.ask("POST", f"{WORKSPACE}/computes/cpu/updateIdleShutdownSetting", wanted)[0] == 400


def test_the_activity_log_is_filtered_as_documented(azure: Any) -> None:
    azure.ask("POST", "Microsoft.Storage/storageAccounts/sttoy/regenerateKey", {"keyName": "key1"})
    assert (
        len(log(azure, ""))
        == len(log(azure, "resourceGroupName eq 'RG-toy'"))
        == len(log(azure, "resourceProvider eq 'Microsoft.Storage'"))
        == 2
    )
    assert log(azure, "resourceProvider eq 'Microsoft.Search'") == log(azure, "", since="2026-07-01T00:00:00Z") == []
    path = f"{GROUP.partition('/resourceGroups')[0]}/providers/Microsoft.Insights/eventtypes/management/values"
    refused = ["", "resourceGroupName eq 'x'", "eventTimestamp ge 'soon'", "eventTimestamp ge '2026-05-01' and caller eq 'x'"]
    assert [azure.ask("GET", path, filter=text)[0] for text in refused] == [400] * 4
