"""When two values say the same to Azure: ids in any letter case, locations in both spellings, choices in any case."""

from __future__ import annotations

import re
from typing import Any, Final

from scanner.diff.members import Member
from scanner.model.resource_id import normalise
from scanner.model.unknown import Unknown
from scanner.sources.redact import REMOVED, TOO_DEEP

__all__ = ["fold", "is_hidden", "is_id_text", "is_ordered", "plain_path", "shown"]

Json = Any
_LOCATION: Final = ("location", "locations", "locationname", "region", "regions")
_ID: Final = ("/subscriptions/", "/providers/", "subscriptions/")
#: Lists of texts whose order Azure acts on. Every other list of plain values is a set.
_ORDERED: Final = frozenset({"args", "arguments", "command", "defaultdocuments", "dnsservers", "entrypoint"})
_ROLES: Final = "/providers/microsoft.authorization/roledefinitions/"
_MARKS: Final = (REMOVED, TOO_DEEP)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_$@][\w$@-]*")


def fold(value: Json, name: str, member: Member | None) -> tuple[str, Json]:
    """A plain value in the form in which it is compared; `name` is the lower-case name of the member that it stands in."""
    if value.__class__ is str:
        if name.endswith(_LOCATION):
            return "text", value.replace(" ", "").lower()
        if value.lower().startswith(_ID):
            return "text", _plain_id(value)
        return "text", value.lower() if member is not None and member.enum else value
    return "truth" if value.__class__ is bool else "number", value


def _plain_id(text: str) -> str:
    """A compared id. Role definitions are given with and without the subscription that they were asked for in."""
    key = normalise(text)
    return key[key.index(_ROLES) :] if _ROLES in key else key


def is_id_text(value: Json) -> bool:
    """Whether a value is text that begins as the id of a resource does."""
    return isinstance(value, str) and value.lower().startswith(_ID)


def is_ordered(name: str) -> bool:
    """Whether the order of a list of plain values means something, by its member's lower-case name."""
    return name in _ORDERED


def is_hidden(value: Json) -> bool:
    """Whether a value stands for one that is not known: a secret that was removed, or what only Azure knows."""
    return value.__class__ is Unknown or (value.__class__ is str and value in _MARKS)


def shown(value: Json) -> Json:
    """A value as JSON has it: what is unknown becomes a text with its reason."""
    if value.__class__ is Unknown:
        return f"(unknown: {value})"
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return [shown(item) for item in value] if isinstance(value, list) else value


def plain_path(path: str, name: str) -> str:
    """The path of a member; a name that could be read as a path stands in quotes."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}" if path else name
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"
