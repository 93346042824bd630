"""The HTML report: one self-contained page from the layouts in `reports/html/`. Prepares plain data; the layout decides nothing.

Every text passes `printable` and Jinja2's escaping; style and script are let through by their hash alone, and nothing is loaded.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scanner.language.messages import printable
from scanner.model.finding import Evidence, Finding
from scanner.model.packaged import packaged
from scanner.model.result import Result, RuleInfo
from scanner.model.verdict import Severity, Verdict
from scanner.report.html_since import since_view, trend_view
from scanner.report.picture import Places, drawn_workloads, picture_views
from scanner.report.words import evidence_line, expected_words, family_title, found_words, short_id

__all__ = ["render_html"]

View = dict[str, Any]

_LONG: Final = 4000
_STYLES: Final = ("colours.css", "styles.css", "picture.css")
_SHOWN_VERDICTS: Final = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)


def render_html(result: Result) -> bytes:
    """The page as UTF-8."""
    style, script = "".join(map(_asset, _STYLES)), _asset("script.js")
    page = _environment().get_template("report.html")
    text = page.render(**_view(result), style=style, script=script, style_hash=_hash(style), script_hash=_hash(script))
    return text.encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(packaged("reports", "html")), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["plain"] = lambda text: printable(text, longest=_LONG)
    return environment


@cache
def _asset(name: str) -> str:
    return packaged("reports", "html", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """How a content security policy names an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _view(result: Result) -> View:
    rules = {rule.id: rule for rule in result.rules}
    places = Places(drawn_workloads(result))
    shown = [item for item in result.findings if item.verdict in _SHOWN_VERDICTS]
    return {
        "scan": result.scan,
        "scopes": [(short_id(scope), scope) for scope in result.scan.scopes],
        "resources": result.resources,
        "rule_count": len(result.rules),
        "tiles": _tiles(result, shown),
        "since": since_view(result.since, {item.fingerprint for item in shown}),
        "trend": trend_view(result.trend),
        "families": _families(result, shown, rules),
        "pictures": picture_views(result),
        "findings": [{**_finding(item, rules[item.rule]), "nodes": "\n".join(places.keys(item))} for item in shown],
        "filters": _filters(shown, rules, places),
        "passed": _passed(result, rules),
        "pass_count": result.count(Verdict.PASS),
        "gaps": result.gaps,
        "waivers": result.waivers,
        "notes": result.notes,
        "workloads": [
            (item.name, [(name, list(map(short_id, ids))) for name, ids in item.components.items()]) for item in result.workloads
        ],
        "requests": result.requests,
        "counts": {verdict.value: result.count(verdict) for verdict in Verdict},
    }


def _tiles(result: Result, shown: list[Finding]) -> list[View]:
    """The summary, worst first: what it is called, how often, and the filter that shows it."""
    failing = Counter(item.severity for item in shown if item.verdict is Verdict.FAIL)
    tiles = [_tile(level.value, failing[level], f"v=fail&s={level.value}") for level in Severity]
    tiles += [_tile(verdict.value, result.count(verdict), f"v={verdict.value}") for verdict in (Verdict.UNKNOWN, Verdict.ERROR)]
    return [*tiles, _tile("pass", result.count(Verdict.PASS), "")]


def _tile(name: str, count: int, shows: str) -> View:
    return {"kind": name, "count": count, "filter": shows}


def _families(result: Result, shown: list[Finding], rules: dict[str, RuleInfo]) -> list[View]:
    """One row per family: failing by severity, unknown, error and passing, with the widths of its bar in percent."""
    counts: dict[str, Counter[str]] = {rule.family: Counter() for rule in result.rules}
    for item in shown:
        counts[rules[item.rule].family][item.severity.value if item.verdict is Verdict.FAIL else item.verdict.value] += 1
    for judged in result.passes:
        counts[rules[judged.rule].family]["pass"] += len(judged.resources)
    names = [*(level.value for level in Severity), "unknown", "error", "pass"]
    return [
        {"key": family, "title": family_title(family), "cells": [(name, row[name]) for name in names], "bar": _bar(row, names)}
        for family, row in sorted(counts.items(), key=lambda pair: family_title(pair[0]))
    ]


def _bar(row: Counter[str], names: Iterable[str]) -> list[tuple[str, float, float]]:
    """Kind, start and width of each part of a bar of 100."""
    total, start = max(1, row.total()), 0.0
    parts = []
    for name in names:
        if row[name]:
            width = 100 * row[name] / total
            parts.append((name, round(start, 2), round(width, 2)))
            start += width
    return parts


def _finding(item: Finding, rule: RuleInfo) -> View:
    return {
        "item": item,
        "rule": rule,
        "family": family_title(rule.family),
        "short": short_id(item.resource),
        "subject": item.subject if item.subject != item.rule else "",
        "kind": item.severity.value if item.verdict is Verdict.FAIL else item.verdict.value,
        "evidence": [_evidence(evidence) for evidence in item.evidence],
        "causes": item.consequence_of,
        "frameworks": [(name, ", ".join(ids)) for name, ids in rule.frameworks.items() if ids],
    }


def _evidence(item: Evidence) -> View:
    if not item.path or item.operator == "counts":
        return {"path": "", "words": evidence_line(item)}
    note = item.note if item.actual is not None else ""
    return {"path": item.path, "expected": expected_words(item), "found": found_words(item), "note": note, "words": ""}


def _filters(shown: list[Finding], rules: dict[str, RuleInfo], places: Places) -> View:
    """What there is to filter by, with how many findings each holds."""
    return {
        "verdicts": _counted(item.verdict.value for item in shown),
        "severities": _by_severity(shown),
        "families": [(key, family_title(key), count) for key, count in _counted(rules[item.rule].family for item in shown)],
        "nodes": places.counted(shown),
        "components": _counted(item.component for item in shown if item.component),
        "waived": sum(item.waived for item in shown),
    }


def _by_severity(shown: list[Finding]) -> list[tuple[str, int]]:
    counts = Counter(item.severity for item in shown)
    return [(level.value, counts[level]) for level in Severity if counts[level]]


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())


def _passed(result: Result, rules: dict[str, RuleInfo]) -> list[View]:
    """Rules with what passed, in the order of their ids."""
    by_rule: dict[str, list[str]] = {}
    for judged in result.passes:
        subject = f" ({judged.subject})" if judged.subject and judged.subject != judged.rule else ""
        by_rule.setdefault(judged.rule, []).extend(f"{short_id(one)}{subject}" for one in judged.resources)
    return [{"rule": rules[name], "resources": found} for name, found in sorted(by_rule.items())]
