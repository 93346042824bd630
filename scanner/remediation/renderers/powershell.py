"""Renders a plan as two PowerShell 7 scripts: fix.ps1, which reads before it writes, and undo.ps1, which leads back.

Every value stands in a single-quoted string, the steps as JSON; nothing is interpolated.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final
from urllib.parse import quote

from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation, changed, value_at
from scanner.remediation.plan import Plan, Step
from scanner.remediation.renderers.layouts import layout
from scanner.remediation.renderers.telling import about, about_undo, held, plain, scan_line, unsendable

__all__ = ["quoted", "render_powershell"]

Json = Any
View = dict[str, Json]

#: PowerShell ends a single-quoted string at any of these, and takes two of them for one.
_QUOTES: Final = re.compile("['\u2018\u2019\u201a\u201b]")
#: What may stand in a path as it is (RFC 3986); all else would start a query or a fragment, or is no sign of a URL.
_IN_PATHS: Final = "/:@!$&'()*+,;=-._~"


def render_powershell(plan: Plan) -> dict[str, bytes]:
    """The files by name."""
    keys = {step.id: _key(step) for step in plan.steps}
    steps = [_fix(step, keys) for step in plan.steps]
    undos = [_undo(step, keys) for step in reversed(plan.steps)]
    return {"fix.ps1": _script("fix.ps1", plan, steps), "undo.ps1": _script("undo.ps1", plan, undos)}


def quoted(text: str) -> str:
    """A single-quoted string, in which PowerShell expands nothing."""
    return f"'{_QUOTES.sub(lambda sign: sign[0] * 2, text)}'"


def _script(name: str, plan: Plan, steps: list[View]) -> bytes:
    filters = {"quoted": quoted, "line": plain}
    return layout("powershell", name, filters).render(scan=scan_line(plan), steps=steps).encode()


def _key(step: Step) -> str:
    """What the state file calls a step: another plan's step of the same id is another one."""
    operation = step.operation
    told = [operation.method, operation.path, operation.api_version, _values(operation)]
    return f"{step.id} {hashlib.sha256(_json(told).encode()).hexdigest()[:16]}"


def _fix(step: Step, keys: dict[str, str]) -> View:
    view: View = {"comments": about(step), "id": step.id, "why_not": unsendable(step.operation)}
    if not view["why_not"]:
        own = {
            "id": step.id, "key": keys[step.id], "title": plain(step.title), "held": plain(held(step)),
            "after": [keys[other] for other in step.after],
        }  # fmt: skip
        view["json"] = _json({**own, **_operation(step.operation)})
    return view


def _undo(step: Step, keys: dict[str, str]) -> View:
    view: View = {"comments": about_undo(step), "id": step.id}
    if step.undo is None:
        return {**view, "why_not": plain(step.undo_note or "there is no way back")}
    view["why_not"] = unsendable(step.undo)
    own = {"id": step.id, "key": keys[step.id], "title": plain(f"undo: {step.title}")}
    return view if view["why_not"] else {**view, "json": _json({**own, **_operation(step.undo)})}


def _operation(operation: Operation) -> View:
    version = quote(operation.api_version, safe="-._~")
    view = {
        "kind": operation.kind.value,
        "subscription": operation.subscription,
        "url": f"{quote(operation.resource, safe=_IN_PATHS)}?api-version={version}",
    }
    if operation.kind is Kind.ACTION:
        view["action"] = f"{quote(operation.path, safe=_IN_PATHS)}?api-version={version}"
    return {**view, **_values(operation)}


def _values(operation: Operation) -> View:
    """What a step relies on and writes. A side of a change without a member, and an unknown default, is left out."""
    if operation.kind is Kind.SET:
        return {"relies": _relied_on(operation), "changes": [_change(change) for change in operation.changes]}
    return {"body": operation.body}


def _change(change: Change) -> View:
    sides = {"before": change.before, "after": change.after, "default": change.default}
    return {"path": list(change.path), **{name: value for name, value in sides.items() if value is not ABSENT}}


def _relied_on(operation: Operation) -> list[View]:
    """What an element of a list that is written into is called: at its place another may stand by now."""
    scanned = changed(operation.whole, [Change(item.path, item.after, item.before) for item in operation.changes])
    found: dict[tuple[str | int, ...], Json] = {}
    for change in operation.changes:
        for at, step in enumerate(change.path[:-1], 1):
            for name in ("name", "id") if isinstance(step, int) else ():
                place = (*change.path[:at], name)
                value = value_at(scanned, place)
                if isinstance(value, str) and place != change.path:
                    found[place] = value
    return [{"path": list(place), "value": value} for place, value in found.items()]


def _json(value: Json) -> str:
    """JSON in ASCII: no sign outside it has a meaning to PowerShell then."""
    return json.dumps(value, indent=2, ensure_ascii=True, default=_unreadable)


def _unreadable(value: object) -> str:
    """What is not known is compared with nothing, as a secret is not."""
    return "(removed: not known)"
