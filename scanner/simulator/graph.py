"""Azure Resource Graph, as far as planners ask it: its tables, what it indexes, its paging and its quirks."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.simulator import providers
from scanner.simulator.access import built_in_roles
from scanner.simulator.errors import ArmError
from scanner.simulator.kql import QueryError, Rows, parse_query
from scanner.simulator.policies import policy_states
from scanner.simulator.store import Store, StoredResource

__all__ = ["freeze", "is_indexed", "query"]

Json = Any
Row = dict[str, Json]

#: The columns with their types in table answers.
_COLUMNS: Final = {
    "id": "string", "name": "string", "type": "string", "tenantId": "string", "kind": "string", "location": "string",
    "resourceGroup": "string", "subscriptionId": "string", "managedBy": "string", "sku": "object", "plan": "object",
    "properties": "object", "tags": "object", "identity": "object", "zones": "object", "extendedLocation": "object",
    "apiVersion": "string",
}  # fmt: skip
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
_RECORDS: Final = frozenset(
    f"microsoft.network/privatednszones/{kind}" for kind in ("a", "aaaa", "cname", "mx", "ptr", "srv", "txt")
)
_ROLES: Final = ("microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions")
_POLICIES: Final = (
    "microsoft.authorization/policyassignments",
    "microsoft.authorization/policydefinitions",
    "microsoft.authorization/policysetdefinitions",
    "microsoft.authorization/policyexemptions",
)
_MOST, _DEFAULT = 1000, 100


def is_indexed(stored: StoredResource) -> bool:
    """Whether the table `resources` holds a resource: top-level ones of a group, and three child types."""
    if stored.type_key in _INDEXED_CHILDREN:
        return True
    plain = bool(stored.id.resource_group) and "/providers/" not in stored.id.scope.lower() and stored.type_key.count("/") == 1
    return plain and not stored.type_key.startswith(_NOT_INDEXED)


_TABLES: Final[dict[str, Callable[[StoredResource], bool]]] = {
    "resources": is_indexed,
    "resourcecontainers": lambda stored: stored.type_key.startswith("microsoft.resources/subscriptions"),
    "authorizationresources": lambda stored: stored.type_key in _ROLES,
    "policyresources": lambda stored: stored.type_key in _POLICIES,
    "appserviceresources": lambda stored: stored.type_key == "microsoft.web/sites/config" and stored.id.name.lower() == "web",
    "dnsresources": lambda stored: stored.type_key in _RECORDS,
}


def query(body: Json, store: Store, may_read: Callable[[StoredResource], bool]) -> Row:
    """Answer a query. Rows that the principal may not read are left out without a word, as Azure does."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise _invalid("the query is missing", "")
    text, options = body["query"], body.get("options") or {}
    subscriptions = {str(item).lower() for item in body.get("subscriptions") or []}
    try:
        parsed = parse_query(text, _TABLES)
        rows = [
            row
            for stored, row in _told(store, parsed.table)
            if (not subscriptions or row["subscriptionId"] in subscriptions) and (stored is None or may_read(stored))
        ]
        return _answer(parsed.run(Rows(rows, tuple(_COLUMNS))), text, options)
    except QueryError as error:
        raise _invalid(str(error), error.token) from error


def freeze(store: Store) -> None:
    """Let the index tell from now on what is in the store now, as it lags behind changes in Azure."""
    store.frozen = copy.deepcopy({table: _rows(store, table) for table in _TABLES})


def _told(store: Store, table: str) -> list[tuple[StoredResource | None, Row]]:
    if table in store.frozen:
        rows: list[tuple[StoredResource | None, Row]] = store.frozen[table]
        return rows
    return store.remember(f"rows of {table}", lambda _: _rows(store, table))


def _answer(found: Rows, text: str, options: Row) -> Row:
    size = min(int(options.get("$top") or _DEFAULT), _MOST)
    start = _start(options, text)
    page = found.rows[start : start + size]
    more, pageable = start + size < len(found.rows), "id" in found.columns and not found.limited
    answer: Row = {
        "totalRecords": len(found.rows), "count": len(page), "facets": [],
        "resultTruncated": "true" if found.limited or (more and not pageable) else "false",
    }  # fmt: skip
    if more and pageable:
        answer["$skipToken"] = _token(start + size, text)
    if str(options.get("resultFormat", "objectArray")).lower() == "table":
        names = [{"name": name, "type": _COLUMNS.get(name, "object")} for name in found.columns]
        answer["data"] = {"columns": names, "rows": [[row[name] for name in found.columns] for row in page]}
    else:
        answer["data"] = [{name: row[name] for name in found.columns} for row in page]
    return answer


def _token(start: int, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return base64.b64encode(f"{start}:{digest}".encode()).decode()


def _start(options: Row, text: str) -> int:
    token = options.get("$skipToken")
    if not token:
        return int(options.get("$skip") or 0)
    try:
        start = int(base64.b64decode(str(token)).decode().partition(":")[0])
    except ValueError:
        start = -1
    if start < 0 or _token(start, text) != token:
        raise _invalid("the skip token is not of this query", "$skipToken")
    return start


def _rows(store: Store, table: str) -> list[tuple[StoredResource | None, Row]]:
    rows: list[tuple[StoredResource | None, Row]] = [
        (stored, _row(stored, store)) for stored in store.everything() if _TABLES[table](stored)
    ]
    if table == "authorizationresources":
        rows.extend((None, _built_in(item, store)) for item in built_in_roles().values())
    if table == "policyresources":
        rows.extend((of, _policy_state(of, state, store)) for of, state in policy_states(store))
    return rows


def _row(stored: StoredResource, store: Store) -> Row:
    """`type` and `resourceGroup` come in lower case, absent text as empty; the id keeps its spelling."""
    body, table = providers.show(store, stored), arm_type(stored.id.type)
    row = {name: body.get(name, "" if kind == "string" else None) for name, kind in _COLUMNS.items()}
    return row | {
        "id": body["id"] if str(body["id"]).startswith("/") else f"/{body['id']}", "type": stored.type_key,
        "name": body.get("displayName") or body.get("name") or stored.id.name, "tenantId": store.tenant,
        "resourceGroup": stored.id.resource_group.lower(), "subscriptionId": stored.id.subscription,
        "apiVersion": table.api_version if table is not None else "",
    }  # fmt: skip


def _built_in(item: dict[str, Json], store: Store) -> Row:
    row: Row = {name: "" if kind == "string" else None for name, kind in _COLUMNS.items()}
    role_id = f"/providers/Microsoft.Authorization/RoleDefinitions/{item['name']}"
    return row | {
        "id": role_id,
        "name": item["name"],
        "type": _ROLES[1],
        "tenantId": store.tenant,
        "properties": item["properties"],
    }


def _policy_state(of: StoredResource, state: Row, store: Store) -> Row:
    """What Azure Policy finds of a resource. Only its properties are published; the rest of the row is unconfirmed."""
    row: Row = {name: "" if kind == "string" else None for name, kind in _COLUMNS.items()}
    return row | {
        "id": f"{of.id.text}/providers/Microsoft.PolicyInsights/policyStates/{state['name']}", "name": state["name"],
        "type": "microsoft.policyinsights/policystates", "tenantId": store.tenant, "properties": state["properties"],
        "resourceGroup": of.id.resource_group.lower(), "subscriptionId": of.id.subscription,
    }  # fmt: skip


def _invalid(message: str, token: str) -> ArmError:
    details = (
        {"code": "InvalidQuery", "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
         "service and fix the error before retrying."},
        {"code": "ParserFailure", "message": message, "token": token},
    )  # fmt: skip
    return ArmError(400, "BadRequest", "Please provide below info when asking for support: the simulator's log.", details=details)
