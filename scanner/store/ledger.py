"""What becomes of each finding from scan to scan: pure functions from what is known and a result to what is known then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from scanner.diff.results import compare_results
from scanner.diff.verdict_change import VerdictChange, VerdictChangeKind
from scanner.model.finding import Finding, fingerprint
from scanner.model.history import FindingState, HistoryFinding
from scanner.model.result import Result, RuleInfo, SinceChange
from scanner.model.verdict import Verdict

__all__ = ["WAIVED", "Ledger", "changes_between", "enter", "follow"]

#: Findings by fingerprint.
Ledger = Mapping[str, HistoryFinding]
_Kind = VerdictChangeKind
_State = FindingState
#: What a history tells and a comparison of two results does not: a failure that a waiver newly covers.
WAIVED: Final = "waived"
_LEFT: Final = {
    _Kind.FIXED: _State.FIXED,
    _Kind.GONE: _State.GONE,
    _Kind.NO_LONGER_JUDGED: _State.NOT_JUDGED,
    _Kind.BECAME_UNREADABLE: _State.UNKNOWN,
}


def enter(known: Ledger, result: Result) -> dict[str, HistoryFinding]:
    """The findings of a result as they stand after it, with what was known of them."""
    started = result.scan.started
    entered: dict[str, HistoryFinding] = {}
    for finding in result.findings:
        print_ = finding.fingerprint
        entered.setdefault(print_, _seen(known.get(print_), print_, finding, started))
    return entered


def follow(known: Iterable[HistoryFinding], result: Result, rules_hash: str) -> dict[str, HistoryFinding]:
    """What became of findings that are not among a result's own: those whose state is another than it was.

    `rules_hash` is that of the rules by which they were judged last.
    """
    # By what is stored of them, which of an odd name is not what the fingerprint was made of.
    entries = {fingerprint(item.rule, item.resource, item.subject): item for item in known}
    if not entries:
        return {}
    with_all_failing = _as_result(entries.values(), result, rules_hash)
    kinds = {_print_of(change): change.kind for change in compare_results(with_all_failing, result).changes}
    left = ((entries[name], _left(entries[name], kinds[name], result.scan.started)) for name in entries.keys() & kinds.keys())
    return {now.fingerprint: now for was, now in left if now != was}


def changes_between(old: Result, new: Result, known: Ledger) -> tuple[SinceChange, ...]:
    """What changed from one result to the next, in the order of `driftline diff`, with what the history knows besides: what was
    fixed before and fails again has regressed, and what failed before it was unknown and passes is fixed.
    """
    return tuple(_told(change, known.get(_print_of(change))) for change in compare_results(old, new).changes)


def newly_waived(old: Result, new: Result) -> tuple[SinceChange, ...]:
    """Failures and unknowns that a waiver covers now and did not before."""
    open_before = {item.fingerprint for item in old.findings if not item.waived}
    return tuple(
        SinceChange(
            WAIVED, item.rule, item.title, item.severity, item.resource, item.subject, str((item.waiver or {}).get("reason", "")),
            waived=True,
        )
        for item in new.findings
        if item.waived and item.fingerprint in open_before
    )  # fmt: skip


def _seen(entry: HistoryFinding | None, name: str, finding: Finding, started: str) -> HistoryFinding:
    if entry is None:
        entry = HistoryFinding(
            name, finding.rule, finding.control, finding.title, finding.severity, finding.resource, finding.subject,
            _State.FAILING, first_seen=started, last_seen=started,
        )  # fmt: skip
    failing = finding.verdict is Verdict.FAIL
    return replace(
        entry, control=finding.control, title=finding.title, severity=finding.severity, resource=finding.resource,
        state=_state(finding), last_seen=started, last_failed=started if failing else entry.last_failed,
        fixed="" if failing else entry.fixed, regressions=entry.regressions + bool(failing and entry.fixed),
    )  # fmt: skip


def _state(finding: Finding) -> FindingState:
    if finding.waived:
        return _State.WAIVED
    return {Verdict.FAIL: _State.FAILING, Verdict.ERROR: _State.ERROR}.get(finding.verdict, _State.UNKNOWN)


def _left(entry: HistoryFinding, kind: VerdictChangeKind, started: str) -> HistoryFinding:
    state = _LEFT[kind]
    if state is not _State.FIXED:
        return replace(entry, state=state)
    if not entry.last_failed:
        return replace(entry, state=_State.PASSING)
    return replace(entry, state=state, fixed=entry.fixed or started)


def _as_result(entries: Collection[HistoryFinding], result: Result, rules_hash: str) -> Result:
    """Findings that are known, as a result in which all of them fail: what differs from it tells what became of them."""
    rules = {item.rule: RuleInfo(item.rule, item.control, "", item.title, item.severity, "", "", "", "") for item in entries}
    findings = tuple(
        Finding(
            rule=item.rule, control=item.control, subject=item.subject, title=item.title, severity=item.severity,
            verdict=Verdict.FAIL, resource=item.resource, type="", component="", message="",
        )
        for item in entries
    )  # fmt: skip
    scan = replace(result.scan, rules_hash=rules_hash)
    return replace(result, scan=scan, rules=tuple(rules.values()), findings=findings, passes=(), not_applicable=())


def _told(change: VerdictChange, entry: HistoryFinding | None) -> SinceChange:
    if entry is not None and change.kind is _Kind.NEW and change.new is Verdict.FAIL and entry.fixed:
        change = replace(change, kind=_Kind.REGRESSED, reason=f"it was fixed at {entry.fixed} and fails again")
    elif entry is not None and change.kind is _Kind.READABLE_AGAIN and entry.last_failed and not entry.fixed:
        change = replace(change, kind=_Kind.FIXED, reason=f"it failed until {entry.last_failed} and was unknown since")
    return change.told


def _print_of(change: VerdictChange) -> str:
    return fingerprint(change.rule, change.resource, change.subject)
