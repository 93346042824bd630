"""Removes secrets at the door: what looks like one by the name of its member is never stored, whatever source it came from."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["REMOVED", "redact"]

Json = Any

#: What stands in the place of a removed value: present stays present, null stays null.
REMOVED: Final = "(removed: secret)"

#: Members whose whole value is secret. Lower case.
_NAMES: Final = frozenset(
    {
        "accesskey",
        "accountkey",
        "adminpassword",
        "appsettings",
        "authkey",
        "clientsecret",
        "connectionstring",
        "connectionstrings",
        "credentials",
        "customdata",
        "instrumentationkey",
        "password",
        "passphrase",
        "primaryaccesskey",
        "primaryconnectionstring",
        "primarykey",
        "primarymasterkey",
        "primarysharedkey",
        "privatekey",
        "privatekeydata",
        "protectedsettings",
        "sastoken",
        "sasuri",
        "sasurl",
        "secondaryaccesskey",
        "secondaryconnectionstring",
        "secondarykey",
        "secondarymasterkey",
        "secondarysharedkey",
        "secretkey",
        "secretvalue",
        "sharedaccesskey",
        "sharedkey",
        "token",
        "userdata",
        "vpnsharedkey",
    }
)
_ENDINGS: Final = (
    "password",
    "connectionstring",
    "accesstoken",
    "sharedkey",
    "clientsecret",
    "accountkey",
    "accesskey",
    "privatekey",
)
#: Types whose `properties.value` is the secret itself.
_SECRET_TYPES: Final = ("microsoft.keyvault/vaults/secrets", "microsoft.apimanagement/service/namedvalues")
#: Configuration resources whose every property is a setting's value.
_SETTING_NAMES: Final = ("appsettings", "connectionstrings", "azurestorageaccounts", "publishingcredentials")


def redact(body: Json, *, resource_type: str = "", name: str = "") -> Json:
    """A body without secrets: changed parts are new, the rest is shared. Tags are left alone; they are no place for secrets."""
    lowered_type, lowered_name = resource_type.lower(), name.lower()
    if isinstance(body, dict) and lowered_type.endswith("/config") and lowered_name in _SETTING_NAMES:
        return {**body, "properties": REMOVED}
    cleaned = _clean(body)
    if lowered_type in _SECRET_TYPES and isinstance(cleaned, dict) and isinstance(cleaned.get("properties"), dict):
        properties = cleaned["properties"]
        if properties.get("value") is not None:
            cleaned = {**cleaned, "properties": {**properties, "value": REMOVED}}
    return cleaned


def _clean(value: Json) -> Json:
    if isinstance(value, dict):
        changed = {key: item for key, old in value.items() if (item := _member(key, old)) is not old}
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_clean(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _member(key: str, value: Json) -> Json:
    lowered = key.lower()
    if lowered == "tags":
        return value
    if lowered in _NAMES or lowered.endswith(_ENDINGS):
        return REMOVED if isinstance(value, str | dict | list) and value not in ("", [], {}) else value
    return _clean(value)
