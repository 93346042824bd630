"""The states deploy: what they hold leads somewhere, and the drifted state differs from the reference by its changes only."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scanner.model.packaged import packaged
from scanner.model.resource_id import normalise
from scanner.model.yaml_file import load_yaml
from scanner.simulator.lists import settings
from scanner.simulator.providers import show
from scanner.simulator.providers.common import guid_of
from scanner.simulator.states import Deployed, deploy_state
from scanner.simulator.store import Store

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FOLDER = packaged("baselines", "openai-chat", "deployment")
#: Controls that the drifted state breaks at the least.
COVERED = {
    *("NET-001", "NET-002", "NET-003", "NET-005", "NET-010", "NET-014", "NET-016", "NSG-005", "NSG-012", "PEP-003"),
    *("REL-001", "REL-007", "REL-009", "AI-001", "AI-002", "MON-001", "IAM-010", "IAM-012", "KEY-001", "KEY-004"),
    *("KEY-009", "GOV-004"),
}


@cache
def deployed(state: str) -> Deployed:
    return deploy_state(state, NOW)


def changes() -> list[dict[str, Any]]:
    file = load_yaml(FOLDER / "drifted.yaml", [])
    assert file is not None
    return file.data["changes"]


def operation(change: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return next((kind, change[kind]) for kind in ("create", "set", "remove") if kind in change)


def target(change: dict[str, Any], group: str) -> str:
    resource = operation(change)[1]["resource"].replace("{sub}", group.rpartition("/resourceGroups/")[0]).replace("{rg}", group)
    return resource if resource.startswith("/") else f"{group}/{resource}"


def group_of(store: Store) -> str:
    return next(store.of_type("Microsoft.Resources/subscriptions/resourceGroups")).id.text


def shown(state: str) -> dict[str, Any]:
    store = deployed(state).store
    return {item.id.key: show(store, item) for item in store.everything()}


@pytest.mark.parametrize("state", ["reference", "drifted"])
def test_every_id_in_a_deployed_body_leads_to_something(state: str) -> None:
    store = deployed(state).store
    loose = {
        (item.id.text.rpartition("/providers/")[2], found)
        for item in store.everything()
        for found in ids_in(item.body.get("properties"))
        if not leads_somewhere(found, store) and not is_managed(item.id.type, found)
    }
    assert loose == set()


def ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from ids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, str) and value.startswith("/subscriptions/"):
        yield value


def is_managed(resource_type: str, found: str) -> bool:
    """A connection of the managed network: its private endpoint lies in a subscription of Microsoft's."""
    return resource_type.endswith("/privateEndpointConnections") and "/resourceGroups/vnet-" in found


def leads_somewhere(resource_id: str, store: Store) -> bool:
    """A resource, a part of one (a probe, an interface's address), or a built-in role."""
    if store.raw(resource_id) is not None or "/providers/Microsoft.Authorization/roleDefinitions/" in resource_id:
        return True
    rest, _, name = resource_id.rpartition("/")
    owner, _, member = rest.rpartition("/")
    known = store.raw(owner)
    parts = (known.body["properties"].get(member) or known.body["properties"].get("ipConfigurations")) if known else None
    return isinstance(parts, list) and any(part.get("name") == name or part.get("id") == resource_id for part in parts)


def test_everything_was_made_before_the_clock_and_expires_within_a_year() -> None:
    store = deployed("reference").store
    born, year = int((NOW - timedelta(days=20)).timestamp()), int((NOW + timedelta(days=365)).timestamp())
    attributes = [item.body["properties"]["attributes"] for item in store.of_type("Microsoft.KeyVault/vaults/secrets")]
    assert [(item["enabled"], item["created"]) for item in attributes] == [(True, born)] * 2
    assert all(NOW.timestamp() < item["exp"] <= year for item in attributes)
    assert not any("value" in item.body["properties"] for item in store.of_type("Microsoft.KeyVault/vaults/secrets"))


def test_the_network_has_eight_guarded_subnets_apart_from_each_other() -> None:
    subnets = list(deployed("reference").store.of_type("Microsoft.Network/virtualNetworks/subnets"))
    networks = [ipaddress.ip_network(item.body["properties"]["addressPrefix"]) for item in subnets]
    assert sorted(item.id.name for item in subnets) == [
        *("AzureBastionSubnet", "snet-agents", "snet-appGateway", "snet-appService", "snet-jumpbox"),
        *("snet-privateEndpoints", "snet-scoring", "snet-training"),
    ]
    groups = [item.body["properties"]["networkSecurityGroup"]["id"] for item in subnets]
    assert len(set(groups)) == len(subnets)
    assert not any(one.overlaps(other) for at, one in enumerate(networks) for other in networks[at + 1 :])


def test_every_private_endpoint_is_approved_and_has_its_zones() -> None:
    store = deployed("reference").store
    grouped = {item.id.text.split("/")[8] for item in store.of_type("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")}
    links = [
        (item.id.name, link["properties"]["privateLinkServiceConnectionState"]["status"])
        for item in store.of_type("Microsoft.Network/privateEndpoints")
        for link in item.body["properties"]["privateLinkServiceConnections"]
    ]
    assert {status for _, status in links} == {"Approved"}
    assert {name for name, _ in links} == grouped


def test_what_shows_of_app_settings_are_references_without_values() -> None:
    store = deployed("reference").store
    site = next(store.of_type("Microsoft.Web/sites")).id
    assert list(settings(store, site.text)) == [
        {"name": "chatApiKey", "properties": {"vaultName": "kv-chat-prod", "secretName": "endpoint-chat-key"}}
    ]
    kept = store.raw(f"{site.text}/config/appsettings")
    assert kept is not None
    assert kept.body["properties"] == {}


def test_models_of_the_account_do_not_retire_soon() -> None:
    answer = next(body for path, body in deployed("reference").store.answers.items() if path.endswith("/models"))
    offered = {(item["name"], item["version"]): item["deprecation"]["inference"] for item in answer["value"]}
    models = [
        item.body["properties"]["model"]
        for item in deployed("drifted").store.of_type("Microsoft.CognitiveServices/accounts/deployments")
    ]
    assert all(offered[model["name"], model["version"]] > "2035" for model in models)


def test_changes_are_readable_and_cover_the_families() -> None:
    found = changes()
    titles = [change["title"] for change in found]
    assert len(set(titles)) == len(titles) >= 22
    for change in found:
        assert set(change) - {"title", "finds"} == {operation(change)[0]}
        assert change["finds"] == sorted(set(change["finds"]), key=change["finds"].index), change["title"]
        assert all(re.fullmatch(r"(NET|PEP|NSG|IAM|KEY|AI|REL|MON|GOV|COST|OPS)-\d{3}", item) for item in change["finds"])
    assert {control for change in found for control in change["finds"]} >= COVERED


def test_controls_found_are_in_the_catalogue(shared: Path) -> None:
    text = (shared / "controls.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| ([A-Z]+-\d{3}) \|", text, re.MULTILINE)) | {f"IAM-{number:03}" for number in range(2, 12)}
    assert {control for change in changes() for control in change["finds"]} <= known


@pytest.mark.parametrize("change", changes(), ids=lambda change: change["title"][:48])
def test_a_change_creates_what_is_new_and_touches_what_is_there(change: dict[str, Any]) -> None:
    kind, body = operation(change)
    before, after = deployed("reference").store, deployed("drifted").store
    resource_id = target(change, group_of(before))
    if kind == "create":
        assert (before.raw(resource_id), after.raw(resource_id) is not None) == (None, True)
    elif kind == "remove":
        assert (before.raw(resource_id) is not None, after.raw(resource_id)) == (True, None)
    else:
        assert before.raw(resource_id) is not None or any(
            target(other, group_of(before)) == resource_id and "create" in other for other in changes()
        )
        assert body["values"]


def test_nothing_differs_but_what_changes_name() -> None:
    before, after = shown("reference"), shown("drifted")
    different = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    group = group_of(deployed("reference").store)
    named = {normalise(target(change, group)) for change in changes()}
    removed = tuple(normalise(target(change, group)) + "/" for change in changes() if "remove" in change)
    others = {key.rpartition("/providers/")[2] for key in different - named if not key.startswith(removed)}
    assert named <= different
    assert others == {
        "microsoft.network/networksecuritygroups/nsg-jumpbox",  # shows its rules inside
        "microsoft.network/publicipaddresses/pip-bastion",  # lost its host with Bastion
        "microsoft.network/virtualnetworks/vnet-chat/subnets/azurebastionsubnet",  # likewise
        "microsoft.network/ddosprotectionplans/ddos-chat",  # lists the networks that it protects
        "microsoft.network/privatednszones/privatelink.vaultcore.azure.net",  # counts its links
    }


@pytest.mark.parametrize(
    ("title", "type_name", "name"),
    [
        ("The workspace was made Owner", "Microsoft.MachineLearningServices/workspaces", "mlw-chat-prod"),
        ("The endpoint may read every blob", "Microsoft.ManagedIdentity/userAssignedIdentities", "id-endpoint"),
    ],
)
def test_roles_granted_in_the_drift_go_to_the_identity_that_they_name(title: str, type_name: str, name: str) -> None:
    change = next(item for item in changes() if item["title"].startswith(title))
    item = next(item for item in deployed("reference").store.of_type(type_name) if item.id.name == name)
    principal = item.body.get("identity", {}).get("principalId") or item.body["properties"].get("principalId")
    assert change["create"]["body"]["properties"]["principalId"] == principal == guid_of(item.id.key, "principal")
