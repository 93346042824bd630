"""ARM's resource API over the store: get, put, patch, delete, list and actions of any type, at any scope, in any API version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.model.resource_id import ResourceId
from scanner.simulator import graph, lists, metrics, providers
from scanner.simulator.access import Principal, allows, built_in_roles, permissions_at, sees
from scanner.simulator.actions import act
from scanner.simulator.deployments import Deployments
from scanner.simulator.errors import ArmError, group_not_found, not_found, refused, subscription_not_found
from scanner.simulator.policies import built_in_policy
from scanner.simulator.providers.monitoring import require_diagnostics
from scanner.simulator.store import Store, StoredResource, merge

__all__ = ["Answer", "Arm", "Request"]

Json = Any

_VERBS: Final = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
#: What a generic answer would be a lie about: a deployment that deploys nothing, tags that change nothing, an empty catalogue.
_NOT_SIMULATED: Final = frozenset(
    {
        "microsoft.insights/diagnosticsettingscategories",
        "microsoft.policyinsights/policystates",
        "microsoft.resources/tags",
    }
)
#: Configuration of sites that only a POST to its `list` shows; what a GET answers instead is not recorded.
_LISTED_ONLY: Final = ("appsettings", "connectionstrings", "azurestorageaccounts", "metadata", "publishingcredentials")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a signed-in principal; `path` with single slashes."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    principal: Principal

    @property
    def filter(self) -> str:
        """The `$filter` condition, empty without one."""
        return next((value for key, value in self.query.items() if key.lower() == "$filter"), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; `items` instead of a body for a list, which is to be paged."""

    status: int = 200
    body: Json = None
    items: tuple[dict[str, Json], ...] | None = None


class Arm:
    """The resource API over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._deployments = Deployments(store)

    def handle(self, request: Request) -> Answer:
        """Answer one request. Raises `ArmError` for what Azure refuses."""
        segments = [part for part in request.path.split("/") if part]
        lowered = [part.lower() for part in segments]
        if "api-version" not in {key.lower() for key in request.query}:
            raise ArmError(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."
            )
        if lowered == ["providers", "microsoft.resourcegraph", "resources"] and request.method == "POST":
            return Answer(body=graph.query(request.body, self._store, lambda item: self._may_read(item, request.principal)))
        if lowered[:1] == ["subscriptions"] and len(lowered) > 1 and self._store.raw("/".join(segments[:2])) is None:
            raise subscription_not_found(segments[1])
        if "providers" in lowered[: -1 if lowered[-1:] == ["providers"] else None]:
            return self._of_provider(request, segments, lowered)
        return self._of_container(request, segments, lowered)

    def _of_container(self, request: Request, segments: list[str], lowered: list[str]) -> Answer:
        """Tenants, subscriptions, groups and the generic lists in them."""
        scope = "/" + "/".join(segments[:-1])
        match lowered:
            case ["tenants"]:
                return _listed([{"id": f"/tenants/{self._store.tenant}", "tenantId": self._store.tenant}])
            case ["subscriptions"]:
                known = self._store.of_type("Microsoft.Resources/subscriptions")
                return _listed([item.body for item in known if sees(self._store, request.principal, item.id.text)])
            case ["subscriptions", _, "resourcegroups"]:
                self._require(request.principal, "Microsoft.Resources/subscriptions/resourceGroups/read", scope)
                groups = self._store.of_type("Microsoft.Resources/subscriptions/resourceGroups", scope)
                return _listed([item.body for item in groups])
            case ["subscriptions", _, "resources"]:
                self._require(request.principal, "Microsoft.Resources/subscriptions/resources/read", scope)
                return self._resources(request, scope)
            case ["subscriptions", _, "resourcegroups", group, "resources"]:
                self._require(request.principal, "Microsoft.Resources/subscriptions/resourcegroups/resources/read", scope)
                self._require_group(scope, group)
                return self._resources(request, scope)
            case ["subscriptions", _, "providers"]:
                self._require(request.principal, "Microsoft.Resources/subscriptions/providers/read", scope)
                return _listed([lists.provider(name, scope, self._locations()) for name in lists.provider_names()])
            case ["subscriptions", _] | ["subscriptions", _, "resourcegroups", _]:
                return self._instance(request, ResourceId.parse("/" + "/".join(segments)))
            case _:
                raise ArmError(404, "NotFound", f"The path {request.path} is not known here.")

    def _of_provider(self, request: Request, segments: list[str], lowered: list[str]) -> Answer:
        at = len(lowered) - 1 - lowered[::-1].index("providers")
        scope, tail = "/" + "/".join(segments[:at]), segments[at + 1 :]
        if lowered[at + 1 : at + 3] == ["microsoft.resources", "deployments"]:
            self._require_scope(scope)
            allowed = partial(self._require, request.principal)
            status, body = self._deployments.handle(request.method, scope, tail[2:], request.body, allowed)
            return Answer(status, body)
        if request.method == "POST":
            return self._action(request, segments, len(tail))
        if len(tail) == 1:
            self._require(request.principal, "Microsoft.Resources/subscriptions/providers/read", scope)
            return Answer(body=lists.provider(tail[0], scope, self._locations()))
        if len(tail) % 2:
            return self._instance(request, ResourceId.parse("/" + "/".join(segments)))
        if request.method != "GET":
            raise ArmError(405, "MethodNotAllowed", f"{request.method} is not allowed on a collection.")
        return self._collection(request, scope, tail)

    def _collection(self, request: Request, scope: str, tail: list[str]) -> Answer:
        resource_type = "/".join([tail[0], *tail[1::2]])
        known = arm_type(resource_type)
        resource_type = known.name if known is not None else resource_type
        above = "/".join([scope.rstrip("/"), "providers", *tail[:-1]]) if len(tail) > 2 else scope
        if resource_type.lower() == "microsoft.authorization/permissions":
            return self._permissions(request, scope)
        _require_simulated(resource_type)
        self._require(request.principal, f"{resource_type}/read", above)
        answer = self._store.answers.get(f"{above}/{tail[-1]}".lower())
        if answer is not None:
            return Answer(body=answer)
        if resource_type.lower() == "microsoft.insights/eventtypes/values":
            return _listed(lists.events(self._store, scope, request.filter))
        if resource_type.lower() == "microsoft.insights/metrics":
            return Answer(body=metrics.measured(self._store, scope, request.query))
        if len(tail) == 2 or tail[1].lower() == "locations":
            self._require_scope(scope)
            return self._remembered(request, lists.instances(self._store, resource_type, scope, request.filter))
        if resource_type.lower() == "microsoft.web/sites/config/appsettings":
            return _listed(lists.settings(self._store, "/".join(above.split("/")[:-2])))
        parent = self._store.raw(above)
        if parent is None:
            raise self._absent(ResourceId.parse(above))
        return _listed(lists.children(self._store, parent, tail[-1]))

    def _resources(self, request: Request, scope: str) -> Answer:
        """What exists at a scope, of what the caller may read: the rest is left out without a word, as from Resource Graph."""

        def readable(store: Store) -> tuple[dict[str, Json], ...]:
            return tuple(lists.generic(store, scope, request.filter, lambda item: self._may_read(item, request.principal)))

        asked = f"resources {request.principal.object_id} {request.path.lower()} {request.filter}"
        return Answer(items=self._store.remember(asked, readable))

    def _remembered(self, request: Request, items: Iterable[dict[str, Json]]) -> Answer:
        """A list that its further pages need not make again while nothing changes."""
        return Answer(items=self._store.remember(f"list {request.path.lower()} {request.filter}", lambda _: tuple(items)))

    def _permissions(self, request: Request, scope: str) -> Answer:
        """What the caller may do at a scope; whoever may do nothing there is refused."""
        held = permissions_at(self._store, request.principal, scope)
        if not held:
            raise self._refused(request.principal, "Microsoft.Authorization/permissions/read", scope)
        return _listed(held)

    def _instance(self, request: Request, asked: ResourceId) -> Answer:
        verb = _VERBS.get(request.method)
        if not asked.type or verb is None:
            raise ArmError(405, "MethodNotAllowed", f"{request.method} {request.path} is not known here.")
        _require_simulated(asked.type)
        built_in = built_in_policy(asked.key)
        if built_in is not None and request.method == "GET":
            return Answer(body=built_in)  # of the tenant, for everyone who is signed in
        known = arm_type(asked.type)
        self._require(request.principal, f"{known.name if known is not None else asked.type}/{verb}", asked.text)
        if verb == "read" and request.path.lower() in self._store.answers:
            return Answer(body=self._store.answers[request.path.lower()])
        if asked.type.lower() == "microsoft.insights/diagnosticsettings":
            require_diagnostics(asked.scope)
        stored = self._store.raw(asked.text)
        match request.method:
            case "PUT":
                return self._put(request, asked, created=stored is None)
            case "DELETE" if stored is None:
                return Answer(204)
            case "DELETE":
                providers.remove(self._store, asked.text)
                return Answer(200)
        if stored is None:
            return self._built_in(request, asked)
        if request.method == "PATCH":
            if not isinstance(request.body, dict):
                raise ArmError(400, "InvalidRequestContent", "The request content was invalid: a patch is a JSON object.")
            providers.write(self._store, asked.text, merge(stored.body, request.body), request.principal.object_id)
            return Answer(body=providers.show(self._store, self._stored(asked)))
        if stored.type_key == "microsoft.web/sites/config" and stored.id.name.lower() in _LISTED_ONLY:
            raise ArmError(405, "MethodNotAllowed", f"The configuration '{stored.id.name}' is read by POST to its list.")
        return Answer(204) if request.method == "HEAD" else Answer(body=providers.show(self._store, stored))

    def _put(self, request: Request, asked: ResourceId, *, created: bool) -> Answer:
        """201 for a new resource; diagnostic settings always answer 200, which the az command insists on."""
        providers.write(self._store, asked.text, request.body, request.principal.object_id)
        always_200 = asked.type.lower() == "microsoft.insights/diagnosticsettings"
        return Answer(201 if created and not always_200 else 200, providers.show(self._store, self._stored(asked)))

    def _built_in(self, request: Request, asked: ResourceId) -> Answer:
        role = built_in_roles().get(asked.name.lower()) if asked.type.lower().endswith("/roledefinitions") else None
        if role is None or request.method != "GET":
            raise self._absent(asked)
        return Answer(body={**role, "id": asked.text})

    def _action(self, request: Request, segments: list[str], depth: int) -> Answer:
        """POST on a resource, its operation being the last segment, or the last two: `regenerateAdminKey/primary`."""
        width = 1 if depth % 2 == 0 else 2
        if depth < width + 3:
            raise ArmError(404, "NotFound", f"The action {request.path} is not simulated.")
        asked, operation = ResourceId.parse("/" + "/".join(segments[:-width])), "/".join(segments[-width:])
        self._require(request.principal, f"{asked.type}/{operation.partition('/')[0]}/action", asked.text)
        stored = self._store.raw(asked.text)
        if stored is None:
            raise self._absent(asked)
        answer = act(stored, operation, request.body, self._store, request.principal)
        return Answer(200 if answer is not None else 202, answer)

    def _stored(self, asked: ResourceId) -> StoredResource:
        stored = self._store.raw(asked.text)
        assert stored is not None, "it was just written"
        return stored

    def _absent(self, asked: ResourceId) -> ArmError:
        group = asked.text.split("/")[:5]
        if asked.resource_group and self._store.raw("/".join(group)) is None:
            return group_not_found(asked.resource_group)
        return not_found(asked)

    def _require_scope(self, scope: str) -> None:
        if scope != "/" and self._store.raw(scope) is None:
            raise self._absent(ResourceId.parse(scope))

    def _require_group(self, scope: str, name: str) -> None:
        if self._store.raw(scope) is None:
            raise group_not_found(name)

    def _locations(self) -> list[str]:
        return sorted(
            {str(item.body.get("location")) for item in self._store.of_type("Microsoft.Resources/subscriptions/resourceGroups")}
        )

    def _may_read(self, stored: StoredResource, principal: Principal) -> bool:
        return allows(self._store, principal, f"{stored.id.type}/read", stored.id.text)

    def _require(self, principal: Principal, action: str, scope: str) -> None:
        if not allows(self._store, principal, action, scope):
            raise self._refused(principal, action, scope)

    def _refused(self, principal: Principal, action: str, scope: str) -> ArmError:
        return refused(principal.client_id, principal.object_id, action, scope)


def _require_simulated(resource_type: str) -> None:
    if resource_type.lower() in _NOT_SIMULATED:
        raise ArmError(501, "NotSimulated", f"The simulator does not serve {resource_type}.")


def _listed(items: Any) -> Answer:
    return Answer(items=tuple(items))
