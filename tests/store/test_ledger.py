"""What becomes of findings, against a plain account of what was seen of each, for any sequence of scans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.model.history import FindingState, HistoryFinding
from scanner.store.ledger import enter, follow
from tests.store.results import account, result

KEYS = [(rule, name) for rule in ("NET-001", "KEY-001") for name in ("a", "b")]
SEEN = ("fail", "waived", "expired", "unknown", "error", "pass", "not_applicable", "absent")
FAILED = {"fail", "waived", "expired"}
STATES = {
    "fail": FindingState.FAILING, "expired": FindingState.FAILING, "waived": FindingState.WAIVED, "unknown": FindingState.UNKNOWN,
    "error": FindingState.ERROR, "not_applicable": FindingState.NOT_JUDGED, "absent": FindingState.GONE,
}  # fmt: skip


def account_of(key: tuple[str, str], seen: list[str]) -> tuple[object, ...] | None:
    """State, first and last time seen, last failure, when fixed, regressions; None for what was never a finding."""
    found = [day for day, verdict in enumerate(seen, 1) if verdict not in {"pass", "not_applicable", "absent"}]
    if not found:
        return None
    failed = [day for day, verdict in enumerate(seen, 1) if verdict in FAILED]
    passed = [day for day, verdict in enumerate(seen, 1) if verdict == "pass"]
    fixes = [next((day for day in passed if day > one), 0) for one in failed]
    again = sum(bool(fix) and fix < later for fix, later in zip(fixes, failed[1:], strict=False))
    state = STATES.get(seen[-1]) or (FindingState.FIXED if failed else FindingState.PASSING)
    return (*key, state, found[0], found[-1], failed[-1] if failed else 0, fixes[-1] if failed else 0, again)


def told(item: HistoryFinding) -> tuple[object, ...]:
    days = [int(moment[8:10] or 0) for moment in (item.first_seen, item.last_seen, item.last_failed, item.fixed)]
    return (item.rule, item.resource.rpartition("/")[2], item.state, *days, item.regressions)


@given(st.lists(st.lists(st.sampled_from(SEEN), min_size=4, max_size=4), min_size=1, max_size=8))
def test_a_finding_stands_as_what_was_seen_of_it_says(days: list[list[str]]) -> None:
    known: dict[str, HistoryFinding] = {}
    for day, verdicts in enumerate(days, 1):
        present = {key: verdict for key, verdict in zip(KEYS, verdicts, strict=True) if verdict != "absent"}
        scan = result(day, present, rules=["NET-001", "KEY-001"])
        entered = enter(known, scan)
        known |= entered | follow([item for name, item in known.items() if name not in entered], scan, "r")
    expected = {account_of(key, [verdicts[at] for verdicts in days]) for at, key in enumerate(KEYS)} - {None}
    assert {told(item) for item in known.values()} == expected
    assert {item.resource for item in known.values()} <= {account("a"), account("b")}
