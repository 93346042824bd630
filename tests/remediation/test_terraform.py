"""What is rendered is read back by python-hcl2. Terraform's own parser and evaluator were tried by hand; azapi was not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import hcl2
import pytest

from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation
from scanner.remediation.plan import ProofState
from scanner.remediation.renderers.terraform import hcl, render_terraform
from tests.remediation.plans import (
    GROUP,
    HOSTILE,
    LOCK,
    RULE,
    SEARCH,
    STORAGE,
    SUBSCRIPTION,
    TAGS,
    TEXTS,
    VAULT,
    plan,
    set_step,
    step,
    steps,
)

Json = Any
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))|([$%])\4\{", re.DOTALL)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def value(read: Json) -> Json:
    """What python-hcl2 read, as Terraform values: texts without quotes and escapes; expressions stay as they are."""
    if isinstance(read, dict):
        return {value(name): value(item) for name, item in read.items() if name not in ("__is_block__", "__comments__")}
    if isinstance(read, list):
        return [value(item) for item in read]
    if not isinstance(read, str) or not read.startswith('"'):
        return read
    assert read[-1] == '"'
    assert not re.search(r"(?<![$%])(?:\$\$|%%)*[$%]\{", re.sub(r"\$\$\{|%%\{", "", read)), f"a template in {read}"
    return _ESCAPE.sub(_unescaped, read[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else f"{found[4]}{{" if found[4] else _SHORT[found[3]]


def blocks(text: bytes) -> dict[str, tuple[str, Json]]:
    """The resource blocks by label: type and arguments."""
    found = {}
    for block in value(hcl2.loads(text.decode())).get("resource", []):
        ((kind, named),) = block.items()
        ((label, given),) = named.items()
        found[label] = (kind, given)
    return found


@pytest.mark.parametrize("text", [*TEXTS, HOSTILE])
def test_a_string_comes_back(text):
    read = hcl2.loads(f"x = {hcl({text: [text, {'y': text}]})}\n")
    assert value(read) == {"x": {text: [text, {"y": text}]}}


@pytest.mark.parametrize("given", [None, True, False, 0, -3, 1.5, [], {}, [[]], {"a": {}}, [None, {"b": [1, 2]}]])
def test_a_value_comes_back(given):
    assert value(hcl2.loads(f"x = {hcl(given)}\n")) == {"x": given}


def test_every_kind_of_operation_has_its_block():
    found = blocks(render_terraform(plan())["main.tf"])
    chain = {label: given.pop("depends_on", None) for label, (_, given) in found.items()}
    counted = {label for label, (_, given) in found.items() if given.pop("count", None) == "${var.force ? 1 : 0}"}
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    assert found == {
        "s_step-001": ("azapi_resource", {
            "type": "Microsoft.Authorization/locks@2020-05-01", "parent_id": STORAGE, "name": "driftline-keep",
            "body": {"properties": {"level": "CanNotDelete", "notes": "\\"}},
        }),
        "s_step-002": ("azapi_update_resource", {
            "type": "Microsoft.Storage/storageAccounts@2024-01-01", "resource_id": STORAGE,
            "body": {
                "tags": {**TAGS, "kept": "[x]"},
                "properties": {"allowBlobPublicAccess": False, "networkAcls": {"ipRules": [{"value": "1.2.3.4"}]}, "minimumTlsVersion": "TLS1_2"},
            },
        }),
        "s_step-003": ("azapi_update_resource", {
            "type": "Microsoft.KeyVault/vaults@2024-01-01", "resource_id": VAULT, "body": {"properties": {"enablePurgeProtection": True}},
        }),
        "s_step-004": ("azapi_resource_action", {
            "type": "Microsoft.Storage/storageAccounts@2024-01-01", "resource_id": STORAGE, "action": "regenerateKey", "method": "POST",
            "body": {"keyName": "key1"},
        }),
        "s_step-005": ("azapi_resource_action", {
            "type": "Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01", "resource_id": RULE, "method": "DELETE",
        }),
        "s_step-006": ("azapi_resource", {
            "type": "Microsoft.Search/searchServices@2025-05-01", "parent_id": SEARCH.rpartition("/providers/")[0], "name": "srch",
            "location": "westeurope", "tags": {"a": "[b]", "c": "${d}"},
            "identity": [{"type": "SystemAssigned, UserAssigned", "identity_ids": [identity]}],
            "body": {"sku": {"name": "basic"}, "properties": {"replicaCount": 3, "publicNetworkAccess": "disabled", "hostingMode": "[default]"}},
        }),
    }  # fmt: skip
    assert chain == {
        "s_step-001": None,
        "s_step-002": ["${azapi_resource.s_step-001}"],
        "s_step-003": ["${azapi_update_resource.s_step-002}"],
        "s_step-004": ["${azapi_update_resource.s_step-003}"],
        "s_step-005": ["${azapi_update_resource.s_step-002}", "${azapi_resource_action.s_step-004}"],
        "s_step-006": ["${azapi_resource_action.s_step-005}"],
    }
    assert counted == {"s_step-003", "s_step-006"}


def test_the_way_back_writes_the_whole_body_where_a_merge_would_keep_tags():
    found = blocks(render_terraform(plan())["undo.tf.txt"])
    assert list(found) == ["s_step-006", "s_step-005", "s_step-002", "s_step-001"]
    kind, given = found["s_step-002"]
    assert (kind, given["method"]) == ("azapi_resource_action", "PUT")
    assert given["body"] == {
        "location": "westeurope", "tags": {"kept": "[x]"}, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2",
        "properties": {
            "allowBlobPublicAccess": True,
            "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}]},
        },
    }  # fmt: skip
    assert found["s_step-001"][1] == {
        "type": "Microsoft.Authorization/locks@2020-05-01", "resource_id": LOCK, "method": "DELETE",
        "depends_on": ["${azapi_resource_action.s_step-002}"],
    }  # fmt: skip
    assert found["s_step-005"][0] == "azapi_resource"


def test_an_element_that_azapi_knows_by_its_name_goes_only_with_the_whole_body():
    body = {"properties": {"rules": [{"name": "a", "on": 1}, {"name": "b", "on": 1}]}}
    gone = set_step("one", STORAGE, body, Change(("properties", "rules"), body["properties"]["rules"], [{"name": "a", "on": 1}]))
    kept = set_step("one", STORAGE, body, Change(("properties", "rules", 1, "on"), 1, 2))
    less = set_step("one", STORAGE, body, Change(("properties", "rules", 1, "on"), 1, ABSENT))
    kinds = [blocks(render_terraform(plan(steps=(item,)))["main.tf"])["s_one"][0] for item in (gone, kept, less)]
    assert kinds == ["azapi_resource_action", "azapi_update_resource", "azapi_resource_action"]


def test_what_is_taken_away_is_null():
    body = {"properties": {"a": 1, "b": 2}}
    made = set_step("one", STORAGE, body, Change(("properties", "a"), 1, ABSENT))
    assert blocks(render_terraform(plan(steps=(made,)))["main.tf"])["s_one"][1]["body"] == {"properties": {"a": None}}


def test_a_body_with_a_removed_secret_is_left_out_and_what_comes_after_it_too():
    made = step("step-001", Operation(Kind.CREATE, LOCK, "2020-05-01", body={"properties": {"key": "(removed: secret)"}}))
    told = render_terraform(plan(steps=(made, *steps()[1:3])))["main.tf"]
    assert list(blocks(told)) == ["s_step-003"]
    assert "# Left out: it holds what was never read (secrets are removed when they are read)" in told.decode()
    assert "# Left out: it comes after step-001, which is left out" in told.decode()


def test_what_comes_after_a_held_step_waits_for_the_same_variable():
    first, second, *_ = steps()
    found = blocks(render_terraform(plan(steps=(replace(first, proof=ProofState.UNTRIED), second)))["main.tf"])
    assert [given["count"] for _, given in found.values()] == ["${var.force ? 1 : 0}"] * 2


def test_a_resource_group_has_the_type_that_azapi_knows():
    made = set_step("one", f"{SUBSCRIPTION}/resourceGroups/rg", {"tags": {}}, Change(("tags", "owner"), ABSENT, "me"))
    assert (
        blocks(render_terraform(plan(steps=(made,)))["main.tf"])["s_one"][1]["type"]
        == "Microsoft.Resources/resourceGroups@2024-01-01"
    )


def test_comments_stay_on_their_lines():
    for text in render_terraform(plan()).values():
        told = [line.strip() for line in text.decode().splitlines() if "pwned" in line]
        assert [line for line in told if not line.startswith(("#", "parent_id =", "resource_id =", '"'))] == []
