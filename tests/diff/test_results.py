"""Two results, verdict by verdict: every way in which one can change, each told from those that look like it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from scanner.diff.results import compare_results
from scanner.model.finding import Finding
from scanner.model.result import Judged, Result
from scanner.model.verdict import Severity, Verdict
from tests.report.test_terminal import ACCOUNT, RESULT, SUB, finding

P, F, U, N, E = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE, Verdict.ERROR
OTHER = f"{ACCOUNT}-2"
IN_FORCE, EXPIRED = ({"state": state, "expires": "2026-11-01"} for state in ("in force", "expired"))


def result(*verdicts: tuple[Any, ...], **scan: Any) -> Result:
    """A result of (verdict, resource, subject, waiver) for the rule NET-003; OTHER passes, so that more is known to be there."""
    judged: dict[Verdict, list[Judged]] = {P: [Judged("AI-001", "", (OTHER,))], N: []}
    findings: list[Finding] = []
    for verdict, resource, subject, waiver in ((*item, *("", None)[len(item) - 2 :]) for item in verdicts):
        if verdict in judged:
            judged[verdict].append(Judged("NET-003", subject, (resource,)))
        else:
            findings.append(
                finding("NET-003", Severity.HIGH, verdict, resource=resource, subject=subject, waiver=waiver, message="because")
            )
    return replace(
        RESULT, findings=tuple(findings), passes=tuple(judged[P]), not_applicable=tuple(judged[N]), scan=replace(RESULT.scan, **scan)
    )  # fmt: skip


def told(old: Result, new: Result) -> list[tuple[str, str]]:
    return [(item.kind.value, item.reason) for item in compare_results(old, new).changes]


PAIRS: Iterable[tuple[Verdict, Verdict, list[tuple[str, str]]]] = (
    (P, F, [("regressed", "because")]),
    (N, F, [("new", "it was not applicable")]),
    (U, F, [("new", "it was unknown")]),
    (E, F, [("new", "it was an error")]),
    (F, P, [("fixed", "")]),
    (U, P, [("readable_again", "")]),
    (E, P, [("readable_again", "")]),
    (N, P, []),
    (P, U, [("became_unreadable", "because")]),
    (F, U, [("became_unreadable", "because")]),
    (N, U, [("became_unreadable", "because")]),
    (P, E, [("became_unreadable", "because")]),
    (U, E, [("became_unreadable", "because")]),
    (E, U, [("became_unreadable", "because")]),
    (P, N, [("no_longer_judged", "the rule does not apply to it any more")]),
    (F, N, [("no_longer_judged", "the rule does not apply to it any more")]),
    (U, N, [("readable_again", "the rule does not apply to it any more")]),
)


@pytest.mark.parametrize(("old", "new", "said"), PAIRS)
def test_a_verdict_that_changed(old: Verdict, new: Verdict, said: list[tuple[str, str]]) -> None:
    assert told(result((old, ACCOUNT)), result((new, ACCOUNT))) == said


def test_every_pair_of_verdicts_is_told_of() -> None:
    for old in Verdict:
        for new in Verdict:
            diff = compare_results(result((old, ACCOUNT)), result((new, ACCOUNT)))
            counted = sum(diff.unchanged.values()) - 1 + diff.added  # OTHER stays
            assert len(diff.changes) + counted == 1, (old, new)


def test_letter_case_of_ids_is_no_change() -> None:
    diff = compare_results(result((F, ACCOUNT), (P, SUB)), result((F, ACCOUNT.upper()), (P, SUB.upper())))
    assert (diff.changes, diff.unchanged) == ((), {F: 1, P: 2})


@pytest.mark.parametrize("verdict", [F, U])
@pytest.mark.parametrize(("after", "reason"), [(EXPIRED, "expired 2026-11-01"), (None, "no waiver covers it any more")])
def test_a_waiver_that_ended(verdict: Verdict, after: Any, reason: str) -> None:
    old, new = result((verdict, ACCOUNT, "", IN_FORCE)), result((verdict, ACCOUNT, "", after))
    assert told(old, new) == [("waiver_expired", reason)]
    assert told(new, old) == []


class TestOfAVerdictThatIsNoMore:
    def test_the_resource_went(self) -> None:
        for verdict in (F, P, U, E):
            assert told(result((verdict, ACCOUNT)), result()) == [("gone", "the resource is no longer there")]
        assert told(result((N, ACCOUNT)), result()) == []

    def test_the_rule_went(self) -> None:
        new = replace(result(), rules=RESULT.rules[1:])
        assert told(result((F, ACCOUNT)), new) == [("no_longer_judged", "the rule is not part of NEW")]

    def test_the_scope_went(self) -> None:
        new = result(scopes=(f"{SUB}/resourceGroups/other",))
        assert ("no_longer_judged", "it is out of NEW's scope") in told(result((F, ACCOUNT)), new)

    def test_the_type_could_not_be_read(self) -> None:
        new = result((U, SUB))
        assert ("became_unreadable", "because") in told(result((F, ACCOUNT)), new)
        assert told(new, result((F, ACCOUNT)))[0] == ("new", "it was unknown")

    def test_the_elements_could_not_be_read(self) -> None:
        kinds = [kind for kind, _ in told(result((F, ACCOUNT, "key1")), result((U, ACCOUNT)))]
        assert kinds == ["new", "became_unreadable"]

    def test_the_scan_was_interrupted(self) -> None:
        assert told(result((F, ACCOUNT)), result(complete=False)) == [("became_unreadable", "the scan of NEW was interrupted")]

    def test_the_subject_went(self) -> None:
        old, new = result((F, ACCOUNT, "key1"), (P, ACCOUNT, "key2")), result((P, ACCOUNT, "key2"), rules_hash="other")
        assert told(old, new) == [("gone", "what was judged of the resource is no longer there")]

    def test_what_a_fact_told_of_the_resource_went(self) -> None:
        assert told(result((F, OTHER, "role")), result()) == [("gone", "what was judged of the resource is no longer there")]

    def test_the_rule_is_another(self) -> None:
        said = told(result((F, OTHER)), result(rules_hash="other"))
        assert said == [("no_longer_judged", "the rule is another than before and does not judge it")]


class TestOfAVerdictThatIsNew:
    def test_the_resource_came(self) -> None:
        assert told(result(), result((F, ACCOUNT))) == [("new", "the resource is new")]
        diff = compare_results(result(), result((P, ACCOUNT)))
        assert (diff.changes, diff.added) == ((), 1)

    def test_the_rule_came(self) -> None:
        old = replace(result(), rules=RESULT.rules[1:])
        assert told(old, result((F, ACCOUNT))) == [("new", "the rule was not part of OLD")]

    def test_the_scope_came(self) -> None:
        assert ("new", "it was out of OLD's scope") in told(result(scopes=(f"{SUB}/resourceGroups/other",)), result((F, ACCOUNT)))

    def test_it_says_whether_it_is_waived(self) -> None:
        assert compare_results(result(), result((F, ACCOUNT, "", IN_FORCE))).changes[0].waived


def test_the_worst_stands_first() -> None:
    old, new = result((P, ACCOUNT), (F, SUB)), result((F, ACCOUNT), (P, SUB), (F, f"{SUB}/x"))
    assert [kind for kind, _ in told(old, new)] == ["regressed", "new", "fixed"]


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        ({"rules_hash": "x"}, "The rules were changed in between"),
        ({"baseline_hash": "x"}, "The baseline was changed in between"),
        ({"environment": "dev"}, "The baselines differ, openai-chat (prod) and openai-chat (dev)"),
        ({"scopes": (SUB, "/subscriptions/other")}, "The scopes differ"),
        ({"complete": False}, "The scan of NEW was interrupted"),
        ({"scopes": (SUB.upper(),)}, ""),
    ],
)
def test_why_verdicts_may_differ_though_azure_does_not_is_said(scan: Any, words: str) -> None:
    notes = compare_results(result(), result(**scan)).notes
    assert len(notes) == bool(words)
    assert not words or notes[0].startswith(words)


def test_a_result_and_itself_do_not_differ() -> None:
    diff = compare_results(RESULT, RESULT)  # some of whose verdicts share rule, resource and subject
    assert (diff.changes, diff.notes, sum(diff.unchanged.values())) == ((), (), 4)
