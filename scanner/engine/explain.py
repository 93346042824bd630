"""Turns outcomes into findings: the message, and the evidence of the condition leaves that decided."""

from __future__ import annotations

from scanner.engine.evaluate import Defect, Hole, Outcome
from scanner.facts.components import BoundWorkload
from scanner.model.finding import Evidence, Finding, Fix
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.unknown import Unknown
from scanner.model.verdict import Verdict
from scanner.rules.rule import Rule

__all__ = ["explain"]


def explain(outcome: Outcome | Hole | Defect) -> Finding:
    """The finding of one outcome that is not a pass."""
    if isinstance(outcome, Hole):
        return _unread(outcome.rule, outcome.resource_id, outcome.reason)
    if isinstance(outcome, Defect):
        return _defect(outcome.rule, outcome.resource, outcome.subject, outcome.error)
    return _finding(outcome)


def _finding(outcome: Outcome) -> Finding:
    rule, scope, truth = outcome.rule, outcome.scope, outcome.truth
    target = scope.target
    if isinstance(truth, Unknown):
        message = f"Cannot be judged: {truth}"
        evidence = tuple(item for item in rule.assertion.explain(scope) if item.note) or (
            Evidence("", "", None, None, str(truth)),
        )
    else:
        message = rule.message.render(scope)
        evidence = rule.assertion.explain(scope)
    return Finding(
        rule=rule.id, control=rule.control, subject=outcome.subject, title=rule.title, severity=rule.severity,
        verdict=Verdict.UNKNOWN if isinstance(truth, Unknown) else Verdict.FAIL, resource=target.judged_id or target.id,
        type=_type_of(target), component=_component_of(target, outcome.workload), message=message, evidence=evidence,
        consequence_of=rule.consequence_of, fix=_fix_of(rule),
    )  # fmt: skip


def _unread(rule: Rule, resource_id: str, reason: Unknown) -> Finding:
    return Finding(
        rule=rule.id, control=rule.control, subject="", title=rule.title, severity=rule.severity, verdict=Verdict.UNKNOWN,
        resource=resource_id, type=rule.target.types[0], component="", message=f"Cannot be judged: {reason}",
        evidence=(Evidence("", "", None, None, str(reason)),),
    )  # fmt: skip


def _defect(rule: Rule, resource: Resource, subject: str, error: Exception) -> Finding:
    return Finding(
        rule=rule.id, control=rule.control, subject=subject, title=rule.title, severity=rule.severity, verdict=Verdict.ERROR,
        resource=resource.judged_id or resource.id, type=_type_of(resource), component="",
        message=f"A defect in the rule or in driftline: {type(error).__name__}: {error}",
    )  # fmt: skip


def _type_of(resource: Resource) -> str:
    judged_type = resource.body.get("resourceType") if resource.judged_id else None
    return judged_type if isinstance(judged_type, str) else resource.type


def _component_of(resource: Resource, workload: BoundWorkload | None) -> str:
    if workload is None:
        return ""
    key = normalise(resource.judged_id) if resource.judged_id else resource.key
    return workload.component_of(key)


def _fix_of(rule: Rule) -> Fix | None:
    if rule.fix is None:
        return None
    return Fix(rule.fix.kind, rule.fix.title, rule.fix.disrupts, rule.fix.disrupts_text)
