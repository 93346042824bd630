"""Azure Resource Graph, as far as planners ask it: a small part of its query language, its tables and its quirks."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from scanner.simulator.errors import ArmError
from scanner.simulator.store import Store, StoredResource

__all__ = ["query"]

Json = Any
Row = dict[str, Json]

_COLUMNS: Final = (
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
)
#: Child types that the index holds; other children and every extension must be read one by one.
_INDEXED_CHILDREN: Final = frozenset(
    {
        "microsoft.machinelearningservices/workspaces/onlineendpoints",
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
        "microsoft.network/privatednszones/virtualnetworklinks",
    }
)
_NOT_INDEXED: Final = (
    "microsoft.authorization/",
    "microsoft.consumption/",
    "microsoft.insights/diagnosticsettings",
    "microsoft.resources/",
)
_TABLES: Final[dict[str, Callable[[str], bool]]] = {
    "resources": lambda name: name in _INDEXED_CHILDREN or (name.count("/") == 1 and not name.startswith(_NOT_INDEXED)),
    "resourcecontainers": lambda name: name.startswith("microsoft.resources/subscriptions"),
    "authorizationresources": lambda name: (
        name in ("microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions")
    ),
    "appserviceresources": lambda name: name == "microsoft.web/sites/config",
    "dnsresources": lambda name: name.startswith("microsoft.network/privatednszones/"),
}
_WHERE: Final = re.compile(r"(\w+)\s+(in~|=~|==|in)\s*(\(.*\)|'[^']*')", re.IGNORECASE)
_MOST: Final = 1000


def query(body: Row, store: Store, tenant: str, may_read: Callable[[StoredResource], bool]) -> Row:
    """Answer a query. Rows that the principal may not read are left out without a word, as Azure does."""
    table, steps = _parse(str(body.get("query", "")))
    options = body.get("options") or {}
    subscriptions = {str(item).lower() for item in body.get("subscriptions") or []}
    rows = [
        _row(stored, store, tenant)
        for stored in store.everything()
        if _TABLES[table](_lower_type(stored))
        and (not subscriptions or stored.id.subscription in subscriptions)
        and may_read(stored)
    ]
    columns: tuple[str, ...] = _COLUMNS
    for step in steps:
        rows, columns = _apply(step, rows, columns)
    return _answer(rows, columns, options)


def _answer(rows: list[Row], columns: tuple[str, ...], options: Row) -> Row:
    size = min(int(options.get("$top") or 100), _MOST)
    token = options.get("$skipToken")
    start = int(base64.b64decode(str(token)).decode()) if token else 0
    page = rows[start : start + size]
    more = start + size < len(rows)
    answer: Row = {
        "totalRecords": len(rows),
        "count": len(page),
        "resultTruncated": "true" if more and "id" not in columns else "false",
        "facets": [],
    }
    if more and "id" in columns:
        answer["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
    if str(options.get("resultFormat", "objectArray")).lower() == "table":
        kinds = {
            "properties": "object",
            "sku": "object",
            "tags": "object",
            "identity": "object",
            "zones": "object",
            "plan": "object",
        }
        names = [{"name": name, "type": kinds.get(name, "string")} for name in columns]
        answer["data"] = {"columns": names, "rows": [[row.get(name) for name in columns] for row in page]}
    else:
        answer["data"] = [{name: row.get(name) for name in columns} for row in page]
    return answer


def _parse(text: str) -> tuple[str, list[str]]:
    first, *steps = [part.strip() for part in text.split("|")]
    if first.lower() not in _TABLES:
        raise _invalid(f"the table '{first}' is not known")
    return first.lower(), steps


def _apply(step: str, rows: list[Row], columns: tuple[str, ...]) -> tuple[list[Row], tuple[str, ...]]:
    word, _, rest = step.partition(" ")
    match word.lower():
        case "where":
            for clause in re.split(r"\s+and\s+", rest, flags=re.IGNORECASE):
                rows = list(_filter(clause.strip(), rows))
            return rows, columns
        case "project":
            return rows, tuple(name.strip() for name in rest.split(","))
        case "order" | "sort":
            return sorted(rows, key=lambda row: str(row["id"]).lower()), columns
        case "limit" | "take":
            return rows[: int(rest)], columns
        case _:
            raise _invalid(f"'{word}' is not supported")


def _filter(clause: str, rows: list[Row]) -> Iterator[Row]:
    found = _WHERE.fullmatch(clause)
    if found is None:
        raise _invalid(f"'{clause}' is not supported")
    name, operator = found[1], found[2].lower()
    fold = "~" in operator
    values = {value.lower() if fold else value for value in re.findall(r"'([^']*)'", found[3])}
    yield from (row for row in rows if (str(row.get(name) or "").lower() if fold else str(row.get(name) or "")) in values)


def _row(stored: StoredResource, store: Store, tenant: str) -> Row:
    body = store.show(stored)
    row = {name: body.get(name) for name in _COLUMNS}
    row |= {
        "id": body.get("id", stored.id.text),
        "name": body.get("name") or body.get("displayName") or stored.id.name,
        "type": _lower_type(stored),
        "tenantId": tenant,
        "resourceGroup": stored.id.resource_group.lower(),
        "subscriptionId": stored.id.subscription,
        "kind": body.get("kind") or "",
        "location": body.get("location") or "",
    }
    return row


def _lower_type(stored: StoredResource) -> str:
    return stored.id.type.lower()


def _invalid(message: str) -> ArmError:
    return ArmError(400, "BadRequest", f"Please provide below info when asking for support: the query is invalid: {message}.")
