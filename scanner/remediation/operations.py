"""Operations at ARM level, which every renderer, the rehearsal and the undo share: set, create, remove, and call an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scanner.model.arm_types import arm_type
from scanner.model.resource_id import ResourceId
from scanner.model.unknown import ABSENT

__all__ = ["Change", "Kind", "Operation", "changed", "leaves", "patch_of", "spelled", "value_at", "writable"]

Json = Any
Steps = tuple[str | int, ...]


class Kind(StrEnum):
    """What an operation does. `SET` reads, changes and writes (GET, PUT); `CREATE` is a PUT of what is not there; `REMOVE` a
    DELETE; `ACTION` a POST.
    """

    SET = "set"
    CREATE = "create"
    REMOVE = "remove"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a body: at which member names (as spelled there) and list positions, what was scanned, what it becomes.
    `ABSENT` stands for no member, which is the same as `default` where Azure's default is known: one API version shows what
    another leaves out.
    """

    path: Steps
    before: Json
    after: Json
    default: Json = ABSENT

    @property
    def text(self) -> str:
        """The path as people write it: `properties.list[0].name`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that changes something, with what it relies on.

    `changes` and `whole`, the body that is wanted as far as it was scanned, are those of a set; `body` is what a create writes,
    and of a remove what was scanned and can be written again (None where that is not all); `action` is the name of what is
    called, `body` then what it is sent.
    """

    kind: Kind
    resource: str
    api_version: str
    changes: tuple[Change, ...] = ()
    whole: Mapping[str, Json] | None = None
    body: Json = None
    action: str = ""

    @property
    def type(self) -> str:
        """The ARM type of the resource."""
        return ResourceId.parse(self.resource).type

    @property
    def subscription(self) -> str:
        """The subscription that the resource lies in; empty for one above subscriptions."""
        return ResourceId.parse(self.resource).subscription

    @property
    def method(self) -> str:
        """The HTTP method of what changes something."""
        return {Kind.SET: "PUT", Kind.CREATE: "PUT", Kind.REMOVE: "DELETE", Kind.ACTION: "POST"}[self.kind]

    @property
    def path(self) -> str:
        """The relative URL of the request, without its query."""
        return f"{self.resource}/{self.action}" if self.kind is Kind.ACTION else self.resource


def value_at(body: Json, path: Steps) -> Json:
    """The value at a path; names match as spelled, or ignoring case; `ABSENT` where nothing or null is there."""
    for step in path:
        if isinstance(step, int):
            body = body[step] if isinstance(body, list) and step < len(body) else ABSENT
        else:
            body = body.get(spelled(body, step), ABSENT) if isinstance(body, Mapping) else ABSENT
    return ABSENT if body is None else body


def changed(body: Json, changes: Iterable[Change]) -> Json:
    """A copy of a body with changes made; members on the way are made where they are missing. Raises `ValueError` where a
    path does not fit the body.
    """
    for change in changes:
        body = _assigned(body, change.path, change.after)
    return body


def _assigned(body: Json, path: Steps, value: Json) -> Json:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(body, list) or step >= len(body):
            raise ValueError(f"there is no element {step}")
        return [_assigned(item, rest, value) if at == step else item for at, item in enumerate(body)]
    if body is not None and body is not ABSENT and not isinstance(body, Mapping):
        raise ValueError(f"{step} is asked of what is no object")
    holder = dict(body) if isinstance(body, Mapping) else {}
    name = spelled(holder, step)
    below = _assigned(holder.get(name), rest, value)
    if below is ABSENT:
        holder.pop(name, None)
    else:
        holder[name] = below
    return holder


def spelled(holder: Mapping[str, Json], name: str) -> str:
    """A member's name as it is spelled there, or as asked where it is not there."""
    if name in holder:
        return name
    return next((key for key in holder if key.lower() == name.lower()), name)


def patch_of(operation: Operation) -> dict[str, Json]:
    """What a set changes, as a merge patch: objects hold only what changes, lists are whole; what is taken away is null."""
    patch: dict[str, Json] = {}
    for change in operation.changes:
        end = next((at for at, step in enumerate(change.path) if isinstance(step, int)), len(change.path))
        names = [str(step) for step in change.path[:end]]
        holder = patch
        for name in names[:-1]:
            holder = holder.setdefault(name, {})
        value = value_at(operation.whole, change.path[:end])
        holder[names[-1]] = None if value is ABSENT else value
    return patch


def leaves(value: Json, path: Steps = ()) -> list[tuple[Steps, Json]]:
    """The scalars in a value with where they stand; an empty object or list counts as one."""
    if isinstance(value, Mapping) and value:
        return [leaf for name, item in value.items() for leaf in leaves(item, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for at, item in enumerate(value) for leaf in leaves(item, (*path, at))]
    return [(path, value)]


def writable(resource_type: str, body: Mapping[str, Json]) -> dict[str, Json]:
    """A body without what Azure alone writes, as the path table marks it: what a PUT may hold."""
    known = arm_type(resource_type)
    own = {path.lower() for path, kind in known.paths.items() if kind.rpartition(" ")[2] == "readonly"} if known else set()
    kept = _writable(body, "", own | _OWN | _COMPUTED.get(resource_type.lower(), frozenset()))
    assert isinstance(kept, dict), "an object stays one"
    return kept


#: What no request sets, at the top of any body and below.
_OWN = frozenset({"id", "name", "type", "etag", "systemdata", "properties.provisioningstate", "apiversion"})
#: What Azure computes although the table does not mark it: recorded answers show it, no request sets it.
_COMPUTED = {
    "microsoft.keyvault/vaults": frozenset({"properties.vaulturi"}),
    "microsoft.machinelearningservices/workspaces": frozenset({"properties.managednetwork.status", "properties.discoveryurl"}),
    "microsoft.machinelearningservices/workspaces/outboundrules": frozenset({"properties.status"}),
    "microsoft.network/bastionhosts": frozenset({"properties.dnsname"}),
    "microsoft.network/publicipaddresses": frozenset({"properties.ipconfiguration"}),
    "microsoft.storage/storageaccounts": frozenset({"properties.keycreationtime"}),
}
_OWN_ANYWHERE = ("etag", "provisioningstate")


def _writable(value: Json, path: str, own: set[str]) -> Json:
    if isinstance(value, list):
        return [_writable(item, f"{path}[*]", own) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for name, item in value.items():
        at = f"{path}.{name.lower()}" if path else name.lower()
        if at not in own and name.lower() not in _OWN_ANYWHERE and item is not None:
            kept[name] = _writable(item, at, own)
    return kept
