"""What a rehearsal shows: promises kept and broken, what got worse, and whether the undo leads back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from scanner.model.coverage import Gap
from scanner.model.unknown import ABSENT
from scanner.proof.foresight import foresee
from scanner.proof.proving import prove
from scanner.proof.rehearsal import Rehearsal
from scanner.remediation.operations import Change, Kind, Operation
from scanner.remediation.plan import Plan, ProofState
from scanner.rules.loader import shipped_defaults
from tests.remediation.planned import ACCOUNTS, ITSELF, NOW, VERSION, World, account, rule, setting, world

Json = Any
CLOSED = {"field": "properties.publicNetworkAccess", "equals": "Disabled"}
CLOSE = setting(publicNetworkAccess="Disabled")


def proof(here: World, plan: Plan | None = None) -> Plan:
    return prove(plan or here.plan(), [here.snapshot], here.judge, shipped_defaults(), NOW)


def rules_of(items: Any) -> list[str]:
    return [item.rule for item in items]


def test_a_promise_that_is_kept_is_proven(tmp_path: Path) -> None:
    plan = proof(world(tmp_path, [rule(1, CLOSED, CLOSE)], [account(publicNetworkAccess="Enabled")]))
    assert plan.proof is not None
    assert (plan.proof.holds, rules_of(plan.proof.fixed), plan.steps[0].proof) == (True, ["TST-001"], ProofState.PROVEN)


def test_a_fix_that_does_not_mend_fails_its_proof(tmp_path: Path) -> None:
    plan = proof(world(tmp_path, [rule(1, CLOSED, setting(x=1))], [account()]))
    assert plan.proof is not None
    assert (plan.proof.holds, rules_of(plan.proof.still_failing), plan.steps[0].proof) == (False, ["TST-001"], ProofState.FAILED)
    assert "TST-001 still fails" in plan.steps[0].proof_note


def test_what_fails_only_since_the_fix_is_told_and_speaks_against_its_step(tmp_path: Path) -> None:
    rules = [rule(1, CLOSED, CLOSE), rule(2, {"field": "properties.publicNetworkAccess", "notEquals": "Disabled"})]
    plan = proof(
        world(tmp_path, rules, [account(publicNetworkAccess="Enabled"), account("other", publicNetworkAccess="Disabled")])
    )
    assert plan.proof is not None
    assert [(item.rule, item.where) for item in plan.proof.newly_failing] == [("TST-002", f"{ACCOUNTS}/one")]
    assert plan.steps[0].proof is ProofState.FAILED
    assert "TST-002 fails now" in plan.steps[0].proof_note


def test_what_cannot_be_judged_any_more_is_told(tmp_path: Path) -> None:
    odd = setting(publicNetworkAccess="Disabled", keyPolicy={"keyExpirationPeriodInDays": "soon"})
    young = {"field": "properties.keyPolicy.keyExpirationPeriodInDays", "lessOrEquals": 90}
    here = world(tmp_path, [rule(1, CLOSED, odd), rule(2, young)], [account(keyPolicy={"keyExpirationPeriodInDays": 30})])
    plan = proof(here)
    assert plan.proof is not None
    assert (rules_of(plan.proof.turned_unknown), plan.steps[0].proof) == (["TST-002"], ProofState.FAILED)


def test_what_arm_refuses_is_told_by_its_step(tmp_path: Path) -> None:
    here = world(tmp_path, [rule(1, CLOSED, CLOSE)], [account()])
    step = here.plan().steps[0]
    gone = replace(step, operation=replace(step.operation, resource=f"{ACCOUNTS}/gone"))
    plan = proof(here, replace(here.plan(), steps=(gone,)))
    assert plan.proof is not None
    assert [(item.where, item.words) for item in plan.proof.refused] == [("step-001", "it is not there")]
    assert plan.steps[0].proof is ProofState.FAILED


def test_what_is_no_longer_as_scanned_is_not_changed(tmp_path: Path) -> None:
    here = world(tmp_path, [rule(1, CLOSED, CLOSE)], [account(publicNetworkAccess="SecuredByPerimeter")])
    rehearsal = Rehearsal([here.snapshot], NOW)
    change = Change(("properties", "publicNetworkAccess"), "Enabled", "Disabled")
    said = rehearsal.run(Operation(Kind.SET, f"{ACCOUNTS}/one", VERSION, (change,)))
    assert said == "properties.publicNetworkAccess is no longer what was scanned"
    assert rehearsal.read_again()[0].get(f"{ACCOUNTS}/one") is here.snapshot.get(f"{ACCOUNTS}/one")


def test_what_was_not_read_stays_unknown_after_any_request(tmp_path: Path) -> None:
    locked = {"count": {"related": "extensions:Microsoft.Authorization/locks"}, "greater": 0}
    lock = {
        "create": {
            "resource": "[concat(field('id'), '/providers/Microsoft.Authorization/locks/driftline')]",
            "api_version": "2020-05-01",
            "body": {"properties": {"level": "CanNotDelete"}},
        }
    }
    gap = Gap(scope=f"{ACCOUNTS}/one", what="Microsoft.Authorization/locks", reason="403", permission="")
    here = world(tmp_path, [rule(1, CLOSED, CLOSE, lock), rule(2, locked)], [account()], [gap])
    plan = proof(here)
    assert plan.proof is not None
    assert [step.operation.kind for step in plan.steps] == [Kind.CREATE, Kind.SET]
    assert plan.proof.also_fixed == ()
    assert plan.proof.turned_unknown == ()


def test_the_undo_of_every_kind_leads_back(tmp_path: Path) -> None:
    lock = {
        "create": {
            "resource": "[concat(field('id'), '/providers/Microsoft.Authorization/locks/driftline')]",
            "api_version": "2020-05-01",
            "body": {"properties": {"level": "CanNotDelete"}},
        }
    }
    change = {
        "set": {
            "resource": ITSELF,
            "api_version": VERSION,
            "values": {"properties.publicNetworkAccess": "Disabled", "properties.open": None, "tags.new": "x"},
        }
    }
    remove = {"remove": {"resource": f"[concat('{ACCOUNTS}', '/other')]", "api_version": VERSION}}
    body = account(publicNetworkAccess="Enabled", open={"a": [1, {"b": 2}]})
    plan = proof(
        world(
            tmp_path,
            [rule(1, {"allOf": [CLOSED, {"field": "name", "equals": "x"}]}, lock, change, remove)],
            [body, account("other", x=1)],
        )
    )
    assert plan.proof is not None
    assert plan.proof.not_undone == ()
    assert plan.proof.refused == ()


def test_an_undo_that_forgets_something_is_found(tmp_path: Path) -> None:
    here = world(tmp_path, [rule(1, CLOSED, setting(publicNetworkAccess="Disabled", x=1))], [account()])
    step = here.plan().steps[0]
    assert step.undo is not None
    half = replace(step, undo=replace(step.undo, changes=step.undo.changes[:1]))
    plan = proof(here, replace(here.plan(), steps=(half,)))
    assert plan.proof is not None
    assert [item.where for item in plan.proof.not_undone] == [f"{ACCOUNTS}/one"]
    assert plan.steps[0].proof is ProofState.FAILED


def test_what_a_plan_would_break_is_mended_by_the_plan(tmp_path: Path) -> None:
    follows = {
        "anyOf": [
            {"field": "properties.publicNetworkAccess", "notEquals": "Disabled"},
            {"field": "properties.minimumTlsVersion", "equals": "TLS1_2"},
        ]
    }
    rules = [rule(1, CLOSED, CLOSE), rule(2, follows, setting(minimumTlsVersion="TLS1_2"))]
    here = world(tmp_path, rules, [account(publicNetworkAccess="Enabled")])
    plan = proof(here, foresee(here.scan, here.failures, (), [here.snapshot], here.judge_failures, NOW, {}))
    assert rules_of(plan.foreseen) == ["TST-002"]
    assert [step.rules for step in plan.steps] == [("TST-001", "TST-002")]
    assert plan.steps[0].operation.changes[1] == Change(("properties", "minimumTlsVersion"), ABSENT, "TLS1_2")
    assert plan.proof is not None
    assert plan.proof.holds


def test_what_would_take_back_a_step_is_left_to_the_proof(tmp_path: Path) -> None:
    rules = [
        rule(1, CLOSED, CLOSE),
        rule(2, {"field": "properties.publicNetworkAccess", "notEquals": "Disabled"}, setting(publicNetworkAccess="Enabled")),
    ]
    here = world(tmp_path, rules, [account(publicNetworkAccess="SecuredByPerimeter")])
    plan = proof(here, foresee(here.scan, here.failures, (), [here.snapshot], here.judge_failures, NOW, {}))
    assert plan.proof is not None
    assert (plan.foreseen, rules_of(plan.proof.newly_failing)) == ((), ["TST-002"])


def test_a_decision_that_the_steps_make_needless_is_not_asked_for(tmp_path: Path) -> None:
    either = {"anyOf": [CLOSED, {"field": "properties.x", "equals": 1}]}
    rules = [rule(1, CLOSED, CLOSE), rule(2, either, {"manual": {"text": "Close it, or agree on x", "choices": []}})]
    here = world(tmp_path, rules, [account()])
    plan = foresee(here.scan, here.failures, (), [here.snapshot], here.judge_failures, NOW, {})
    assert (plan.manual, [(item.rule, item.by) for item in plan.covered]) == ((), [("TST-002", ("step-001",))])


def test_what_is_created_and_cannot_be_judged_is_no_loss(tmp_path: Path) -> None:
    make = {
        "create": {
            "resource": f"[concat('{ACCOUNTS}', '/made')]",
            "api_version": VERSION,
            "body": {"location": "x", "properties": {"x": 1, "publicNetworkAccess": "Disabled"}},
        }
    }
    young = {"anyOf": [{"field": "properties.x", "exists": False}, {"value": "[component('mlVault').id]", "equals": "x"}]}
    rules = [
        rule(
            1,
            {"count": {"value": "[createArray(1)]", "name": "n", "where": {"field": "name", "equals": "one"}}, "equals": 0},
            make,
        ),
        rule(2, young),
    ]
    plan = proof(world(tmp_path, rules, [{**account(), "name": "one"}]))
    assert plan.proof is not None
    assert plan.proof.turned_unknown == ()


def test_a_role_for_an_identity_that_the_plan_makes_waits_for_the_next_plan(tmp_path: Path) -> None:
    identify = {"set": {"resource": ITSELF, "api_version": VERSION, "values": {"identity": {"type": "SystemAssigned"}}}}
    role = {
        "create": {
            "resource": "[concat(field('id'), '/providers/Microsoft.Authorization/roleAssignments/driftline')]",
            "api_version": "2022-04-01",
            "body": {"properties": {"principalId": "[field('identity.principalId')]", "roleDefinitionId": "/x"}},
        }
    }
    rules = [
        rule(1, {"field": "identity.type", "equals": "SystemAssigned"}, identify),
        rule(2, {"field": "identity.principalId", "exists": False}, role),
    ]
    here = world(tmp_path, rules, [account()])
    plan = foresee(here.scan, here.failures, (), [here.snapshot], here.judge_failures, NOW, {})
    assert [step.rules for step in plan.steps] == [("TST-001",)]
    assert [(item.rule, "scan and plan again" in item.reason) for item in plan.manual] == [("TST-002", True)]
    assert rules_of(plan.foreseen) == ["TST-002"]


def test_what_only_seems_to_follow_is_asked_of_people_again(tmp_path: Path) -> None:
    rules = [
        rule(1, CLOSED, CLOSE),
        rule(
            2,
            {"field": "properties.x", "equals": 1},
            {"manual": {"text": "Decide on x", "choices": []}},
            consequence_of=["TST-001"],
        ),
    ]
    here = world(tmp_path, rules, [account()])
    plan = foresee(here.scan, here.failures, (), [here.snapshot], here.judge_failures, NOW, {})
    assert ([item.text for item in plan.manual], plan.covered) == (["Decide on x"], ())


def test_what_azure_has_to_look_at_again_is_pending_and_no_loss(tmp_path: Path) -> None:
    odd = setting(publicNetworkAccess="Disabled", keyPolicy={"keyExpirationPeriodInDays": "soon"})
    young = {"field": "properties.keyPolicy.keyExpirationPeriodInDays", "lessOrEquals": 90}
    rules = [rule(1, CLOSED, odd, pending=["TST-002"]), rule(2, young)]
    plan = proof(world(tmp_path, rules, [account(keyPolicy={"keyExpirationPeriodInDays": 30})]))
    assert plan.proof is not None
    assert (plan.proof.holds, rules_of(plan.proof.pending), plan.steps[0].proof) == (True, ["TST-002"], ProofState.PROVEN)
