"""What holds for all facts: odd bodies are unknown and never an exception, and documents hold what their paths declare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.plan import plan_reads
from scanner.facts import FACT_PATHS, FACTS
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules import load_rules
from tests.facts.snapshots import GROUP, SUBSCRIPTION, baseline, derive, resource, rid, snapshot

Json = Any
_TYPES = {
    "Microsoft.MachineLearningServices/workspaces": "mlw",
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints": "mlw/ept",
    "Microsoft.Storage/storageAccounts": "st",
    "Microsoft.KeyVault/vaults": "kv",
    "Microsoft.KeyVault/vaults/secrets": "kv/s",
    "Microsoft.ContainerRegistry/registries": "cr",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "id",
    "Microsoft.OperationalInsights/workspaces": "log",
    "Microsoft.CognitiveServices/accounts": "oai",
    "Microsoft.CognitiveServices/accounts/deployments": "oai/chat",
    "Microsoft.CognitiveServices/accounts/raiPolicies": "oai/strict",
    "Microsoft.Network/applicationGateways": "agw",
    "Microsoft.Insights/metricAlerts": "alert",
    "Microsoft.Network/virtualNetworks": "vnet",
    "Microsoft.Network/networkSecurityGroups": "nsg",
    "Microsoft.Network/networkInterfaces": "nic",
    "Microsoft.Network/routeTables": "rt",
    "Microsoft.Network/privateEndpoints": "pe",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "pe/zg",
    "Microsoft.Network/privateDnsZones": "zone",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "zone/link",
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies": "waf",
}
_IDS = [rid(kind, name) for kind, name in _TYPES.items()]
_IDS += [
    f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/a",
    f"{_IDS[3]}/providers/Microsoft.Insights/diagnosticSettings/d",
    f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/a",
    f"{GROUP}/providers/Microsoft.Authorization/policyExemptions/e",
    f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policySetDefinitions/i",
    f"{SUBSCRIPTION}/providers/Microsoft.PolicyInsights/policyStates/s",
    "/providers/Microsoft.Authorization/policyDefinitions/71ef260a-8f18-47b7-abcb-62d0673d94dc",
    SUBSCRIPTION,
    f"{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/d",
    f"{SUBSCRIPTION.lstrip('/')}/providers/Microsoft.Consumption/budgets/b",
]
_MEMBERS = (
    "properties", "identity", "principalId", "userAssignedIdentities", "roleDefinitionId", "scope", "principalType", "logs",
    "workspaceId", "categoryGroup", "category", "enabled", "attributes", "created", "updated", "keyCreationTime", "key1",
    "creationTime", "allowSharedKeyAccess", "storageAccount", "keyVault", "containerRegistry", "roleAssignmentMode", "kind",
    "name", "id", "httpListeners", "requestRoutingRules", "httpListener", "urlPathMap", "urlPathMaps", "pathRules", "sslPolicy",
    "firewallPolicy", "backendHttpSettings", "backendHttpSettingsCollection", "policySettings", "raiPolicyName", "contentFilters", "customBlocklists", "basePolicyName", "managedRules", "customRules",
    "scopes", "criteria", "allOf", "metricName", "metricNamespace", "actions", "actionGroupId", "targetResourceType", "timePeriod", "startDate", "notifications",
    "subnets", "addressPrefix", "addressPrefixes", "addressSpace", "networkSecurityGroup", "securityRules", "defaultSecurityRules",
    "routeTable", "routes", "ipConfigurations", "privateIPAddress", "subnet", "virtualNetworkPeerings", "priority", "access",
    "direction", "protocol", "sourceAddressPrefix", "destinationAddressPrefixes", "sourcePortRange", "destinationPortRanges",
    "privateLinkServiceConnections", "privateLinkServiceId", "groupIds", "privateLinkServiceConnectionState", "status",
    "networkInterfaces", "privateDnsZoneConfigs", "privateDnsZoneId", "virtualNetworkLinkState", "virtualNetwork", "aRecords",
    "privateEndpointConnections", "privateEndpoint", "location", "dhcpOptions", "dnsServers",
    "sourceApplicationSecurityGroups", "remoteAddressSpace",
    "policyDefinitionId", "policyDefinitions", "policyDefinitionReferenceId", "parameters", "effect", "value", "defaultValue",
    "policyRule", "then", "overrides", "selectors", "in", "notScopes", "enforcementMode", "resourceSelectors", "expiresOn",
    "policyAssignmentId", "policyDefinitionReferenceIds", "resourceId", "complianceState",
)  # fmt: skip
_WORDS = st.sampled_from(
    [
        *_IDS,
        "OpenAI",
        "strict",
        "allLogs",
        "audit",
        "AuditEvent",
        "p1",
        "Group",
        "2026-01-01T00:00:00Z",
        "\x1b[31m",
        "",
        "*",
        "10.0.0.0/8",
        "Inbound",
        "Allow",
        "[parameters('effect')]",
        "policyEffect",
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_MEMBERS), inner, max_size=4),
    max_leaves=12,
)
_BODIES = st.dictionaries(st.sampled_from(_MEMBERS), _VALUES, max_size=4)


@given(st.lists(st.tuples(st.sampled_from(_IDS), _BODIES), max_size=8))
def test_no_body_makes_a_fact_raise(bodies: list[tuple[str, dict[str, Json]]]) -> None:
    of = snapshot(*({**body, "id": resource_id} for resource_id, body in bodies))
    for name in FACTS:
        for document in derive(name.partition("/")[2], of):
            assert _undeclared(document.body, FACT_PATHS[name]) == set()


def test_no_real_answer_makes_a_fact_raise(shared: Path) -> None:
    found = []
    for file in sorted((shared / "arm-examples").glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8"))["body"]
        items = body.get("value", body) if isinstance(body, dict) else body
        found += [item for item in (items if isinstance(items, list) else [items]) if isinstance(item, dict)]
    resources = [make_resource(body, fallback_id=f"/unidentified/{at}") for at, body in enumerate(found)]
    of = Snapshot(scopes=["/"], resources=resources, reads=[Read(EVERYTHING, "/")])
    assert {name: bool(derive(name.partition("/")[2], of)) for name in FACTS} == dict.fromkeys(FACTS, True)


def _undeclared(body: dict[str, Json], paths: Any) -> set[str]:
    """Paths of a document that its fact does not declare."""
    seen: set[str] = set()

    def walk(value: Json, at: str) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                walk(item, f"{at}.{name}" if at else name)
        elif isinstance(value, list):
            seen.add(at)
            for item in value:
                walk(item, f"{at}[*]")
        elif not isinstance(value, Unknown):
            seen.add(at)

    walk(body, "")
    return {path for path in seen if path not in paths}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_without_any_read_has_no_document_that_looks_complete(name: str) -> None:
    """Nothing was asked for: whatever is said must be unknown, but for the names of things."""
    of = snapshot(resource(_IDS[0], {}), reads=[])
    judged = {"driftline/access": "granted", "driftline/diagnostics": "missing", "driftline/key": "live"}
    judged |= {"driftline/gatewaylistener": "protocol", "driftline/contentfilter": "mode", "driftline/inventory": "row"}
    judged |= {"driftline/alertcoverage": "alerts", "driftline/budgets": "budgets"}
    judged |= {"driftline/subnetflows": "deviations", "driftline/groupflows": "openToInternet"}
    judged |= {"driftline/privatelink": "connected", "driftline/privateconnections": "strays"}
    judged |= {"driftline/evidence": "data", "driftline/metric": "value"}
    judged |= {"driftline/owners": "owners", "driftline/strangers": "strangers"}
    judged |= {"driftline/identityaccess": "excess", "driftline/clients": "unapproved"}
    judged |= {"driftline/policycoverage": "covered", "driftline/policycompliance": "nonCompliant"}
    if name == "driftline/workload":
        (found,) = derive("workload", of)
        assert {item["status"] for item in found.body["components"]} <= {"unknown", "bound", "missing"}
        assert [item["name"] for item in found.body["components"] if item["status"] == "bound"] == ["mlWorkspace"]
        return
    documents = derive(name.partition("/")[2], of)
    assert documents
    assert [item.body for item in documents if item.judged_id != _IDS[0] and not _is_unknown(item.body[judged[name]])] == []


def _is_unknown(value: Json) -> bool:
    """Whether a value is unknown, or a list of which nothing more is said than what it may hold."""
    return isinstance(value, Unknown) or (isinstance(value, list) and bool(value) and all(map(_is_unknown, value)))


def test_what_facts_need_is_in_the_plan_of_the_rules_that_target_them() -> None:
    rule_set = load_rules([], baseline(), fact_paths=FACT_PATHS)
    plan = plan_reads(rule_set, baseline())
    children = {child.type for child in plan.children}
    for fact in FACTS.values():
        needs = fact.needs(baseline())
        assert {name for name in needs.types if name.count("/") == 1} <= plan.types
        assert {child.type for child in needs.children} <= children
        assert needs.extensions <= plan.extensions
        assert needs.references <= plan.references
