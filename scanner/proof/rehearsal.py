"""A simulator that holds a snapshot: runs operations as ARM requests, and is read again as the snapshot was.

What a request did not change stays as it was read, reads and gaps with it: a rehearsal never makes known what was not. What a
provider fills in on any write is told apart by writing everything that operations touch once, unchanged, before the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import Resource, make_resource
from scanner.model.resource_id import is_within, normalise, parent_key
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Kind, Operation, changed, leaves, spelled, value_at
from scanner.simulator import providers
from scanner.simulator.arm import Arm, Request
from scanner.simulator.errors import ArmError
from scanner.simulator.loaded import OPERATOR, load_resources
from scanner.simulator.store import StoredResource

__all__ = ["Rehearsal"]

Json = Any
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class Rehearsal:
    """Snapshots in being. `now` is the clock of the simulator, that of the scan; `operations` are those that will be run."""

    def __init__(self, snapshots: Sequence[Snapshot], now: datetime, operations: Iterable[Operation] = ()) -> None:
        self._snapshots = tuple(snapshots)
        self._scanned = {item.key: item for snapshot in reversed(self._snapshots) for item in reversed(snapshot.resources)}
        self.deployed = load_resources([item for snapshot in snapshots for item in snapshot.resources], now)
        self._store = self.deployed.store
        self._arm = Arm(self._store)
        for operation in operations:
            self._write_unchanged(operation)
        self._before = {stored.id.key: _ENCODE(self._show(stored)) for stored in self._store.everything()}

    def run(self, operation: Operation) -> str:
        """Carry out an operation as a script does: what is there is read and held against what was scanned, then changed. Empty,
        or what ARM or the comparison says against it.
        """
        try:
            there = self._get(operation)
            wrong = _otherwise(operation, self._as_scanned(operation, there))
            if wrong:
                return wrong
            body = changed(there, operation.changes) if operation.kind is Kind.SET else operation.body
            self._request(operation.method, operation.path, operation.api_version, body)
        except ArmError as error:
            return f"{error.code}: {error.message}"
        return ""

    def read_again(self) -> list[Snapshot]:
        """The snapshots as they would be read now."""
        return [self._again(snapshot) for snapshot in self._snapshots]

    def principals_made(self) -> frozenset[str]:
        """The principals, in lower case, of identities that came into being: nobody foresees which ids Azure gives."""
        found: set[str] = set()
        for stored in self._store.everything():
            shown = self._show(stored)
            before = self._before.get(stored.id.key)
            if "identity" in shown and (before is None or _ENCODE(shown) != before):
                found |= _principals(shown) - (_principals(msgspec.json.decode(before)) if before is not None else set())
        return frozenset(found)

    def _write_unchanged(self, operation: Operation) -> None:
        """Write what is there once. What ARM says against that, it will say of the operation too."""
        try:
            there = self._get(operation)
            if there is not None and operation.kind is not Kind.ACTION:
                self._request("PUT", operation.resource, operation.api_version, there)
        except ArmError:
            return

    def _as_scanned(self, operation: Operation, there: Json) -> Json:
        """What is there, as a scan would read it: without what a provider filled in."""
        item = self._scanned.get(normalise(operation.resource))
        again = self._resource(item) if item is not None and there is not None else None
        return again.body if again is not None else there

    def _get(self, operation: Operation) -> Json:
        try:
            return self._request("GET", operation.resource, operation.api_version, None)
        except ArmError as error:
            if error.status == 404:
                return None
            raise

    def _request(self, method: str, path: str, version: str, body: Json) -> Json:
        return self._arm.handle(Request(method, path, {"api-version": version}, body, OPERATOR)).body

    def _show(self, stored: StoredResource) -> dict[str, Json]:
        return providers.show(self._store, stored)

    def _again(self, snapshot: Snapshot) -> Snapshot:
        kept = [again for item in snapshot.resources if not item.inline and (again := self._resource(item)) is not None]
        made = list(self._made(snapshot))
        reads = [*snapshot.reads, *(Read(EVERYTHING, item.id) for item in made)]  # in and on what is new there is nothing else
        return Snapshot(
            scopes=snapshot.scopes, resources=[*kept, *made], reads=reads, gaps=snapshot.gaps, collected=snapshot.collected,
        )  # fmt: skip

    def _resource(self, item: Resource) -> Resource | None:
        """A resource as it is now; None where it is gone."""
        stored = self._store.raw(item.id)
        if stored is None:
            return None
        shown = _ENCODE(self._show(stored))
        before = self._before.get(stored.id.key)
        if before is None or shown == before:
            return item
        body = _carried(item.body, msgspec.json.decode(before), msgspec.json.decode(shown))
        return make_resource(body, via=item.via, api_version=item.api_version, context=item.context, fallback_id=item.id)

    def _made(self, snapshot: Snapshot) -> Iterator[Resource]:
        """What is there now and was known not to be, and what lies in that or stands on it."""
        made: set[str] = set()
        for stored in sorted(self._store.everything(), key=lambda item: item.id.key.count("/")):
            if stored.id.key in self._before:
                continue
            if parent_key(stored.id.key) not in made and snapshot.look_up(stored.id.text) is not None:
                continue
            audited = snapshot.in_scope(stored.id.text)
            if audited or any(is_within(normalise(scope), normalise(stored.id.scope)) for scope in snapshot.scopes):
                made.add(stored.id.key)
                yield make_resource(self._show(stored), via="get", context=not audited)


def _principals(body: Json) -> set[str]:
    return {
        value.lower() for path, value in leaves(body.get("identity")) if path[-1:] == ("principalId",) and isinstance(value, str)
    }


def _carried(body: Json, before: Json, after: Json) -> Json:
    """A body with the difference between two others made in it too."""
    if before == after:
        return body
    if isinstance(body, dict) and isinstance(before, dict) and isinstance(after, dict):
        made = dict(body)
        for name in before.keys() | after.keys():
            if before.get(name) == after.get(name):
                continue
            own = spelled(made, name)
            if name in after:
                made[own] = _carried(made.get(own), before.get(name), after[name])
            else:
                made.pop(own, None)
        return made
    if isinstance(body, list) and isinstance(before, list) and isinstance(after, list) and len(body) == len(before) == len(after):
        return [_carried(*three) for three in zip(body, before, after, strict=True)]
    return after


def _otherwise(operation: Operation, there: Json) -> str:
    """Why what is there is not what was scanned; empty where it is."""
    if operation.kind is Kind.CREATE:
        return "it is there already" if there is not None else ""
    if there is None:
        return "it is not there"
    for change in operation.changes:
        for path, value in leaves(change.before, change.path):
            found = value_at(there, path)
            if not _same(found, value) and not (value is ABSENT and _same(found, change.default)):
                return f"{change.text} is no longer what was scanned"
    return ""


def _same(found: Json, scanned: Json) -> bool:
    if isinstance(found, str) and isinstance(scanned, str):
        return normalise(found) == normalise(scanned)
    return bool((ABSENT if found is None else found) == (ABSENT if scanned is None else scanned))
