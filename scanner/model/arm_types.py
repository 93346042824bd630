"""The table of ARM property paths per resource type: which paths exist, their kind, and each type's API version.

Derived from Azure's published type definitions (`arm-paths.json` names its source); `more-paths.json` adds types and
historic paths that the table lacks, each with its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import msgspec

from scanner.model.resource import canonical_type

__all__ = ["ArmType", "arm_type", "arm_types", "closest_type"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ArmType:
    """One resource type: canonical spelling, newest stable API version, and kind by path (`[*]` elements, `.*` map values)."""

    name: str
    api_version: str
    paths: dict[str, str]

    def spelled(self, path: str) -> str | None:
        """The canonical spelling of a path in any letter case, also of a prefix of known paths; None when unknown."""
        return self._spellings().get(path.lower())

    def closest(self, path: str) -> str:
        """The known path most like an unknown one, or empty."""
        near = get_close_matches(path.lower(), self._spellings(), n=1, cutoff=0.75)
        return self._spellings()[near[0]] if near else ""

    def kind(self, path: str) -> str:
        """The table's words for a path (`bool`, `enum[Enabled,Disabled] open`, `string readonly`), empty when unknown."""
        return self.paths.get(self.spelled(path) or "", "")

    def _spellings(self) -> dict[str, str]:
        return _spellings(self.name)


@cache
def arm_types() -> dict[str, ArmType]:
    """Every known type by its compared name."""
    table: dict[str, ArmType] = {}
    for file in ("arm-paths.json", "more-paths.json"):
        for name, entry in msgspec.json.decode((_FOLDER / file).read_bytes())["types"].items():
            known = table.get(canonical_type(name))
            paths = {**(known.paths if known else {}), **entry["paths"]}
            version = entry.get("apiVersion") or (known.api_version if known else "")
            table[canonical_type(name)] = ArmType(known.name if known else name, version, paths)
    return table


def arm_type(name: str) -> ArmType | None:
    """A type in any letter case, or None."""
    return arm_types().get(canonical_type(name))


def closest_type(name: str) -> str:
    """The known type most like an unknown one, or empty."""
    near = get_close_matches(canonical_type(name), arm_types(), n=1, cutoff=0.7)
    return arm_types()[near[0]].name if near else ""


@cache
def _spellings(type_name: str) -> dict[str, str]:
    found = {path: path for path in ("id", "name", "type", "location", "tags", "tags.*", "kind", "etag", "managedBy")}
    for path in arm_types()[canonical_type(type_name)].paths:
        while path:
            found[path.lower()] = path
            shorter = path[: -len("[*]")] if path.endswith("[*]") else path.rpartition(".")[0]
            path = shorter
    return found
