"""Bodies of a template as ARM would return them: what Azure alone fills in is unknown there, and never absent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.model.coverage import Gap
from scanner.model.resource import INLINE_CHILDREN, canonical_type
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.unknown import Unknown

__all__ = ["as_returned", "configured", "connected", "hidden", "made_by_azure", "place_of", "references_of", "unseen_children"]

Json = Any
Body = dict[str, Json]

_ADDED: Final = Unknown.because("filled in by Azure on deployment: only Azure knows")
#: What Azure makes below a resource by itself, whether a template writes it or not: child types with the names of theirs.
_MADE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "microsoft.web/sites": (
        ("Microsoft.Web/sites/config", "authsettingsV2"),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "ftp"),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "scm"),
    ),
    "microsoft.storage/storageaccounts": (
        ("Microsoft.Storage/storageAccounts/blobServices", "default"),
        ("Microsoft.Storage/storageAccounts/fileServices", "default"),
    ),
    "microsoft.cognitiveservices/accounts": (
        ("Microsoft.CognitiveServices/accounts/models", ""),
        ("Microsoft.CognitiveServices/accounts/raiPolicies", "Microsoft.Default"),
        ("Microsoft.CognitiveServices/accounts/raiPolicies", "Microsoft.DefaultV2"),
    ),
    "microsoft.machinelearningservices/workspaces": (("Microsoft.MachineLearningServices/workspaces/outboundRules", ""),),
}
#: What Azure fills in besides, which the path table does not mark: where something is attached, what state it has come to.
_FILLED_BESIDES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "microsoft.machinelearningservices/workspaces": (("properties", "managedNetwork", "status"),),
    "microsoft.network/networkinterfaces": (
        ("properties", "virtualMachine"),
        ("properties", "privateEndpoint"),
        ("properties", "privateLinkService"),
    ),
    "microsoft.network/publicipaddresses": (("properties", "ipConfiguration"), ("properties", "natGateway")),
}
_CONNECTIONS: Final = "privateEndpointConnections"
_REFERENCE: Final = re.compile(
    r"@Microsoft\.KeyVault\((?:VaultName=(?P<vault>[^;)]+);SecretName=(?P<secret>[^;)]+)(?:;[^)]*)?"
    r"|SecretUri=https://(?P<host>[^/)]+)/secrets/(?P<name>[^/)]+)(?:/[^)]*)?)\)",
    re.IGNORECASE,
)
_STATES: Final = (("privateLinkServiceConnections", "Approved"), ("manualPrivateLinkServiceConnections", "Pending"))


def as_returned(body: Body) -> Body:
    """The body with `properties`, and unknown where the path table says that Azure fills in."""
    resource_type = canonical_type(str(body["type"]))
    filled = {**body, "systemData": _ADDED}
    if not isinstance(filled.get("properties"), dict | Unknown):
        filled["properties"] = {}
    for path in (*_filled_in(resource_type), *_FILLED_BESIDES.get(resource_type, ())):
        _fill(filled, path)
    if isinstance(filled["properties"], dict):
        inline = (children.path for children in INLINE_CHILDREN.get(resource_type, ()) if children.complete)
        absent: Body = {path[-1]: [] for path in inline if path[-1] not in filled["properties"]}
        filled["properties"] = {**filled["properties"], **absent}
    identities = filled.get("identity")
    assigned = identities.get("userAssignedIdentities") if isinstance(identities, dict) else None
    if isinstance(assigned, dict):
        known = {name: {"principalId": _ADDED, "clientId": _ADDED} for name in assigned}
        filled["identity"] = {**filled["identity"], "userAssignedIdentities": known}
    return filled


def configured(site: Body) -> Body:
    """`config/web` of a site, which Azure makes of its `siteConfig`."""
    properties = site.get("properties")
    written = properties.get("siteConfig") if isinstance(properties, dict) else properties
    values = written if isinstance(written, dict | Unknown) else {}
    return {"id": f"{site['id']}/config/web", "name": "web", "type": "Microsoft.Web/sites/config", "properties": values}


def references_of(site: Body, written: Mapping[str, Body], unsure: Mapping[str, Unknown]) -> Iterator[Body | Gap]:
    """The settings of a site that refer to a vault, as Azure lists them, and a gap where they are not known.

    `unsure` is what may come to be, by normalised id, with the reason.
    """
    way, kind = f"{site['id']}/config/configreferences/appsettings", "Microsoft.Web/sites/config/appsettings"
    maybe = unsure.get(normalise(f"{site['id']}/config/appsettings"))
    settings = _settings_of(site, written) if maybe is None else maybe
    if isinstance(settings, Unknown):
        yield Gap(site["id"], kind, str(settings))
        return
    for name, value in settings.items():
        found = _REFERENCE.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is not None:
            parts = {"vaultName": found["vault"] or found["host"], "secretName": found["secret"] or found["name"]}
            yield {"id": f"{way}/{name}", "name": name, "type": kind, "properties": parts}
        elif isinstance(value, Unknown):
            yield Gap(f"{way}/{name}", kind, str(value))


def _settings_of(site: Body, written: Mapping[str, Body]) -> dict[str, Json] | Unknown:
    """Those of `config/appsettings`, which replace those of `siteConfig`."""
    apart = written.get(normalise(f"{site['id']}/config/appsettings"))
    if apart is not None:
        values: Json = apart["properties"]
        return values if isinstance(values, dict | Unknown) else {}
    config: Json = site["properties"]
    for member in ("siteConfig", "appSettings"):
        config = config.get(member) if isinstance(config, dict) else config
    if isinstance(config, Unknown):
        return config
    entries = config if isinstance(config, list) else []
    unknown = next((item for item in entries if isinstance(item, Unknown)), None)
    if unknown is not None:
        return unknown
    return {str(item.get("name")): item.get("value") for item in entries if isinstance(item, dict)}


def connected(bodies: Mapping[str, Body]) -> None:
    """Give each service the connections that the template's private endpoints make on it; `bodies` are by normalised id."""
    endpoints = [body for body in bodies.values() if canonical_type(body["type"]) == "microsoft.network/privateendpoints"]
    made: dict[str, list[Json]] = {}
    unsure: Unknown | None = None
    for endpoint in endpoints:
        for service, connection in _connections(endpoint):
            if isinstance(service, Unknown):
                unsure = service
            else:
                made.setdefault(normalise(str(service)), []).append(connection)
    for key, body in bodies.items():
        if _takes_connections(canonical_type(body["type"])) and isinstance(body["properties"], dict):
            body["properties"] = {**body["properties"], _CONNECTIONS: unsure if unsure is not None else made.get(key, [])}


def made_by_azure(body: Body, written: Iterable[str]) -> Iterator[Gap]:
    """Where Azure makes a child that the template does not write: its state is not known before deployment."""
    known = set(written)
    for child_type, name in _MADE.get(canonical_type(body["type"]), ()):
        segment = child_type.rpartition("/")[2]
        where = f"{body['id']}/{segment}/{name}" if name else body["id"]
        if not name or normalise(where) not in known:
            yield Gap(where, child_type, "made by Azure on deployment, and not set by the template")


def unseen_children(body: Body) -> Iterator[Gap]:
    """Where children that stand inside a body are not known."""
    for children in INLINE_CHILDREN.get(canonical_type(body["type"]), ()):
        value: Json = body
        for member in children.path:
            value = value.get(member) if isinstance(value, dict) else value
        items = value if isinstance(value, list) else [value]
        named = [item.get("name") if isinstance(item, dict) else item for item in items]
        unknown = [item for item in named if isinstance(item, Unknown)]
        if unknown:
            yield Gap(body["id"], f"{body['type']}/{children.segment}", str(unknown[0]))


def hidden(value: Json, secrets: Iterable[str]) -> Json:
    """The value without the texts in which a secure parameter stands."""
    if isinstance(value, str):
        return Unknown.because("it holds a secure parameter") if any(secret in value for secret in secrets) else value
    if isinstance(value, dict):
        return {key: hidden(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item, secrets) for item in value]
    return value


def _connections(endpoint: Body) -> Iterator[tuple[Json, Json]]:
    properties = endpoint["properties"]
    if isinstance(properties, Unknown):
        yield properties, None
        return
    for member, status in _STATES:
        listed = properties.get(member)
        if isinstance(listed, Unknown):
            yield listed, None
            continue
        for connection in listed if isinstance(listed, list) else []:
            inner = connection.get("properties", {}) if isinstance(connection, dict) else connection
            service = inner.get("privateLinkServiceId", "") if isinstance(inner, dict) else inner
            state = {"status": status, "description": ""}
            groups = inner.get("groupIds", []) if isinstance(inner, dict) else []
            yield service, {
                "id": f"{service}/{_CONNECTIONS}/{endpoint['name']}",
                "properties": {
                    "privateEndpoint": {"id": endpoint["id"]}, "groupIds": groups, "privateLinkServiceConnectionState": state,
                    "provisioningState": "Succeeded",
                },
            }  # fmt: skip


@cache
def _takes_connections(type_key: str) -> bool:
    known = arm_type(type_key)
    return known is not None and any(path.startswith(f"properties.{_CONNECTIONS}") for path in known.paths)


@cache
def _filled_in(type_key: str) -> tuple[tuple[str, ...], ...]:
    """The shortest paths below which everything is Azure's to fill in, without those in lists, and the connections."""
    known = arm_type(type_key)
    if known is None:
        return (("properties", "provisioningState"),)
    marked = tuple(path for path, kind in known.paths.items() if "readonly" in kind)
    inside = tuple(f"{path}{joint}" for path in marked for joint in (".", "["))
    own = {
        path.partition("[")[0].partition(".*")[0]
        for path, kind in known.paths.items()
        if "readonly" not in kind and not path.startswith(inside)
    }
    found: dict[tuple[str, ...], None] = {}
    for path, kind in known.paths.items():
        if "readonly" not in kind or "*" in path or _CONNECTIONS in path:
            continue
        parts = path.split(".")
        for size in range(2 if parts[0] in ("properties", "identity") else 1, len(parts) + 1):
            prefix = ".".join(parts[:size])
            if not any(item == prefix or item.startswith(f"{prefix}.") for item in own):
                found[tuple(parts[:size])] = None
                break
    return tuple(found)


def _fill(body: Body, path: tuple[str, ...]) -> None:
    """Set unknown at a path where its object is there and has no such member; objects on the way are copied."""
    at: Json = body
    for member in path[:-1]:
        inner = at.get(member)
        if not isinstance(inner, dict):
            return
        at[member] = dict(inner)
        at = at[member]
    last = path[-1]
    if last not in at and last.lower() not in map(str.lower, at):
        at[last] = _ADDED


def place_of(resource_id: str) -> str:
    """The id of the group, or else the subscription or tenant, in which a resource stands."""
    parsed = ResourceId.parse(resource_id)
    if parsed.resource_group:
        return f"/subscriptions/{parsed.subscription}/resourceGroups/{parsed.resource_group}"
    return f"/subscriptions/{parsed.subscription}" if parsed.subscription else "/"
