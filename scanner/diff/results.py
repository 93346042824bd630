"""Two results, verdict by verdict: fixed is told from gone, gone from not judged any more, and that from unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.model.finding import Finding
from scanner.model.resource_id import is_within, normalise, parent_key
from scanner.model.result import Result, RuleInfo
from scanner.model.uncollected import uncollected
from scanner.model.verdict import Verdict

__all__ = ["compare_results"]

#: Rule, compared resource id and subject.
_Key = tuple[str, str, str]
_Judged = Verdict | Finding
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
    with uncollected():
        comparison = _Comparison(_Side(old), _Side(new))
        changes = tuple(sorted(comparison.changes(), key=lambda item: item.order))
    return ResultDiff(changes, dict(comparison.unchanged), comparison.added, tuple(_notes(old, new)))


class _Side:
    """The verdicts of a result by rule and subject, then by compared resource id, and what else is known of it.

    What passes or does not apply is most of a result and stands as a bare verdict, the rest as its finding.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.rules: dict[str, RuleInfo] = {rule.id: rule for rule in result.rules}
        self.scopes = [normalise(scope) for scope in result.scan.scopes]
        self.tables: dict[tuple[str, str], dict[str, _Judged]] = {}
        self.spelled: dict[str, str] = {}
        self._undecided: dict[tuple[str, str], str] = {}
        self._by_rule: dict[str, set[str]] = {}
        keys: dict[str, str] = {}
        for finding in result.findings:
            key = self._key(finding.resource, keys)
            self.tables.setdefault((finding.rule, finding.subject), {}).setdefault(key, finding)
            if finding.verdict in _UNDECIDED:
                self._undecided.setdefault((finding.rule, key), finding.message)
        for verdict, judged in ((Verdict.PASS, result.passes), (Verdict.NOT_APPLICABLE, result.not_applicable)):
            for item in judged:
                table = self.tables.setdefault((item.rule, item.subject), {})
                for resource in item.resources:
                    table.setdefault(self._key(resource, keys), verdict)

    def _key(self, resource: str, keys: dict[str, str]) -> str:
        """The compared form of an id, worked out once for each spelling."""
        key = keys.get(resource)
        if key is None:
            key = keys[resource] = normalise(resource)
            self.spelled.setdefault(key, resource)
        return key

    def judges(self, rule: str, key: str) -> bool:
        """Whether a rule has a verdict on a resource, whatever the subject."""
        if rule not in self._by_rule:
            self._by_rule[rule] = {item for (name, _), table in self.tables.items() if name == rule for item in table}
        return key in self._by_rule[rule]

    def in_scope(self, key: str) -> bool:
        return any(is_within(key, scope) for scope in self.scopes)

    def undecided(self, rule: str, key: str) -> str:
        """Why a verdict of a rule is hidden: it is unknown for the whole resource, or for a scope above it; else empty."""
        at = key
        while at:
            if (rule, at) in self._undecided:
                return self._undecided[rule, at]
            at = parent_key(at) if at != "/" else ""
        return ""


class _Comparison:
    def __init__(self, old: _Side, new: _Side) -> None:
        self._old, self._new = old, new
        self.unchanged: Counter[Verdict] = Counter()
        self.added = 0

    def changes(self) -> Iterator[VerdictChange]:
        """Every change, in no order; `unchanged` and `added` are counted on the way."""
        for (rule, subject), before in self._old.tables.items():
            after = self._new.tables.get((rule, subject), {})
            for resource, left in before.items():
                right = after.get(resource)
                if left is right and isinstance(left, Verdict):
                    self.unchanged[left] += 1
                    continue
                found = self._both(left, right) if right is not None else self._lost(rule, resource, left)
                if found is not None:
                    yield self._change((rule, resource, subject), *found, left, right)
        for (rule, subject), after in self._new.tables.items():
            known = self._old.tables.get((rule, subject), {})
            for resource, right in after.items():
                if resource in known:
                    continue
                if isinstance(right, Verdict):
                    self.added += 1
                else:
                    yield self._change((rule, resource, subject), _Kind.NEW, self._why_new(rule, resource), None, right)

    def _both(self, before: _Judged, after: _Judged) -> tuple[VerdictChangeKind, str] | None:
        was, is_now = _verdict(before), _verdict(after)
        if was is is_now:
            return self._same(before, after)
        message = after.message if isinstance(after, Finding) else ""
        if is_now in _UNDECIDED:
            return _Kind.BECAME_UNREADABLE, message
        kind = _KINDS[was, is_now]
        if kind is None:
            self.added += 1
            return None
        if is_now is Verdict.NOT_APPLICABLE:
            return kind, "the rule does not apply to it any more"
        return kind, f"it was {_words(was)}" if kind is _Kind.NEW else message

    def _same(self, before: _Judged, after: _Judged) -> tuple[VerdictChangeKind, str] | None:
        if isinstance(before, Finding) and isinstance(after, Finding) and before.waived and not after.waived:
            ended = after.waiver.get("expires", "") if after.waiver is not None else ""
            return _Kind.WAIVER_EXPIRED, f"expired {ended}" if ended else "no waiver covers it any more"
        self.unchanged[_verdict(after)] += 1
        return None

    def _lost(self, rule: str, resource: str, before: _Judged) -> tuple[VerdictChangeKind, str] | None:
        """What became of a verdict that there is no more: the rule, the scope, the reading or the resource went."""
        new = self._new
        if before is Verdict.NOT_APPLICABLE:
            return None
        if rule not in new.rules:
            return _Kind.NO_LONGER_JUDGED, "the rule is not part of NEW"
        if not new.in_scope(resource):
            return _Kind.NO_LONGER_JUDGED, "it is out of NEW's scope"
        hidden = new.undecided(rule, resource)
        if hidden:
            return _Kind.BECAME_UNREADABLE, hidden
        if not new.result.scan.complete:
            return _Kind.BECAME_UNREADABLE, "the scan of NEW was interrupted"
        if resource not in new.spelled:
            return _Kind.GONE, "the resource is no longer there"
        if new.judges(rule, resource) or self._old.result.scan.rules_hash == new.result.scan.rules_hash:
            return _Kind.GONE, "what was judged of the resource is no longer there"
        return _Kind.NO_LONGER_JUDGED, "the rule is another than before and does not judge it"

    def _why_new(self, rule: str, resource: str) -> str:
        old = self._old
        if rule not in old.rules:
            return "the rule was not part of OLD"
        if not old.in_scope(resource):
            return "it was out of OLD's scope"
        if old.undecided(rule, resource):
            return "it was unknown"
        return "the resource is new" if resource not in old.spelled else ""

    def _change(
        self, key: _Key, kind: VerdictChangeKind, reason: str, before: _Judged | None, after: _Judged | None
    ) -> VerdictChange:
        rule = self._new.rules.get(key[0]) or self._old.rules[key[0]]
        spelled = self._new.spelled.get(key[1]) or self._old.spelled[key[1]]
        return VerdictChange(
            kind=kind, rule=rule.id, control=rule.control, title=rule.title, severity=rule.severity, resource=spelled,
            subject=key[2], old=_verdict(before) if before is not None else None,
            new=_verdict(after) if after is not None else None, reason=reason,
            waived=isinstance(after, Finding) and after.waived,
        )  # fmt: skip


def _verdict(judged: _Judged) -> Verdict:
    return judged if isinstance(judged, Verdict) else judged.verdict


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
