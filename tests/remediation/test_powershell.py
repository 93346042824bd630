"""PowerShell is not run here: what is rendered is read back by tree-sitter's grammar, which driftline did not write."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation
from scanner.remediation.renderers.powershell import quoted, render_powershell
from tests.remediation.plans import HOSTILE, STORAGE, SUBSCRIPTION, TAGS, TEXTS, plan, set_step, step, steps

Json = Any
_PARSER = Parser(Language(tree_sitter_powershell.language()))
_SINGLE = "'\u2018\u2019\u201a\u201b"


def parsed(text: str) -> Node:
    root = _PARSER.parse(text.encode()).root_node
    assert not root.has_error, faults(root)
    return root


def faults(node: Node) -> list[str]:
    found = [f"{node.start_point}: {(node.text or b'')[:80]!r}"] if node.type == "ERROR" or node.is_missing else []
    return found + [fault for child in node.children for fault in faults(child)]


def every(node: Node, kind: str) -> list[Node]:
    if node.type == kind:
        return [node]
    return [found for child in node.children for found in every(child, kind)]


def value(literal: str) -> str:
    """The value of one single-quoted string, as PowerShell's tokenizer reads it: any of its quotes ends it, two are one."""
    assert literal[0] in _SINGLE
    said, at = "", 1
    while literal[at] not in _SINGLE or (literal[at + 1 : at + 2] and literal[at + 1] in _SINGLE):
        at += literal[at] in _SINGLE
        said += literal[at]
        at += 1
    assert at == len(literal) - 1, f"the string ends before {literal[at + 1 :]!r}"
    return said


def calls(script: bytes, name: str) -> dict[str, Json]:
    """What the calls of a function at the top of a script are given, by step."""
    found = {}
    for command in every(parsed(script.decode()), "command"):
        if command.children[0].text == name.encode():
            (argument,) = every(command, "verbatim_string_characters")
            assert argument.text is not None
            given = json.loads(value(argument.text.decode()))
            found[given["id"]] = given
    return found


@pytest.mark.parametrize("text", [*TEXTS, HOSTILE])
def test_a_string_comes_back_as_one_token(text):
    root = parsed(f"Write-Host {quoted(text)}\n")
    (literal,) = every(root, "verbatim_string_characters")
    assert (literal.text or b"").decode() == quoted(text)
    assert value(quoted(text)) == text
    assert len(every(root, "command")) == 1


def test_the_scripts_parse_and_hold_no_command_of_a_value():
    files = render_powershell(plan())
    assert sorted(files) == ["fix.ps1", "undo.ps1"]
    for script in files.values():
        names = {(command.children[0].text or b"").decode() for command in every(parsed(script.decode()), "command")}
        assert not names & {"touch", "id", "Remove-Item", "exit"}
        assert [name for name in names if "pwned" in name] == []


def test_every_sign_outside_comments_is_ascii():
    for script in render_powershell(plan()).values():
        told = [line for line in script.decode().splitlines() if not line.lstrip().startswith("#")]
        assert "\n".join(told).isascii()


def test_a_set_says_what_was_scanned_what_it_becomes_and_where():
    step_2 = calls(render_powershell(plan())["fix.ps1"], "Invoke-Step")["step-002"]
    assert re.fullmatch(r"step-002 [0-9a-f]{16}", step_2.pop("key"))
    assert [key[:8] for key in step_2.pop("after")] == ["step-001"]
    url = step_2.pop("url")
    assert url.startswith(f"{SUBSCRIPTION}/resourceGroups/$(touch%20pwned)'%22;%60id%60$%7Bx%7D%25%7By%7D%23%E2%80%99/providers/")
    assert url.endswith("/storageAccounts/stdata?api-version=2024-01-01")
    assert step_2 == {
        "id": "step-002", "title": "Mend stdata", "held": "", "kind": "set",
        "subscription": SUBSCRIPTION.rpartition("/")[2], "relies": [],
        "changes": [
            {"path": ["tags"], "before": {"kept": "[x]"}, "after": {**TAGS, "kept": "[x]"}},
            {"path": ["properties", "allowBlobPublicAccess"], "before": True, "after": False},
            {"path": ["properties", "networkAcls", "ipRules"], "before": [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}], "after": [{"value": "1.2.3.4"}]},
            {"path": ["properties", "minimumTlsVersion"], "after": "TLS1_2"},
        ],
    }  # fmt: skip


def test_undo_goes_back_from_the_last_step_to_the_first():
    files = render_powershell(plan())
    fixes, undos = calls(files["fix.ps1"], "Invoke-Step"), calls(files["undo.ps1"], "Invoke-Undo")
    assert list(fixes) == ["step-001", "step-002", "step-003", "step-004", "step-005", "step-006"]
    assert list(undos) == ["step-006", "step-005", "step-002", "step-001"]
    assert {key: undos[key]["key"] for key in undos} == {key: fixes[key]["key"] for key in undos}
    assert undos["step-002"]["changes"][0] == {"path": ["properties", "minimumTlsVersion"], "before": "TLS1_2"}
    assert undos["step-005"]["kind"] == "create"
    assert "Write-Line 'step-003' 'cannot be undone' 'Azure never takes purge protection back'" in files["undo.ps1"].decode()


def test_a_step_that_is_held_says_why():
    fixes = calls(render_powershell(plan())["fix.ps1"], "Invoke-Step")
    assert {key: item["held"] for key, item in fixes.items() if item["held"]} == {
        "step-003": "not proven: it was not tried",
        "step-006": "not proven: it was tried and did not go as promised (NET-009 fails after it)",
    }
    (first, *_), waiting = steps(), ("OPS-001: name an owner",)
    held = calls(render_powershell(plan(steps=(replace(first, waits_for=waiting),)))["fix.ps1"], "Invoke-Step")
    assert held["step-001"]["held"] == "it waits for a person: OPS-001: name an owner"


def test_an_element_of_a_list_is_known_by_its_name():
    body = {"properties": {"rules": [{"name": "a", "on": 1}, {"name": "b", "on": 1}]}}
    made = set_step("step-001", STORAGE, body, Change(("properties", "rules", 1, "on"), 1, 2))
    (fix,) = calls(render_powershell(plan(steps=(made,)))["fix.ps1"], "Invoke-Step").values()
    assert fix["relies"] == [{"path": ["properties", "rules", 1, "name"], "value": "b"}]


def test_what_is_absent_is_the_default_of_azure():
    made = set_step("step-001", STORAGE, {}, Change(("properties", "on"), ABSENT, True, default=False))
    (fix,) = calls(render_powershell(plan(steps=(made,)))["fix.ps1"], "Invoke-Step").values()
    assert fix["changes"] == [{"path": ["properties", "on"], "after": True, "default": False}]


def test_an_id_that_a_url_would_change_is_left_out():
    made = step("step-001", Operation(Kind.REMOVE, f"{SUBSCRIPTION}/resourceGroups/../providers/A.B/c/d", "2024-01-01", body={}))
    assert calls(render_powershell(plan(steps=(made,)))["fix.ps1"], "Invoke-Step") == {}


def test_a_secret_that_was_removed_is_not_written():
    made = step("step-001", Operation(Kind.CREATE, STORAGE, "2024-01-01", body={"properties": {"key": "(removed: secret)"}}))
    fix = render_powershell(plan(steps=(made,)))["fix.ps1"]
    assert calls(fix, "Invoke-Step") == {}
    assert (
        "Write-Line 'step-001' 'left out' 'it holds what was never read (secrets are removed when they are read)'" in fix.decode()
    )


def test_the_same_plan_gives_the_same_bytes():
    assert render_powershell(plan()) == render_powershell(plan())
