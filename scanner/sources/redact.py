"""Removes secrets at the door, whatever source a body came from: by the name of a member, by type, by what a text holds.

The same walk makes a body storable: texts that UTF-8 cannot hold, numbers that JSON cannot, and bottomless nesting.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any, Final

__all__ = ["REMOVED", "TOO_DEEP", "is_plain", "is_removed", "redact"]

Json = Any

#: What stands in the place of a removed value: present stays present, null stays null.
REMOVED: Final = "(removed: secret)"
#: What stands in the place of a value nested deeper than any ARM body.
TOO_DEEP: Final = "(removed: nested too deep)"
_MAX_DEPTH: Final = 100
#: Integers beyond this many bits are kept as text: readers of JSON differ on them.
_MAX_BITS: Final = 512

#: Members whose whole value is secret, lower case. Those of arm-paths.json that hold one, and those of keys and tokens elsewhere.
_NAMES: Final = frozenset(
    {
        "authkey",
        "connectionstring",
        "credentials",
        "customdata",
        "decryptionkey",
        "encodedcertificate",
        "instrumentationkey",
        "passphrase",
        "primarykey",
        "privatekeydata",
        "protectedsettings",
        "sas",
        "sastoken",
        "sasuri",
        "sasurl",
        "scmuri",
        "secondarykey",
        "secretkey",
        "secretvalue",
        "userdata",
        "validationkey",
    }
)
_ENDINGS: Final = (
    "accesskey",
    "accountkey",
    "adminkey",
    "apikey",
    "clientsecret",
    "connectionstring",
    "consumerkey",
    "endpointkey",
    "instrumentationkey",
    "masterkey",
    "password",
    "privatekey",
    "secret",
    "sharedkey",
    "token",
)
#: Members that hold settings by name: names stay, values go.
_SETTINGS: Final = frozenset(
    {"appsettings", "appsettingsoverrides", "azurestorageaccounts", "connectionstrings", "environmentvariables"}
)
#: Within a setting given as an object, what holds its value.
_SETTING_VALUES: Final = frozenset({"value", "connectionstring", "accesskey"})
#: A setting with this value names a secret of Key Vault and holds none.
_VAULT_REFERENCE: Final = "@microsoft.keyvault("
#: Types whose `properties.value` is the secret itself.
_SECRET_TYPES: Final = frozenset({"microsoft.keyvault/vaults/secrets", "microsoft.apimanagement/service/namedvalues"})
#: Resources `sites/config/NAME` whose properties are settings, or all secret.
_SETTING_RESOURCES: Final = frozenset({"appsettings", "connectionstrings", "azurestorageaccounts"})
_SECRET_RESOURCES: Final = frozenset({"publishingcredentials"})
#: What gives a secret away within any text: keys of connection strings, signatures of SAS, user and password in an address.
_EMBEDDED: Final = re.compile(
    r"(?:^|[?&;,\s\"'])(?:sig|accountkey|sharedaccesskey|sharedsecret|instrumentationkey|password|pwd)\s*=\s*[^;&\s]|://[^/\s:@]+:[^/\s@]+@",
    re.IGNORECASE,
)


class _Member(Enum):
    PLAIN = 0
    SECRET = 1
    SETTINGS = 2
    TLS = 3
    TAGS = 4


def is_removed(value: Json) -> bool:
    """Whether a value stands in the place of one that was removed."""
    return isinstance(value, str) and value.startswith("(removed: ")


def redact(body: Json, *, resource_type: str = "", name: str = "", plain: bool = False) -> Json:
    """A body without secrets: changed parts are new, the rest is shared. Of tags only what holds a secret by its text goes.

    `plain` is what `is_plain` told of the body: then only what its type makes secret is left to remove.
    """
    cleaned = body if plain else _clean(body, 0)
    lowered_type, lowered_name = resource_type.lower(), name.lower()
    if not isinstance(cleaned, dict):
        return cleaned
    if lowered_type in _SECRET_TYPES:
        return _within_properties(cleaned, lambda item: _setting(item, 0) if isinstance(item, dict) else item)
    if lowered_type.endswith("/config") and lowered_name in _SETTING_RESOURCES:
        return _within_properties(cleaned, lambda item: _settings(item, 0))
    if lowered_type.endswith("/config") and lowered_name in _SECRET_RESOURCES:
        return _within_properties(cleaned, _removed)
    return cleaned


def _within_properties(body: dict[str, Json], change: Any) -> dict[str, Json]:
    return {key: change(item) if key.lower() == "properties" else item for key, item in body.items()}


def is_plain(body: Json, plain_names: set[tuple[str, ...]]) -> bool:
    """Whether no member, text or number of a body needs removing, told at a fraction of the cost; False where one might.

    `plain_names` keeps the member names of objects that were found to be data by their names alone.
    """
    level = [body]
    for _ in range(_MAX_DEPTH):
        below: list[Json] = []
        for value in level:
            if value.__class__ is dict and not _is_plain_object(value, plain_names):
                return False
            if not _are_plain_values(value.values() if value.__class__ is dict else value, below):
                return False
        if not below:
            return True
        level = below
    return False


def _is_plain_object(value: dict[str, Json], plain_names: set[tuple[str, ...]]) -> bool:
    names = tuple(value)
    if names not in plain_names:
        if not _are_plain_names(names):
            return False
        plain_names.add(names)
    return "tags" not in value or _are_plain_tags(value["tags"])


def _are_plain_values(values: Iterable[Json], below: list[Json]) -> bool:
    """Whether no text or number among values needs removing; objects and lists are noted for the next level."""
    for item in values:
        kind = item.__class__
        if kind is str:
            if not item.isascii() or (("=" in item or "@" in item) and _EMBEDDED.search(item)):
                return False
        elif kind is dict or kind is list:
            below.append(item)
        elif (kind is int or kind is float) and _number(item) is not item:
            return False
    return True


@lru_cache(maxsize=8192)
def _are_plain_names(names: tuple[str, ...]) -> bool:
    """Whether none of these members is more than data; `tags`, so spelled, is left to `_are_plain_tags`."""
    return all(
        name.isascii() and not name.lower().startswith("hidden-link:") and (name == "tags" or _meaning(name) is _Member.PLAIN)
        for name in names
    )


def _are_plain_tags(tags: Json) -> bool:
    return tags is None or (isinstance(tags, dict) and not any(isinstance(item, dict | list) for item in tags.values()))


def _clean(value: Json, depth: int) -> Json:
    kind = value.__class__
    if kind is str:
        return _text(value)
    if kind is dict:
        if depth >= _MAX_DEPTH:
            return TOO_DEEP
        changed = {key: item for key, old in value.items() if (item := _member(key, old, depth + 1)) is not old}
        return _names_storable({**value, **changed} if changed else value)
    if kind is list:
        if depth >= _MAX_DEPTH:
            return TOO_DEEP
        items = [_clean(item, depth + 1) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return _number(value)


def _member(key: str, value: Json, depth: int) -> Json:
    meaning = _meaning(key)
    if meaning is _Member.PLAIN or value is None:
        return _clean(value, depth)
    if meaning is _Member.SECRET:
        return _removed(value)
    if meaning is _Member.SETTINGS:
        return _settings(value, depth)
    if meaning is _Member.TAGS:
        return _tags(value) if isinstance(value, dict) else _clean(value, depth)
    cleaned = _clean(value, depth)
    return {**cleaned, "key": _removed(cleaned["key"])} if isinstance(cleaned, dict) and "key" in cleaned else cleaned


@lru_cache(maxsize=8192)
def _meaning(key: str) -> _Member:
    lowered = key.lower()
    if lowered in _SETTINGS:
        return _Member.SETTINGS
    if lowered in _NAMES or lowered.endswith(_ENDINGS):
        return _Member.SECRET
    return {"tags": _Member.TAGS, "sslconfiguration": _Member.TLS}.get(lowered, _Member.PLAIN)


def _removed(value: Json) -> Json:
    """Null, booleans and what is empty hold no secret and tell whether there is one."""
    return value if value is None or value.__class__ is bool or value in ("", [], {}) else REMOVED


def _settings(value: Json, depth: int) -> Json:
    if depth >= _MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, list):
        return [_setting(item, depth + 1) if isinstance(item, dict) else _value(item) for item in value]
    if isinstance(value, dict):
        return _names_storable(
            {name: _setting(item, depth + 1) if isinstance(item, dict) else _value(item) for name, item in value.items()}
        )
    return _value(value)


def _setting(value: dict[str, Json], depth: int) -> Json:
    cleaned = _clean(value, depth)
    if not isinstance(cleaned, dict):
        return cleaned
    return {key: _value(item) if key.lower() in _SETTING_VALUES else item for key, item in cleaned.items()}


def _value(value: Json) -> Json:
    if isinstance(value, str) and value.lower().startswith(_VAULT_REFERENCE):
        return value
    return _removed(value)


def _tags(tags: dict[str, Json]) -> Json:
    """People do not keep secrets in tags, but Azure links Application Insights there, with its key (`hidden-link: …`)."""
    changed = {}
    for name, value in tags.items():
        linked = name.lower().startswith("hidden-link:") and name.lower().endswith(("instrumentation-key", "conn-string"))
        cleaned = _removed(value) if linked else _clean(value, _MAX_DEPTH)
        if cleaned is not value:
            changed[name] = cleaned
    return _names_storable({**tags, **changed} if changed else tags)


def _text(value: str) -> str:
    if ("=" in value or "@" in value) and _EMBEDDED.search(value):
        return REMOVED
    return value if value.isascii() else _storable(value)


def _storable(value: str) -> str:
    """Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes the replacement character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _names_storable(value: dict[str, Json]) -> dict[str, Json]:
    if all(key.isascii() or _storable(key) == key for key in value):
        return value
    return {_storable(key): item for key, item in value.items()}


def _number(value: Json) -> Json:
    if value.__class__ is int and value.bit_length() > _MAX_BITS:
        return hex(value)
    if value.__class__ is float and not math.isfinite(value):
        return str(value)
    return value
