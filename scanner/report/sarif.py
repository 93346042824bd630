"""result.sarif, SARIF 2.1.0 for code scanning: rules, and a result for each finding; what passed is left out.

- `kind` and `level`: a failure is `fail` at the level of its severity. Unknown and error are `open` ("insufficient information
  to decide"), and the standard then wants the level `none`; an error is a notification too, as is all that could not be read.
- Places: GitHub shows no result without a `physicalLocation`. For a template it is the line of the resource. What was read from
  Azure stands in no file, so it is the first line of `driftline.yaml`, which says what is scanned; the logical location is the
  resource.
- `primaryLocationLineHash` is the one fingerprint that GitHub reads; it holds the finding's own, for lines tell nothing of Azure.
- `security-severity` makes a result one of security, so rules on reliability, cost and operations have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from scanner.language.markdown import escaped
from scanner.model.finding import Finding, Location
from scanner.model.result import Result, RuleInfo
from scanner.model.verdict import Severity, Verdict
from scanner.report.finding_words import details, full_place, waiver_words
from scanner.report.inert import json_text, shown
from scanner.report.words import short_id

__all__ = ["render_sarif"]

Json = Any
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SETTINGS: Final = Location("driftline.yaml", 1)
_ROOT: Final = "%SRCROOT%"
_LEVELS: Final = {
    Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.INFO: "note",
}  # fmt: skip
#: Within the bands by which GitHub names them: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low.
_SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_PROBLEMS: Final = {"error": "error", "warning": "warning", "note": "recommendation"}
_NOT_SECURITY: Final = frozenset({"rel", "cost", "ops"})
#: What GitHub takes of a description.
_DESCRIPTION: Final = 1024


def render_sarif(result: Result) -> bytes:
    """The log as UTF-8, one result a line."""
    head = json_text(_frame(result))
    assert head.endswith('"results":[]}]}'), "results come last"
    places = {rule.id: at for at, rule in enumerate(result.rules)}
    lines = ",\n".join(json_text(_result(item, places[item.rule])) for item in result.findings)
    return f"{head[: -len(']}]}')]}\n{lines}\n]}}]}}\n".encode()


def _frame(result: Result) -> Json:
    """The log without its results."""
    scan = result.scan
    category = "/".join(shown(part).replace("/", "-") for part in (scan.baseline, scan.environment))
    driver = {"name": "driftline", "version": shown(scan.version), "rules": list(map(_rule, result.rules))}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"driftline/{category}/{scan.id}"},
        "invocations": [_invocation(result)],
        "originalUriBaseIds": {_ROOT: {"description": _message("The root of the repository.")}},
        "columnKind": "unicodeCodePoints",
        "properties": {"scopes": list(scan.scopes), "rulesHash": scan.rules_hash, "baselineHash": scan.baseline_hash},
        "results": [],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: RuleInfo) -> Json:
    level = _LEVELS[rule.severity]
    security = rule.family not in _NOT_SECURITY
    score = {"security-severity": _SCORES[rule.severity]} if security and rule.severity in _SCORES else {}
    why, how = shown(rule.rationale or rule.title), shown(rule.help)
    parts = [part for part in (why, f"How to mend it: {how}" if how else "") if part]
    markdown = [str(escaped(why)), *([f"**How to mend it.** {escaped(how)}"] if how else [])]
    return {
        "id": shown(rule.id),
        "name": shown(rule.name, longest=255),
        "shortDescription": _message(shown(rule.title, longest=_DESCRIPTION)),
        "fullDescription": _message(shown(rule.rationale or rule.title, longest=_DESCRIPTION)),
        "help": {**_message("\n".join(parts)), "markdown": _literal("\n\n".join(markdown))},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": [*(["security"] if security else []), *map(shown, dict.fromkeys((rule.family, rule.control)))],
            "precision": "very-high",
            "problem.severity": _PROBLEMS[level],
            **score,
            "severity": rule.severity.value,
            "section": rule.section,
            "frameworks": rule.frameworks,
        },
    }


def _invocation(result: Result) -> Json:
    errors = [item for item in result.findings if item.verdict is Verdict.ERROR]
    return {
        "executionSuccessful": result.scan.complete and not errors,
        "startTimeUtc": result.scan.started,
        "endTimeUtc": result.scan.finished,
        "toolExecutionNotifications": list(_notifications(result, errors)),
        "toolConfigurationNotifications": [_notification("note", shown(note)) for note in result.notes],
    }


def _notifications(result: Result, errors: Iterable[Finding]) -> Iterator[Json]:
    if not result.scan.complete:
        yield _notification("error", "The scan was interrupted: what was not read by then is unknown.")
    for item in errors:
        message = f"{item.rule} on {full_place(item)}: {item.message}"
        yield {**_notification("error", shown(message)), "associatedRule": {"id": shown(item.rule)}}
    for gap in result.gaps:
        need = f"; it needs {gap.permission}" if gap.permission else ""
        yield _notification("warning", shown(f"{gap.what} could not be read at {gap.scope}: {gap.reason}{need}"))


def _notification(level: str, text: str) -> Json:
    return {"level": level, "message": _message(text)}


def _result(item: Finding, rule_index: int) -> Json:
    failing = item.verdict is Verdict.FAIL
    text = "\n".join([f"{shown(item.message or item.title).rstrip('.')}.", full_place(item), *details(item)])
    return {
        "ruleId": shown(item.rule),
        "ruleIndex": rule_index,
        "kind": "fail" if failing else "open",
        "level": _LEVELS[item.severity] if failing else "none",
        "message": _message(text),
        "locations": [_location(item)],
        "partialFingerprints": {"primaryLocationLineHash": item.fingerprint, "driftline/v1": item.fingerprint},
        "suppressions": [_suppression(item)] if item.waived else [],
        "properties": {
            "verdict": item.verdict.value,
            "severity": item.severity.value,
            "subject": item.subject,
            "component": item.component,
            "resource": item.resource,
        },
    }


def _location(item: Finding) -> Json:
    name = {"name": short_id(item.resource), "fullyQualifiedName": full_place(item), "kind": "resource"}
    return {"physicalLocation": _physical(item.location or _SETTINGS), "logicalLocations": [name]}


def _physical(location: Location) -> Json:
    line = max(1, location.line)
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1}
    return {"artifactLocation": _artifact(location.file), "region": region}


def _artifact(file: str) -> Json:
    """A file by its URI: below the root of the repository, or absolute."""
    path = file.replace("\\", "/")
    drive = re.match("[A-Za-z]:(?=/)", path)
    if drive is not None:
        return {"uri": f"file:///{drive[0]}{quote(path[drive.end() :], safe='/')}"}
    uri = quote(path, safe="/")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _suppression(item: Finding) -> Json:
    assert item.waiver is not None
    where = Location(str(item.waiver["file"]), int(item.waiver["line"]))
    return {
        "kind": "external",
        "status": "accepted",
        "justification": waiver_words(item.waiver),
        "location": {"physicalLocation": _physical(where)},
    }


def _message(text: str) -> Json:
    """A message in which nothing is a placeholder or a link."""
    return {"text": _literal(text.replace("](", "] ("))}


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
