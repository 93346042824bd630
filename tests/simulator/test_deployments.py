"""ARM's deployments API: templates are validated, deployed at once and predicted, and the record says what they made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.simulator.deployments import lenient_json
from tests.templates.shapes import nested, resource, template

Json = Any
AT = "Microsoft.Resources/deployments/main"
DATA = template(
    resource("[parameters('name')]", location="[resourceGroup().location]", sku={"name": "Standard_LRS"}, kind="StorageV2",
             properties={"allowSharedKeyAccess": False}),
    resource("log", "Microsoft.OperationalInsights/workspaces", location="[resourceGroup().location]",
             properties={"sku": {"name": "PerGB2018"}, "retentionInDays": "[length(reference('storage').primaryEndpoints.blob)]"}),
    parameters={"name": {"type": "string"}, "secret": {"type": "securestring", "defaultValue": ""}},
    outputs={"blob": {"type": "string", "value": "[reference(parameters('name')).primaryEndpoints.blob]"}},
)  # fmt: skip
DATA["resources"][1]["properties"]["retentionInDays"] = "[length(reference(parameters('name')).primaryEndpoints.blob)]"


def body(data: Json, **parameters: Json) -> Json:
    given = {name: {"value": value} for name, value in parameters.items()}
    return {"properties": {"mode": "Incremental", "template": data, "parameters": given}}


def test_a_template_is_deployed_and_its_record_says_what_it_made(azure: Any) -> None:
    status, record = azure.ask("PUT", AT, body(DATA, name="stnew", secret="hunter2"))  # no real one
    assert (status, record["properties"]["provisioningState"]) == (201, "Succeeded")
    assert record["properties"]["outputs"]["blob"]["value"] == "https://stnew.blob.core.windows.net/"
    assert "hunter2" not in json.dumps(record)
    assert azure.get("Microsoft.OperationalInsights/workspaces/log")["properties"]["retentionInDays"] == 36
    assert azure.get(AT) == record
    assert [item["properties"]["targetResource"]["resourceName"] for item in azure.get(f"{AT}/operations")["value"]] == [
        "stnew",
        "log",
    ]
    assert azure.ask("DELETE", AT)[0] == 200
    assert azure.ask("GET", AT)[1]["error"]["code"] == "DeploymentNotFound"


def test_a_template_within_is_deployed_where_it_says(azure: Any) -> None:
    inner = template(resource("stinner", location="eastus2", sku={"name": "Standard_LRS"}, kind="StorageV2"))
    assert azure.ask("PUT", AT, body(template(nested("d", inner))))[0] == 201
    assert azure.get("Microsoft.Storage/storageAccounts/stinner")["name"] == "stinner"


def test_validation_and_prediction_change_nothing(azure: Any) -> None:
    before = len(azure.deployed.store.everything())
    assert azure.ask("POST", f"{AT}/validate", body(DATA, name="stnew"))[0] == 200
    status, predicted = azure.ask("POST", f"{AT}/whatIf", body(DATA, name="stnew"))
    kinds = {item["resourceId"].rpartition("/")[2]: item["changeType"] for item in predicted["properties"]["changes"]}
    assert (status, kinds["stnew"], kinds["log"]) == (200, "Create", "Create")
    assert "Ignore" in kinds.values()
    assert len(azure.deployed.store.everything()) == before


@pytest.mark.parametrize(
    ("sent", "status", "code", "words"),
    [
        (body(DATA), 400, "InvalidTemplate", "for: name"),
        (body(template(resource("x/y"))), 400, "InvalidTemplate", "2 segments"),
        (
            body(template(resource("stx", properties="[reference('/subscriptions/s', '1').p]"))),
            400,
            "InvalidTemplate",
            "only Azure knows",
        ),
        (body(template(resource("a/web", "Microsoft.Web/sites/config"))), 404, "DeploymentFailed", "At least one resource"),
        ({"properties": {}}, 400, "InvalidRequestContent", "a template is missing"),
    ],
)
def test_what_arm_refuses_is_refused(azure: Any, sent: Json, status: int, code: str, words: str) -> None:
    found, answer = azure.ask("PUT", AT, sent)
    assert (found, answer["error"]["code"]) == (status, code)
    assert words in answer["error"]["message"]


def test_who_may_not_deploy_is_refused(azure: Any) -> None:
    assert azure.ask("PUT", AT, body(DATA, name="stnew"), who="scanner")[1]["error"]["code"] == "AuthorizationFailed"


def test_what_az_sends_is_understood() -> None:
    sent = b'{"properties": {"mode": "Incremental", template:{ // as in the file\n "resources": [], "a": "b, template: c"}, "parameters": {}}}'
    assert lenient_json(sent) == {
        "properties": {"mode": "Incremental", "template": {"resources": [], "a": "b, template: c"}, "parameters": {}}
    }
    assert lenient_json(b"{nonsense") is None
