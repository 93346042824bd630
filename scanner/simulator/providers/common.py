"""What every provider fills in: id, name, type, provisioning state, identities, named parts, who created it and when."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.model.resource_id import ResourceId
from scanner.simulator.providers.schema import schema_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["DEPLOYER", "complete", "entries_of", "fill", "guid_of", "iso", "member_of", "properties_of", "spelled_id"]

Json = Any

_SPACE: Final = uuid.UUID("6f1c2f1e-6f0b-5a43-9f0e-3d7c64a7a001")
#: Parts whose segment in their id is not the member's name (recorded answers).
_SEGMENTS: Final = {
    ("microsoft.network/bastionhosts", "ipConfigurations"): "bastionHostIpConfigurations",
    ("microsoft.network/privateendpoints", "manualPrivateLinkServiceConnections"): "privateLinkServiceConnections",
}


def complete(stored: StoredResource, store: Store, author: str) -> None:
    """Fill in what all resources have, by what the path table knows of the type."""
    body, parsed, schema = stored.body, stored.id, schema_of(stored.id.type)
    body.pop("apiVersion", None)
    body.pop("dependsOn", None)
    known = body.get("systemData")
    stored.body = body = {"id": parsed.text, "name": parsed.name, "type": parsed.type, **body}
    body |= {"id": parsed.text, "name": parsed.name, "type": parsed.type}
    properties = properties_of(stored)
    if schema.state:
        properties["provisioningState"] = schema.state
    if schema.has_system_data:
        first = known if isinstance(known, dict) else {}
        body["systemData"] = {
            "createdBy": first.get("createdBy", author), "createdByType": first.get("createdByType", "Application"),
            "createdAt": first.get("createdAt", iso(stored.created)),
            "lastModifiedBy": author, "lastModifiedByType": "Application", "lastModifiedAt": iso(store.moment),
        }  # fmt: skip
    if "properties.resourceguid" in schema.read_only:
        properties.setdefault("resourceGuid", guid_of(parsed.key, "resource"))
    for part in schema.parts:
        _fill_parts(stored, properties.get(part.member), part.member, has_state=part.has_state, has_type=part.has_type)
    _fill_identity(stored, store)


def _fill_parts(stored: StoredResource, items: Json, member: str, *, has_state: bool, has_type: bool) -> None:
    segment = _SEGMENTS.get((stored.type_key, member), member)
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            item.setdefault("id", f"{stored.id.text}/{segment}/{item['name']}")
            if has_type:
                item["type"] = f"{stored.id.type}/{segment}"
            if has_state and isinstance(item.setdefault("properties", {}), dict):
                item["properties"]["provisioningState"] = "Succeeded"


def _fill_identity(stored: StoredResource, store: Store) -> None:
    identity = stored.body.get("identity")
    if not isinstance(identity, dict):
        return
    if "systemassigned" in str(identity.get("type", "")).lower():
        identity.setdefault("principalId", guid_of(stored.id.key, "principal"))  # it stays as long as the resource
        identity.setdefault("tenantId", store.tenant)
    users = identity.get("userAssignedIdentities")
    if isinstance(users, dict):
        for user_id in users:
            known = store.raw(user_id)
            properties = properties_of(known) if known is not None else {}
            if "principalId" in properties or not isinstance(users[user_id], dict) or not users[user_id]:
                users[user_id] = {"principalId": properties.get("principalId"), "clientId": properties.get("clientId")}


def properties_of(stored: StoredResource) -> dict[str, Json]:
    """The `properties` of a resource, made when missing."""
    properties: Json = stored.body.setdefault("properties", {})
    if not isinstance(properties, dict):
        properties = stored.body["properties"] = {}
    return properties  # type: ignore[no-any-return]  # a dict, as made sure above


def entries_of(holder: Json, member: str) -> list[dict[str, Json]]:
    """The objects in a list member; none where there is no such list."""
    value = holder.get(member) if isinstance(holder, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def member_of(holder: Json, member: str) -> dict[str, Json]:
    """An object member; an empty one where there is none."""
    value = holder.get(member) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def fill(into: dict[str, Json], defaults: dict[str, Json]) -> None:
    """Set what is absent, member by member; null counts as given."""
    for key, value in defaults.items():
        if isinstance(value, dict) and value and isinstance(into.get(key), dict):
            fill(into[key], value)
        else:
            into.setdefault(key, value)


def spelled_id(resource_id: str) -> str:
    """An id whose provider and type are spelled as the path table spells them."""
    parsed = ResourceId.parse(resource_id)
    known = arm_type(parsed.type) if parsed.type else None
    if known is None or "/providers/" not in resource_id.lower():
        return resource_id
    segments = [segment for segment in resource_id.split("/") if segment]
    at = len(segments) - 1 - [segment.lower() for segment in segments][::-1].index("providers")
    provider, *types = known.name.split("/")
    pairs = [part for pair in zip(types, segments[at + 3 :: 2], strict=True) for part in pair]
    return "/" + "/".join([*segments[:at], "providers", provider, *pairs])


def guid_of(*parts: str) -> str:
    """A guid that is the same in every run."""
    return str(uuid.uuid5(_SPACE, "/".join(parts)))


def iso(moment: datetime) -> str:
    """A date as most providers print it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


#: Who deploys a state: the author of what no request made.
DEPLOYER: Final = guid_of("deployer")
