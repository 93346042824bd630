"""Small results for histories: a few rules on a few resources, each with the verdict that a test gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.model.finding import Finding
from scanner.model.result import Judged, Result, RuleInfo, ScanInfo, Workload, order_findings
from scanner.model.source import RequestCounts
from scanner.model.verdict import Severity, Verdict

SUB = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
ACCOUNTS = f"{SUB}/resourceGroups/rg-chat/providers/Microsoft.Storage/storageAccounts"
RULES = {
    name: RuleInfo(name, name, name.lower(), f"{name} holds", severity, name[:3].lower(), "", "", "")
    for name, severity in (("NET-001", Severity.CRITICAL), ("KEY-001", Severity.HIGH), ("GOV-001", Severity.LOW))
}
WAIVER = {"owner": "us", "reason": "it moves", "ticket": "", "expires": "2027-01-01", "accepts": "fail", "file": "w", "line": 1}
#: A verdict by rule and name of the account; `waived` is a failure with a waiver.
Verdicts = Mapping[tuple[str, str], str]


def account(name: str) -> str:
    return f"{ACCOUNTS}/{name}"


def result(day: int, verdicts: Verdicts, **scan: Any) -> Result:
    """What a scan on a day of November found."""
    rules = [RULES[name] for name in sorted({rule for rule, _ in verdicts} | set(scan.pop("rules", ())))]
    told: dict[str, Any] = {
        "id": f"{day:032x}", "started": f"2026-11-{day:02}T06:00:00Z", "finished": f"2026-11-{day:02}T06:01:00Z", "version": "1.0.0",
        "baseline": "openai-chat", "environment": "prod", "source_kind": "live", "scopes": (SUB,), "complete": True,
        "rules_hash": "r", "baseline_hash": "b",
    }  # fmt: skip
    held: dict[str, list[Judged]] = {"pass": [], "not_applicable": []}
    found = []
    for (rule, name), verdict in verdicts.items():
        if verdict in held:
            held[verdict].append(Judged(rule, "", (account(name),)))
        else:
            found.append(finding(rule, name, verdict))
    return Result(
        scan=ScanInfo(**told | scan), rules=tuple(rules), resources=len({name for _, name in verdicts}),
        findings=order_findings(found), passes=tuple(held["pass"]), not_applicable=tuple(held["not_applicable"]), gaps=(),
        requests=RequestCounts(), workloads=(Workload("chat-prod", {}),),
    )  # fmt: skip


def finding(rule: str, name: str, verdict: str) -> Finding:
    waiver = WAIVER | {"state": "in force" if verdict == "waived" else "expired"} if verdict in {"waived", "expired"} else None
    kept = Verdict.FAIL if waiver else Verdict(verdict)
    about = RULES[rule]
    return Finding(
        rule, about.control, "", about.title, about.severity, kept, account(name), "Microsoft.Storage/storageAccounts", "", "why",
        waiver=waiver,
    )  # fmt: skip
