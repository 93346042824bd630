"""The template of the scheduled job: known members, no secret, and what comes of it on the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.model.arm_types import arm_type
from scanner.simulator.states import deploy_state
from scanner.templates import Expansion, Target, expand, read_template
from tests.integrations.ready import JOB, SUBSCRIPTION, hold
from tests.simulator.conftest import NOW, SUB, TOY, Azure

Json = Any
FILE = JOB / "main.json"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/driftline"
VAULT = "https://kv.vault.azure.net/secrets/store"
LEAST = {"workspaceId": WORKSPACE}
MOST = {
    **LEAST,
    "image": "registry.azurecr.io/driftline:1.0.0",
    "registryServer": "registry.azurecr.io",
    "storeSecretUri": VAULT,
    "subnetId": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/jobs",
    "moreArguments": ["--only-new", "store"],
}
#: Members of Microsoft.App at 2025-07-01, from Azure's published type definitions (bicep-types-az), as far as they are used.
MEMBERS = {
    "Microsoft.App/managedEnvironments": {
        "location", "properties.appLogsConfiguration.destination", "properties.vnetConfiguration",
        "properties.vnetConfiguration.infrastructureSubnetId", "properties.vnetConfiguration.internal",
        "properties.workloadProfiles[*].name", "properties.workloadProfiles[*].workloadProfileType",
    },
    "Microsoft.App/jobs": {
        "location", "identity.type", "identity.userAssignedIdentities.*", "properties.environmentId", "properties.workloadProfileName",
        "properties.configuration.triggerType", "properties.configuration.scheduleTriggerConfig.cronExpression",
        "properties.configuration.scheduleTriggerConfig.parallelism",
        "properties.configuration.scheduleTriggerConfig.replicaCompletionCount",
        "properties.configuration.replicaTimeout", "properties.configuration.replicaRetryLimit",
        "properties.configuration.registries[*].server", "properties.configuration.registries[*].identity",
        "properties.configuration.secrets[*].name", "properties.configuration.secrets[*].keyVaultUrl",
        "properties.configuration.secrets[*].identity", "properties.template.containers[*].name",
        "properties.template.containers[*].image", "properties.template.containers[*].args[*]",
        "properties.template.containers[*].env[*].name", "properties.template.containers[*].env[*].value",
        "properties.template.containers[*].env[*].secretRef", "properties.template.containers[*].resources.cpu",
        "properties.template.containers[*].resources.memory",
    },
}  # fmt: skip


GROUP_TOY = f"{SUB}/resourcegroups/rg-toy"


def expansion(given: Json) -> Expansion:
    return expand(
        read_template(FILE), given, Target("", "", SUBSCRIPTION, "rg", "eastus2"), now=datetime(2026, 11, 1, tzinfo=UTC)
    )


def bodies(given: Json) -> dict[str, Json]:
    return {item.type: item.body() for item in expansion(given).resources}


def members(body: Json, at: str = "") -> Iterator[str]:
    """The paths of a body's leaves; the names of a map are any."""
    if isinstance(body, dict) and body:
        for name, item in body.items():
            yield from members(item, f"{at}.{'*' if name.startswith('/') else name}".strip("."))
    elif isinstance(body, list):
        for item in body:
            yield from members(item, f"{at}[*]")
    else:
        yield at


def test_without_an_image_there_is_only_what_roles_are_granted_to() -> None:
    assert sorted(bodies(LEAST)) == [
        "Microsoft.App/managedEnvironments",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
    ]
    assert not expansion(MOST).holes


@pytest.mark.parametrize("given", [LEAST, MOST, {**LEAST, "image": "driftline:1.0.0"}])
def test_every_member_is_one_that_azure_knows(given: Json) -> None:
    for kind, body in bodies(given).items():
        paths = {path for path in members(body) if path not in {"id", "name", "type"}}
        known = arm_type(kind)
        if known is None:
            assert paths <= MEMBERS[kind]
        else:
            assert {path for path in paths if known.spelled(path) != path} == set()
    for item in expansion(given).resources:
        known = arm_type(item.type)
        assert item.api_version == (known.api_version if known is not None else "2025-07-01")


def test_the_job_runs_once_at_its_time_as_its_identity() -> None:
    job = bodies(MOST)["Microsoft.App/jobs"]
    assert job["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    configuration = job["properties"]["configuration"]
    assert configuration["scheduleTriggerConfig"] == {
        "cronExpression": "17 4 * * *",
        "parallelism": 1,
        "replicaCompletionCount": 1,
    }
    assert configuration["replicaRetryLimit"] == 0  # exit code 1 is a finding, and a second scan would find it again
    assert configuration["registries"] == [{"server": "registry.azurecr.io", "identity": IDENTITY}]


def test_the_job_gives_driftline_arguments_that_it_knows() -> None:
    (container,) = bodies(MOST)["Microsoft.App/jobs"]["properties"]["template"]["containers"]
    told = hold(container["args"])
    assert (told["subscriptions"], told["environment"], told["only_new"]) == ([SUBSCRIPTION], "prod", "store")


def test_the_template_holds_no_secret_and_grants_no_role() -> None:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    text = json.dumps(data)
    assert not [word for word in ("listKeys", "sharedKey", "securestring", "roleAssignments", "connectionString") if word in text]
    job = bodies(MOST)["Microsoft.App/jobs"]["properties"]
    assert job["configuration"]["secrets"] == [{"name": "store-url", "keyVaultUrl": VAULT, "identity": IDENTITY}]
    (container,) = job["template"]["containers"]
    assert {item["name"]: item.get("secretRef") for item in container["env"]} == {
        "AZURE_CLIENT_ID": None,
        "AZURE_TOKEN_CREDENTIALS": None,
        "DRIFTLINE_STORE": "store-url",
    }


def test_it_is_deployed_on_the_simulator_and_the_job_knows_its_identity() -> None:
    azure = Azure(deploy_state(TOY, NOW))
    body = {
        "properties": {
            "mode": "Incremental",
            "template": json.loads(FILE.read_text(encoding="utf-8")),
            "parameters": {name: {"value": value} for name, value in MOST.items()},
        }
    }
    status, record = azure.ask("PUT", "Microsoft.Resources/deployments/driftline", body)
    assert (status, record["properties"]["provisioningState"]) == (201, "Succeeded")
    identity = azure.get("Microsoft.ManagedIdentity/userAssignedIdentities/driftline")["properties"]
    (container,) = azure.get("Microsoft.App/jobs/driftline")["properties"]["template"]["containers"]
    assert {"name": "AZURE_CLIENT_ID", "value": identity["clientId"]} in container["env"]
    assert record["properties"]["outputs"]["principalId"]["value"] == identity["principalId"]
    made = {item["id"].lower() for item in record["properties"]["outputResources"]}
    assert (
        f"{GROUP_TOY}/providers/microsoft.app/managedenvironments/driftline/providers/microsoft.insights/diagnosticsettings/driftline"
        in made
    )
