"""Role definitions as sets of operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scanner.facts.roles.operations import Permission
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["DEFINITIONS", "Definitions"]

Json = Any
DEFINITIONS: Final = "Microsoft.Authorization/roleDefinitions"
_LISTS: Final = (("actions", "notActions", False), ("dataActions", "notDataActions", True))


class Definitions:
    """Role definitions, each parsed once; of those that were not read, since nobody holds the role, what is published."""

    def __init__(self, snapshot: Snapshot, tables: Mapping[str, Json]) -> None:
        self._snapshot = snapshot
        published, ids = tables.get("role-permissions") or {}, tables.get("roles") or {}
        self._published = {str(ids[name]).lower(): entry for name, entry in published.items() if name in ids}
        self._resources = {item.id.rpartition("/")[2].lower(): item for item in snapshot.of_type(DEFINITIONS)}
        self._spelled: dict[str, str] = {}
        self._parsed: dict[str, tuple[Permission, ...] | Unknown] = {}

    def permissions(self, role_id: str, definition: str = "") -> tuple[Permission, ...] | Unknown:
        """What a role allows, by its guid. `definition` is the whole id, for the reason where it was not read."""
        if role_id not in self._parsed:
            found = self._resources.get(role_id)
            self._parsed[role_id] = self._parse(found) if found is not None else self._unread(role_id, definition)
        return self._parsed[role_id]

    def spelled(self, operation: str) -> str:
        """An operation in the letter case of the definitions, where one of them names it."""
        return self._spelled.get(operation, operation)

    def title(self, role_id: str) -> str:
        """A role's name, or its guid where that was not read."""
        found = self._resources.get(role_id)
        name = compile_path("properties.roleName").read(found.body, self._snapshot.spellings) if found is not None else ABSENT
        return name if isinstance(name, str) and name else role_id

    def _unread(self, role_id: str, definition: str) -> tuple[Permission, ...] | Unknown:
        known = self._snapshot.look_up(definition) if definition else None
        if isinstance(known, Unknown):
            return known
        if role_id in self._published:
            return self._entry(self._published[role_id], "role-permissions")
        return Unknown.because(f"the role definition {role_id} is not there, so what it allows is not known")

    def _parse(self, item: Resource) -> tuple[Permission, ...] | Unknown:
        if "properties" in item.unread:
            return Unknown.because(f"{item.id} was read without its permissions")
        entries = compile_path("properties.permissions").read(item.body, self._snapshot.spellings)
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            return Unknown.because(f"{item.id}: its permissions are not a list of entries")
        found: list[Permission] = []
        for entry in entries:
            parsed = self._entry(entry, item.id)
            if isinstance(parsed, Unknown):
                return parsed
            found.extend(parsed)
        return tuple(found)

    def _entry(self, entry: Json, where: str) -> tuple[Permission, ...] | Unknown:
        """What one entry of a definition allows: operations, and data operations."""
        found: list[Permission] = []
        for allowed_name, excluded_name, data in _LISTS:
            allowed, excluded = self._patterns(entry, allowed_name), self._patterns(entry, excluded_name)
            if allowed is None or excluded is None:
                return Unknown.because(f"{where}: {allowed_name} and {excluded_name} are not lists of texts")
            if allowed:
                found.append(Permission(allowed, excluded, data))
        return tuple(found)

    def _patterns(self, entry: Json, name: str) -> frozenset[str] | None:
        value = compile_path(name).read(entry, self._snapshot.spellings)
        if value is ABSENT or value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return None
        self._spelled.update((item.strip().lower(), item.strip()) for item in value)
        return frozenset(item.strip().lower() for item in value)
