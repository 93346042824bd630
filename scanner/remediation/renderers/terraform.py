"""Renders a plan as Terraform configurations for the provider azapi 2: main.tf, and undo.tf.txt, which leads back.

How azapi merges a body into what it reads, and what destroying its resources does, is as its documentation and source say
(Azure/terraform-provider-azapi 2.12). Neither was run here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from jinja2 import Template

from scanner.model.resource_id import ResourceId
from scanner.model.unknown import ABSENT, Absent
from scanner.remediation.operations import Change, Kind, Operation, changed, patch_of, spelled, writable
from scanner.remediation.plan import Plan, Step
from scanner.remediation.renderers.following import Turn, fixes, settled, undos
from scanner.remediation.renderers.layouts import layout
from scanner.remediation.renderers.telling import about, about_undo, plain, scan_line, unwritable

__all__ = ["hcl", "left_out", "render_terraform"]

Json = Any
View = dict[str, Json]

#: What the path of an id calls a resource group's type, and what azapi calls it.
_GROUP: Final = ("microsoft.resources/subscriptions/resourcegroups", "Microsoft.Resources/resourceGroups")
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Within quotes, these open an interpolation or a directive; doubling the first sign makes them text.
_OPENINGS: Final = re.compile(r"[$%]\{")


def render_terraform(plan: Plan) -> dict[str, bytes]:
    """The files by name."""
    scan = scan_line(plan)
    return {
        "main.tf": _layout("main.tf").render(scan=scan, steps=_views(fixes(plan), about)).encode(),
        "undo.tf.txt": _layout("undo.tf").render(scan=scan, steps=_views(undos(plan), about_undo)).encode(),
    }


def _layout(name: str) -> Template:
    filters: dict[str, Callable[..., str]] = {"hcl": hcl, "line": plain}
    return layout("terraform", name, filters)


def left_out(plan: Plan) -> dict[str, str]:
    """Which steps the configuration leaves out, and why."""
    judged = _judged(fixes(plan), {step.id: _block(step.operation) for step in plan.steps})
    return {turn.step.id: turn.why_not for turn in judged if turn.why_not}


def hcl(value: Json, depth: int = 0) -> str:
    """A value as an HCL expression in which nothing is a template."""
    outer, inner = "  " * depth, "  " * (depth + 1)
    if isinstance(value, Mapping) and value:
        members = [f"{inner}{_text(str(name))} = {hcl(item, depth + 1)}" for name, item in value.items()]
        return "\n".join(["{", *members, f"{outer}}}"])
    if isinstance(value, list) and value:
        return "\n".join(["[", *(f"{inner}{hcl(item, depth + 1)}," for item in value), f"{outer}]"])
    if isinstance(value, str):
        return _text(value)
    return json.dumps(None if isinstance(value, Absent) else value)


def _text(text: str) -> str:
    signs = (_ESCAPES.get(sign) or (sign if sign.isprintable() else _escaped(sign)) for sign in text)
    return f'"{_OPENINGS.sub(lambda found: found[0][0] + found[0], "".join(signs))}"'


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def _views(turns: Sequence[Turn], told: Callable[[Step], list[str]]) -> list[View]:
    """What the layout shows: each block after the one before it, as a script does them."""
    blocks = {turn.step.id: _block(turn.operation) for turn in turns if turn.operation is not None}
    views: list[View] = []
    addresses: dict[str, str] = {}
    for turn in _judged(turns, blocks):
        view: View = {"comments": told(turn.step), "why_not": turn.why_not, "held": turn.held}
        views.append(view)
        if not turn.why_not:
            kind, given = blocks[turn.step.id]
            needed = [*(addresses[name] for name in turn.after), *list(addresses.values())[-1:]]
            label = f"s_{_NO_NAME.sub('_', turn.step.id)}"
            addresses[turn.step.id] = f"{kind}.{label}"
            view |= {"kind": kind, "label": label, "needs": list(dict.fromkeys(needed))}
            view |= {"identity": given.pop("identity", None), "given": given}
    return views


def _judged(turns: Sequence[Turn], blocks: Mapping[str, tuple[str, View]]) -> list[Turn]:
    return settled(replace(turn, why_not=turn.why_not or unwritable(blocks[turn.step.id][1])) for turn in turns)


def _block(operation: Operation) -> tuple[str, View]:
    """The type of a resource block and its arguments."""
    base: View = {"type": f"{_type(operation)}@{operation.api_version}"}
    if operation.kind is Kind.CREATE:
        return "azapi_resource", {**base, **_created(operation)}
    base["resource_id"] = operation.resource
    if operation.kind is Kind.REMOVE:
        return "azapi_resource_action", {**base, "method": "DELETE"}
    if operation.kind is Kind.ACTION:
        return "azapi_resource_action", {**base, "action": operation.action, "method": "POST", "body": operation.body or {}}
    if _merges(operation):
        return "azapi_update_resource", {**base, "body": patch_of(operation)}
    return "azapi_resource_action", {**base, "method": "PUT", "body": writable(operation.type, operation.whole or {})}


def _type(operation: Operation) -> str:
    return _GROUP[1] if operation.type.lower() == _GROUP[0] else operation.type


def _created(operation: Operation) -> View:
    """A body without what azapi takes as arguments of their own: with both it refuses the configuration."""
    resource, body = ResourceId.parse(operation.resource), dict(operation.body or {})
    found: View = {"parent_id": resource.parent or "/", "name": resource.name}
    for name in ("location", "tags", "identity"):
        value = body.pop(spelled(body, name), None)
        if value:
            found[name] = _identity(value) if name == "identity" else value
    return {**found, "body": body}


def _identity(identity: Mapping[str, Json]) -> View:
    """ARM writes kinds of identity with or without a space after the comma, azapi takes the one with it."""
    kinds = str(identity.get(spelled(identity, "type"), "None")).split(",")
    ids = identity.get(spelled(identity, "userAssignedIdentities")) or {}
    found: View = {"type": ", ".join(kind.strip() for kind in kinds)}
    return {**found, "identity_ids": list(ids)} if ids else found


def _merges(operation: Operation) -> bool:
    """Whether azapi_update_resource, which merges a body into what it reads, comes to what is wanted.

    It keeps elements of a list that are known by their name and not named in the body, and members of elements that are not.
    """
    scanned = changed(operation.whole, [Change(item.path, item.after, item.before) for item in reversed(operation.changes)])
    return bool(_without_null(_merged(scanned, patch_of(operation))) == _without_null(operation.whole))


def _merged(old: Json, new: Json) -> Json:
    """As utils.MergeObject of azapi does it."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{name: _merged(old[name], item) if name in old else item for name, item in new.items()}}
    if not (isinstance(old, list) and isinstance(new, list) and old and new):
        return new
    if not (_name(old[0]) and _name(new[0])):
        return [_merged(*pair) for pair in zip(old, new, strict=True)] if len(old) == len(new) else new
    rest = list(new)
    found = []
    for item in old:
        same = next((other for other in rest if _name(other) and _name(other) == _name(item)), ABSENT)
        if same is ABSENT:
            found.append(item)
            continue
        rest.remove(same)
        found.append(_merged(item, same))
    return [*found, *rest]


def _name(item: Json) -> str:
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else ""


def _without_null(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _without_null(item) for name, item in value.items() if item is not None and item is not ABSENT}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
