"""The deployment templates are sound ARM: known types, writable properties, agreed versions, and an order that can be deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.model.arm_types import ArmType, arm_type
from scanner.model.packaged import packaged
from scanner.model.resource_id import normalise, parent_key
from scanner.model.unknown import Unknown
from scanner.templates import Expansion, Instance, Target, expand, read_template

FOLDER = packaged("baselines", "openai-chat", "deployment")
REFERENCE: dict[str, Any] = yaml.safe_load((FOLDER / "reference.yaml").read_text(encoding="utf-8"))
#: The parts, in the order of deployment; main.json is made of them.
TEMPLATES: list[str] = [item["file"] for item in REFERENCE["templates"]]
SCHEMAS = {
    "resourceGroup": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "subscription": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
}
#: Discriminators of which the path table keeps one member only; the others as Microsoft's type definitions list them.
DISCRIMINATORS = {
    "outboundRules properties.type": {"PrivateEndpoint", "FQDN", "ServiceTag"},
    "workspaces properties.managedNetwork.outboundRules.*.type": {"PrivateEndpoint", "FQDN", "ServiceTag"},
    "computes properties.computeType": {"ComputeInstance", "AmlCompute"},
    "connections properties.authType": {"AAD", "ManagedIdentity"},
    "deployments properties.scaleSettings.scaleType": {"Default", "TargetUtilization"},
    "metricAlerts properties.criteria.odata.type": {"Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"},
}


@cache
def template(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def expansion(name: str) -> Expansion:
    """A template with its defaults, as it is deployed."""
    subscription, group = REFERENCE["subscription"]["id"], REFERENCE["resourceGroup"]
    scope = next(item.get("scope", "") for item in REFERENCE["templates"] if item["file"] == name)
    target = Target("", "", subscription, "" if scope else group["name"], group["location"])
    return expand(read_template(FOLDER / name), {}, target, now=datetime(2026, 11, 1, tzinfo=UTC))


def resources() -> Iterator[tuple[str, Instance]]:
    for name in TEMPLATES:
        for instance in expansion(name).resources:
            yield name, instance


def label(instance: Instance) -> str:
    return f"{instance.type} {instance.name}"


def test_the_reference_deploys_every_template_once() -> None:
    parts = {path.name for path in FOLDER.glob("*.json")} - {"main.json"}
    assert sorted(TEMPLATES) == sorted(name for name in parts if not name.startswith("parameters."))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_schema_version_and_nothing_unknown(name: str) -> None:
    scope = next(item.get("scope", "resourceGroup") for item in REFERENCE["templates"] if item["file"] == name)
    found = template(name)
    assert (found["$schema"], found["contentVersion"]) == (SCHEMAS[scope], "1.0.0.0")
    assert set(found) <= {"$schema", "contentVersion", "metadata", "parameters", "variables", "resources"}
    assert found["metadata"]["description"]
    assert all(parameter["metadata"]["description"] for parameter in found.get("parameters", {}).values())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_reads_as_one_writes_it(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == json.dumps(template(name), indent=2) + "\n"


def test_secrets_come_from_parameters_that_default_to_placeholders() -> None:
    written = []
    for name, instance in resources():
        properties = instance.source.get("properties", {})
        secret = properties.get("value") or properties.get("osProfile", {}).get("adminPassword")
        if secret is not None:
            found = re.fullmatch(r"\[parameters\('(\w+)'\)\]", secret)
            assert found is not None, f"{label(instance)} holds a secret"
            parameter = template(name)["parameters"][found[1]]
            written.append((instance.name, parameter["type"], parameter["defaultValue"]))
    assert sorted(written) == [
        ("kv-chat-prod/endpoint-chat-key", "securestring", "[newGuid()]"),
        ("kv-chat-prod/gateway-certificate", "securestring", "[newGuid()]"),
        ("vm-jumpbox", "securestring", "[newGuid()]"),
    ]


def test_what_the_reference_sets_some_template_takes() -> None:
    declared = {key for name in TEMPLATES for key in template(name).get("parameters", {})}
    assert set(REFERENCE["parameters"]) <= declared


def test_every_declared_name_is_used() -> None:
    unused = [
        (name, kind, key)
        for name in TEMPLATES
        for kind in ("parameters", "variables")
        for key in template(name).get(kind, {})
        if f"{kind}('{key}')" not in json.dumps(template(name))
    ]
    assert unused == []


def test_no_resource_stands_twice() -> None:
    seen = [instance.key for _, instance in resources()]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("instance", [instance for _, instance in resources()], ids=label)
def test_a_resource_writes_only_what_its_type_has(instance: Instance) -> None:
    known = arm_type(instance.type)
    assert known is not None, f"{instance.type} is not in the path table"
    assert (instance.type, instance.api_version) == (known.name, known.api_version)
    body = {key: value for key, value in instance.body().items() if key not in ("id", "name", "type")}
    assert list(faults(body, "", known)) == []


@pytest.mark.parametrize(
    ("properties", "wrong"),
    [
        ({"publicNetworkAcces": "Disabled"}, "properties.publicNetworkAcces is not a property"),
        ({"PublicNetworkAccess": "Disabled"}, "properties.PublicNetworkAccess is not a property"),
        ({"publicNetworkAccess": "Closed"}, "properties.publicNetworkAccess is 'Closed', none of"),
        ({"networkAcls": {"ipRules": [{"action": "Deny"}]}}, "properties.networkAcls.ipRules[*].action is 'Deny', none of"),
        ({"creationTime": "2026-01-01"}, "properties.creationTime is computed by Azure"),
        ({"allowSharedKeyAccess": "false"}, "properties.allowSharedKeyAccess is 'false', not a bool"),
        ({"keyPolicy": {"keyExpirationPeriodInDays": True}}, "properties.keyPolicy.keyExpirationPeriodInDays is True, not a"),
    ],
)
def test_a_property_that_azure_would_refuse_is_seen(properties: dict[str, Any], wrong: str) -> None:
    known = arm_type("Microsoft.Storage/storageAccounts")
    assert known is not None
    assert [found[: len(wrong)] for found in faults({"properties": properties}, "", known)] == [wrong]


def faults(value: Any, path: str, known: ArmType) -> Iterator[str]:
    """What is wrong with a value at a path of the table, down to its leaves."""
    if isinstance(value, dict):
        for key, item in value.items():
            inner = f"{path}.{key}" if path else key
            if known.spelled(inner) is None and known.spelled(f"{path}.*") is not None:
                inner = f"{path}.*"
            if known.spelled(inner) != inner:
                yield f"{inner} is not a property; did you mean {known.spelled(inner) or known.closest(inner)!r}?"
            else:
                yield from faults(item, inner, known)
    elif isinstance(value, list):
        for item in value:
            yield from faults(item, f"{path}[*]", known)
    elif not isinstance(value, Unknown):
        yield from leaf_faults(value, path, known)


def leaf_faults(value: Any, path: str, known: ArmType) -> Iterator[str]:
    kind = known.kind(path)
    if "readonly" in kind:
        yield f"{path} is computed by Azure"
    kind = kind.removesuffix(" readonly").removesuffix(" open")
    if kind.startswith("enum["):
        allowed = {item.lower() for item in kind[len("enum[") : -1].split(",")}
        if str(value).lower() not in allowed:
            yield f"{path} is {value!r}, none of {sorted(allowed)}"
    elif kind.startswith("'"):
        allowed = DISCRIMINATORS.get(f"{known.name.rpartition('/')[2]} {path}", {kind.strip("'")})
        if value not in allowed:
            yield f"{path} is {value!r}, none of {sorted(allowed)}"
    elif kind == "bool" and not isinstance(value, bool):
        yield f"{path} is {value!r}, not a bool"
    elif kind == "int" and (isinstance(value, bool) or not isinstance(value, int)):
        yield f"{path} is {value!r}, not a number"
    elif kind == "string" and not isinstance(value, str):
        yield f"{path} is {value!r}, not a string"


def test_each_id_leads_to_something_deployed_before() -> None:
    before: set[str] = set()
    wrong: list[str] = []
    for name in TEMPLATES:
        own = {item.key: item for item in expansion(name).resources}
        for instance in own.values():
            waits_for = closure(instance)
            for target in ids_in(instance):
                owner = owner_of(target, set(own) | before)
                if owner is None:
                    wrong.append(f"{name}: {label(instance)} refers to {target}, which nothing deploys before")
                elif owner in own and owner != instance.key and owner not in waits_for:
                    wrong.append(f"{name}: {label(instance)} does not depend on {owner}")
        before |= set(own)
    assert wrong == []


def ids_in(instance: Instance) -> Iterator[str]:
    """Every resource of the workload that a resource names in its body, and what it stands on."""
    pending: list[Any] = [value for key, value in instance.body().items() if key != "id"]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and "/resourcegroups/" in value.lower() and "/providers/" in value.lower():
            yield normalise(value)
        pending.extend([*value.values(), *value] if isinstance(value, dict) else value if isinstance(value, list) else [])
    above = parent_key(instance.key)
    if "/providers/" in above:
        yield above


def closure(instance: Instance) -> set[str]:
    """What a resource waits for, over all steps."""
    found: set[str] = set()
    open_ends = [instance]
    while open_ends:
        for entry in open_ends.pop().depends:
            for one in instance.deployment.depended(entry) or ():
                if one.key not in found:
                    found.add(one.key)
                    open_ends.append(one)
    return found


def owner_of(target: str, deployed: set[str]) -> str | None:
    """The resource that a reference leads to: itself, or the one that holds it inside (a subnet, a probe)."""
    while target not in deployed:
        target = parent_key(target)
        if "/providers/" not in target:
            return None
    return target


def test_the_readme_names_every_template(root: Path) -> None:
    text = (root / "baselines" / "openai-chat" / "deployment" / "README.md").read_text(encoding="utf-8")
    assert [name for name in TEMPLATES if f"`{name}`" not in text] == []


def test_plans_and_online_deployments_scale_as_the_table_says() -> None:
    table = yaml.safe_load((FOLDER.parent / "scale-rules.yaml").read_text(encoding="utf-8"))
    deployed = {}
    for instance in expansion("scaling.json").resources:
        properties = deepcopy(instance.body()["properties"])
        rules = [rule for profile in properties["profiles"] for rule in profile["rules"]]
        assert {rule["metricTrigger"].pop("metricResourceUri") for rule in rules} == {properties["targetResourceUri"]}
        deployed["plan" if "/serverfarms/" in properties["targetResourceUri"] else "onlineDeployment"] = rules
    assert deployed == table
