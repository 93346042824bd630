"""Templates are read back by the project's own reader of ARM templates, and deployed into the simulator."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.model.resource_id import ResourceId
from scanner.model.unknown import ABSENT, Unknown
from scanner.remediation.operations import Change, Kind, Operation, writable
from scanner.remediation.plan import Plan, ProofState, Step
from scanner.remediation.renderers.arm import escaped, render_arm
from scanner.simulator import providers
from scanner.simulator.deployment import deploy
from scanner.simulator.states import deploy_state
from scanner.templates import Instance, Target, expand, parse_template
from tests.remediation.plans import (
    HOSTILE,
    LOCK,
    OTHER,
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
from tests.templates.shapes import output

Json = Any
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def expanded(text: bytes, subscription: str = SUBSCRIPTION, *, force: bool = True) -> list[Instance]:
    data = json.loads(text)
    given = {"force": force} if "parameters" in data else {}
    return list(
        expand(
            parse_template(text.decode(), "fix.json"), given, Target(subscription=subscription.rpartition("/")[2]), now=NOW
        ).resources
    )


def own(instance: Instance) -> Json:
    return {name: item for name, item in instance.body().items() if name not in ("id", "name", "type")}


def left_out(text: bytes) -> dict[str, str]:
    """Why steps are left out, by what stands first of them."""
    return {
        item["step"][0].partition(",")[0].partition(":")[0]: item["why"]
        for item in json.loads(text)["metadata"]["driftline"]["leftOut"]
    }


@pytest.mark.parametrize("text", [*TEXTS, HOSTILE, "[[", "[[x", "[[it's", "[]", "[x]", "[[x]", "[[[x]"])
def test_a_text_is_no_expression(text):
    assert output(escaped(text)) == text
    assert output(escaped({text: [text]}), type="object") == {text: [text]}


def test_each_subscription_has_its_file():
    files = render_arm(plan())
    assert sorted(files) == ["fix-1.json", "fix-2.json", "undo-1.json", "undo-2.json"]
    assert sorted(render_arm(plan(steps=steps()[:3]))) == ["fix.json", "undo.json"]


def test_every_body_that_can_be_written_comes_to_be_in_order():
    files = render_arm(plan())
    first, second = expanded(files["fix-1.json"]), expanded(files["fix-2.json"], OTHER)
    assert [(item.id, item.api_version, own(item)) for item in (*first, *second)] == [
        (LOCK, "2020-05-01", {"properties": {"level": "CanNotDelete", "notes": "\\"}}),
        (STORAGE, "2024-01-01", {
            "location": "westeurope", "tags": {**TAGS, "kept": "[x]"}, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2",
            "properties": {
                "allowBlobPublicAccess": False, "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "1.2.3.4"}]}, "minimumTlsVersion": "TLS1_2",
            },
        }),
        (SEARCH, "2025-05-01", dict(steps()[5].operation.body)),
    ]  # fmt: skip
    assert left_out(files["fix-1.json"]) == {
        "step-003": "Left out: it holds what was never read (secrets are removed when they are read)",
        "step-004": "Left out: a template calls no action",
        "step-005": "Left out: a template removes nothing",
    }
    assert left_out(files["fix-2.json"]) == {}


def test_an_extension_stands_on_its_resource_and_each_comes_after_the_one_before():
    (run,) = json.loads(render_arm(plan(steps=steps()[:2]))["fix.json"])["resources"]
    assert {name: run[name] for name in ("type", "name", "resourceGroup")} == {
        "type": "Microsoft.Resources/deployments", "name": "driftline-fix-1", "resourceGroup": HOSTILE,
    }  # fmt: skip
    lock, storage = run["properties"]["template"]["resources"]
    assert (lock["type"], lock["name"], lock["scope"]) == (
        "Microsoft.Authorization/locks", "driftline-keep", "Microsoft.Storage/storageAccounts/stdata",
    )  # fmt: skip
    assert "dependsOn" not in lock
    assert storage["dependsOn"] == [LOCK]


def test_the_way_back_makes_again_what_was_removed_and_sets_what_was():
    files = render_arm(plan())
    rule, storage = expanded(files["undo-1.json"])
    assert (rule.id, own(rule)) == (RULE, {"properties": {"access": "Allow", "priority": 100, "direction": "Inbound"}})
    assert own(storage)["tags"] == {"kept": "[x]"}
    assert "minimumTlsVersion" not in own(storage)["properties"]
    assert left_out(files["undo-1.json"]) == {
        "step-001": "Left out: a template removes nothing",
        "step-003": "Left out: Azure never takes purge protection back",
        "step-004": "Left out: regenerateKey cannot be undone",
    }
    assert left_out(files["undo-2.json"]) == {"step-006": "Left out: a template removes nothing"}


def test_held_steps_wait_for_a_parameter():
    first, second, *_ = steps()
    text = render_arm(plan(steps=(replace(first, proof=ProofState.UNTRIED), second)))["fix.json"]
    assert expanded(text, force=False) == []
    assert [item.id for item in expanded(text)] == [LOCK, STORAGE]
    assert "parameters" not in json.loads(render_arm(plan(steps=steps()[:2]))["fix.json"])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"properties": {"key": "(removed: secret)"}}, "it holds what was never read (secrets are removed when they are read)"),
        ({"properties": {"key": Unknown.because("it was not read")}}, "it holds what is not known: it was not read"),
        ({"properties": {"copy": [{"name": "x", "count": 3, "input": "y"}]}}, "ARM would read its member copy as a directive"),
        ({"condition": False}, "ARM would read its member condition as a directive"),
        ({"Resources": []}, "ARM would read its member Resources as a directive"),
    ],
)
def test_a_body_that_a_template_cannot_hold_is_left_out(body, why):
    made = step("step-001", Operation(Kind.CREATE, STORAGE, "2024-01-01", body=body))
    text = render_arm(plan(steps=(made,)))["fix.json"]
    assert expanded(text) == []
    assert left_out(text) == {"step-001": f"Left out: {why}"}


def test_what_comes_after_a_step_that_is_left_out_is_left_out():
    removed = step("step-001", Operation(Kind.REMOVE, RULE, "2024-05-01", body={}))
    text = render_arm(plan(steps=(removed, steps()[1])))["fix.json"]
    assert left_out(text)["step-002"] == "Left out: it comes after step-001, which is left out"


def test_runs_of_groups_keep_the_order_of_the_plan():
    elsewhere = f"{SUBSCRIPTION}/resourceGroups/rg-b/providers/Microsoft.Storage/storageAccounts/b"
    group, budget = f"{SUBSCRIPTION}/resourceGroups/rg-c", f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/b"
    places = [STORAGE, elsewhere, VAULT, group, budget, f"{group}/providers/Microsoft.Search/searchServices/s"]
    made = [
        step(f"step-{at}", Operation(Kind.CREATE, place, "2024-01-01", body={"location": "x"})) for at, place in enumerate(places)
    ]
    text = render_arm(plan(steps=tuple(made)))["fix.json"]
    assert [item.id for item in expanded(text)] == places
    assert [item.get("dependsOn") for item in json.loads(text)["resources"]] == [
        None, ["driftline-fix-1"], ["driftline-fix-2"], ["driftline-fix-3"],
        [f"{SUBSCRIPTION}/providers/Microsoft.Resources/resourceGroups/rg-c"], [budget],
    ]  # fmt: skip


def test_what_lies_above_subscriptions_is_left_out():
    made = step("step-001", Operation(Kind.CREATE, "/providers/Microsoft.Management/managementGroups/m", "2023-04-01", body={}))
    assert left_out(render_arm(plan(steps=(made,)))["fix.json"]) == {"step-001": "Left out: it lies above subscriptions"}


def test_a_plan_without_steps_gives_a_template_without_resources():
    assert json.loads(render_arm(plan(steps=()))["fix.json"])["resources"] == []


def test_deployed_it_writes_what_the_requests_would():
    deployed = deploy_state("drifted", NOW)
    store, changed_by_requests = copy.deepcopy(deployed.store), copy.deepcopy(deployed.store)
    made = _drift_mended(store)
    for one in made.steps:
        assert one.operation.whole is not None
        providers.write(changed_by_requests, one.operation.resource, writable(one.operation.type, one.operation.whole))
    text = render_arm(made)["fix.json"]
    (subscription,) = made.subscriptions
    written = deploy(parse_template(text.decode(), "fix.json"), Target(store.tenant, "", subscription), {}, store).resources
    assert [item.lower() for item in written] == [one.operation.resource.lower() for one in made.steps]
    assert _shown(store) == _shown(changed_by_requests) != _shown(deployed.store)


def _drift_mended(store: Any) -> Plan:
    """A plan that sets a tag, and a property where there are any, of one resource of each type that the simulator writes."""
    found: dict[str, Step] = {}
    for item in store.everything():
        shown = providers.show(store, item)
        if shown.get("location") and "properties" in shown and item.id.resource_group and item.id.type not in found:
            change = Change(("tags", "mended"), ABSENT, "[yes]")
            found[item.id.type] = set_step(f"step-{len(found):03d}", item.id.text, shown, change)
    assert len(found) > 10
    return plan(steps=tuple(found.values()))


def _shown(store: Any) -> dict[str, Json]:
    return {
        item.id.key: providers.show(store, item) for item in store.everything() if ResourceId.parse(item.id.text).resource_group
    }
