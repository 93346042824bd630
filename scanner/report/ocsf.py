"""ocsf.json: one OCSF Compliance Finding (class 2003) for each finding, in one array, as Prowler writes and its readers expect.

- `compliance.status_id`: fail is Fail and pass is Pass; unknown is Warning, "did not yield a result due to missing information";
  an error is Unknown. `status_code` has driftline's own word.
- `status_id`: a waiver in force makes a finding Suppressed; all else is New, for driftline does not follow who works on it.
- What OCSF has no attribute for stands in `unmapped`, so that nothing of a finding is lost. Times are in milliseconds.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, Final

from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding  # type: ignore[import-untyped]  # has no py.typed

from scanner.model.finding import Finding
from scanner.model.resource_id import ResourceId
from scanner.model.result import Result, RuleInfo, ScanInfo
from scanner.model.verdict import Severity, Verdict
from scanner.report.inert import json_text, shown
from scanner.report.passes import passing
from scanner.report.words import family_title, framework_title, short_id

__all__ = ["render_ocsf"]

Json = Any
#: Numbers of OCSF: of `compliance.status_id` …
_STATUS: Final = {Verdict.PASS: 1, Verdict.FAIL: 3, Verdict.UNKNOWN: 2, Verdict.ERROR: 0}
#: … of `severity_id`, each with its name …
_SEVERITIES: Final = {
    Severity.CRITICAL: (5, "Critical"), Severity.HIGH: (4, "High"), Severity.MEDIUM: (3, "Medium"), Severity.LOW: (2, "Low"),
    Severity.INFO: (1, "Informational"),
}  # fmt: skip
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
#: … of `activity_id` and `type_uid`; of an analytic that is a rule; of an account whose kind is named beside it.
_CREATE, _TYPE, _RULE, _OTHER = 1, 200301, 1, 99


def render_ocsf(result: Result, *, include_passes: bool = False) -> bytes:
    """The array as UTF-8, one event a line; `include_passes` adds an event for each pass."""
    rules = {rule.id: rule for rule in result.rules}
    items = chain(result.findings, passing(result) if include_passes else ())
    lines = ",\n".join(json_text(_event(item, rules[item.rule], result.scan)) for item in items)
    return f"[\n{lines}\n]\n".encode()


def _event(item: Finding, rule: RuleInfo, scan: ScanInfo) -> Json:
    """An event that the model has validated, with the object of the cloud profile, which the model leaves out."""
    severity_id, severity = _SEVERITIES[item.severity]
    status_id, status = _SUPPRESSED if item.waived else _NEW
    message, moment = shown(item.message or item.title), _milliseconds(scan.started)
    event = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "class_name": "Compliance Finding",
        "compliance": _compliance(item, rule),
        "evidences": [{"name": "condition", "data": asdict(one)} for one in item.evidence] or None,
        "finding_info": {
            "analytic": {"name": rule.name, "uid": rule.id, "type": "Rule", "type_id": _RULE},
            "created_time": moment,
            "desc": message,
            "title": shown(item.title),
            "types": [rule.family],
            "uid": item.fingerprint,
        },
        "message": message,
        "metadata": _metadata(item, scan),
        "remediation": _remediation(item, rule),
        "resources": [_resource(item)],
        "severity": severity,
        "severity_id": severity_id,
        "status": status,
        "status_code": item.verdict.value,
        "status_detail": message,
        "status_id": status_id,
        "time": moment,
        "type_name": "Compliance Finding: Create",
        "type_uid": _TYPE,
        "unmapped": _unmapped(item, scan),
    }
    return {**ComplianceFinding.model_validate(event).model_dump(mode="json", exclude_none=True), "cloud": _cloud(item)}


def _compliance(item: Finding, rule: RuleInfo) -> Json:
    standards = [framework_title(name) for name, ids in rule.frameworks.items() if ids] or None
    status, (severity_id, severity) = _STATUS[item.verdict], _SEVERITIES[rule.severity]
    check = {
        "uid": rule.id, "name": rule.title, "desc": rule.rationale or None, "severity": severity, "severity_id": severity_id,
        "standards": standards, "status_id": status,
    }  # fmt: skip
    return {
        "category": family_title(rule.family),
        "checks": [check],
        "control": rule.control,
        "desc": rule.rationale or None,
        "requirements": [f"{name} {one}" for name, ids in rule.frameworks.items() for one in ids] or None,
        "standards": standards,
        "status_id": status,
    }


def _metadata(item: Finding, scan: ScanInfo) -> Json:
    return {
        "correlation_uid": scan.id,
        "event_code": item.rule,
        "product": {"uid": "driftline", "name": "driftline", "vendor_name": "driftline", "version": scan.version},
        "profiles": ["cloud"],
        "uid": item.fingerprint,
    }


def _remediation(item: Finding, rule: RuleInfo) -> Json:
    parts = [item.fix.title, *item.fix.steps, item.fix.text] if item.fix is not None else []
    told = "\n".join(shown(part) for part in (*parts, rule.help) if part)
    return {"desc": told} if told and item.verdict is not Verdict.PASS else None


def _resource(item: Finding) -> Json:
    group = ResourceId.parse(item.resource).resource_group
    return {
        "name": short_id(item.resource),
        "uid": item.resource,
        "type": item.type or None,
        "group": {"name": group} if group else None,
    }


def _cloud(item: Finding) -> Json:
    subscription = ResourceId.parse(item.resource).subscription
    account = {"name": subscription, "uid": subscription, "type": "Azure Subscription", "type_id": _OTHER}
    return {"provider": "Azure", **({"account": account} if subscription else {})}


def _unmapped(item: Finding, scan: ScanInfo) -> Json:
    return {
        "rule": item.rule,
        "subject": item.subject,
        "component": item.component,
        "message": item.message,
        "consequence_of": list(item.consequence_of),
        "waiver": item.waiver,
        "fix": asdict(item.fix) if item.fix is not None else None,
        "location": asdict(item.location) if item.location is not None else None,
        "scan": {
            "id": scan.id,
            "baseline": scan.baseline,
            "environment": scan.environment,
            "source": scan.source_kind,
            "complete": scan.complete,
        },
    }


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
