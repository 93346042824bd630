"""Renders a plan as two bash scripts that call az: fix.sh, which reads before it writes, and undo.sh, which leads back.

az does all that concerns JSON, by queries in JMESPath. Every value is quoted for the shell; nothing is interpolated.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from scanner.remediation.operations import Kind, Operation
from scanner.remediation.plan import Plan, Step
from scanner.remediation.renderers.layouts import layout
from scanner.remediation.renderers.queries import expected_of, expected_of_body, new_body
from scanner.remediation.renderers.telling import about, about_undo, held, plain, scan_line, unsendable

__all__ = ["render_az"]

Json = Any
View = dict[str, Json]

#: What stands in a path as it is. `=@` would make az read a file, and `{subscriptionId}` have it put in its own.
_IN_PATHS: Final = "/()"


def render_az(plan: Plan) -> dict[str, bytes]:
    """The files by name."""
    keys = {step.id: _key(step) for step in plan.steps}
    fixes = [_fix(step, keys) for step in plan.steps]
    undos = [_undo(step, keys) for step in reversed(plan.steps)]
    return {"fix.sh": _script("fix.sh", plan, fixes), "undo.sh": _script("undo.sh", plan, undos)}


def _script(name: str, plan: Plan, steps: list[View]) -> bytes:
    filters: dict[str, Callable[..., str]] = {"q": shlex.quote, "line": plain}
    given = {"scan": scan_line(plan), "ids": [step["id"] for step in steps], "subscriptions": plan.subscriptions}
    return layout("az", name, filters).render(name=name, steps=steps, **given).encode()


def _key(step: Step) -> str:
    """What the state file calls a step: another plan's step of the same id is another one."""
    return f"{step.id} {_digest(_operation(step.operation, ''))}"


def _digest(value: Json) -> str:
    return hashlib.sha256(_json(value).encode()).hexdigest()[:16]


def _fix(step: Step, keys: dict[str, str]) -> View:
    own = {"held": held(step), "after": [keys[other] for other in step.after]}
    findings = f"Findings: {', '.join(step.findings)}"
    comments = [*about(step), findings]
    why_not = unsendable(step.operation)
    return {**_view(step, step.operation, keys, why_not), **own, "comments": comments}


def _undo(step: Step, keys: dict[str, str]) -> View:
    why_not = unsendable(step.undo) if step.undo is not None else step.undo_note or "there is no way back"
    return {**_view(step, step.undo, keys, why_not), "after": (), "comments": about_undo(step)}


def _view(step: Step, operation: Operation | None, keys: dict[str, str], why_not: str) -> View:
    risk = f" (disrupts: {step.disrupts})" if step.risky else ""
    view: View = {"id": step.id, "key": keys[step.id], "title": f"{plain(step.title)}{risk}", "why_not": why_not}
    if why_not or operation is None:
        return view
    return {**view, "subscription": operation.subscription, **_operation(operation, keys[step.id])}


def _operation(operation: Operation, key: str) -> View:
    view: View = {"kind": operation.kind.value, "url": _url(operation.resource, operation.api_version)}
    if operation.kind is Kind.SET:
        mark = f"driftline-gone-{_digest([key, view['url']])}"
        query = new_body(operation, mark)
        return {**view, "expected": expected_of(operation), "query": query, "mark": mark if mark in query else ""}
    if operation.kind is Kind.ACTION:
        action = _url(operation.path, operation.api_version)
        return {**view, "expected": [], "action": action, "body": _json(operation.body or {})}
    return {**view, "expected": expected_of_body(operation.body), "body": _json(operation.body)}


def _url(path: str, version: str) -> str:
    return f"{quote(path, safe=_IN_PATHS)}?api-version={quote(version, safe='')}"


def _json(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)
