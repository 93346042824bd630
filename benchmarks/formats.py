"""Reports: every format of a result of 10,000 findings, each with evidence, a fix and a resource of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from benchmarks.measured import Measured
from scanner.cli.delivery import ANNOTATIONS, FILES
from scanner.model.finding import Evidence, Finding, Fix
from scanner.model.result import Result, RuleInfo, ScanInfo
from scanner.model.source import RequestCounts
from scanner.model.verdict import Severity, Verdict

__all__ = ["measure_formats"]

FINDINGS = 10_000
RULES = 100
SUBSCRIPTION = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
_ACCOUNTS = f"{SUBSCRIPTION}/resourceGroups/rg-chat-prod/providers/Microsoft.CognitiveServices/accounts"


def measure_formats() -> list[Measured]:
    """Processor time of each format, and of all together."""
    result = _result()
    renderers = {
        **{name: partial(item.render, result, False) for name, item in FILES.items()},
        **{name: partial(render, result) for name, render in ANNOTATIONS.items()},
    }
    FILES["ocsf"].render(replace(result, findings=()), False)  # imports its models
    times: dict[str, float] = {}
    for name, render in renderers.items():
        start = time.process_time()
        assert render()
        times[name] = time.process_time() - start
    each = ", ".join(f"{name} {seconds:.1f}" for name, seconds in times.items())
    return [Measured(f"all formats of {FINDINGS:,} findings", f"{sum(times.values()):.2f} s", each, "at most 5 s")]


def _result() -> Result:
    rules = tuple(
        RuleInfo(f"NET-{at:03}", f"NET-{at:03}", "closed", "Account is closed", Severity.HIGH, "net", "Ingress", "Why.", "How.")
        for at in range(RULES)
    )
    scan = ScanInfo(
        "0" * 32, "2026-11-01T00:00:00Z", "2026-11-01T00:00:05Z", "1.0.0", "openai-chat", "prod", "live", (SUBSCRIPTION,), True,
        "r", "b",
    )  # fmt: skip
    findings = tuple(_finding(at, rules[at % RULES]) for at in range(FINDINGS))
    return Result(scan, rules, FINDINGS, findings, (), (), (), RequestCounts())


def _finding(at: int, rule: RuleInfo) -> Finding:
    evidence = (
        Evidence("properties.publicNetworkAccess", "equals", "Disabled", "Enabled"),
        Evidence("properties.networkAcls.defaultAction", "in", ["Deny"], None, "absent (Azure default: Allow)"),
    )
    return Finding(
        rule=rule.id, control=rule.control, subject="", title=rule.title, severity=rule.severity,
        verdict=Verdict.UNKNOWN if at % 10 == 0 else Verdict.FAIL, resource=f"{_ACCOUNTS}/oai-{at}",
        type="Microsoft.CognitiveServices/accounts", component="openai", message=f"oai-{at} can be reached from public networks",
        evidence=evidence, fix=Fix("set", "Close the account to public networks", "possible"),
    )  # fmt: skip
