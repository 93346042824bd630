"""The doctor says what may be read, which rules stay unknown for the rest, and the role that would mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.engine.doctor import diagnose, planned_types
from scanner.engine.plan import plan_reads
from scanner.model.access import ScopeAccess
from scanner.model.errors import DriftlineError
from scanner.model.read_plan import read_permission
from scanner.report.doctor import render_diagnoses
from tests.honesty.snapshots import judging

Scan = Callable[..., tuple[int, dict[str, Any]]]


def doctor(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["doctor", *arguments], standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return int(outcome.return_value), outcome.stdout


def test_a_reader_may_read_everything() -> None:
    code, text = doctor("--simulate", "reference")
    assert (code, "No rule stays unknown" in text, "Resource Graph: answers" in text) == (0, True, True)
    assert max(map(len, text.splitlines())) <= 80


def test_a_lacking_permission_is_named_with_the_rules_that_a_scan_then_leaves_unknown(
    scan: Scan, without: Callable[..., str]
) -> None:
    state = without("Microsoft.CognitiveServices/accounts/raiPolicies/read")
    code, text = doctor("--simulate", state, "--json")
    (found,) = json.loads(text)
    assert (code, found["healthy"], [item["permission"] for item in found["refusals"]]) == (
        3, False, ["Microsoft.CognitiveServices/accounts/raiPolicies/read", "*/read"],
    )  # fmt: skip
    _, result = scan("--simulate", state)
    unknown = {item["rule"] for item in result["findings"] if item["verdict"] == "unknown"}
    assert unknown <= {rule for refusal in found["refusals"] for rule in refusal["rules"]}
    assert "Mend: the role Reader on /subscriptions/" in doctor("--simulate", state)[1]


def test_only_what_the_chosen_rules_need_counts(without: Callable[..., str]) -> None:
    state = without("Microsoft.CognitiveServices/accounts/raiPolicies/read")
    assert doctor("--simulate", state, "--only", "NET-004")[0] == 0


def test_where_nobody_tells_what_is_granted_every_rule_may_stay_unknown() -> None:
    baseline, rule_set = judging()
    (found,) = diagnose(rule_set, baseline, [ScopeAccess("/subscriptions/s", (), "403 AuthorizationFailed", "503 ServerError")])
    permissions = {read_permission(name) for name in planned_types(plan_reads(rule_set, baseline))}
    assert (found.healthy, {refusal.permission for refusal in found.refusals}) == (False, permissions)
    assert {rule for refusal in found.refusals for rule in refusal.rules} == {rule.id for rule in rule_set.rules}
    text = render_diagnoses([found])
    assert "cannot be read: 403 AuthorizationFailed" in text
    assert "does not answer (503 ServerError)" in " ".join(text.split())


def test_a_source_must_be_named() -> None:
    with pytest.raises(DriftlineError, match="no source is named"):
        doctor()
