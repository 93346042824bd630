"""What one scan unit has so far: resources, reads, gaps. It can be turned into a snapshot at any time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scanner.model.arm_types import arm_type
from scanner.model.coverage import OK, Gap, Read
from scanner.model.resource import INLINE_CHILDREN, Resource, canonical_type
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_key, parent_type
from scanner.model.snapshot import Snapshot
from scanner.sources.azure.client import Listed, ReadError
from scanner.sources.door import admit

__all__ = ["Ledger", "api_version"]

Json = Any


class Ledger:
    """Keeps each resource once and every read with its outcome."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes
        self.resources: dict[str, Resource] = {}
        self._reads: list[Read] = []
        self._gaps: list[Gap] = []
        self._good: set[tuple[str, str]] = set()

    def snapshot(self) -> Snapshot:
        """What was read until now, indexed."""
        resources = sorted(self.resources.values(), key=lambda item: (item.context, item.key))
        reads = sorted(set(self._reads), key=lambda item: (item.what.lower(), item.scope.lower(), item.via, item.outcome))
        collected = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Snapshot(scopes=self.scopes, resources=resources, reads=reads, gaps=self._gaps, collected=collected)

    def of_type(self, name: str) -> list[Resource]:
        """Every resource of a type."""
        wanted = canonical_type(name)
        return [item for item in self.resources.values() if item.type_key == wanted]

    def knows(self, resource_id: str) -> bool:
        """Whether an id was read, or is known not to exist under a read that covers it."""
        at, kind = normalise(resource_id), canonical_type(ResourceId.parse(resource_id).type)
        if at in self.resources or self._holds(at, kind):
            return True
        while at:
            if (kind, at) in self._good:
                return True
            at = at.rpartition("/")[0]
        return False

    def _holds(self, key: str, kind: str) -> bool:
        """Whether the parent was read and, being of a type that lists such children in full, tells."""
        parent = self.resources.get(parent_key(key))
        nested = INLINE_CHILDREN.get(parent.type_key, ()) if parent is not None and not parent.unread else ()
        return any(child.complete and kind == f"{parent_type(kind)}/{child.segment.lower()}" for child in nested)

    def in_scope(self, resource_id: str) -> bool:
        """Whether an id lies in what is audited."""
        key = normalise(resource_id)
        return any(is_within(key, normalise(scope)) for scope in self.scopes)

    def keep(
        self, body: dict[str, Json], *, via: str, version: str = "", context: bool = False, fallback_id: str = ""
    ) -> Resource:
        """Take a body in; its resource. Of two with one id the one that holds its properties stays, then the direct read."""
        resource = admit(body, via=via, api_version=version, context=context, fallback_id=fallback_id)
        known = self.resources.get(resource.key)
        if known is None or (not resource.unread and (known.unread or (known.via == "graph" and via != "graph"))):
            self.resources[resource.key] = resource
        return resource

    def take(
        self, found: Listed, name: str, scope: str, path: str, *, permission: str = "", context: bool = False
    ) -> list[Resource]:
        """Take a list in. An element without an id gets one below the list's path, so that its type is known."""
        version = api_version(name)
        kept = [
            self.keep(body, via="list", version=version, context=context, fallback_id=f"{path}/{_last_segment(body, position)}")
            for position, body in enumerate(found.items)
        ]
        if found.failure is None:
            self.read(name, scope, "list")
        else:
            self.failed(name, scope, "list", found.failure, permission or f"{name}/read")
        return kept

    def indexed(self, resource_id: str) -> Resource | None:
        """The resource of an id, or else the nearest above that holds it in its body, where it came from Resource Graph."""
        at = normalise(resource_id)
        while at and at not in self.resources:
            at = at.rpartition("/")[0]
        found = self.resources.get(at)
        return found if found is not None and found.via == "graph" else None

    def drop(self, resource: Resource) -> None:
        """Forget what is gone, with all below and upon it."""
        for key in [key for key in self.resources if is_within(key, resource.key)]:
            del self.resources[key]

    def read(self, name: str, scope: str, via: str) -> None:
        """A read that succeeded. Resource Graph's rows come in an API version that it does not tell."""
        self._good.add((canonical_type(name), normalise(scope)))
        self._reads.append(Read(name, scope, via, "" if via == "graph" else api_version(name)))

    def failed(self, name: str, scope: str, via: str, failure: ReadError, permission: str) -> None:
        """A read that did not succeed; only a refusal can be mended by a permission."""
        self._reads.append(Read(name, scope, via, "" if via == "graph" else api_version(name), str(failure)))
        self.gap(name, scope, str(failure), permission if failure.status == 403 else "")

    def gap(self, name: str, scope: str, reason: str, permission: str = "") -> None:
        """What could not even be asked for."""
        self._gaps.append(Gap(scope, name, reason, permission))

    def from_graph(self, name: str) -> bool:
        """Whether Resource Graph has answered for a type."""
        wanted = canonical_type(name)
        return any(read.via == "graph" and read.outcome == OK and canonical_type(read.what) == wanted for read in self._reads)


def _last_segment(body: dict[str, Json], position: int) -> str:
    """How an element without an id is called below its list."""
    name = body.get("name")
    return name if isinstance(name, str) and name.strip() and "/" not in name else f"unidentified-{position}"


def api_version(name: str) -> str:
    """The API version with which a type is read; empty for a type that is not known."""
    known = arm_type(name)
    return known.api_version if known is not None else ""
