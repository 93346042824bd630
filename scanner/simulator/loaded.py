"""A snapshot as a state: resources taken as they were read, so that requests can be tried on what a user really has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId
from scanner.simulator import providers
from scanner.simulator.access import Principal
from scanner.simulator.providers.common import guid_of
from scanner.simulator.states import Deployed
from scanner.simulator.store import Store

__all__ = ["OPERATOR", "load_resources"]

_TENANT: Final = guid_of("tenant of a rehearsal")
#: Who makes the changes: owner of everything, by a grant above all subscriptions, where no scan of one looks.
OPERATOR: Final = Principal("operator", guid_of("operator", "client"), guid_of("operator", "object"), "simulated")
_OWNER: Final = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def load_resources(resources: Iterable[Resource], now: datetime) -> Deployed:
    """A state that holds these resources as they are, and whose clock stands. Of an id that occurs twice the first counts."""
    store = Store(now=now, born=now, tenant=_TENANT, deploying=False)
    names: dict[str, str] = {}
    for resource in sorted((item for item in resources if not item.inline), key=lambda item: item.key.count("/")):
        known = store.raw(resource.id)
        if known is not None and not _is_inline(known.id.parent, store):
            continue
        stored = store.put(resource.id, {**resource.body, "id": resource.id})
        if stored.type_key == "microsoft.resources/subscriptions":
            names[stored.id.name] = str(resource.body.get("displayName") or stored.id.name)
    _make_homes(store)
    for subscription in store.of_type("Microsoft.Resources/subscriptions"):
        names.setdefault(subscription.id.name, subscription.id.name)
    providers.write(
        store,
        f"/providers/Microsoft.Authorization/roleAssignments/{guid_of('operator', 'grant')}",
        {"properties": {"principalId": OPERATOR.object_id, "principalType": "ServicePrincipal", "roleDefinitionId": _OWNER}},
    )
    return Deployed(store, _TENANT, names, (OPERATOR,))


def _is_inline(parent: str, store: Store) -> bool:
    """Whether what is there may have come out of its parent's body: what was read by itself replaces it."""
    return "/providers/" in parent and store.raw(parent) is not None


def _make_homes(store: Store) -> None:
    """Subscriptions, groups and parents that resources lie in and nobody read: without them ARM takes no request."""
    for stored in store.everything():
        segments = stored.id.text.split("/")
        if len(segments) > 2 and segments[1].lower() == "subscriptions" and store.raw("/".join(segments[:3])) is None:
            own = {"id": "/".join(segments[:3]), "subscriptionId": segments[2], "tenantId": _TENANT}
            store.put(own["id"], {**own, "displayName": segments[2], "state": "Enabled"})
        if len(segments) > 4 and segments[3].lower() == "resourcegroups" and store.raw("/".join(segments[:5])) is None:
            store.put("/".join(segments[:5]), {"id": "/".join(segments[:5]), "name": segments[4], "properties": {}})
        parent = stored.id.parent
        while "/providers/" in parent.lower() and store.raw(parent) is None:
            store.put(parent, {"id": parent, "properties": {}})
            parent = ResourceId.parse(parent).parent
