"""States: what is deployed and changed, and every fault of a state or template with its file and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.simulator.state_file import parse_duration
from scanner.simulator.states import deploy_state

STATES = Path(__file__).parent / "states"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = """\
state: mine
tenant: 11111111-1111-4111-8111-111111111111
subscription: {id: 22222222-2222-4222-8222-222222222222, name: sub}
resourceGroup: {name: rg, location: eastus2}
templates:
  - {file: main.json}
"""
GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg"
ACCOUNT = {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2026-04-01", "name": "st", "location": "eastus2"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a state with one template; the state's path."""

    def make(state: str = HEAD, template: Any = None, **members: Any) -> Path:
        whole = template if template is not None else {"resources": [ACCOUNT], **members}
        text = whole if isinstance(whole, str) else json.dumps(whole, indent=1)
        (tmp_path / "main.json").write_text(text, encoding="utf-8")
        (tmp_path / "state.yaml").write_text(state, encoding="utf-8")
        return tmp_path / "state.yaml"

    return make


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        deploy_state(path, NOW)
    return [str(fault) for fault in raised.value.faults]


def test_changes_are_made_after_deployment(deploy: Any) -> None:
    before, after = deploy(STATES / "toy.yaml"), deploy(STATES / "toy-changed.yaml")
    rules = after.get("Microsoft.Network/networkSecurityGroups/nsg-toy")["properties"]["securityRules"]
    assert [rule["name"] for rule in rules] == ["allow-https", "debug"]
    account = after.get("Microsoft.Storage/storageAccounts/sttoy")["properties"]
    assert (account["allowSharedKeyAccess"], account["keyCreationTime"]["key1"]) == (True, "2025-11-13T12:00:00.0000000Z")
    secret = after.get("Microsoft.KeyVault/vaults/kv-toy/secrets/endpoint-key")["properties"]["attributes"]
    assert secret["updated"] == int((NOW - timedelta(days=120)).timestamp())
    zone = "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
    assert [len(item.get(f"{zone}/virtualNetworkLinks")) for item in (before, after)] == [1, 0]
    assert {item.id.key for item in before.deployed.store.everything()} - {
        item.id.key for item in after.deployed.store.everything()
    } == {
        "/subscriptions/22222222-2222-4222-8222-222222222222/resourcegroups/rg-toy/providers/"
        + f"{zone}/virtualNetworkLinks/link-toy".lower()
    }


def test_the_same_state_and_clock_give_the_same_bodies() -> None:
    def bodies() -> list[Any]:
        return [item.body for item in deploy_state("drifted", NOW).store.everything()]

    assert bodies() == bodies()


def test_a_template_is_a_state_of_its_own(write: Any) -> None:
    path = write().with_name("main.json")
    deployed = deploy_state(path, NOW)
    (account,) = deployed.store.of_type("Microsoft.Storage/storageAccounts")
    assert (account.id.resource_group, deployed.principals[0].name) == ("rg-simulated", "scanner")


def test_resources_wait_for_what_they_depend_on(write: Any) -> None:
    service = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers", "apiVersion": "2026-04-01", "name": "st/default/one",
        "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', 'st')]"],
    }  # fmt: skip
    store = deploy_state(write(resources=[service, ACCOUNT]), NOW).store
    assert store.get(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st/blobServices/default/containers/one") is not None


def test_children_inside_a_resource_and_conditions_are_understood(write: Any) -> None:
    child = {"type": "blobServices", "apiVersion": "2026-04-01", "name": "default", "properties": {"isVersioningEnabled": True}}
    off = {**ACCOUNT, "name": "off", "condition": "[equals(1, 2)]"}
    store = deploy_state(write(resources=[{**ACCOUNT, "resources": [child]}, off]), NOW).store
    assert [item.id.name for item in store.of_type("Microsoft.Storage/storageAccounts")] == ["st"]
    body = store.get(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st/blobServices/default")
    assert body is not None
    assert body["properties"]["isVersioningEnabled"] is True


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("state: [", ["state.yaml:1: is not YAML: did not find expected node content"]),
        ("[]", ["state.yaml:1: Input should be a valid dictionary or instance of StateShape"]),
        ("state: x\n", [f'state.yaml:1: "{key}" is missing' for key in ("resourceGroup", "subscription", "templates", "tenant")]),
        (HEAD + "extra: 1\n", ["state.yaml:7: extra: Extra inputs are not permitted"]),
        (HEAD.replace("11111111-1111-4111-8111-111111111111", "here"), ["state.yaml:2: tenant: String should match pattern"]),
        (HEAD + "deployed: P1Y\n", ["state.yaml:7: deployed: 'P1Y' is not a duration"]),
        (HEAD + "principals:\n  - {name: a}\n", [f"state.yaml:8: principals.0.{key}: Field required" for key in ("clientId", "objectId", "secret")]),
        (
            HEAD + "principals:\n  - {name: a, clientId: 33333333-0000-4000-8000-000000000001, "
            "objectId: 44444444-0000-4000-8000-000000000001, secret: s,\n     roles: [{role: Raeder, scope: subscription}]}\n",
            ['state.yaml:9: the role "Raeder" is neither built in nor defined under roles'],
        ),
        (HEAD.replace("main.json", "other.json"), ["state.yaml:6: there is no template other.json beside the state"]),
        (HEAD + "from: state.yaml\n", ["state.yaml:7: states inherit from each other without end"]),
        (HEAD + "changes:\n  - {title: a}\n", ["state.yaml:8: changes.0: a change has exactly one of create, set and remove"]),
        (
            HEAD + "changes:\n  - {title: a, remove: {resource: providers/Microsoft.Web/sites/none}}\n",
            [f"state.yaml:8: {GROUP}/providers/Microsoft.Web/sites/none is not there to remove"],
        ),
        (
            HEAD + "changes:\n  - title: a\n    set: {resource: providers/Microsoft.Storage/storageAccounts/st,\n"
            "          values: {sku.name.x: 1}}\n",
            [f"state.yaml:10: sku.name.x does not lead into {GROUP}/providers/Microsoft.Storage/storageAccounts/st"],
        ),
        (
            HEAD + "changes:\n  - title: a\n    set: {resource: providers/Microsoft.Storage/storageAccounts/st,\n"
            "          values: {properties.creationTime: {ago: P6M}}}\n",
            ["state.yaml:10: 'P6M' is not a duration"],
        ),
        (
            HEAD + "changes:\n  - title: a\n    create: {resource: providers/Microsoft.Web/sites/a/config/web}\n",
            ["state.yaml:9: ParentResourceNotFound: Can not perform requested operation on nested resource."],
        ),
    ],
)  # fmt: skip
def test_a_faulty_state_is_told_with_file_and_line(write: Any, state: str, wanted: list[str]) -> None:
    path = write(state, resources=[{**ACCOUNT, "sku": {"name": "Standard_LRS"}}])
    found = faults(path)
    assert len(found) == len(wanted)
    assert all(one.startswith(start) for one, start in zip(found, wanted, strict=True)), found


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{", "main.json:1: the template is not JSON"),
        ("[]", "main.json:1: the template is no JSON object"),
        ({"resources": [{"type": "a/b"}]}, 'main.json:3: resources[0]: a resource has a "name"'),
        ({"resources": [{**ACCOUNT, "name": "a/b"}]}, "main.json:6: resources[0].name: the name 'a/b' has 2 segments"),
        ({"resources": [{**ACCOUNT, "name": "[nonsense('x')]"}]}, 'main.json:6: resources[0].name: unknown function "nonsense"'),
        ({"resources": [{**ACCOUNT, "tags": {"a": "[variables('no')]"}}]}, "main.json:9: resources[0].tags.a: variables: the template has no variable 'no'"),
        ({"parameters": {"p": {"type": "string"}}, "resources": []}, "main.json:2: parameters: no value is given, and there is no default, for: p (the state gives no value"),
        ({"resources": [{**ACCOUNT, "dependsOn": ["[resourceId('a.b/c', 'd')]"]}]}, "main.json:8: resources[0].dependsOn: the resource '/subscriptions/2222"),
        ({"resources": [{**ACCOUNT, "dependsOn": ["st"]}]}, "main.json:8: resources[0].dependsOn: circular: "),
        ({"resources": [ACCOUNT, ACCOUNT]}, "main.json:9: resources[1]: /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/"),
        ({"resources": [{**ACCOUNT, "copy": {"name": "c", "count": 2}}]}, "main.json:3: resources[0]: /subscriptions/2222"),
        ({"resources": [{**ACCOUNT, "type": "Microsoft.Resources/deployments"}]}, 'main.json:3: resources[0].properties: a deployment has "properties"'),
        ({"resources": [{**ACCOUNT, "type": "Microsoft.Web/sites/config", "name": "a/web"}]}, "main.json:3: resources[0]: /subscriptions/2222"),
        ({"resources": [{**ACCOUNT, "tags": "[reference(resourceId('a.b/c', 'd')).x]"}]}, "main.json:3: resources[0]: /subscriptions/2222"),
    ],
)  # fmt: skip
def test_a_faulty_template_is_told_with_file_and_line(write: Any, template: Any, wanted: str) -> None:
    (found,) = faults(write(template=template))
    assert found.startswith(wanted), found


def test_an_unknown_state_names_the_known_ones() -> None:
    with pytest.raises(DriftlineError, match="Shipped states: drifted, enterprise, reference"):
        deploy_state("refrence", NOW)


@pytest.mark.parametrize(
    ("text", "wanted"), [("P20D", 20 * 86400), ("P2W", 14 * 86400), ("PT36H", 129600), ("P1DT1H1M1S", 90061), ("PT0S", 0)]
)
def test_durations_of_fixed_length_are_read(text: str, wanted: int) -> None:
    assert parse_duration(text) == timedelta(seconds=wanted)


@pytest.mark.parametrize("text", ["P", "PT", "P1M", "P1Y", "20D", "-P1D", "P1.5D", "P1DT", ""])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
