"""junit.xml for whatever shows tests: a suite for each family, a test case for each rule, resource and subject that was judged.

A failure is a `failure`; unknown and error are an `error`, for what could not be judged never looks green; what a waiver in force
covers is `skipped`, with the waiver's words. What a rule does not apply to is no test and is left out.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Final
from xml.etree import ElementTree as ET

from scanner.model.finding import Finding
from scanner.model.result import Result, RuleInfo
from scanner.model.verdict import Verdict
from scanner.report.finding_words import details, full_place, waiver_words
from scanner.report.inert import shown
from scanner.report.passes import passing
from scanner.report.words import family_title

__all__ = ["render_junit"]

_OUTCOMES: Final = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error", Verdict.ERROR: "error"}
_ATTRIBUTES: Final = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(result: Result) -> bytes:
    """The document as UTF-8."""
    rules = {rule.id: rule for rule in result.rules}
    suites: dict[str, list[Finding]] = {}
    for item in chain(result.findings, passing(result)):
        suites.setdefault(rules[item.rule].family, []).append(item)
    counts = Counter(map(_outcome, chain.from_iterable(suites.values())))
    sums = {"tests": str(counts.total()), "failures": str(counts["failure"]), "errors": str(counts["error"])}
    root = ET.Element("testsuites", {"name": "driftline", **sums, "time": "0"})
    for family, items in sorted(suites.items()):
        _add_suite(root, result, family, items, rules)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode() + b"\n"


def _add_suite(root: ET.Element, result: Result, family: str, items: list[Finding], rules: dict[str, RuleInfo]) -> None:
    counts = Counter(map(_outcome, items))
    scan = result.scan
    suite = ET.SubElement(root, "testsuite", {"name": shown(family_title(family)), "tests": str(len(items))})
    for outcome, attribute in _ATTRIBUTES.items():
        suite.set(attribute, str(counts[outcome]))
    suite.set("time", "0")
    suite.set("timestamp", shown(scan.started.removesuffix("Z")))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("scan", scan.id), ("baseline", scan.baseline), ("environment", scan.environment)):
        ET.SubElement(properties, "property", name=name, value=shown(value))
    for item in items:
        _add_case(suite, item, rules[item.rule])


def _add_case(suite: ET.Element, item: Finding, rule: RuleInfo) -> None:
    name = shown(f"{item.title}: {full_place(item)}")
    case = ET.SubElement(suite, "testcase", name=name, classname=shown(f"{rule.family}.{item.rule}"), time="0")
    outcome = _outcome(item)
    if outcome == "skipped":
        assert item.waiver is not None
        ET.SubElement(case, "skipped", message=shown(f"{waiver_words(item.waiver)}. {item.verdict}: {item.message}"))
    elif outcome:
        kind = item.severity.value if item.verdict is Verdict.FAIL else item.verdict.value
        told = ET.SubElement(case, outcome, type=kind, message=shown(item.message or item.title))
        told.text = "\n".join(f"- {line}" for line in (full_place(item), *details(item), f"fingerprint: {item.fingerprint}"))


def _outcome(item: Finding) -> str:
    """The element that says what became of a case; empty for what passed."""
    return "skipped" if item.waived else _OUTCOMES.get(item.verdict, "")
