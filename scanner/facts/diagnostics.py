"""`driftline/diagnostics`: one document per resource that the diagnostics table names: which log categories it must send to the
workload's workspace, which it does, which are missing. A subscription is one of them: its activity log has such settings too.

Settings of a resource are united; a category listed with `enabled: false` is not collected; a category group stands for its
members (table log-categories). Settings that send elsewhere do not count. `extendedLogs` is what one of them (`settingId`) would
have to send to send what is missing, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import Binding
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.model.read_plan import ChildRead, ExtensionRead
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within, normalise, parent_type
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["DIAGNOSTICS"]

Json = Any

_SETTINGS: Final = "Microsoft.Insights/diagnosticSettings"
_SUBSCRIPTION: Final = "microsoft.resources/subscriptions"
_GROUPS: Final = ("alllogs", "audit")
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "resourceType": "string",
    "expected": "array",
    "expected[*]": "string",
    "collected": "array",
    "collected[*]": "string",
    "missing": "array",
    "missing[*]": "string",
    "destinations": "array",
    "destinations[*]": "string",
    "settings": "int",
    "settingId": "string",
    "extendedLogs": "array",
    "extendedLogs[*].category": "string",
    "extendedLogs[*].enabled": "bool",
}


@dataclass(frozen=True, slots=True)
class _Collected:
    """What the settings of one resource collect: categories, groups, and where settings send."""

    categories: frozenset[str]
    groups: frozenset[str]
    destinations: tuple[str, ...]
    odd: tuple[str, ...]


def _needs(baseline: Baseline) -> Needs:
    names = list(baseline.tables.get("diagnostics") or {})
    return Needs(
        types=frozenset(name for name in names if not parent_type(name)),
        children=frozenset(ChildRead(name) for name in names if parent_type(name)),
        extensions=frozenset(ExtensionRead(_SETTINGS, name) for name in names),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    for resource_type, expected in (context.baseline.tables.get("diagnostics") or {}).items():
        for resource in context.snapshot.audited(resource_type):
            yield document("driftline/diagnostics", resource.id, "", _judge(resource, resource_type, list(expected), context))
        for where, reason in holes(context.snapshot, resource_type):
            body = {
                "resourceType": resource_type,
                "expected": list(expected),
                "collected": reason,
                "missing": reason,
                "destinations": reason,
            }
            yield document("driftline/diagnostics", where, resource_type, body)


def _judge(resource: Resource, resource_type: str, expected: list[str], context: FactContext) -> dict[str, Json]:
    settings = context.snapshot.extensions(resource, _SETTINGS)
    unread = context.snapshot.missing(_SETTINGS, resource.key)
    workspace = _workspace_of(resource, context)
    collected = _collect(settings, workspace if isinstance(workspace, set) else None)
    missing, unclear = _missing(expected, collected, _categories_of(resource_type, context.baseline))
    doubts = [*(unread.reasons if unread is not None else ()), *collected.odd]
    if isinstance(workspace, Unknown):
        lacking: Json = workspace  # which settings count is not known
    elif missing and not doubts:
        lacking = missing
    else:
        reasons = [*(doubts if missing or unclear else ()), *unclear]
        lacking = Unknown(tuple(dict.fromkeys(reasons))) if reasons else []
    return {
        "resourceType": resource_type,
        "expected": expected,
        "collected": sorted(collected.categories | collected.groups),
        "missing": lacking,
        "destinations": list(collected.destinations),
        "settings": len(settings),
        **(_extended(settings, workspace, lacking) if isinstance(workspace, set) and isinstance(lacking, list) else {}),
    }


def _workspace_of(resource: Resource, context: FactContext) -> set[str] | Unknown:
    """The ids of the workspaces that count for a resource: those that component logWorkspace of its workload is bound to; for a
    subscription that of any workload in it.
    """
    known: set[str] = set()
    held = [item for item in context.workloads if any(_holds(normalise(scope), resource) for scope in item.scopes)]
    for workload in held:
        binding: Binding | None = workload.components.get("logWorkspace")
        if binding is None or binding.status in ("unknown", "ambiguous"):
            reason = binding.reason if binding is not None else "the baseline has no such component"
            return Unknown.because(f"component logWorkspace is not bound: {reason}")
        known.update(item.key for item in binding.resources)
    return known if held else Unknown.because("the resource lies in no workload, so its log workspace is not known")


def _holds(scope: str, resource: Resource) -> bool:
    return is_within(resource.key, scope) or (resource.type_key == _SUBSCRIPTION and is_within(scope, resource.key))


def _collect(settings: list[Resource], workspaces: set[str] | None) -> _Collected:
    categories: set[str] = set()
    groups: set[str] = set()
    destinations: list[str] = []
    odd: list[str] = []
    for setting in settings:
        properties = _member(setting.body, "properties")
        if not isinstance(properties, Mapping):
            odd.append(f"{setting.id} was read without its properties")
            continue
        target = _member(properties, "workspaceId")
        named = (_member(properties, key) for key in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId"))
        destinations.extend(value for value in named if isinstance(value, str) and value)
        if isinstance(target, Unknown):
            odd.extend(target.reasons)
            continue
        if workspaces is not None and (not isinstance(target, str) or normalise(target) not in workspaces):
            continue
        logs = _member(properties, "logs")
        if logs is not None and not isinstance(logs, list):
            odd.append(f"{setting.id}: logs is no list")
            continue
        for log in logs or []:
            unknown = _unknown_in(log)
            odd.extend(unknown)
            if not unknown and isinstance(log, Mapping) and str(_member(log, "enabled")).lower() == "true":
                category, group = _member(log, "category"), _member(log, "categoryGroup")
                categories.update([category.lower()] if isinstance(category, str) else [])
                groups.update([group.lower()] if isinstance(group, str) else [])
    return _Collected(frozenset(categories), frozenset(groups), tuple(dict.fromkeys(destinations)), tuple(odd))


def _extended(settings: list[Resource], workspaces: set[str], missing: list[str]) -> dict[str, Json]:
    """A setting that sends categories to the workspace already, with its logs and the missing ones. A setting holds categories or
    groups, and two settings cannot send one category to one workspace.
    """
    lowered = [name.lower() for name in missing]
    for setting in settings:
        properties = _member(setting.body, "properties")
        target, logs = (
            (_member(properties, key) for key in ("workspaceId", "logs")) if isinstance(properties, Mapping) else (None, None)
        )
        if not isinstance(target, str) or normalise(target) not in workspaces or not isinstance(logs, list):
            continue
        plain = all(isinstance(log, Mapping) and not _unknown_in(log) and not _member(log, "categoryGroup") for log in logs)
        if missing and plain and not set(lowered) & set(_GROUPS):
            kept = [log for log in logs if str(_member(log, "category")).lower() not in lowered]
            # Azure writes the ids of a subscription's settings without the first slash.
            return {
                "settingId": f"/{setting.id.lstrip('/')}",
                "extendedLogs": [*kept, *({"category": name, "enabled": True} for name in missing)],
            }
    return {}


def _unknown_in(log: Json) -> tuple[str, ...]:
    """Why an entry of logs is not known, in whole or in what it says."""
    values = log.values() if isinstance(log, Mapping) else [log]
    return tuple(reason for value in values if isinstance(value, Unknown) for reason in value.reasons)


def _missing(expected: list[str], collected: _Collected, known: list[str] | None) -> tuple[list[str], list[str]]:
    """What nothing collects, as the table spells it; and why more may be lacking, where a group's members are not known.

    Microsoft publishes no list of what the group `audit` of a type holds, so it may hold whatever else is lacking.
    """
    missing: list[str] = []
    unclear: list[str] = []
    for name in expected:
        lowered = name.lower()
        if "alllogs" in collected.groups or lowered in collected.groups or lowered in collected.categories:
            continue
        lacking = (
            [item for item in known if item.lower() not in collected.categories] if lowered == "alllogs" and known else [name]
        )
        if "audit" in collected.groups and lacking:
            unclear.append(f"whether the group audit of this type holds {', '.join(lacking)} is not known")
        elif lacking == [name] and lowered in _GROUPS and collected.categories:
            unclear.append(f"which categories make up the group {name} of this type is not known")
        else:
            missing.extend(lacking)
    return missing, unclear


def _categories_of(resource_type: str, baseline: Baseline) -> list[str] | None:
    table = baseline.tables.get("log-categories") or {}
    found = next((row for name, row in table.items() if name.lower() == resource_type.lower()), None)
    return list(found) if found else None


def _member(value: Mapping[str, Json], name: str) -> Json:
    if name in value:
        return value[name]
    return next((item for key, item in value.items() if key.lower() == name.lower()), None)


DIAGNOSTICS: Final = Fact(
    "driftline/diagnostics",
    _PATHS,
    _needs,
    _derive,
    one_per="resource of the diagnostics table",
    tables=("diagnostics", "log-categories"),
)
