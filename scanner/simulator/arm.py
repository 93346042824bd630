"""ARM's resource API over the store: get, put, patch, delete, list and actions of any type, at any scope."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.simulator import graph, providers
from scanner.simulator.access import Principal, allows, built_in_roles, permissions_at
from scanner.simulator.errors import ArmError, not_found, refused
from scanner.simulator.providers.common import guid_of, iso, properties_of
from scanner.simulator.states import Deployed
from scanner.simulator.store import StoredResource, merge

__all__ = ["Arm", "Listed"]

Json = Any

#: Types without diagnostic settings (no entry in Microsoft's list of resource logs and metrics).
_NO_DIAGNOSTICS: Final = frozenset(
    {
        "microsoft.network/applicationsecuritygroups",
        "microsoft.network/ddosprotectionplans",
        "microsoft.managedidentity/userassignedidentities",
        "microsoft.network/applicationgatewaywebapplicationfirewallpolicies",
        "microsoft.machinelearningservices/workspaces/computes",
        "microsoft.cognitiveservices/accounts/deployments",
        "microsoft.network/networkwatchers",
    }
)
_REGENERATIONS: Final = {
    "microsoft.storage/storageaccounts": "regeneratekey",
    "microsoft.cognitiveservices/accounts": "regeneratekey",
    "microsoft.search/searchservices": "regenerateadminkey",
    "microsoft.machinelearningservices/workspaces/onlineendpoints": "regeneratekeys",
}
_PRINCIPAL = re.compile(r"principalId eq '([^']*)'", re.IGNORECASE)


class Listed(list[dict[str, Json]]):
    """A list answer, to be paged."""


class Arm:
    """The resource API of one deployed state."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed, self._store = deployed, deployed.store

    def handle(self, method: str, path: str, query: Mapping[str, str], body: Json, principal: Principal) -> Json:
        """One request: the answer's body (a `Listed` for lists), or `ArmError`."""
        segments = [part for part in path.split("/") if part]
        lowered = [part.lower() for part in segments]
        if lowered == ["providers", "microsoft.resourcegraph", "resources"]:
            return graph.query(body or {}, self._store, self._deployed.tenant, lambda stored: self._may_read(stored, principal))
        if lowered == ["subscriptions"]:
            return Listed(
                item.body for item in self._store.of_type("Microsoft.Resources/subscriptions") if self._may_read(item, principal)
            )
        if lowered == ["tenants"]:
            return Listed([{"id": f"/tenants/{self._deployed.tenant}", "tenantId": self._deployed.tenant}])
        answer = self._store.answers.get("/" + "/".join(lowered)) if method == "GET" else None
        if answer is not None:
            self._require(principal, "Microsoft.Resources/subscriptions/resourceGroups/read", "/".join(["", *segments[:4]]))
            return answer
        if len(segments) == 3 and lowered[0] == "subscriptions" and lowered[2] in ("resourcegroups", "resources", "providers"):
            return self._containers(segments, lowered[2], principal)
        if len(segments) == 5 and lowered[4] == "resources":
            return self._generic_list("/" + "/".join(segments[:4]), principal)
        if "providers" in lowered:
            return self._of_provider(method, segments, lowered, query, body, principal)
        return self._instance(method, "/" + "/".join(segments), body, principal)

    def _containers(self, segments: list[str], what: str, principal: Principal) -> Json:
        scope = "/" + "/".join(segments[:2])
        if what == "resourcegroups":
            self._require(principal, "Microsoft.Resources/subscriptions/resourceGroups/read", scope)
            return Listed(item.body for item in self._store.of_type("Microsoft.Resources/subscriptions/resourceGroups", scope))
        if what == "providers":
            self._require(principal, "Microsoft.Resources/subscriptions/providers/read", scope)
            return Listed(self._providers())
        return self._generic_list(scope, principal)

    def _generic_list(self, scope: str, principal: Principal) -> Listed:
        """Generic lists omit properties and, as recorded, name children `parent/child`."""
        self._require(principal, "Microsoft.Resources/subscriptions/resources/read", scope)
        shown = ("id", "name", "type", "location", "kind", "sku", "tags", "identity", "zones")
        return Listed(
            {key: item.body[key] for key in shown if key in item.body}
            for item in self._store.everything()
            if is_within(item.id.key, normalise(scope))
            and item.id.type.count("/") == 1
            and "/providers/" not in item.id.scope.lower()
            and not item.id.type.lower().startswith(
                ("microsoft.resources/", "microsoft.authorization/", "microsoft.insights/diagnosticsettings")
            )
        )

    def _providers(self) -> Iterator[dict[str, Json]]:
        spaces: dict[str, set[str]] = {}
        for item in self._store.everything():
            space, _, rest = item.id.type.partition("/")
            spaces.setdefault(space, set()).add(rest)
        for space, types in sorted(spaces.items()):
            kinds = [{"resourceType": name, "locations": [], "apiVersions": []} for name in sorted(types)]
            yield {"namespace": space, "registrationState": "Registered", "resourceTypes": kinds}

    def _of_provider(
        self, method: str, segments: list[str], lowered: list[str], query: Mapping[str, str], body: Json, principal: Principal
    ) -> Json:
        at = len(lowered) - 1 - lowered[::-1].index("providers")
        scope, tail = "/" + "/".join(segments[:at]), segments[at + 1 :]
        if len(tail) == 1 and method == "GET":
            return next(
                (item for item in self._providers() if item["namespace"].lower() == tail[0].lower()),
                {"namespace": tail[0], "resourceTypes": []},
            )
        if len(tail) % 2:
            return self._instance(method, "/" + "/".join(segments), body, principal)
        if method == "POST":
            return self._action("/" + "/".join(segments[:-1]), segments[-1], body, principal)
        if [part.lower() for part in tail] == ["microsoft.insights", "eventtypes", "management", "values"]:
            return self._events(scope, query, principal)
        return self._list(scope, tail, query, principal)

    def _list(self, scope: str, tail: list[str], query: Mapping[str, str], principal: Principal) -> Json:
        resource_type = "/".join([tail[0], *tail[1::2]])
        prefix = "/".join([scope.rstrip("/"), "providers", *tail[:-1]]) if len(tail) > 2 else scope
        lowered = resource_type.lower()
        if lowered == "microsoft.authorization/permissions":
            return Listed(permissions_at(self._store, principal, scope))
        self._require(principal, f"{resource_type}/read", prefix)
        if lowered == "microsoft.authorization/roleassignments":
            return Listed(self._assignments(scope, query.get("$filter", "")))
        if lowered == "microsoft.authorization/roledefinitions":
            return Listed(self._definitions(scope))
        if lowered == "microsoft.insights/diagnosticsettings":
            self._require_diagnostics(scope)
        if len(tail) > 2:
            if self._store.raw(prefix) is None:
                parsed = ResourceId.parse(prefix)
                raise not_found(parsed.type, parsed.name, parsed.resource_group)
            return Listed(self._store.show(item) for item in self._store.children(normalise(prefix), tail[-1]))
        return Listed(
            self._store.show(item) for item in self._store.of_type(resource_type, scope) if self._stands_at(item, scope)
        )

    def _stands_at(self, item: StoredResource, scope: str) -> bool:
        """Lists at a subscription or group hold what lies below; lists on a resource hold what stands on it."""
        on_resource = "/providers/" in scope.lower()
        extension = "/providers/" in item.id.scope.lower()
        if item.id.type.lower() == "microsoft.insights/diagnosticsettings" or on_resource:
            return normalise(item.id.scope) == normalise(scope)
        return not extension or item.id.type.lower() == "microsoft.authorization/locks"

    def _require_diagnostics(self, scope: str) -> None:
        resource_type = ResourceId.parse(scope).type.lower()
        if resource_type in _NO_DIAGNOSTICS:
            message = f"The resource type '{resource_type}' does not support diagnostic settings."
            raise ArmError(400, "ResourceTypeNotSupported", message, wrapped=False)
        if self._store.raw(scope) is None:
            parsed = ResourceId.parse(scope)
            raise not_found(parsed.type, parsed.name, parsed.resource_group)

    def _assignments(self, scope: str, condition: str) -> Iterator[dict[str, Json]]:
        """`atScope()` lists at and above the scope, without it also below; `principalId eq` narrows to one principal."""
        key, wanted = normalise(scope), _PRINCIPAL.search(condition)
        for item in self._store.of_type("Microsoft.Authorization/roleAssignments"):
            at = normalise(item.id.scope)
            above = is_within(key, at)
            if not above and (not is_within(at, key) or "atscope()" in condition.lower()):
                continue
            if wanted is None or str(properties_of(item).get("principalId", "")).lower() == wanted[1].lower():
                yield item.body

    def _definitions(self, scope: str) -> Iterator[dict[str, Json]]:
        subscription = "/".join(scope.split("/")[:3])
        for name, item in built_in_roles().items():
            yield {**item, "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"}
        yield from (item.body for item in self._store.of_type("Microsoft.Authorization/roleDefinitions"))

    def _events(self, scope: str, query: Mapping[str, str], principal: Principal) -> Listed:
        self._require(principal, "Microsoft.Insights/eventtypes/values/read", scope)
        if "eventtimestamp ge" not in query.get("$filter", "").lower():
            raise ArmError(400, "BadRequest", "The query must state eventTimestamp ge.")
        return Listed(event for event in self._store.events if is_within(normalise(event["resourceId"]), normalise(scope)))

    def _instance(self, method: str, resource_id: str, body: Json, principal: Principal) -> Json:
        parsed = ResourceId.parse(resource_id)
        if not parsed.type:
            raise ArmError(404, "NotFound", f"The path {resource_id} is no resource.")
        verb = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}.get(method)
        if verb is None:
            raise ArmError(405, "MethodNotAllowed", f"{method} is not allowed here.")
        self._require(principal, f"{parsed.type}/{verb}", resource_id)
        if method == "PUT":
            return self._store.show(providers.write(self._store, resource_id, body if isinstance(body, dict) else {}))
        known = self._store.get(resource_id)
        if known is None:
            role = (
                built_in_roles().get(parsed.name.lower())
                if parsed.type.lower() == "microsoft.authorization/roledefinitions"
                else None
            )
            if role is not None and method == "GET":
                return {**role, "id": resource_id}
            raise not_found(parsed.type, parsed.name, parsed.resource_group)
        if method == "PATCH":
            return self._store.show(providers.write(self._store, resource_id, merge(known, body or {})))
        if method == "DELETE":
            providers.remove(self._store, resource_id)
            return None
        return known

    def _action(self, resource_id: str, operation: str, body: Json, principal: Principal) -> Json:
        parsed = ResourceId.parse(resource_id)
        self._require(principal, f"{parsed.type}/{operation}/action", resource_id)
        stored = self._store.raw(resource_id)
        if stored is None:
            raise not_found(parsed.type, parsed.name, parsed.resource_group)
        if _REGENERATIONS.get(parsed.type.lower()) == operation.lower():
            self._regenerate(stored, operation, body or {})
            return {"keys": []}
        if operation.lower() in ("listkeys", "listadminkeys"):
            return {
                "keys": [
                    {"keyName": name, "value": secrets.token_urlsafe(32), "permissions": "FULL"} for name in ("key1", "key2")
                ]
            }
        raise ArmError(404, "NotFound", f"The action {operation} is not simulated for {parsed.type}.")

    def _regenerate(self, stored: StoredResource, operation: str, body: dict[str, Json]) -> None:
        moment = self._store.now
        created = properties_of(stored).get("keyCreationTime")
        if isinstance(created, dict) and body.get("keyName") in created:
            created[body["keyName"]] = iso(moment)
        for state, seconds in (("Started", 0), ("Succeeded", 1)):
            self._store.events.append(
                {
                    "resourceId": stored.id.text,
                    "eventTimestamp": iso(moment + timedelta(seconds=seconds)),
                    "operationName": {"value": f"{stored.id.type}/{operation}/action"},
                    "status": {"value": state},
                    "correlationId": guid_of(stored.id.key, iso(moment)),
                }
            )

    def _may_read(self, stored: StoredResource, principal: Principal) -> bool:
        return allows(self._store, principal, f"{stored.id.type}/read", stored.id.text)

    def _require(self, principal: Principal, action: str, scope: str) -> None:
        if not allows(self._store, principal, action, scope):
            raise refused(principal.client_id, principal.object_id, action, scope)
