"""Lists in pages: `nextLink` on the host that was asked, as Azure's providers vary it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from scanner.simulator.errors import ArmError

__all__ = ["page"]

Json = Any

_TOKEN: Final = "$skiptoken"
#: A recorded list whose first page is empty and still has a next one.
_EMPTY_FIRST: Final = "/providers/microsoft.keyvault/vaults"
#: Recorded lists whose last page says `nextLink: null`, and such as spell the token with a capital T.
_NULL_AT_END: Final = "/providers/microsoft.insights/components"
_CAPITAL: Final = "/providers/microsoft.network/privatednszones"


def page(items: Sequence[dict[str, Json]], path: str, query: Mapping[str, str], host: str, size: int) -> dict[str, Json]:
    """One page of a list. Raises `ArmError` for a token that this server did not make."""
    lowered = {key.lower(): value for key, value in query.items()}
    start = _start(lowered.get(_TOKEN, ""))
    if path.lower().endswith(_EMPTY_FIRST) and _TOKEN not in lowered and items:
        return {"value": [], "nextLink": _link(path, query, host, 0)}
    size = min(size, _top(lowered.get("$top", "")) or size)
    answer: dict[str, Json] = {"value": list(items[start : start + size])}
    if start + size < len(items):
        answer["nextLink"] = _link(path, query, host, start + size)
    elif path.lower().endswith(_NULL_AT_END):
        answer["nextLink"] = None
    return answer


def _link(path: str, query: Mapping[str, str], host: str, start: int) -> str:
    name = "$skipToken" if path.lower().endswith(_CAPITAL) else _TOKEN
    kept = {key: value for key, value in query.items() if key.lower() != _TOKEN}
    token = base64.urlsafe_b64encode(str(start).encode()).decode()
    return f"https://{host}{quote(path)}?{urlencode({**kept, name: token}, safe='$')}"


def _start(token: str) -> int:
    try:
        start = int(base64.urlsafe_b64decode(token).decode()) if token else 0
    except ValueError:
        start = -1
    if start < 0:
        raise ArmError(400, "InvalidSkipToken", "The skip token in the query string is not valid.")
    return start


def _top(text: str) -> int:
    if text and (not text.isdigit() or int(text) < 1):
        raise ArmError(400, "InvalidTopInQueryString", f"Invalid $top '{text}' in the query string.")
    return int(text) if text else 0
