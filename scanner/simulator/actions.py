"""POST actions: keys listed and renewed, settings listed, the managed network built. Keys are random and live in memory only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from scanner.simulator.access import Principal
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import guid_of, iso, properties_of
from scanner.simulator.providers.machine_learning import activate_network
from scanner.simulator.store import Store, StoredResource

__all__ = ["act"]

Json = Any
Action = Callable[[StoredResource, Store, dict[str, Json]], Json]


def act(stored: StoredResource, operation: str, body: Json, store: Store, principal: Principal) -> Json:
    """Carry out an action on a resource; None where it answers nothing. `operation` may end in an argument: `…Key/primary`."""
    name, _, argument = operation.partition("/")
    action = _ACTIONS.get((stored.type_key, name.lower()))
    if action is None:
        raise ArmError(404, "NotFound", f"The action {name} is not simulated for {stored.id.type}.")
    given = body if isinstance(body, dict) else {}
    answer = action(stored, store, {**given, "keyKind": argument} if argument else given)
    if name.lower().startswith("regenerate"):
        _log(stored, f"{stored.id.type}/{name}/action", store, principal)
    return answer


def _keys(stored: StoredResource, store: Store, names: tuple[str, str]) -> dict[str, str]:
    return store.hidden.setdefault(f"{stored.id.key} keys", {name: secrets.token_urlsafe(32) for name in names})


def _renew(stored: StoredResource, store: Store, names: tuple[str, str], wanted: Json) -> dict[str, str]:
    keys = _keys(stored, store, names)
    name = next((item for item in names if item.lower() == str(wanted or "").lower()), None)
    if name is None:
        raise ArmError(400, "BadRequest", f"The key to regenerate is one of {', '.join(names)}.")
    keys[name] = secrets.token_urlsafe(32)
    return keys


def _storage_keys(stored: StoredResource, store: Store, _: dict[str, Json]) -> Json:
    created = properties_of(stored).get("keyCreationTime") or {}
    keys = _keys(stored, store, ("key1", "key2"))
    return {
        "keys": [
            {"keyName": name, "value": value, "permissions": "FULL", "creationTime": created.get(name)}
            for name, value in keys.items()
        ]
    }


def _renew_storage_key(stored: StoredResource, store: Store, body: dict[str, Json]) -> Json:
    _renew(stored, store, ("key1", "key2"), body.get("keyName"))
    created = properties_of(stored).setdefault("keyCreationTime", {})
    created[str(body["keyName"]).lower()] = iso(store.now)
    store.touch()
    return _storage_keys(stored, store, body)


def _account_keys(stored: StoredResource, store: Store, _: dict[str, Json]) -> Json:
    return dict(_keys(stored, store, ("key1", "key2")))


def _renew_account_key(stored: StoredResource, store: Store, body: dict[str, Json]) -> Json:
    return dict(_renew(stored, store, ("key1", "key2"), body.get("keyName")))


def _search_keys(stored: StoredResource, store: Store, _: dict[str, Json]) -> Json:
    keys = _keys(stored, store, ("primary", "secondary"))
    return {"primaryKey": keys["primary"], "secondaryKey": keys["secondary"]}


def _renew_search_key(stored: StoredResource, store: Store, body: dict[str, Json]) -> Json:
    _renew(stored, store, ("primary", "secondary"), body.get("keyKind"))
    return _search_keys(stored, store, body)


def _renew_endpoint_keys(stored: StoredResource, store: Store, body: dict[str, Json]) -> Json:
    _renew(stored, store, ("primary", "secondary"), body.get("keyType"))


def _settings(stored: StoredResource, store: Store, _: dict[str, Json]) -> Json:
    settings = store.hidden.get(stored.id.key, {})
    return {"id": stored.id.text, "name": stored.id.name, "type": stored.id.type, "properties": dict(settings)}


def _provision(stored: StoredResource, store: Store, _: dict[str, Json]) -> Json:
    activate_network(stored, store)
    store.touch()
    return (properties_of(stored).get("managedNetwork") or {}).get("status")


def _sleep(stored: StoredResource, store: Store, body: dict[str, Json]) -> None:
    """Compute instances alone shut down when idle. Azure takes 15 minutes to 3 days, which is not held here."""
    inner = properties_of(stored).get("properties")
    if properties_of(stored).get("computeType") != "ComputeInstance" or not isinstance(inner, dict):
        raise ArmError(400, "UserError", "Idle shutdown is a setting of compute instances.")
    inner["idleTimeBeforeShutdown"] = body.get("idleTimeBeforeShutdown")
    store.touch()


_ACTIONS: Final[dict[tuple[str, str], Action]] = {
    ("microsoft.storage/storageaccounts", "listkeys"): _storage_keys,
    ("microsoft.storage/storageaccounts", "regeneratekey"): _renew_storage_key,
    ("microsoft.cognitiveservices/accounts", "listkeys"): _account_keys,
    ("microsoft.cognitiveservices/accounts", "regeneratekey"): _renew_account_key,
    ("microsoft.search/searchservices", "listadminkeys"): _search_keys,
    ("microsoft.search/searchservices", "regenerateadminkey"): _renew_search_key,
    ("microsoft.machinelearningservices/workspaces/onlineendpoints", "listkeys"): _search_keys,
    ("microsoft.machinelearningservices/workspaces/onlineendpoints", "regeneratekeys"): _renew_endpoint_keys,
    ("microsoft.machinelearningservices/workspaces", "provisionmanagednetwork"): _provision,
    ("microsoft.machinelearningservices/workspaces/computes", "updateidleshutdownsetting"): _sleep,
    ("microsoft.web/sites/config", "list"): _settings,
}


def _log(stored: StoredResource, operation: str, store: Store, principal: Principal) -> None:
    """The activity log's two events of an operation, its start and its end, in the documented shape."""
    for at, (name, local, status) in enumerate(
        (("BeginRequest", "Begin request", "Started"), ("EndRequest", "End request", "Succeeded"))
    ):
        moment = store.now + timedelta(seconds=at)
        own = guid_of(stored.id.key, operation, iso(moment), str(len(store.events)))
        store.events.append(
            {
                "authorization": {"action": operation, "scope": stored.id.text}, "caller": principal.client_id,
                "channels": "Operation", "correlationId": guid_of(stored.id.key, operation, iso(store.now)), "eventDataId": own,
                "eventName": {"value": name, "localizedValue": local},
                "category": {"value": "Administrative", "localizedValue": "Administrative"}, "eventTimestamp": iso(moment),
                "id": f"{stored.id.text}/events/{own}/ticks/{int(moment.timestamp())}", "level": "Informational",
                "operationId": own, "operationName": {"value": operation, "localizedValue": operation},
                "resourceGroupName": stored.id.resource_group,
                "resourceProviderName": {"value": stored.id.type.split("/")[0], "localizedValue": stored.id.type.split("/")[0]},
                "resourceType": {"value": stored.id.type, "localizedValue": stored.id.type}, "resourceId": stored.id.text,
                "status": {"value": status, "localizedValue": status}, "subStatus": {"value": "", "localizedValue": ""},
                "submissionTimestamp": iso(moment), "subscriptionId": stored.id.subscription, "properties": {},
                "relatedEvents": [],
            }
        )  # fmt: skip
