"""What the path table says of a type's body: read-only members (ignored when sent, kept when known), states, named parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from scanner.model.arm_types import arm_type
from scanner.model.resource import canonical_type

__all__ = ["Part", "Schema", "carry_read_only", "schema_of", "without_read_only"]

Json = Any

#: What Azure computes although the table does not mark it read-only (recorded answers show it, no request sets it).
_COMPUTED: Final[dict[str, tuple[str, ...]]] = {
    "microsoft.storage/storageaccounts": ("properties.keycreationtime",),
    "microsoft.keyvault/vaults": ("properties.vaulturi", "properties.provisioningstate"),
    "microsoft.machinelearningservices/workspaces": ("properties.managednetwork.status", "properties.discoveryurl"),
    "microsoft.machinelearningservices/workspaces/outboundrules": ("properties.status",),
    "microsoft.network/publicipaddresses": ("properties.ipconfiguration",),
    "microsoft.network/bastionhosts": ("properties.dnsname",),
}
_ALWAYS: Final = ("id", "name", "type", "systemdata")


@dataclass(frozen=True, slots=True)
class Part:
    """A list of named parts in a body that Azure gives ids: `frontendIPConfigurations` of a gateway."""

    member: str
    has_state: bool
    has_type: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """A type's members by lower-case path. `state` is how it spells success, empty where it has no provisioning state."""

    known: frozenset[str]
    read_only: frozenset[str]
    state: str
    parts: tuple[Part, ...]
    has_system_data: bool


@cache
def schema_of(resource_type: str) -> Schema:
    """The schema of a type; of one that the table lacks, an empty one."""
    table = arm_type(resource_type)
    paths = table.paths if table is not None else {}
    known: set[str] = set()
    for path in paths:
        lowered = path.lower()
        while lowered:
            known.add(lowered)
            lowered = lowered.removesuffix("[*]") if lowered.endswith("[*]") else lowered.rpartition(".")[0]
    read_only = {path.lower() for path, kind in paths.items() if kind.endswith("readonly")}
    read_only |= {*_ALWAYS, *_COMPUTED.get(canonical_type(resource_type), ())}
    return Schema(
        frozenset(known), frozenset(read_only), _success(paths), tuple(_parts(paths)), "systemData.createdAt" in paths
    )  # fmt: skip


def without_read_only(resource_type: str, body: dict[str, Json]) -> dict[str, Json]:
    """A body as it counts in a request: clients send back what they read, and Azure ignores what they cannot set."""
    stripped = _strip(body, "", schema_of(resource_type))
    assert isinstance(stripped, dict), "a mapping stays one"
    return stripped


def carry_read_only(resource_type: str, before: dict[str, Json], after: dict[str, Json]) -> None:
    """Keep what Azure had computed before a resource was written again."""
    for path in schema_of(resource_type).read_only:
        if "[*]" not in path and path not in _ALWAYS:
            _carry(before, after, path.split("."))


def _carry(before: Json, after: Json, steps: list[str]) -> None:
    for at, step in enumerate(steps):
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        if step == "*":
            for name in before:
                _carry(before, after, [name.lower(), *steps[at + 1 :]])
            return
        name = next((key for key in before if key.lower() == step), None)
        if name is None:
            return
        if at == len(steps) - 1:
            after.setdefault(name, before[name])
            return
        before, after = before[name], next((item for key, item in after.items() if key.lower() == step), None)


def _strip(value: Json, path: str, schema: Schema) -> Json:
    if isinstance(value, list):
        return [_strip(item, f"{path}[*]", schema) for item in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Json] = {}
    for key, item in value.items():
        at = f"{path}.{key.lower()}" if path else key.lower()
        if at not in schema.known and f"{path}.*" in schema.known:
            at = f"{path}.*"
        if at not in schema.read_only:
            kept[key] = _strip(item, at, schema)
    return kept


def _success(paths: dict[str, str]) -> str:
    kind = paths.get("properties.provisioningState", "")
    if not kind.startswith("enum["):
        return "Succeeded" if kind else ""
    members = kind.removeprefix("enum[").partition("]")[0].split(",")
    return next((member for member in members if member.lower() == "succeeded"), "")


def _parts(paths: dict[str, str]) -> list[Part]:
    found = []
    for path, kind in paths.items():
        member = path.removeprefix("properties.")
        own = kind == "array" and path == f"properties.{member}" and "." not in member
        if own and f"{path}[*].name" in paths and paths.get(f"{path}[*].id") == "string":
            found.append(Part(member, f"{path}[*].properties.provisioningState" in paths, f"{path}[*].type" in paths))
    return found
