"""The deployment templates are sound ARM: known types, writable properties, agreed versions, and an order that can be deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scanner.language.expressions import compile_value, is_expression
from scanner.language.functions import STANDARD, Function, FunctionTable
from scanner.model.arm_types import ArmType, arm_type
from scanner.model.packaged import packaged
from scanner.model.yaml_file import load_yaml

FOLDER = packaged("baselines", "openai-chat", "deployment")
TEMPLATES = sorted(path.name for path in FOLDER.glob("*.json"))
SCHEMAS = {
    "resourceGroup": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "subscription": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
}
#: What belongs to the template, not to the body of the resource.
ENVELOPE = {"type", "apiVersion", "name", "scope", "comments", "condition", "dependsOn"}
#: Discriminators of which the path table keeps one member only; the others as Microsoft's type definitions list them.
DISCRIMINATORS = {
    "outboundRules properties.type": {"PrivateEndpoint", "FQDN", "ServiceTag"},
    "workspaces properties.managedNetwork.outboundRules.*.type": {"PrivateEndpoint", "FQDN", "ServiceTag"},
    "computes properties.computeType": {"ComputeInstance", "AmlCompute"},
    "connections properties.authType": {"AAD", "ManagedIdentity"},
    "deployments properties.scaleSettings.scaleType": {"Default", "TargetUtilization"},
    "metricAlerts properties.criteria.odata.type": {"Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"},
}


def _contextual(name: str) -> Function:
    return Function(name, 0, None, lambda *_: None, takes_scope=True)


FUNCTIONS: FunctionTable = STANDARD.extended(
    *map(
        _contextual,
        ("parameters", "variables", "resourceId", "subscriptionResourceId", "reference", "subscription", "resourceGroup"),
    )
)


@cache
def template(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def with_defaults(name: str) -> list[dict[str, Any]]:
    """The resources of a template with ids that a hub may replace as the reference deploys them."""
    text = json.dumps(template(name)["resources"])
    for key, parameter in template(name).get("parameters", {}).items():
        if str(parameter.get("defaultValue")).startswith("[resourceId("):
            text = text.replace(f"[parameters('{key}')]", parameter["defaultValue"])
    return list(json.loads(text))


def reference() -> dict[str, Any]:
    file = load_yaml(FOLDER / "reference.yaml", [])
    assert file is not None
    return file.data


def in_order() -> list[str]:
    return [item["file"] for item in reference()["templates"]]


def resources() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in in_order():
        for resource in template(name)["resources"]:
            yield name, resource


def label(resource: dict[str, Any]) -> str:
    return f"{resource['type']} {resource['name']}"


def path_of(resource_type: str, names: str) -> str:
    """The id below its group, compared without case."""
    provider, *segments = resource_type.split("/")
    pairs = zip(segments, names.split("/"), strict=True)
    return "/".join([provider, *(part for pair in pairs for part in pair)]).lower()


def test_the_reference_deploys_every_template_once() -> None:
    assert sorted(in_order()) == TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_schema_version_and_nothing_unknown(name: str) -> None:
    scope = next(item.get("scope", "resourceGroup") for item in reference()["templates"] if item["file"] == name)
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
    for name, resource in resources():
        properties = resource.get("properties", {})
        secret = properties.get("value") or properties.get("osProfile", {}).get("adminPassword")
        if secret is not None:
            found = re.fullmatch(r"\[parameters\('(\w+)'\)\]", secret)
            assert found is not None, f"{label(resource)} holds a secret"
            parameter = template(name)["parameters"][found[1]]
            written.append((resource["name"], parameter["type"], parameter["defaultValue"]))
    assert sorted(written) == [
        ("kv-chat-prod/endpoint-chat-key", "securestring", "[newGuid()]"),
        ("kv-chat-prod/gateway-certificate", "securestring", "[newGuid()]"),
        ("vm-jumpbox", "securestring", "[newGuid()]"),
    ]


def test_what_the_reference_sets_some_template_takes() -> None:
    declared = {key for name in TEMPLATES for key in template(name).get("parameters", {})}
    assert set(reference()["parameters"]) <= declared


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
    seen = [
        (resource.get("scope", "").lower(), resource["type"].lower(), resource["name"].lower()) for _, resource in resources()
    ]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("resource", [resource for _, resource in resources()], ids=label)
def test_a_resource_writes_only_what_its_type_has(resource: dict[str, Any]) -> None:
    known = arm_type(resource["type"])
    assert known is not None, f"{resource['type']} is not in the path table"
    assert (resource["type"], resource["apiVersion"]) == (known.name, known.api_version)
    body = {key: value for key, value in resource.items() if key not in ENVELOPE}
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
    elif not (isinstance(value, str) and is_expression(value)):
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


def test_expressions_parse_with_the_functions_that_deployments_have() -> None:
    for name in TEMPLATES:
        compile_value({key: value for key, value in template(name).items() if not key.startswith("$")}, FUNCTIONS)


def test_each_reference_leads_to_something_deployed_before() -> None:
    before: set[str] = set()
    wrong: list[str] = []
    for name in in_order():
        own = {
            path_of(item["type"], item["name"]): item
            for item in with_defaults(name)
            if not is_expression(item["name"]) and "scope" not in item
        }
        for resource in with_defaults(name):
            me = "" if is_expression(resource["name"]) or "scope" in resource else path_of(resource["type"], resource["name"])
            waits_for = closure(resource, own)
            for target in references(resource):
                owner = owner_of(target, set(own) | before)
                if owner is None:
                    wrong.append(f"{name}: {label(resource)} refers to {target}, which nothing deploys before")
                elif owner in own and owner != me and owner not in waits_for:
                    wrong.append(f"{name}: {label(resource)} does not depend on {owner}")
        before |= set(own)
    assert wrong == []


def references(resource: dict[str, Any]) -> Iterator[str]:
    """Every resource that a resource names, and its parent."""
    body = {key: value for key, value in resource.items() if key != "dependsOn"}
    for call in compile_value(body, FUNCTIONS).calls:
        if call.name == "resourceId":
            assert all(isinstance(item, str) for item in call.literals), f"{label(resource)} computes a name: not followed here"
            yield path_of(call.literals[0], "/".join(call.literals[1:]))
    if "scope" not in resource and resource["name"].count("/"):
        yield path_of(resource["type"].rpartition("/")[0], resource["name"].rpartition("/")[0])


def closure(resource: dict[str, Any], own: dict[str, dict[str, Any]]) -> set[str]:
    """What a resource waits for, over all steps."""
    found: set[str] = set()
    open_ends = [resource]
    while open_ends:
        for call in compile_value(open_ends.pop().get("dependsOn", []), FUNCTIONS).calls:
            target = path_of(call.literals[0], "/".join(call.literals[1:]))
            assert target in own, f"{label(resource)} depends on {target}, which its template does not have"
            if target not in found:
                found.add(target)
                open_ends.append(own[target])
    return found


def owner_of(target: str, deployed: set[str]) -> str | None:
    """The resource that a reference leads to: itself, or the one that holds it inside (a subnet, a probe)."""
    while target not in deployed:
        if target.count("/") < 4:
            return None
        target = target.rpartition("/")[0].rpartition("/")[0]
    return target


def test_the_readme_names_every_template(root: Path) -> None:
    text = (root / "baselines" / "openai-chat" / "deployment" / "README.md").read_text(encoding="utf-8")
    assert [name for name in TEMPLATES if f"`{name}`" not in text] == []
