"""The scripts for az, run by bash with a fake az; tests/azure_cli/remediation.py runs them with the real one."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation
from scanner.remediation.plan import Plan, ProofState
from scanner.remediation.renderers.az import render_az
from scanner.remediation.renderers.queries import Expected, expected_of, literal, new_body, place
from tests.remediation.fake_az import GONE, OK, REFUSED, Folder, there
from tests.remediation.plans import HOSTILE, LOCK, RULE, SEARCH, STORAGE, STORED, TEXTS, VAULT, plan, set_step, step

Json = Any
NAMES = {"fix.sh", "undo.sh"}


def before(made: Plan, at: int) -> tuple[str, ...]:
    """What a resource answers that is as a step expects it: to what is asked of it as it was, and as it is wanted."""
    return tuple(text for item in expected_of(made.steps[at].operation) for text in (item.before[1], "[]"))


def after(made: Plan, at: int) -> tuple[str, ...]:
    return tuple(text for item in expected_of(made.steps[at].operation) for text in ("[]", item.after[1]))


def as_it_is(answer: str, **members: str) -> tuple[int, str, str]:
    """A resource with one value that is asked for in one way before and after."""
    return there(answer, answer, **members)


def small(*kinds: Kind, **members: Json) -> Plan:
    """A proven plan of steps of some kinds, each on something of its own."""
    made = {
        Kind.SET: set_step("step-001", STORAGE, STORED, Change(("properties", "allowBlobPublicAccess"), True, False), **members),
        Kind.CREATE: step("step-002", Operation(Kind.CREATE, LOCK, "2020-05-01", body={"properties": {"level": "CanNotDelete"}}), **members),
        Kind.REMOVE: step("step-003", Operation(Kind.REMOVE, RULE, "2024-05-01", body={"properties": {"access": "Allow"}}), **members),
        Kind.ACTION: step("step-004", Operation(Kind.ACTION, STORAGE, "2024-01-01", action="renew", body={"key": "1"}), **members),
    }  # fmt: skip
    return plan(steps=tuple(made[kind] for kind in kinds))


def test_a_dry_run_reads_and_tells_and_writes_nothing(tmp_path):
    made = plan()
    folder = Folder(tmp_path / HOSTILE, made)
    replies = [GONE, there(*before(made, 1), body="{}"), there(*before(made, 2), body="{}"), there()]
    ran = folder.run("fix.sh", replies=[*replies, as_it_is('["Allow",true,"Inbound"]'), GONE])
    assert (ran.code, folder.names, set(ran.methods)) == (0, NAMES, {"get"}), ran.err
    told = [line.partition(" ")[2] for line in ran.out.splitlines() if " would be " in line]
    assert told == [
        "step-001 would be created: it is not there", "step-002 would be changed: it is still what was scanned",
        "step-003 would be changed: it is still what was scanned", "step-004 would be called: it is there",
        "step-005 would be removed: it is still what was scanned", "step-006 would be created: it is not there",
    ]  # fmt: skip
    assert "step-002 Mend stdata (disrupts: possible)\n" in ran.out
    for line in (
        "Disrupts: possible, Clients on 5.6.7.8 lose access",
        "Rules: NET-002, DATA-001",
        "Findings: f-step-002",
        "After: step-001",
    ):
        assert f"    {line}\n" in ran.out
    refused = [line.partition(" ")[2] for line in ran.err.splitlines()]
    assert refused[0] == "step-003 is refused without --force: not proven: it was not tried"


def test_names_and_values_arrive_as_they_are_and_nothing_of_them_is_run(tmp_path):
    made = plan()
    folder = Folder(tmp_path, made)
    replies = [GONE, OK, as_it_is('["CanNotDelete","\\\\"]'), there(*before(made, 1), body='{"x":1}'), OK, there(*after(made, 1))]
    replies += [there(*before(made, 2), body="{}"), OK, there(*after(made, 2)), there(), OK, there()]
    replies += [as_it_is('["Allow",true,"Inbound"]'), OK, GONE, GONE, OK, there(*["x"] * 10)]
    ran = folder.run("fix.sh", "--apply", "--force", replies=replies)
    assert (ran.code, folder.names) == (0, NAMES | {"fix.sh.state"}), ran.err
    assert ran.methods == [
        "get",
        "put",
        "get",
        "get",
        "put",
        "get",
        "get",
        "put",
        "get",
        "get",
        "post",
        "get",
        "get",
        "delete",
        "get",
        "get",
        "put",
        "get",
    ]
    paths = [unquote(options["--url"].partition("?")[0]) for options, _ in ran.calls]
    resources = (
        [LOCK] * 3 + [STORAGE] * 3 + [VAULT] * 3 + [STORAGE, f"{STORAGE}/regenerateKey", STORAGE] + [RULE] * 3 + [SEARCH] * 3
    )
    assert paths == resources
    assert {options["--subscription"] for options, _ in ran.calls} == {
        "1" * 8 + "-1111-1111-1111-" + "1" * 12,
        "2" * 8 + "-2222-2222-2222-" + "2" * 12,
    }
    assert json.loads(ran.calls[1][1]["--body"]) == made.steps[0].operation.body
    assert ran.calls[3][1]["--query"].endswith(f", to_string({new_body(made.steps[1].operation, '')})]")
    assert ran.calls[4][1]["--body"] == '{"x":1}\n'
    assert ran.calls[10][1]["--body"] == '{"keyName":"key1"}'
    assert "step-006 WARNING: Azure took it, and shows location otherwise than it was written" in ran.out


def test_steps_that_are_not_proven_or_wait_for_a_person_are_refused_before_anything(tmp_path):
    steps = small(Kind.SET, Kind.CREATE, Kind.REMOVE).steps
    held = (
        steps[0],
        replace(steps[1], proof=ProofState.FAILED, proof_note="NET-009 fails"),
        replace(steps[2], waits_for=("OPS-001: a\nname",)),
    )
    folder = Folder(tmp_path, plan(steps=held))
    ran = folder.run("fix.sh", "--apply", replies=[])
    assert (ran.code, folder.names, ran.calls) == (1, NAMES, [])
    assert [line.partition(" ")[2] for line in ran.err.splitlines()[:2]] == [
        "step-002 is refused without --force: not proven: it was tried and did not go as promised (NET-009 fails)",
        "step-003 is refused without --force: it waits for a person: OPS-001: a name",
    ]
    one = folder.run("fix.sh", "--apply", "--only", "step-001", replies=[as_it_is("[false]", body="{}")])
    assert (one.code, folder.state) == (0, ["found step-001"])


@pytest.mark.parametrize(
    ("kind", "reply", "words"),
    [
        (Kind.SET, as_it_is('["Else"]', body="{}"), "properties.allowBlobPublicAccess is no longer what was scanned; scan again"),
        (Kind.SET, GONE, "it is not there any more; scan again"),
        (Kind.CREATE, as_it_is('["ReadOnly"]'), "it is there by now, and otherwise than it is to be; scan again"),
        (Kind.REMOVE, as_it_is('["Deny"]'), "properties is no longer what was scanned; scan again"),
        (Kind.ACTION, GONE, "it is not there any more; scan again"),
        (Kind.SET, (1, "ERROR: Not Found({'code': 'x'})", ""), "reading it failed"),
        (Kind.REMOVE, (1, 'ERROR: Not Found({"error":{"code":"SubscriptionNotFound"}})', ""), "reading it failed"),
        (Kind.REMOVE, (1, 'ERROR: Not Found({"error":{"code":"InvalidResourceType"}})', ""), "reading it failed"),
    ],
)
def test_what_is_not_as_it_was_scanned_stops(tmp_path, kind, reply, words):
    folder = Folder(tmp_path, small(kind))
    ran = folder.run("fix.sh", "--apply", replies=[reply])
    assert (ran.code, folder.state) == (1, [])
    assert f"STOPPED: {words}\nStopped at {small(kind).steps[0].id}. Done: nothing.\n" in ran.err
    assert folder.run("fix.sh", replies=[reply]).code == 1


@pytest.mark.parametrize(
    ("kind", "reply"),
    [(Kind.SET, as_it_is("[false]", body="{}")), (Kind.CREATE, as_it_is('["CanNotDelete"]')), (Kind.REMOVE, GONE)],
)
def test_what_is_as_wanted_counts_as_done_and_is_not_undone(tmp_path, kind, reply):
    made = small(kind)
    folder = Folder(tmp_path, made)
    assert folder.run("fix.sh", "--apply", replies=[reply]).code == 0
    assert folder.state == [f"found {made.steps[0].id}"]
    assert folder.run("fix.sh", "--apply", replies=[]).code == 0
    assert folder.run("undo.sh", "--apply", replies=[]).code == 0
    assert folder.state == [f"found {made.steps[0].id}"]


def test_it_goes_on_where_it_stopped(tmp_path):
    folder = Folder(tmp_path, small(Kind.SET, Kind.CREATE, Kind.REMOVE))
    first = folder.run("fix.sh", "--apply", replies=[as_it_is("[true]", body="{}"), OK, as_it_is("[false]"), GONE, REFUSED])
    assert (first.code, folder.state) == (1, ["begun step-001", "done step-001", "begun step-002"])
    assert first.err.splitlines()[0] == 'ERROR: Conflict({"error":{"code":"Conflict","message":"Busy [31m."}})'
    assert first.err.splitlines()[2:] == [
        "Stopped at step-002. Done: step-001.", "Whether step-002 was done is not sure; the next run looks.",
        "Run fix.sh --apply again to go on, or undo.sh --apply to undo what was done.",
    ]  # fmt: skip
    second = folder.run(
        "fix.sh", "--apply", replies=[as_it_is('["CanNotDelete"]'), as_it_is('["Allow"]'), OK, as_it_is('["Allow"]'), GONE]
    )
    assert (second.code, folder.state[3:]) == (0, ["done step-002", "begun step-003", "done step-003"])
    assert folder.run("fix.sh", "--apply", replies=[]).code == 0


def test_another_plan_is_not_taken_for_done(tmp_path):
    folder = Folder(tmp_path, small(Kind.CREATE))
    folder.run("fix.sh", "--apply", replies=[as_it_is('["CanNotDelete"]')])
    other = step("step-002", Operation(Kind.CREATE, LOCK, "2020-05-01", body={"properties": {"level": "ReadOnly"}}))
    (tmp_path / "fix.sh").write_bytes(render_az(plan(steps=(other,)))["fix.sh"])
    assert folder.run("fix.sh", "--apply", replies=[GONE, OK, as_it_is('["ReadOnly"]')]).code == 0


def test_a_step_waits_for_those_before_it_and_for_azure(tmp_path):
    steps = small(Kind.SET, Kind.CREATE).steps
    folder = Folder(tmp_path, plan(steps=(steps[0], replace(steps[1], after=("step-001",)))))
    alone = folder.run("fix.sh", "--apply", "--only", "step-002", replies=[])
    assert alone.code == 1
    assert "step-002 refused: it comes after step-001, which is not done" in alone.out
    slow = [
        as_it_is("[true]", body="{}"),
        OK,
        as_it_is("[true]", state="Updating"),
        as_it_is("[false]"),
        GONE,
        OK,
        GONE,
        as_it_is('["CanNotDelete"]'),
    ]
    assert folder.run("fix.sh", "--apply", replies=slow).code == 0
    failed = Folder(tmp_path / "failed", small(Kind.SET))
    ran = failed.run("fix.sh", "--apply", replies=[as_it_is("[true]", body="{}"), OK, as_it_is("[true]", state="Failed")])
    assert (ran.code, failed.state) == (1, ["begun step-001"])


def test_undo_leads_back_what_was_done_last_first(tmp_path):
    made = small(Kind.SET, Kind.CREATE, Kind.REMOVE, Kind.ACTION)
    folder = Folder(tmp_path, made)
    folder.run(
        "fix.sh",
        "--apply",
        replies=[as_it_is("[true]", body="{}"), OK, as_it_is("[false]"), GONE, OK, as_it_is('["CanNotDelete"]'), REFUSED],
    )
    assert folder.run("undo.sh", replies=[as_it_is('["CanNotDelete"]'), as_it_is("[false]", body="{}")]).methods == ["get", "get"]
    ran = folder.run("undo.sh", "--apply", replies=[as_it_is('["CanNotDelete"]'), OK, GONE, as_it_is("[true]", body="{}")])
    assert (ran.code, ran.methods) == (0, ["get", "delete", "get", "get"])
    assert folder.state[4:] == ["undone step-002", "undone step-001"]
    everything = folder.run("undo.sh", "--all", "--apply", replies=[GONE, OK, as_it_is('["Allow"]')])
    assert (everything.methods, folder.state[-1]) == (["get", "put", "get"], "undone step-003")
    assert "step-004 cannot be undone: renew cannot be undone" in everything.out


def test_undo_stops_where_the_value_is_no_longer_what_was_written(tmp_path):
    folder = Folder(tmp_path, small(Kind.SET))
    folder.run("fix.sh", "--apply", replies=[as_it_is("[true]", body="{}"), OK, as_it_is("[false]")])
    ran = folder.run("undo.sh", "--apply", replies=[as_it_is("[null]", body="{}")])
    assert (ran.code, folder.state[2:]) == (1, [])
    assert "properties.allowBlobPublicAccess is no longer what fix.sh wrote" in ran.err


def test_what_cannot_be_written_is_left_out(tmp_path):
    secret = step("step-001", Operation(Kind.CREATE, STORAGE, "2024-01-01", body={"properties": {"key": "(removed: secret)"}}))
    resolved = step("step-002", Operation(Kind.REMOVE, f"{STORAGE}/blobServices/..", "2024-01-01"), proof=ProofState.UNTRIED)
    ran = Folder(tmp_path, plan(steps=(secret, resolved))).run("fix.sh", "--apply", replies=[])
    assert ran.code == 1
    assert [line.partition(" ")[2] for line in ran.out.splitlines()] == [
        "step-001 left out: it holds what was never read (secrets are removed when they are read)",
        "step-002 left out: its id would become another one in a URL",
    ]


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--only", "step-009"], ["--only"]])
def test_options_that_are_none_are_refused(tmp_path, arguments):
    folder = Folder(tmp_path, small(Kind.SET))
    assert [folder.run(name, *arguments, replies=[]).code for name in sorted(NAMES)] == [2, 2]
    assert folder.run("fix.sh", "--help", replies=[]).out.startswith("Usage: fix.sh [--apply] [--force] [--only STEP]...\n")


def test_shellcheck_has_nothing_to_say(tmp_path):
    for made in (plan(), small(Kind.SET), plan(steps=())):
        for name, content in render_az(made).items():
            ran = subprocess.run(
                [str(Path(sys.executable).with_name("shellcheck")), "--severity=style", "-"],
                input=content,
                capture_output=True,
                check=False,
            )
            assert ran.returncode == 0, f"{name}: {ran.stdout.decode()}"


def test_all_requests_are_relative_and_comments_are_lines(tmp_path):
    for content in render_az(plan()).values():
        text = content.decode()
        assert "management.azure.com" not in text
        assert [line for line in text.splitlines() if line.startswith("# step-001")] == [
            text[text.index("# step-001") :].partition("\n")[0]
        ]
    assert render_az(plan()) == render_az(plan())


def test_queries_name_members_and_hold_values_in_ascii():
    assert place(("properties", "list", 0, "a b", 'q"\\`')) == 'properties.list[0]."a b"."q\\"\\\\`"'
    assert literal({"a": "`\u2019", "b": [None, True, 1.5]}) == '`{"a":"\\u0060\\u2019","b":[null,true,1.5]}`'
    body = {"properties": {"rules": [{"name": "a", "on": 1}, {"name": "b", "on": 1}], "gone": 1}}
    changes = (Change(("properties", "rules", 1, "on"), 1, 2), Change(("properties", "gone"), 1, ABSENT))
    operation = set_step("step-001", STORAGE, body, *changes).operation
    assert new_body(operation, "MARK") == (
        "merge(@, {properties: merge(properties || `{}`, {rules: [properties.rules[0], merge(properties.rules[1] || `{}`, {on: `2`})], "
        'gone: `"MARK"`})})'
    )
    length = "length(properties.rules || `[]`)"
    assert expected_of(operation) == [
        same("the list properties.rules", f"[{length}, properties.rules[0].name, properties.rules[1].name]", '[2,"a","b"]'),
        Expected(
            "properties.rules[1].on",
            ("[properties.rules[1].on == `1`]", "[true]"),
            ("[properties.rules[1].on == `2`]", "[true]"),
            "open",
        ),
        Expected("properties.gone", ("[properties.gone == `1`]", "[true]"), ("[properties.gone]", "[null]"), "open"),
    ]


def test_elements_are_told_by_what_they_are_called_and_by_what_is_said_of_them():
    before, after = [{"name": "a", "on": True, "by": {}}], [{"name": "B", "on": False}, {"name": "a", "on": True}]
    operation = set_step("step-001", STORAGE, {"rules": before}, Change(("rules",), before, after)).operation
    (expected,) = expected_of(operation)
    first = '(rules[?name == `"a"`] | [0])'
    assert expected.before == (f"[length(rules || `[]`), {first}.name, {first}.on, type({first}.by)]", '[1,"a",true,"object"]')
    assert expected.after[1] == '[2,"b",false,"a",true]'
    more = [{"name": "a", "on": True, "by": {"x": 1}}]
    back = expected_of(set_step("step-001", STORAGE, {"rules": before}, Change(("rules",), [{"name": "a"}], more)).operation)
    assert [item.both for item in back] == ["wanted"]


def test_what_was_hidden_is_not_asked_for():
    hidden = Change(("properties", "key"), "(removed: secret)", "new")
    (expected,) = expected_of(set_step("step-001", STORAGE, {"properties": {"key": "(removed: secret)"}}, hidden).operation)
    assert (expected.before, expected.after) == (("`[]`", "[]"), ("[properties.key]", '["new"]'))


def same(label: str, query: str, answer: str) -> Expected:
    return Expected(label, (query, answer), (query, answer))


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(TEXTS) | st.just("MARK\\")
JSON = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(TEXTS), below, max_size=3),
)


@settings(max_examples=8)
@given(st.lists(JSON, min_size=10, max_size=20))
def test_any_json_survives_the_shell(values):
    text = "".join(f"printf '%s\\n' {shlex.quote(json.dumps(value))}\n" for value in values)
    ran = subprocess.run(["bash"], input=text.encode(), capture_output=True, check=True)
    assert [json.loads(line) for line in ran.stdout.decode().splitlines()] == values


@settings(max_examples=4)
@given(JSON)
def test_any_body_arrives(value):
    body = {"properties": {"value": value}}
    made = plan(steps=(step("step-001", Operation(Kind.CREATE, LOCK, "2020-05-01", body=body)),))
    with tempfile.TemporaryDirectory() as path:
        ran = Folder(Path(path) / "here", made).run("fix.sh", "--apply", replies=[GONE, OK, as_it_is("[]")])
    assert json.loads(ran.calls[1][1]["--body"]) == body


@settings(max_examples=8)
@given(st.lists(st.recursive(LEAVES | st.just("MARK"), lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from([*TEXTS, "MARK", ":", ",", "{"]), below, max_size=4), max_leaves=20).map(lambda value: {"v": value}), min_size=20, max_size=40))  # fmt: skip
def test_what_is_marked_is_taken_away_and_nothing_else(bodies):
    script = render_az(small(Kind.SET))["fix.sh"].decode()
    function = script[script.index("take_away() {") :].partition("\n}\n")[0]
    lines = "".join(f"{json.dumps(body, separators=(',', ':'))}\n" for body in bodies)
    ran = subprocess.run(["bash", "-c", f"{function}\n}}\ntake_away MARK"], input=lines.encode(), capture_output=True, check=True)
    assert [json.loads(line) for line in ran.stdout.decode().splitlines()] == [without(body) for body in bodies]


def without(value: Json) -> Json:
    if isinstance(value, list):
        return [without(item) for item in value]
    return {name: without(item) for name, item in value.items() if item != "MARK"} if isinstance(value, dict) else value
