"""Two results, verdict by verdict: fixed is told from gone, gone from not judged any more, and that from unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.model.finding import Finding
from scanner.model.resource_id import is_within, normalise, parent_key
from scanner.model.result import Result, RuleInfo
from scanner.model.verdict import Verdict

__all__ = ["compare_results"]

_Key = tuple[str, str, str]
_Kind = VerdictChangeKind
_UNDECIDED: Final = (Verdict.UNKNOWN, Verdict.ERROR)
#: What becomes of a verdict by what it was and is; None: nothing to tell but a number.
_KINDS: Final[dict[tuple[Verdict, Verdict], VerdictChangeKind | None]] = {
    (Verdict.PASS, Verdict.FAIL): _Kind.REGRESSED,
    (Verdict.NOT_APPLICABLE, Verdict.FAIL): _Kind.NEW,
    (Verdict.UNKNOWN, Verdict.FAIL): _Kind.NEW,
    (Verdict.ERROR, Verdict.FAIL): _Kind.NEW,
    (Verdict.FAIL, Verdict.PASS): _Kind.FIXED,
    (Verdict.NOT_APPLICABLE, Verdict.PASS): None,
    (Verdict.UNKNOWN, Verdict.PASS): _Kind.READABLE_AGAIN,
    (Verdict.ERROR, Verdict.PASS): _Kind.READABLE_AGAIN,
    (Verdict.PASS, Verdict.NOT_APPLICABLE): _Kind.NO_LONGER_JUDGED,
    (Verdict.FAIL, Verdict.NOT_APPLICABLE): _Kind.NO_LONGER_JUDGED,
    (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE): _Kind.READABLE_AGAIN,
    (Verdict.ERROR, Verdict.NOT_APPLICABLE): _Kind.READABLE_AGAIN,
}


def compare_results(old: Result, new: Result) -> ResultDiff:
    """Compare two results by rule, resource in any letter case, and subject."""
    comparison = _Comparison(_Side(old), _Side(new))
    changes = tuple(sorted(comparison.changes(), key=lambda item: item.order))
    return ResultDiff(changes, dict(comparison.unchanged), comparison.added, tuple(_notes(old, new)))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict of one side; passes and what does not apply have no finding."""

    verdict: Verdict
    resource: str
    finding: Finding | None = None


class _Side:
    """The verdicts of a result by rule, compared resource id and subject, and what else is known of rules and resources."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.rules: dict[str, RuleInfo] = {rule.id: rule for rule in result.rules}
        self.scopes = [normalise(scope) for scope in result.scan.scopes]
        self.verdicts: dict[_Key, _Judged] = {}
        self.resources: set[str] = set()
        #: The verdicts of a rule on a resource, whatever their subject.
        self.of_resource: dict[tuple[str, str], list[_Judged]] = {}
        keys: dict[str, str] = {}
        for finding in result.findings:
            key = keys.setdefault(finding.resource, normalise(finding.resource))
            self._add((finding.rule, key, finding.subject), _Judged(finding.verdict, finding.resource, finding))
        for verdict, table in ((Verdict.PASS, result.passes), (Verdict.NOT_APPLICABLE, result.not_applicable)):
            for judged in table:
                for resource in judged.resources:
                    key = keys.setdefault(resource, normalise(resource))
                    self._add((judged.rule, key, judged.subject), _Judged(verdict, resource))

    def _add(self, key: _Key, judged: _Judged) -> None:
        if key not in self.verdicts:
            self.verdicts[key] = judged
            self.resources.add(key[1])
            self.of_resource.setdefault(key[:2], []).append(judged)

    def in_scope(self, key: str) -> bool:
        return any(is_within(key, scope) for scope in self.scopes)

    def undecided(self, rule: str, key: str) -> str:
        """Why a verdict of a rule is hidden: it is unknown for the whole resource, or for a scope above it; else empty."""
        at = key
        while at:
            for judged in self.of_resource.get((rule, at), ()):
                if judged.verdict in _UNDECIDED and judged.finding is not None:
                    return judged.finding.message
            at = parent_key(at) if at != "/" else ""
        return ""


class _Comparison:
    def __init__(self, old: _Side, new: _Side) -> None:
        self._old, self._new = old, new
        self.unchanged: Counter[Verdict] = Counter()
        self.added = 0

    def changes(self) -> Iterator[VerdictChange]:
        """Every change, in no order; `unchanged` and `added` are counted on the way."""
        for key, before in self._old.verdicts.items():
            after = self._new.verdicts.get(key)
            found = self._both(before, after) if after is not None else self._lost(key, before)
            if found is not None:
                yield self._change(key, *found, before, after)
        for key, after in self._new.verdicts.items():
            if key not in self._old.verdicts:
                if after.finding is None:
                    self.added += 1
                else:
                    yield self._change(key, _Kind.NEW, self._why_new(key), None, after)

    def _both(self, before: _Judged, after: _Judged) -> tuple[VerdictChangeKind, str] | None:
        if before.verdict is after.verdict:
            return self._same(before, after)
        message = after.finding.message if after.finding is not None else ""
        if after.verdict in _UNDECIDED:
            return _Kind.BECAME_UNREADABLE, message
        kind = _KINDS[before.verdict, after.verdict]
        if kind is None:
            self.added += 1
            return None
        if after.verdict is Verdict.NOT_APPLICABLE:
            return kind, "the rule does not apply to it any more"
        return kind, f"it was {_words(before.verdict)}" if kind is _Kind.NEW else message

    def _same(self, before: _Judged, after: _Judged) -> tuple[VerdictChangeKind, str] | None:
        if before.finding is not None and after.finding is not None and before.finding.waived and not after.finding.waived:
            waiver = after.finding.waiver
            return _Kind.WAIVER_EXPIRED, f"expired {waiver['expires']}" if waiver is not None else "no waiver covers it any more"
        self.unchanged[after.verdict] += 1
        return None

    def _lost(self, key: _Key, before: _Judged) -> tuple[VerdictChangeKind, str] | None:
        """What became of a verdict that there is no more: the rule, the scope, the reading or the resource went."""
        if before.verdict is Verdict.NOT_APPLICABLE:
            return None
        rule, resource, _ = key
        new = self._new
        if rule not in new.rules:
            return _Kind.NO_LONGER_JUDGED, "the rule is not part of NEW"
        if not new.in_scope(resource):
            return _Kind.NO_LONGER_JUDGED, "it is out of NEW's scope"
        hidden = new.undecided(rule, resource)
        if hidden:
            return _Kind.BECAME_UNREADABLE, hidden
        if not new.result.scan.complete:
            return _Kind.BECAME_UNREADABLE, "the scan of NEW was interrupted"
        if resource not in new.resources:
            return _Kind.GONE, "the resource is no longer there"
        if (rule, resource) in new.of_resource or self._old.result.scan.rules_hash == new.result.scan.rules_hash:
            return _Kind.GONE, "what was judged of the resource is no longer there"
        return _Kind.NO_LONGER_JUDGED, "the rule is another than before and does not judge it"

    def _why_new(self, key: _Key) -> str:
        rule, resource, _ = key
        old = self._old
        if rule not in old.rules:
            return "the rule was not part of OLD"
        if not old.in_scope(resource):
            return "it was out of OLD's scope"
        if old.undecided(rule, resource):
            return "it was unknown"
        return "the resource is new" if resource not in old.resources else ""

    def _change(
        self, key: _Key, kind: VerdictChangeKind, reason: str, before: _Judged | None, after: _Judged | None
    ) -> VerdictChange:
        rule = self._new.rules.get(key[0]) or self._old.rules[key[0]]
        judged = after or before
        assert judged is not None, "one side has a verdict"
        return VerdictChange(
            kind=kind, rule=rule.id, control=rule.control, title=rule.title, severity=rule.severity, resource=judged.resource,
            subject=key[2], old=before.verdict if before is not None else None, new=after.verdict if after is not None else None,
            reason=reason, waived=after is not None and after.finding is not None and after.finding.waived,
        )  # fmt: skip


def _words(verdict: Verdict) -> str:
    return {Verdict.NOT_APPLICABLE: "not applicable", Verdict.ERROR: "an error"}.get(verdict, verdict.value)


def _notes(old: Result, new: Result) -> Iterator[str]:
    """Why a verdict may differ although nothing in Azure does."""
    left, right = old.scan, new.scan
    if (left.baseline, left.environment) != (right.baseline, right.environment):
        yield (
            f"The baselines differ, {left.baseline} ({left.environment}) and {right.baseline} ({right.environment}): "
            "a verdict may differ because of that."
        )
    elif left.baseline_hash != right.baseline_hash:
        yield "The baseline was changed in between: a verdict may differ because of that."
    if left.rules_hash != right.rules_hash:
        yield "The rules were changed in between: a verdict may differ because its rule does."
    if set(map(normalise, left.scopes)) != set(map(normalise, right.scopes)):
        yield "The scopes differ: what only one of them covers is called new or no longer judged."
    for word, scan in (("OLD", left), ("NEW", right)):
        if not scan.complete:
            yield f"The scan of {word} was interrupted: what was not read by then is unknown."
