"""Holds findings against waivers. A verdict stays what it is: a waiver only says that the gate need not count it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from scanner.model.finding import Finding
from scanner.model.result import Result, WaiverUse
from scanner.rules.waivers import Waiver

__all__ = ["apply_waivers"]


def apply_waivers(result: Result, waivers: Sequence[Waiver], today: dt.date) -> Result:
    """The result with every waiver and the findings that it covers. Waivers of rules that were not judged are left out."""
    judged = {rule.id for rule in result.rules}
    asked = [item for item in waivers if judged.intersection(item.rules)]
    if not asked:
        return result
    findings, matched = _waive(result.findings, asked, today)
    # waivers are input too: the id of a scan stands for all of it
    digest = hashlib.sha256(f"{result.scan.id}\n{asked!r}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return replace(
        result,
        scan=replace(result.scan, id=digest),
        findings=tuple(findings),
        waivers=_account(asked, matched, result, today),
    )


def _waive(findings: Sequence[Finding], waivers: Sequence[Waiver], today: dt.date) -> tuple[list[Finding], list[int]]:
    """The findings, each with the waiver that covers it, and how many each waiver covers. One in force goes before an expired
    one. An error is never waived, and a waiver takes only the verdict that it accepts.
    """
    by_rule: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at, item in sorted(enumerate(waivers), key=lambda pair: not pair[1].in_force(today)):
        for rule in item.rules:
            by_rule[rule, item.accepts].append(at)
    matched: Counter[int] = Counter()
    waived: list[Finding] = []
    for finding in findings:
        candidates = by_rule.get((finding.rule, finding.verdict.value), ())
        covering = [at for at in candidates if waivers[at].covers(finding.resource, finding.subject)]
        matched.update(covering)
        waived.append(replace(finding, waiver=_words(waivers[covering[0]], today)) if covering else finding)
    return waived, [matched[at] for at in range(len(waivers))]


def _account(waivers: Sequence[Waiver], matched: Sequence[int], result: Result, today: dt.date) -> tuple[WaiverUse, ...]:
    """Every waiver with its state; one that covers no finding says whether its glob takes in any judged resource."""
    resources = set() if all(matched) else _judged_resources(result)
    return tuple(
        WaiverUse(
            rule=item.rule, resource=item.resource, subject=item.subject, owner=item.owner, reason=item.reason,
            ticket=item.ticket, expires=item.expires.isoformat(), accepts=item.accepts, file=item.file, line=item.line,
            state="expired" if not item.in_force(today) else "in force" if count else "unused", matched=count,
            note="" if count or any(map(item.covers_resource, resources)) else "no judged resource matches its glob",
        )
        for item, count in zip(waivers, matched, strict=True)
    )  # fmt: skip


def _judged_resources(result: Result) -> set[str]:
    listed = {name for judged in (*result.passes, *result.not_applicable) for name in judged.resources}
    return listed | {item.resource for item in result.findings}


def _words(waiver: Waiver, today: dt.date) -> dict[str, str | int]:
    return {
        "owner": waiver.owner, "reason": waiver.reason, "ticket": waiver.ticket, "expires": waiver.expires.isoformat(),
        "accepts": waiver.accepts, "file": waiver.file, "line": waiver.line,
        "state": "in force" if waiver.in_force(today) else "expired",
    }  # fmt: skip
