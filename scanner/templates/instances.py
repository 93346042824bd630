"""Resources of a template one by one: copies counted out, names and ids settled, bodies evaluated when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from scanner.language.functions import EvaluationError
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.unknown import Partial, Unknown
from scanner.templates.evaluation import Scope, copies_of, evaluate, fault, truth_of
from scanner.templates.files import Pointer
from scanner.templates.targets import Target, resource_path

if TYPE_CHECKING:
    from scanner.templates.deployment import Deployment

__all__ = ["DEPLOYMENTS", "UNRESOLVED", "Hole", "Instance", "Step", "instances_of"]

Json = Any
DEPLOYMENTS: Final = "microsoft.resources/deployments"
#: Members of a resource that say how to deploy it and are no part of it.
_DIRECTIVES: Final = frozenset(
    ("apiVersion", "comments", "condition", "copy", "dependsOn", "existing", "metadata", "name", "resources", "scope", "type",
     "subscriptionId", "resourceGroup", "asserts", "import", "extension", "@options")
)  # fmt: skip
#: Of the name of a resource whose name only Azure knows: no name of Azure's holds it.
UNRESOLVED: Final = "{unresolved}"


@dataclass(frozen=True, slots=True)
class Hole:
    """Resources of a type of which nobody knows before deployment whether, how often or as what they come to be."""

    type: str
    scope: str
    reason: Unknown
    at: Pointer


@dataclass(eq=False)
class Instance:
    """One resource to be. `condition` may be unknown; an `existing` one is only referred to; `depends` is what it waits for."""

    deployment: Deployment
    source: dict[str, Json]
    at: Pointer
    scope: Scope
    id: str
    type: str
    name: str
    api_version: str
    condition: bool | Unknown
    existing: bool
    symbol: str
    index: int
    loop: str
    depends: tuple[Json, ...]
    inner: Deployment | None = None
    _body: dict[str, Json] | None = None
    _busy: bool = False
    _looked: bool = field(default=False)

    @property
    def key(self) -> str:
        """The compared form of its id."""
        return normalise(self.id)

    @property
    def is_deployment(self) -> bool:
        """Whether it is a template within the template."""
        return self.type.lower() == DEPLOYMENTS

    def body(self) -> dict[str, Json]:
        """What the template sets, as ARM would return it: with id, name and type. Raises `ConfigurationError`."""
        if self._body is None:
            if self._busy and self.deployment.tree.making[-1] is not self:
                fault(self.deployment.file, self.at, f"circular: the body of {self.id} needs itself (ARM: InvalidTemplate)")
            self._busy = True
            self.deployment.tree.making.append(self)
            try:
                own = {key: item for key, item in self.source.items() if key not in _DIRECTIVES}
                made = evaluate(own, self.scope, self.deployment.file, self.at)
                self._body = {"id": self.id, "name": self.id.rpartition("/")[2], "type": self.type, **made}
            finally:
                self.deployment.tree.making.pop()
                self._busy = False
        return self._body

    def referred(self, *, full: bool) -> Json:
        """What `reference()` of it gives: what the template sets, the rest unknown."""
        tree = self.deployment.tree
        if self.is_deployment:
            return self._deployed(full=full)
        tree.world.wanted(self)
        found = tree.world.deployed(self.id)
        if found is not None:
            return found if full else found.get("properties", {})
        if tree.making and tree.making[-1] is self:
            return Unknown.because(f"reference() of {self.id} by itself gives what is there before: only Azure knows")
        body, rest = self.body(), Unknown.because(f"what Azure adds to {self.type} {self.name}: only Azure knows")
        properties = body.get("properties")
        known = Partial(properties, rest=rest) if isinstance(properties, dict) else rest
        return Partial({**body, "apiVersion": self.api_version, "properties": known}, rest=rest) if full else known

    def look_inside(self) -> Deployment | None:
        """The deployment of a nested template, begun; None where it could not be read or does not come to be."""
        if not self._looked and self.is_deployment and not self.existing and self.condition is not False:
            self._looked = True
            self.inner = self.deployment.nest(self)
            if self.inner is not None:
                self.inner.begin()
        return self.inner

    def _deployed(self, *, full: bool) -> Json:
        rest = Unknown.because(f"what the deployment {self.name} gives: only Azure knows")
        self.deployment.tree.world.wanted(self)
        inner = self.look_inside()
        if inner is None:
            return rest
        properties = Partial({"provisioningState": "Succeeded"}, rest=rest)
        properties["outputs"] = inner.outputs()  # of which all are known: one that is missing is a fault
        return Partial({"id": self.id, "name": self.name, "properties": properties}, rest=rest) if full else properties


Step = Instance | Hole


@dataclass(frozen=True, slots=True)
class _Parent:
    """What a child written inside another resource stands in."""

    type: str
    name: str
    base: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a resource is written: `index` and `loop` tell which turn of which copy loop it is."""

    deployment: Deployment
    at: Pointer
    scope: Scope
    parent: _Parent | None
    symbol: str = ""
    index: int = -1
    loop: str = ""

    def value(self, source: dict[str, Json], member: str) -> Json:
        """The value of a member of the resource."""
        return evaluate(source.get(member), self.scope, self.deployment.file, (*self.at, member))

    def refuse(self, message: str, *inside: str | int) -> NoReturn:
        """A fault of the resource."""
        fault(self.deployment.file, (*self.at, *inside), f"{message} (ARM: InvalidTemplate)")


def instances_of(deployment: Deployment, faults: list[Fault]) -> Iterator[Step]:
    """Every instance of the resources that a template writes, children written inside their parent included."""
    outer = _Place(deployment, (*deployment.at, "resources"), deployment.scope, None)
    yield from _all_of(deployment.template["resources"], outer, faults)


def _all_of(resources: Json, outer: _Place, faults: list[Fault]) -> Iterator[Step]:
    named = resources.items() if isinstance(resources, dict) else enumerate(resources if isinstance(resources, list) else [])
    for key, source in named:
        place = replace(outer, at=(*outer.at, key), symbol=key if isinstance(key, str) else "")
        try:
            yield from _one(source, place, faults)
        except ConfigurationError as error:
            faults.extend(error.faults)


def _one(source: Json, place: _Place, faults: list[Fault]) -> Iterator[Step]:
    if not isinstance(source, dict):
        place.refuse("a resource is an object")
    written_type, deployment = place.value(source, "type"), place.deployment
    if not isinstance(written_type, str) or not written_type:
        place.refuse('a resource has a "type"')
    if "import" in source or "extension" in source:
        why = Unknown.because(f"{written_type} is no resource of ARM's")
        yield Hole(written_type, deployment.target.scope, why, place.at)
    elif "copy" not in source:
        yield from _instance(source, place, written_type, faults)
    else:
        loop = copies_of(source["copy"], place.scope, deployment.file, (*place.at, "copy"))
        deployment.loops.add(loop.name.lower())
        if isinstance(loop.count, Unknown):
            yield Hole(written_type, deployment.target.scope, loop.count, place.at)
            return
        for index, inner in enumerate(loop.scopes(place.scope)):
            yield from _instance(source, replace(place, scope=inner, index=index, loop=loop.name), written_type, faults)


def _instance(source: dict[str, Json], place: _Place, written_type: str, faults: list[Fault]) -> Iterator[Step]:
    condition: bool | Unknown = True
    if "condition" in source:
        condition = truth_of(place.value(source, "condition"), place.deployment.file, (*place.at, "condition"))
    try:
        own, resource_id = _identity(source, place, written_type)
        version = place.value(source, "apiVersion")
        depends = tuple(_depends(source, place)) if condition is not False else ()
    except ConfigurationError:
        # ARM looks at nothing of a resource that does not come to be; its symbol must still be known.
        if condition is not False:
            raise
        own, version, depends = _Parent(written_type, "/".join(_unresolved(written_type, place)), ""), "", ()
        resource_id = f"/{UNRESOLVED}/{written_type}/{own.name}"
    yield Instance(
        deployment=place.deployment, source=source, at=place.at, scope=place.scope, id=resource_id,
        type=ResourceId.parse(resource_id).type or own.type, name=own.name,
        api_version=version if isinstance(version, str) else "", condition=condition,
        existing=source.get("existing") is True, symbol=place.symbol, index=place.index, loop=place.loop, depends=depends,
    )  # fmt: skip
    if "resources" in source and own.type.lower() != DEPLOYMENTS:
        yield from _all_of(source["resources"], replace(place, at=(*place.at, "resources"), parent=own), faults)


def _identity(source: dict[str, Json], place: _Place, written_type: str) -> tuple[_Parent, str]:
    """Type and name with those of the parent and what the id begins with; and the id."""
    name, parent = place.value(source, "name"), place.parent
    if isinstance(name, Unknown):
        name = "/".join(_unresolved(written_type, place))
    if not isinstance(name, str) or not name.strip("/"):
        place.refuse('a resource has a "name"')
    name = name.strip("/")
    if parent is None:
        own = _Parent(written_type, name, _base(source, place))
    elif _is_full(written_type):
        own = _Parent(written_type, name, parent.base)  # a child inside its parent may be written in full, too
    else:
        own = _Parent(f"{parent.type}/{written_type}", f"{parent.name}/{name}", parent.base)
    try:
        return own, _id(own, place.deployment.target)
    except EvaluationError as error:
        place.refuse(str(error), "name")


def _is_full(written_type: str) -> bool:
    """Whether a type names its provider, as one that stands alone does."""
    provider, slash, _ = written_type.partition("/")
    return bool(slash) and "." in provider


def _unresolved(written_type: str, place: _Place) -> list[str]:
    """A name that no resource has, its own for each place and turn, with as many segments as the type takes."""
    segments = written_type.count("/") if place.parent is None or _is_full(written_type) else 1
    words = "-".join(str(part) for part in place.at if part != "resources").replace("/", "-")
    return [*[UNRESOLVED] * (segments - 1), f"{UNRESOLVED}-{words}-{max(place.index, 0)}"]


def _id(own: _Parent, target: Target) -> str:
    if own.type.lower() == "microsoft.resources/resourcegroups":
        return f"{own.base or f'/subscriptions/{target.subscription}'}/resourceGroups/{own.name}"
    return f"{own.base}/providers/{resource_path(own.type, own.name)}"


def _base(source: dict[str, Json], place: _Place) -> str:
    """What an id begins with: the place of deployment, another one that an `existing` resource or template names, or what an
    extension stands on. A relative `scope` names a resource there.
    """
    target = place.deployment.target
    if "scope" not in source or source["type"].lower() == DEPLOYMENTS:
        return place.deployment.placed(source, place.at, place.scope).scope
    text = place.value(source, "scope")
    if isinstance(text, Unknown):
        return f"{target.scope}/providers/{UNRESOLVED}/{UNRESOLVED}/{UNRESOLVED}"
    text = str(text).rstrip("/")
    if not text or text.startswith("/"):
        return text
    return f"{target.scope}/providers/{text}"


def _depends(source: dict[str, Json], place: _Place) -> Iterator[Json]:
    listed = source.get("dependsOn") or []
    if isinstance(listed, str):
        listed = place.value(source, "dependsOn")
    if isinstance(listed, Unknown):
        return
    if not isinstance(listed, list):
        place.refuse('"dependsOn" is a list', "dependsOn")
    for index, item in enumerate(listed):
        value = evaluate(item, place.scope, place.deployment.file, (*place.at, "dependsOn", index))
        yield from value if isinstance(value, list) else [value]
