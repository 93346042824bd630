"""Whether a principal may read a type at a scope, from ARM's list of what it is permitted there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

__all__ = ["PERMISSIONS_VERSION", "may", "may_read", "may_read_all"]

Json = Any

#: The API version of the SDK's permissions operations (azure-mgmt-authorization 4.0), which name groups and resources; where the
#: list of a subscription's permissions is refused, ARM's own lists are asked, and tell who may read.
PERMISSIONS_VERSION: Final = "2022-04-01"


def may_read(granted: Iterable[dict[str, Json]], resource_type: str) -> bool:
    """Each element is one role's `actions` less its `notActions`; what any of them leaves is permitted."""
    return may(granted, f"{resource_type}/read")


def may_read_all(granted: Iterable[dict[str, Json]]) -> bool:
    """Whether some role grants every read and takes none of them back (whatever ends in `read` or `*` may)."""
    return any(_named(item.get("actions"), "*/read") and not _takes_reads(item.get("notActions")) for item in granted)


def may(granted: Iterable[dict[str, Json]], action: str) -> bool:
    """Whether any role permits an action; `*/read` is every read."""
    if action == "*/read":
        return may_read_all(granted)
    return any(_named(item.get("actions"), action) and not _named(item.get("notActions"), action) for item in granted)


def _named(patterns: Json, action: str) -> bool:
    return isinstance(patterns, list) and any(isinstance(item, str) and _pattern(item).fullmatch(action) for item in patterns)


def _takes_reads(patterns: Json) -> bool:
    items = patterns if isinstance(patterns, list) else []
    return any(not isinstance(item, str) or item.lower().endswith(("read", "*")) for item in items)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """`*` crosses slashes; letter case does not matter."""
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE | re.DOTALL)
