"""Small templates for the tests: what is written, and what it leads to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from scanner.templates import Expansion, Target, TemplateFile, expand, parse_template

Json = Any
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
HERE = Target(subscription=SUBSCRIPTION, group="rg", location="eastus2")
ACCOUNT = "Microsoft.Storage/storageAccounts"


def resource(name: str, resource_type: str = ACCOUNT, **members: Json) -> Json:
    return {"type": resource_type, "apiVersion": "2024-01-01", "name": name, **members}


def template(*resources: Json, **members: Json) -> Json:
    return {"contentVersion": "1.0.0.0", "resources": list(resources), **members}


def nested(name: str, inner: Json, *, scope: str = "inner", **members: Json) -> Json:
    """A deployment with its template; `parameters` go into its properties."""
    properties: Json = {"mode": "Incremental", "expressionEvaluationOptions": {"scope": scope}, "template": inner}
    if "parameters" in members:
        properties["parameters"] = members.pop("parameters")
    return resource(name, "Microsoft.Resources/deployments", properties=properties, **members)


def read(data: Json) -> TemplateFile:
    return parse_template(data if isinstance(data, str) else json.dumps(data, indent=1), "main.json")


def expanded(data: Json, given: Json = None, target: Target = HERE) -> Expansion:
    return expand(read(data), given or {}, target, now=NOW)


def bodies(data: Json, given: Json = None, target: Target = HERE) -> dict[str, Json]:
    """The bodies that come to be, by what follows the group's id."""
    return {
        item.id.removeprefix(GROUP).removeprefix("/providers/"): item.body() for item in expanded(data, given, target).resources
    }


def outputs(data: Json, given: Json = None, target: Target = HERE) -> dict[str, Json]:
    return {name: item["value"] for name, item in expanded(data, given, target).main.outputs().items()}


def output(expression: Json, **members: Json) -> Json:
    """The value of one output of a template with these members."""
    return outputs(template(outputs={"x": {"type": "string", "value": expression}}, **members))["x"]
