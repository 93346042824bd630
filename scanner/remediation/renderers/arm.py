"""Renders a plan as ARM templates at subscription scope, one per subscription, with a template within for each run of steps in
one resource group. What a template cannot say (removals, actions) is listed in its metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from scanner.model.resource_id import ResourceId, parent_type
from scanner.remediation.operations import Kind, Operation, writable
from scanner.remediation.plan import Plan, Step
from scanner.remediation.renderers.following import Turn, fixes, settled, undos
from scanner.remediation.renderers.telling import about, about_undo, scan_line, unwritable

__all__ = ["escaped", "left_out", "render_arm"]

Json = Any

_SCHEMAS: Final = "https://schema.management.azure.com/schemas"
_SUBSCRIPTION: Final = f"{_SCHEMAS}/2018-05-01/subscriptionDeploymentTemplate.json#"
_GROUP: Final = f"{_SCHEMAS}/2019-04-01/deploymentTemplate.json#"
_DEPLOYMENTS: Final = "Microsoft.Resources/deployments"
_DEPLOYMENTS_VERSION: Final = "2022-09-01"
_GROUPS: Final = "microsoft.resources/subscriptions/resourcegroups"
_PROVIDERS: Final = "/providers/"
_FORCE: Final = "force"
#: Members of a resource that say how to deploy it. A body with one of them at its top would be misread.
_DIRECTIVES: Final = frozenset(
    ("apiversion", "asserts", "comments", "condition", "copy", "dependson", "existing", "extension", "import", "metadata",
     "resources", "resourcegroup", "scope", "subscriptionid", "@options")
)  # fmt: skip


def render_arm(plan: Plan) -> dict[str, bytes]:
    """The files by name: fix.json and undo.json, numbered where there are several subscriptions."""
    return {**_files("fix", plan, fixes(plan), about), **_files("undo", plan, undos(plan), about_undo)}


def left_out(plan: Plan) -> dict[str, str]:
    """Which steps the templates of the fix leave out, and why."""
    return {turn.step.id: turn.why_not for turn in _judged(fixes(plan)) if turn.why_not}


def escaped(value: Json) -> Json:
    """A value in which no text, nor name of a member, is an expression."""
    if isinstance(value, Mapping):
        return {_text(str(name)): escaped(item) for name, item in value.items()}
    if isinstance(value, list):
        return [escaped(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """ARM evaluates `[…]` and takes `[[…]` for the text `[…]`. Whether it strips the `[[` of a text that does not end in `]` its
    documentation leaves open, so that one is written as an expression.
    """
    if text.startswith("[") and text.endswith("]") and len(text) > 1:
        return f"[{text}"
    if text.startswith("[["):
        quoted = text.replace("'", "''")
        return f"[concat('{quoted}')]"
    return text


def _files(name: str, plan: Plan, turns: Sequence[Turn], told: Callable[[Step], list[str]]) -> dict[str, bytes]:
    judged = _judged(turns)
    places = [place for place in dict.fromkeys(_subscription(step) for step in plan.steps) if place] or [""]
    files = {}
    for number, place in enumerate(places, 1):
        own = [turn for turn in judged if _subscription(turn.step) in ((place, "") if number == 1 else (place,))]
        file = f"{name}-{number}.json" if len(places) > 1 else f"{name}.json"
        files[file] = (
            json.dumps(_template(f"driftline-{name}", place, plan, own, told), indent=2, ensure_ascii=False).encode() + b"\n"
        )
    return files


def _judged(turns: Iterable[Turn]) -> list[Turn]:
    return settled(replace(turn, why_not=turn.why_not or _why_not(turn)) for turn in turns)


def _subscription(step: Step) -> str:
    """What a file is for: subscriptions are numbered in the order of the steps, for the fix and for the undo."""
    return step.operation.subscription


def _why_not(turn: Turn) -> str:
    """Why a template cannot say what an operation does."""
    operation = turn.operation
    assert operation is not None, "a turn without an operation says why"
    if operation.kind is Kind.REMOVE:
        return "a template removes nothing"
    if operation.kind is Kind.ACTION:
        return "a template calls no action"
    if not operation.subscription:
        return "it lies above subscriptions"
    if operation.type.lower() == "microsoft.resources/subscriptions":
        return "a template does not write a subscription"
    body = _body(operation)
    misread = sorted({name for name in body if name.lower() in _DIRECTIVES} | _loops(body))
    return f"ARM would read its member {misread[0]} as a directive" if misread else unwritable(body)


def _loops(value: Json) -> set[str]:
    """The name `copy`, where a template would take a member of a body for a loop."""
    if isinstance(value, Mapping):
        own = {"copy"} if any(name.lower() == "copy" and isinstance(item, list) for name, item in value.items()) else set()
        return own.union(*(_loops(item) for item in value.values()))
    return set().union(*map(_loops, value)) if isinstance(value, list) else set()


def _body(operation: Operation) -> dict[str, Json]:
    if operation.kind is Kind.SET:
        return writable(operation.type, operation.whole or {})
    return {name: item for name, item in (operation.body or {}).items() if name.lower() not in ("id", "name", "type")}


def _template(name: str, place: str, plan: Plan, turns: Sequence[Turn], told: Callable[[Step], list[str]]) -> dict[str, Json]:
    written = [turn for turn in turns if not turn.why_not]
    guarded = any(turn.held for turn in written)
    return {
        "$schema": _SUBSCRIPTION,
        "contentVersion": "1.0.0.0",
        "metadata": {
            "driftline": {
                "madeOf": scan_line(plan),
                "subscription": place,
                "steps": [told(turn.step) for turn in written],
                "leftOut": [{"why": f"Left out: {turn.why_not}", "step": told(turn.step)} for turn in turns if turn.why_not],
            }
        },
        **({"parameters": _parameter("Deploy the steps too that are not proven or wait for a person.")} if guarded else {}),
        "resources": _resources(name, written, guarded=guarded),
    }


def _parameter(words: str) -> dict[str, Json]:
    return {_FORCE: {"type": "bool", "defaultValue": False, "metadata": {"description": words}}}


def _resources(name: str, turns: Iterable[Turn], *, guarded: bool) -> list[Json]:
    """Resources of the subscription themselves, those of a group in a template within; each after the one before."""
    found: list[Json] = []
    before: list[str] = []
    for number, (group, run) in enumerate(groupby(turns, _group), 1):
        if group:
            nested = f"{name}-{number}"
            found.append(_nested(nested, group, list(run), before, guarded=guarded))
            before = [nested]
            continue
        for turn in run:
            found.append(_resource(turn, before))
            before = [_depended(turn)]
    return found


def _group(turn: Turn) -> str:
    """The resource group that an operation is deployed to, empty for the subscription."""
    assert turn.operation is not None, "it is written"
    return "" if turn.operation.type.lower() == _GROUPS else ResourceId.parse(turn.operation.resource).resource_group


def _nested(name: str, group: str, turns: Sequence[Turn], before: Sequence[str], *, guarded: bool) -> dict[str, Json]:
    resources, last = [], list[str]()
    for turn in turns:
        resources.append(_resource(turn, last))
        last = [_depended(turn)]
    given = {"parameters": {_FORCE: {"value": f"[parameters('{_FORCE}')]"}}} if guarded else {}
    template = {
        "$schema": _GROUP,
        "contentVersion": "1.0.0.0",
        **({"parameters": {_FORCE: {"type": "bool"}}} if guarded else {}),
        "resources": resources,
    }
    return {
        "type": _DEPLOYMENTS,
        "apiVersion": _DEPLOYMENTS_VERSION,
        "name": name,
        "resourceGroup": _text(group),
        **({"dependsOn": list(before)} if before else {}),
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            **given,
            "template": template,
        },
    }


def _resource(turn: Turn, before: Sequence[str]) -> dict[str, Json]:
    operation = turn.operation
    assert operation is not None, "it is written"
    written_type, name, scope = _placed(operation)
    return {
        "type": written_type,
        "apiVersion": operation.api_version,
        "name": _text(name),
        **({"scope": _text(scope)} if scope else {}),
        **({"condition": f"[parameters('{_FORCE}')]"} if turn.held else {}),
        **({"dependsOn": list(before)} if before else {}),
        **escaped(_body(operation)),
    }


def _placed(operation: Operation) -> tuple[str, str, str]:
    """Type, name with those of its parents, and what an extension stands on, from its provider on."""
    if operation.type.lower() == _GROUPS:
        return "Microsoft.Resources/resourceGroups", _group_name(operation), ""
    resource, names = ResourceId.parse(operation.resource), list[str]()
    above, deep = resource, operation.type
    while deep:
        names.append(above.name)
        above, deep = ResourceId.parse(above.parent), parent_type(deep)
    at = resource.scope.lower().find(_PROVIDERS)
    return operation.type, "/".join(reversed(names)), resource.scope[at + len(_PROVIDERS) :] if at >= 0 else ""


def _depended(turn: Turn) -> str:
    """How a resource of a template is named by one that comes after it."""
    assert turn.operation is not None, "it is written"
    if turn.operation.type.lower() != _GROUPS:
        return _text(turn.operation.resource)
    # As subscriptionResourceId() gives it, which is how templates name a group.
    return (
        f"/subscriptions/{turn.operation.subscription}/providers/Microsoft.Resources/resourceGroups/{_group_name(turn.operation)}"
    )


def _group_name(operation: Operation) -> str:
    return ResourceId.parse(operation.resource).name
