"""One plan of many fixes: merged, each finding mended once, what others need first, what disrupts last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.model.coverage import Gap
from scanner.model.errors import DriftlineError
from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation, patch_of
from scanner.remediation.plan import Plan
from tests.remediation.planned import ACCOUNTS, GROUP, ITSELF, SUBSCRIPTION, VERSION, account, rule, setting, world

Json = Any
LOCK = {
    "create": {
        "resource": "[concat(field('id'), '/providers/Microsoft.Authorization/locks/driftline')]",
        "api_version": "2020-05-01",
        "body": {"properties": {"level": "CanNotDelete"}},
    }
}
NEVER = {"field": "name", "equals": "never"}


def closed(value: str = "Disabled") -> Json:
    return {"field": "properties.publicNetworkAccess", "equals": value}


def https() -> Json:
    return {"field": "properties.supportsHttpsTrafficOnly", "equals": True}


def told(plan: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    """Kind, last segment of the resource and rules of each step."""
    return [(step.operation.kind.value, step.operation.resource.rpartition("/")[2], step.rules) for step in plan.steps]


def test_sets_of_one_resource_become_one_step(tmp_path: Path) -> None:
    rules = [
        rule(1, closed(), setting(publicNetworkAccess="Disabled"), level="possible"),
        rule(2, https(), setting(supportsHttpsTrafficOnly=True)),
    ]
    plan = world(tmp_path, rules, [account(publicNetworkAccess="Enabled")]).plan()
    (step,) = plan.steps
    assert step.rules == ("TST-001", "TST-002")
    assert step.operation.changes == (
        Change(("properties", "publicNetworkAccess"), "Enabled", "Disabled"),
        Change(("properties", "supportsHttpsTrafficOnly"), ABSENT, True),
    )
    assert step.operation.whole == account(publicNetworkAccess="Disabled", supportsHttpsTrafficOnly=True)
    assert (step.disrupts, step.title, len(step.findings)) == ("possible", "Mend 1; Mend 2", 2)
    assert step.undo is not None
    assert step.undo.changes[::-1] == tuple(Change(item.path, item.after, item.before) for item in step.operation.changes)


def test_two_fixes_that_want_different_things_are_an_error_that_names_both(tmp_path: Path) -> None:
    rules = [
        rule(1, closed(), setting(publicNetworkAccess="Disabled")),
        rule(2, closed("SecuredByPerimeter"), setting(publicNetworkAccess="SecuredByPerimeter")),
    ]
    with pytest.raises(DriftlineError) as caught:
        world(tmp_path, rules, [account(publicNetworkAccess="Enabled")]).plan()
    assert "TST-001 and TST-002 exclude each other" in str(caught.value)
    assert "properties.publicNetworkAccess" in str(caught.value)
    assert "--only" in str(caught.value)


def test_a_set_of_a_whole_object_and_one_of_a_part_of_it_must_agree(tmp_path: Path) -> None:
    whole = {"set": {"resource": ITSELF, "api_version": VERSION, "values": {"properties.networkAcls": {"bypass": "None"}}}}
    part = {"set": {"resource": ITSELF, "api_version": VERSION, "values": {"properties.networkAcls.defaultAction": "Deny"}}}
    with pytest.raises(DriftlineError, match="exclude each other"):
        world(tmp_path, [rule(1, NEVER, whole), rule(2, NEVER, part)], [account()]).plan()


def test_what_several_findings_ask_for_is_done_once(tmp_path: Path) -> None:
    plan = world(tmp_path, [rule(1, NEVER, LOCK), rule(2, NEVER, LOCK)], [account()]).plan()
    assert told(plan) == [("create", "driftline", ("TST-001", "TST-002"))]


def test_what_is_to_be_created_and_is_there_is_changed(tmp_path: Path) -> None:
    lock = {
        "id": f"{ACCOUNTS}/one/providers/Microsoft.Authorization/locks/driftline",
        "properties": {"level": "ReadOnly", "notes": "x"},
    }
    (step,) = world(tmp_path, [rule(1, NEVER, LOCK)], [account(), lock]).plan().steps
    assert (step.operation.kind, step.operation.changes) == (
        Kind.SET,
        (Change(("properties", "level"), "ReadOnly", "CanNotDelete"),),
    )


def test_steps_that_disrupt_come_last_and_those_of_after_first(tmp_path: Path) -> None:
    rules = [
        rule(1, NEVER, setting(a=1), level="yes"),
        rule(
            2,
            {"field": "location", "equals": "x"},
            {"action": {"resource": ITSELF, "operation": "rotate", "api_version": VERSION}},
            after=["TST-001"],
        ),
        rule(3, NEVER, LOCK, level="possible"),
    ]
    plan = world(tmp_path, rules, [account()]).plan()
    assert [step.rules for step in plan.steps] == [("TST-003",), ("TST-001",), ("TST-002",)]
    assert [step.after for step in plan.steps] == [(), (), ("step-002",)]
    assert [step.risky for step in plan.steps] == [True, True, False]


def test_fixes_that_wait_for_each_other_are_an_error(tmp_path: Path) -> None:
    action = {"action": {"resource": ITSELF, "operation": "rotate", "api_version": VERSION}}
    rules = [rule(1, NEVER, setting(a=1), after=["TST-002"]), rule(2, NEVER, action, after=["TST-001"])]
    with pytest.raises(DriftlineError, match="TST-001, TST-002 wait for each other"):
        world(tmp_path, rules, [account()]).plan()


def test_what_is_named_is_made_first_and_what_is_let_go_removed_last(tmp_path: Path) -> None:
    other = f"{ACCOUNTS}/other"
    rules = [
        rule(1, {"field": "name", "notEquals": "one"}, setting(link=f"{ACCOUNTS}/made")),
        rule(
            2,
            {"field": "name", "notEquals": "one"},
            {"create": {"resource": f"[concat('{ACCOUNTS}', '/made')]", "api_version": VERSION, "body": {"location": "x"}}},
            level="yes",
        ),
        rule(3, {"field": "name", "notEquals": "other"}, {"remove": {"resource": ITSELF, "api_version": VERSION}}),
    ]
    bodies = [{**account("one", link=other), "name": "one"}, {**account("other"), "name": "other"}]
    plan = world(tmp_path, rules, bodies).plan()
    assert told(plan) == [("create", "made", ("TST-002",)), ("set", "one", ("TST-001",)), ("remove", "other", ("TST-003",))]


def test_what_goes_needs_no_other_fix_and_takes_what_stands_on_it(tmp_path: Path) -> None:
    setting_of = {
        "id": f"{ACCOUNTS}/one/providers/Microsoft.Insights/diagnosticSettings/logs",
        "properties": {"workspaceId": "/w"},
    }
    rules = [
        rule(1, NEVER, {"remove": {"resource": ITSELF, "api_version": VERSION}}),
        rule(2, https(), setting(supportsHttpsTrafficOnly=True)),
        rule(3, https(), {"manual": {"text": "Decide", "choices": []}}),
    ]
    plan = world(tmp_path, rules, [account(), setting_of]).plan()
    assert told(plan) == [("remove", "logs", ("TST-001",)), ("remove", "one", ("TST-001", "TST-002"))]
    assert [(item.rule, item.by) for item in plan.covered] == [("TST-003", ("TST-001",))]
    assert plan.manual == ()
    assert [step.undo.kind if step.undo else None for step in plan.steps] == [Kind.CREATE, Kind.CREATE]


def test_a_consequence_of_what_is_mended_is_not_asked_of_people(tmp_path: Path) -> None:
    rules = [
        rule(1, closed(), setting(publicNetworkAccess="Disabled")),
        rule(2, https(), {"manual": {"text": "Decide", "choices": []}}, consequence_of=["TST-001"]),
    ]
    here = world(tmp_path, rules, [account()])
    plan = here.plan()
    assert ([item.rule for item in plan.covered], plan.manual) == (["TST-002"], ())


def test_a_value_that_was_not_read_is_left_to_people_with_the_reason(tmp_path: Path) -> None:
    computed = {"set": {"resource": ITSELF, "api_version": VERSION, "values": {"properties.x": "[component('mlVault').id]"}}}
    plan = world(tmp_path, [rule(1, NEVER, computed, setting(y=1))], [account()]).plan()
    assert plan.steps == ()
    assert [(item.rule, item.title) for item in plan.manual] == [("TST-001", "Mend 1")]
    assert "properties.x is not known: component mlVault" in plan.manual[0].reason


def test_what_may_be_there_already_is_not_created(tmp_path: Path) -> None:
    make = {
        "create": {
            "resource": f"[concat('{SUBSCRIPTION}', '/resourceGroups/other/providers/Microsoft.Storage/storageAccounts/x')]",
            "api_version": VERSION,
            "body": {},
        }
    }
    gap = Gap(scope=f"{SUBSCRIPTION}/resourceGroups/other", what="Microsoft.Storage/storageAccounts", reason="403", permission="")
    plan = world(tmp_path, [rule(1, NEVER, make)], [account()], [gap]).plan()
    assert plan.steps == ()
    assert "is there already is not known" in plan.manual[0].reason


def test_each_and_when_make_one_step_per_element(tmp_path: Path) -> None:
    step = {
        "remove": {
            "each": "[field('properties.strays')]", "when": {"value": "[current().bad]", "equals": True},
            "resource": f"[concat('{ACCOUNTS}/', current().name)]",
        }
    }  # fmt: skip
    strays = [{"name": "two", "bad": True}, {"name": "three", "bad": False}, {"name": "four", "bad": True}]
    rules = [rule(1, {"field": "properties.strays", "exists": False}, step)]
    plan = world(tmp_path, rules, [account(strays=strays), account("two"), account("three"), account("four")]).plan()
    assert sorted(told(plan)) == [("remove", "four", ("TST-001",)), ("remove", "two", ("TST-001",))]


def test_choices_are_spelled_out_from_the_snapshot(tmp_path: Path) -> None:
    step = {"manual": {"text": "Decide on {location}", "choices": ["Keep {sku.name}", "[createArray('a', field('location'))]"]}}
    (item,) = world(tmp_path, [rule(1, NEVER, step)], [account()]).plan().manual
    assert (item.text, item.choices) == ("Decide on eastus2", ("Keep Standard_ZRS", "a", "eastus2"))


def test_every_element_of_a_wild_path_is_set_and_null_takes_a_member_away(tmp_path: Path) -> None:
    step = {
        "set": {"resource": ITSELF, "api_version": VERSION, "values": {"properties.rules[*].on": True, "properties.open": None}}
    }
    body = account(rules=[{"on": False}, {"on": True}, {}], open={"a": 1})
    (found,) = world(tmp_path, [rule(1, NEVER, step)], [body]).plan().steps
    assert [(item.text, item.before, item.after) for item in found.operation.changes] == [
        ("properties.rules[0].on", False, True), ("properties.rules[2].on", ABSENT, True), ("properties.open", {"a": 1}, ABSENT),
    ]  # fmt: skip
    assert patch_of(found.operation) == {"properties": {"rules": [{"on": True}, {"on": True}, {"on": True}], "open": None}}


def test_what_holds_a_secret_cannot_be_made_again(tmp_path: Path) -> None:
    rules = [rule(1, NEVER, {"remove": {"resource": ITSELF, "api_version": VERSION}})]
    (step,) = world(tmp_path, rules, [account(password="(removed: secret)")]).plan().steps
    assert (step.undo, "secrets never are" in step.undo_note) == (None, True)


def test_what_cannot_be_undone_says_why(tmp_path: Path) -> None:
    final = {
        "set": {
            "resource": ITSELF,
            "api_version": VERSION,
            "values": {"properties.x": 1},
            "irreversible": "Azure keeps it for ever",
        }
    }
    action = {"action": {"resource": ITSELF, "operation": "rotate", "api_version": VERSION}}
    plan = world(tmp_path, [rule(1, NEVER, final), rule(2, NEVER, action)], [account()]).plan()
    assert {step.undo_note for step in plan.steps} == {"Azure keeps it for ever", "rotate cannot be undone"}


def test_a_step_waits_for_what_people_do_first(tmp_path: Path) -> None:
    rules = [
        rule(1, https(), {"manual": {"text": "Make the endpoint", "choices": []}}),
        rule(2, closed(), setting(publicNetworkAccess="Disabled"), after=["TST-001"]),
    ]
    (step,) = world(tmp_path, rules, [account()]).plan().steps
    assert step.waits_for == ("TST-001: Account is as agreed (one)",)


def test_requires_that_does_not_hold_leaves_it_to_people(tmp_path: Path) -> None:
    rules = [rule(1, NEVER, setting(x=1), requires={"field": "location", "equals": "westus"})]
    plan = world(tmp_path, rules, [account()]).plan()
    assert (plan.steps, plan.manual[0].reason) == ((), "it needs a decision here")


def test_a_rule_without_a_fix_is_left_to_people(tmp_path: Path) -> None:
    plan = world(tmp_path, [rule(1, NEVER)], [account()]).plan()
    assert (plan.steps, plan.manual[0].reason) == ((), "its rule has no fix")


def test_a_set_that_changes_nothing_is_no_step(tmp_path: Path) -> None:
    plan = world(tmp_path, [rule(1, NEVER, setting(x="A"))], [account(x="a")]).plan()
    assert (plan.steps, plan.manual[0].reason) == ((), "one has these values already")


def test_the_group_of_a_resource_can_be_removed_from_by_operations_alone() -> None:
    operation = Operation(Kind.ACTION, f"{GROUP}/providers/A.B/c/d", "1", action="go", body={})
    assert (operation.path, operation.method, operation.type) == (f"{GROUP}/providers/A.B/c/d/go", "POST", "A.B/c")
