"""What lists hold, type by type: below a scope, upon a resource, at and above a scope, in the activity log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from scanner.language.functions.dates import parse_date
from scanner.model.arm_types import arm_types
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.simulator import providers
from scanner.simulator.access import built_in_roles
from scanner.simulator.errors import ArmError, not_found
from scanner.simulator.graph import is_indexed
from scanner.simulator.providers.common import properties_of
from scanner.simulator.providers.monitoring import require_diagnostics
from scanner.simulator.providers.web import settings_references
from scanner.simulator.store import Store, StoredResource

__all__ = ["children", "events", "generic", "instances", "provider", "provider_names", "settings"]

Json = Any
Bodies = Iterator[dict[str, Json]]

#: Types that stand on a scope: listed exactly there.
_EXACT: Final = ("microsoft.insights/diagnosticsettings", "microsoft.consumption/budgets")
#: Types that are listed at, above and below a scope, below only without `atScope()`.
_INHERITED: Final = tuple(
    f"microsoft.authorization/{kind}" for kind in ("roleassignments", "policyassignments", "policyexemptions")
)
_KEPT_DAYS: Final = 90
_EQUALS: Final = re.compile(r"\s*([\w/]+) eq '([^']*)'\s*", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"\s*(atScope|assignedTo|atScopeAndBelow|atExactScope)\((?:'([^']*)')?\)\s*", re.IGNORECASE)
_MOMENT: Final = re.compile(r"\s*eventTimestamp (ge|le) '([^']*)'\s*", re.IGNORECASE)
_SHOWN: Final = ("id", "name", "type", "kind", "location", "sku", "identity", "tags", "zones", "managedBy", "plan", "systemData")


def instances(store: Store, resource_type: str, scope: str, condition: str) -> Bodies:
    """A list at a scope: a subscription or group for what lies below, any scope for what stands on it."""
    lowered, key = resource_type.lower(), normalise(scope)
    if lowered in _INHERITED:
        return _inherited(store, resource_type, key, condition)
    if lowered == "microsoft.authorization/roledefinitions":
        return _role_definitions(store, scope, condition)
    if lowered == "microsoft.insights/diagnosticsettings":
        require_diagnostics(scope)
    on_resource = "/providers/" in key
    return (
        providers.show(store, item)
        for item in store.of_type(resource_type, scope)
        if _stands(item, lowered, key, on_resource=on_resource)
    )


def children(store: Store, parent: StoredResource, segment: str) -> Bodies:
    """The children of a resource."""
    found = store.children(parent.id.key, segment)
    if parent.type_key == "microsoft.web/sites" and segment.lower() == "config":
        found = (item for item in found if item.id.name.lower() == "web")
    return (providers.show(store, item) for item in found)


def settings(store: Store, site_id: str) -> Bodies:
    """`config/configreferences/appsettings` of a site: which settings refer to a vault."""
    site = store.raw(site_id)
    if site is None:
        raise not_found(ResourceId.parse(site_id))
    return settings_references(site, store)


def generic(store: Store, scope: str, condition: str, may_read: Callable[[StoredResource], bool]) -> Bodies:
    """The generic list: no properties, children named `parent/child` (recorded)."""
    wanted = dict(_conditions(condition, ("resourcetype", "resourcegroup", "name", "location")))
    for item in store.everything():
        if not is_within(item.id.key, normalise(scope)) or not is_indexed(item) or not may_read(item):
            continue
        body = providers.show(store, item)
        names = item.id.text.split("/providers/")[-1].split("/")[2::2]
        shown: dict[str, Json] = {key: body[key] for key in _SHOWN if key in body}
        shown["name"] = "/".join(names)
        known = {"resourcetype": item.id.type, "resourcegroup": item.id.resource_group, "name": shown["name"]}
        known["location"] = str(body.get("location", ""))
        if all(known[key].lower() == value.lower() for key, value in wanted.items()):
            yield shown


def provider_names() -> list[str]:
    """The providers whose types are known."""
    return sorted({table.name.split("/")[0] for table in arm_types().values()})


def provider(namespace: str, subscription: str, locations: Iterable[str]) -> dict[str, Json]:
    """A resource provider with its types and their API versions."""
    name = next((item for item in provider_names() if item.lower() == namespace.lower()), None)
    if name is None:
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    types = [table for table in arm_types().values() if table.name.startswith(f"{name}/")]
    return {
        "id": f"{subscription}/providers/{name}", "namespace": name, "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {"resourceType": table.name.partition("/")[2], "locations": list(locations), "apiVersions": [table.api_version],
             "capabilities": "None"}
            for table in types
        ],
    }  # fmt: skip


def events(store: Store, scope: str, condition: str) -> Bodies:
    """The activity log: a start time is required, one further condition allowed; 90 days are kept."""
    parts = [part for part in re.split(r"\s+and\s+", condition.strip(), flags=re.IGNORECASE) if part]
    bounds = {found[1].lower(): found[2] for part in parts if (found := _MOMENT.fullmatch(part))}
    rest = " and ".join(part for part in parts if not _MOMENT.fullmatch(part))
    wanted = list(_conditions(rest, ("resourcegroupname", "resourceuri", "resourceprovider", "correlationid")))
    if "ge" not in bounds or len(wanted) > 1:
        raise ArmError(400, "BadRequest", "The filter holds eventTimestamp ge and at most one more condition.", wrapped=False)
    try:
        first = max(parse_date(bounds["ge"]), store.now - timedelta(days=_KEPT_DAYS))
        last = parse_date(bounds["le"]) if "le" in bounds else store.now + timedelta(days=1)
    except Exception as error:
        raise ArmError(400, "BadRequest", f"eventTimestamp: {error}.", wrapped=False) from error
    for event in store.events:
        within = is_within(normalise(event["resourceId"]), normalise(scope))
        meant = all(_event_value(event, key) == value.lower().rstrip("/") for key, value in wanted)
        if within and meant and first <= parse_date(event["eventTimestamp"]) <= last:
            yield event


def _event_value(event: dict[str, Json], key: str) -> str:
    names = {"resourcegroupname": "resourceGroupName", "resourceuri": "resourceId", "correlationid": "correlationId"}
    value = event["resourceProviderName"]["value"] if key == "resourceprovider" else event[names[key]]
    return str(value).lower()


def _stands(item: StoredResource, lowered: str, key: str, *, on_resource: bool) -> bool:
    at = normalise(item.id.scope)
    if lowered in _EXACT:
        return at == key
    if lowered == "microsoft.authorization/locks":
        return True  # at the scope and below it, as the example shows
    return at == key if on_resource else "/providers/" not in at


def _inherited(store: Store, resource_type: str, key: str, condition: str) -> Bodies:
    at_scope, wanted, through = False, "", False
    for part in [item for item in re.split(r"\s+and\s+", condition.strip()) if item]:
        function, equals = _FUNCTION.fullmatch(part), _EQUALS.fullmatch(part)
        if function is not None:
            at_scope = at_scope or function[1].lower() == "atscope"
            wanted = (function[2] or wanted).lower()
            through = through or function[1].lower() == "assignedto"
        elif equals is not None and equals[1].lower() == "principalid":
            wanted = equals[2].lower()
        else:
            raise _bad_filter(part)
    whoever = _with_groups(store, wanted) if through else {wanted}
    for item in store.of_type(resource_type):
        at = normalise(item.id.scope)
        if not store.reaches(at, key) and (at_scope or not is_within(at, key)):
            continue
        if not wanted or str(properties_of(item).get("principalId", "")).lower() in whoever:
            yield providers.show(store, item)


def _with_groups(store: Store, principal: str) -> set[str]:
    """A principal and the groups that hold it, at any depth."""
    found, waiting = {principal}, [principal]
    while waiting:
        further = store.groups_of.get(waiting.pop(), set()) - found
        found |= further
        waiting.extend(further)
    return found


def _role_definitions(store: Store, scope: str, condition: str) -> Bodies:
    part = _FUNCTION.sub("", condition).replace(" and ", "").strip()
    wanted = dict(_conditions(part, ("rolename", "type")))
    subscription = "/".join(scope.split("/")[:3])
    built_in = (
        {**item, "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"}
        for name, item in built_in_roles().items()
    )
    custom = (
        providers.show(store, item)
        for item in store.of_type("Microsoft.Authorization/roleDefinitions")
        if any(
            is_within(normalise(scope), normalise(str(at))) or is_within(normalise(str(at)), normalise(scope))
            for at in properties_of(item).get("assignableScopes") or []
        )
    )
    for item in (*built_in, *custom):
        named = {"rolename": str(item["properties"].get("roleName", "")), "type": str(item["properties"].get("type", ""))}
        if all(named[key].lower() == value.lower() for key, value in wanted.items()):
            yield item


def _conditions(text: str, allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for part in [item for item in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if item]:
        found = _EQUALS.fullmatch(part)
        if found is None or found[1].lower() not in allowed:
            raise _bad_filter(part)
        yield found[1].lower(), found[2]


def _bad_filter(part: str) -> ArmError:
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{part}' specified in the query string.")
