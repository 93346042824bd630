"""Histories: what scans leave behind, what became of each finding, and what is told of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.errors import StoreError
from scanner.model.history import FindingState, History, HistoryFinding
from scanner.model.result import Result
from scanner.store import Store
from scanner.store.histories import read_histories
from tests.engine.test_promises import scanned
from tests.honesty.snapshots import bodies
from tests.store.results import Verdicts, account, result

State = FindingState
A, B, C = ("NET-001", "a"), ("KEY-001", "a"), ("KEY-001", "b")


def add(store: Store, one: Result, **how: Any) -> Result:
    """Store a scan as `driftline scan` does; the result with its history."""
    told = store.with_history(one)
    assert store.add(told, **how)
    return told


def only(store: Store) -> History:
    (history,) = read_histories(store)
    return history


def entry(store: Store, key: tuple[str, str]) -> HistoryFinding:
    (found,) = (item for item in only(store).findings if (item.rule, item.resource) == (key[0], account(key[1])))
    return found


def kinds(told: Result) -> list[tuple[str, str, str]]:
    assert told.since is not None
    return [(item.kind, item.rule, item.resource.rpartition("/")[2]) for item in told.since.changes]


def day(number: int) -> str:
    return f"2026-11-{number:02}T06:00:00Z"


def test_three_scans_of_the_reference_drifted_and_mended_give_the_history(store: Store) -> None:
    reference, drifted = scanned(bodies("reference")), scanned(bodies("drifted"))

    def at(one: Result, number: int) -> Result:
        return replace(one, scan=replace(one.scan, started=day(number), id=f"{number:032x}"))

    first, second, third = (add(store, at(one, n)) for n, one in ((1, reference), (2, drifted), (3, reference)))
    assert (first.since, first.trend) == (None, ())
    assert second.since is not None
    assert third.since is not None
    assert (second.since.started, third.since.started) == (day(1), day(2))
    failing = {item.fingerprint for item in drifted.findings}
    worse, better = Counter(k for k, _, _ in kinds(second)), Counter(k for k, _, _ in kinds(third))
    assert worse["regressed"] + worse["new"] == len(failing)
    assert worse["regressed"] == better["fixed"] > 30
    assert [sum(point.failing.values()) for point in third.trend] == [0, len(failing), 0]
    history = only(store)
    assert [scan.point.started for scan in history.scans] == [day(1), day(2), day(3)]
    assert {item.fingerprint for item in history.findings} == failing
    assert {item.first_seen for item in history.findings} == {day(2)} == {item.last_seen for item in history.findings}
    states = Counter(item.state for item in history.findings)
    assert states[State.FIXED] == better["fixed"]
    assert not states[State.FAILING]
    assert {item.fixed for item in history.findings if item.state is State.FIXED} == {day(3)}


def test_the_same_scan_is_stored_once(store: Store) -> None:
    add(store, result(1, {A: "pass"}))
    told = store.with_history(result(2, {A: "fail"}))
    assert [store.add(told), store.add(told)] == [True, False]
    assert store.with_history(result(2, {A: "fail"})) == told  # it is not compared with itself
    assert len(only(store).scans) == 2
    assert store.add(result(2, {A: "fail"}, started=day(3)))  # the same state at another time is another scan


def test_what_was_fixed_and_fails_again_has_regressed_and_keeps_its_first_day(store: Store) -> None:
    for number, verdict in ((1, "fail"), (2, "pass"), (3, "fail")):
        told = add(store, result(number, {A: verdict}))
    assert kinds(told) == [("regressed", "NET-001", "a")]
    found = entry(store, A)
    assert (found.state, found.first_seen, found.last_seen, found.fixed, found.regressions) == (
        State.FAILING,
        day(1),
        day(3),
        "",
        1,
    )


def test_a_history_knows_more_than_the_scan_before(store: Store) -> None:
    """Between fixed and failing again, and between failing and passing, lies a scan that could not tell."""
    for number, verdict in enumerate(["fail", "pass", "unknown", "fail", "unknown", "pass"], 1):
        told = add(store, result(number, {A: verdict}))
        if number == 4:
            assert kinds(told) == [("regressed", "NET-001", "a")]
            assert told.since is not None
            assert told.since.changes[0].reason == f"it was fixed at {day(2)} and fails again"
    assert kinds(told) == [("fixed", "NET-001", "a")]
    assert (entry(store, A).state, entry(store, A).fixed) == (State.FIXED, day(6))


@pytest.mark.parametrize(
    ("then", "more", "kind", "state"),
    [
        ({B: "pass"}, {}, "gone", State.GONE),
        ({B: "pass", C: "pass"}, {}, "gone", State.GONE),
        ({A: "not_applicable", B: "pass"}, {}, "no_longer_judged", State.NOT_JUDGED),
        ({A: "unknown", B: "pass"}, {}, "became_unreadable", State.UNKNOWN),
        ({A: "error", B: "pass"}, {}, "became_unreadable", State.ERROR),
        ({A: "pass", B: "pass"}, {}, "fixed", State.FIXED),
        ({B: "pass"}, {"complete": False}, "became_unreadable", State.UNKNOWN),
    ],
)
def test_what_becomes_of_a_failure(store: Store, then: Verdicts, more: dict[str, Any], kind: str, state: State) -> None:
    add(store, result(1, {A: "fail", B: "pass"}))
    told = add(store, result(2, then, rules=[A[0]], **more))
    assert (kind, "NET-001", "a") in kinds(told)
    assert (entry(store, A).state, entry(store, A).first_seen) == (state, day(1))


def test_what_was_not_judged_for_a_while_is_followed_up(store: Store) -> None:
    add(store, result(1, {A: "fail", B: "fail", C: "fail"}))
    add(store, result(2, {B: "fail", C: "fail"}))  # without the rule: --only
    assert entry(store, A).state is State.NOT_JUDGED
    add(store, result(3, {A: "pass", B: "fail"}))
    assert [(entry(store, key).state, entry(store, key).fixed) for key in (A, B, C)] == [
        (State.FIXED, day(3)), (State.FAILING, ""), (State.GONE, ""),
    ]  # fmt: skip


def test_waivers_are_part_of_the_history(store: Store) -> None:
    add(store, result(1, {A: "fail"}))
    told = add(store, result(2, {A: "waived"}))
    assert kinds(told) == []  # nothing in Azure changed
    assert (entry(store, A).state, only(store).scans[-1].changes, only(store).scans[-1].waived) == (
        State.WAIVED,
        {"waived": 1},
        1,
    )
    told = add(store, result(3, {A: "expired"}))
    assert kinds(told) == [("waiver_expired", "NET-001", "a")]
    assert entry(store, A).state is State.FAILING


def test_an_interrupted_scan_is_kept_but_not_compared_with(store: Store) -> None:
    add(store, result(1, {A: "pass", B: "fail"}))
    add(store, result(2, {A: "unknown"}, complete=False))
    told = add(store, result(3, {A: "pass", B: "fail"}))
    assert told.since is not None
    assert (told.since.started, kinds(told), len(told.trend)) == (day(1), [], 3)
    assert entry(store, B).state is State.FAILING


def test_a_scan_that_is_stored_late_takes_its_place_and_does_not_rule(store: Store) -> None:
    add(store, result(1, {A: "pass", B: "fail"}))
    add(store, result(3, {A: "pass", B: "pass", C: "fail"}))
    add(store, result(2, {A: "fail", B: "fail", C: "fail"}))
    assert [scan.point.started for scan in only(store).scans] == [day(1), day(2), day(3)]
    assert [(entry(store, key).state, entry(store, key).first_seen) for key in (A, B, C)] == [
        (State.FIXED, day(2)), (State.FIXED, day(1)), (State.FAILING, day(2)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other", [{"environment": "dev"}, {"baseline": "ours"}, {"scopes": (f"{account('x')}",)}, {"source_kind": "template"}]
)
def test_other_scopes_baselines_environments_and_plans_have_a_history_of_their_own(store: Store, other: dict[str, Any]) -> None:
    add(store, result(1, {A: "fail"}))
    assert add(store, result(2, {A: "pass"}, **other)).since is None
    assert len(read_histories(store)) == 2


def test_scopes_are_the_same_in_any_letter_case_and_order_and_a_snapshot_is_of_what_is_deployed(store: Store) -> None:
    add(store, result(1, {A: "fail"}, scopes=("/subscriptions/A", "/subscriptions/B")))
    told = add(store, result(2, {A: "fail"}, scopes=("/SUBSCRIPTIONS/b", "/subscriptions/a"), source_kind="snapshot"))
    assert told.since is not None


def test_old_scans_are_dropped_but_never_the_last_nor_what_still_fails(store: Store) -> None:
    add(store, result(1, {A: "fail", B: "fail"}))
    add(store, result(2, {A: "fail", B: "pass"}))
    add(store, result(20, {A: "fail", B: "pass"}), keep_days=7)
    history = only(store)
    assert [scan.point.started for scan in history.scans] == [day(20)]
    assert [(item.rule, item.first_seen) for item in history.findings] == [("NET-001", day(1))]
    assert add(store, result(28, {A: "fail"}), keep_days=1).trend  # what it was compared with goes only then
    assert [scan.point.started for scan in only(store).scans] == [day(28)]


def test_a_workload_is_found_by_its_name(store: Store) -> None:
    add(store, result(1, {A: "fail"}))
    assert [item.workloads for item in read_histories(store, "chat-prod")] == [("chat-prod",)]
    with pytest.raises(StoreError, match=r'has no workload "other"\nKnown are: chat-prod'):
        read_histories(store, "other")


def test_what_is_stored_is_the_result_and_comes_back_whole(store: Store) -> None:
    told = add(store, result(1, {A: "fail", B: "unknown", C: "pass"}))
    again = store.with_history(result(2, {A: "fail", B: "unknown", C: "pass"}))
    assert again.since is not None
    assert (again.since.scan, again.since.changes) == (told.scan.id, ())


HOSTILE = ["'; DROP TABLE driftline_scans; --", "a\0b", "%s %(x)s :x ?", "\u202egnp.exe\x1b[31m", "${jndi:ldap://x}", "名前 🦊"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text_and_nothing_else(store: Store, text: str) -> None:
    one = result(1, {A: "fail"})
    odd = replace(one.findings[0], resource=account(text), subject=text, title=text, message=text)
    named = replace(one, findings=(odd,), workloads=(replace(one.workloads[0], name=text),))
    add(store, named)
    told = add(store, replace(result(2, {A: "pass"}), workloads=named.workloads))
    assert told.since is not None
    history = only(store)
    assert (history.findings[0].title, history.findings[0].state) == (text.replace("\0", "\ufffd"), State.GONE)
    assert history.workloads == (text.replace("\0", "\ufffd"),)
