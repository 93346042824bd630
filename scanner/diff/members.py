"""What is known of a type's members: which are Azure's own, what an absent one means, which are maps or ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.diff.deployed import SITES
from scanner.language.scope import Default
from scanner.model.arm_types import arm_type
from scanner.model.resource import INLINE_CHILDREN, canonical_type
from scanner.model.resource_id import parent_type, type_name

__all__ = ["Defaults", "Member", "Members", "is_volatile"]

Json = Any
Defaults = Mapping[tuple[str, str], Default]

#: Members that Azure writes in every body and at any depth, lower case: marks of a version, states of work, times.
_VOLATILE: Final = frozenset(
    {
        "changedtime",
        "createdat",
        "createddate",
        "createdon",
        "createdtime",
        "creationdate",
        "creationtime",
        "datecreated",
        "etag",
        "lastmodified",
        "lastmodifiedat",
        "lastmodifiedby",
        "lastmodifiedon",
        "lastmodifiedtime",
        "lastmodifiedtimeutc",
        "lastupdated",
        "lastupdatedon",
        "modifieddate",
        "provisioningstate",
        "resourceguid",
        "systemdata",
        "timecreated",
        "updatedon",
    }
)
#: Resources `sites/config/NAME` whose properties are settings by the names that users chose.
_SETTINGS: Final = frozenset({"appsettings", "connectionstrings", "azurestorageaccounts"})
_TOP: Final = frozenset({"id", "name", "type", "apiversion"})
#: Columns that Resource Graph puts beside a body; no type has them at its top.
_GRAPH_COLUMNS: Final = frozenset({"resourcegroup", "subscriptionid", "tenantid"})


def is_volatile(name: str) -> bool:
    """Whether a member of this lower-case name is Azure's own wherever it stands."""
    return name in _VOLATILE


@dataclass(slots=True)
class Member:
    """One member of a type and what stands below it.

    `known` says of a whole body that the table has its type; `own`, that Azure writes the member; `identity`, that it only
    says whose body this is, or stands in a resource of its own; `partial`, that some answers leave it out.
    """

    known: bool = False
    own: bool = False
    identity: bool = False
    partial: bool = False
    enum: bool = False
    default: Default | None = None
    below: dict[str, Member] = field(default_factory=dict)
    element: Member | None = None
    value: Member | None = None

    def member(self, name: str) -> Member | None:
        """What is known of a member by its lower-case name; in a map every name is an entry."""
        return self.below.get(name) or self.value

    @property
    def holds_properties(self) -> bool:
        """Whether bodies have a member `properties`; those of a type that is not in the table may."""
        return "properties" in self.below or not self.known

    def is_map(self) -> bool:
        """Whether names are chosen by the user, as those of tags are."""
        return self.value is not None and not self.below


class Members:
    """Members of every type, put together when first asked for."""

    def __init__(self, defaults: Defaults) -> None:
        self._types: dict[str, Member] = {}
        self._defaults: dict[str, dict[str, Default]] = {}
        for (name, path), default in defaults.items():
            self._defaults.setdefault(name, {})[path] = default

    def of(self, type_key: str, name: str = "") -> Member:
        """The body of a type; of one that is not in the table only what all bodies share. `name` tells settings of a site."""
        if type_key.endswith("/config") and name.lower() in _SETTINGS:
            return _SETTINGS_BODY
        found = self._types.get(type_key)
        if found is None:
            found = self._types[type_key] = self._build(type_key)
        return found

    def is_own_child(self, type_key: str) -> bool:
        """Whether children of this type stand in their parent's body, written by Azure (default security rules)."""
        parent = parent_type(type_key)
        inline = next((item for item in INLINE_CHILDREN.get(parent, ()) if item.segment.lower() == type_name(type_key)), None)
        at: Member | None = self.of(parent) if inline is not None else None
        for name in inline.path if inline is not None else ():
            at = at.below.get(name.lower()) if at is not None else None
        return at is not None and at.own

    def _build(self, type_key: str) -> Member:
        root = Member(known=arm_type(type_key) is not None)
        for path, kind in self._paths(type_key):
            member = root
            for step in _steps(path):
                member = _step(member, step)
            member.own = kind.rpartition(" ")[2] == "readonly"
            member.enum = kind.startswith("enum[")
        for path, default in self._defaults.get(type_key, {}).items():
            member = root
            for step in _steps(path):
                member = _step(member, step)
            member.default = default
        _step(_step(root, "tags"), "*")
        for name in _TOP:
            root.below[name] = Member(identity=True)
        for name in _GRAPH_COLUMNS - root.below.keys():
            root.below[name] = Member(identity=True)
        if type_key in SITES:
            _step(_step(root, "properties"), "siteconfig").partial = True
        for inline in INLINE_CHILDREN.get(type_key, ()):
            member = root
            for name in inline.path:
                member = _step(member, name.lower())
            member.identity = True
        return root

    def _paths(self, type_key: str) -> Iterator[tuple[str, str]]:
        """The type's own paths, or those that its parent's body holds of it."""
        known = arm_type(type_key)
        if known is not None:
            yield from known.paths.items()
            return
        parent = arm_type(parent_type(type_key))
        for inline in INLINE_CHILDREN.get(canonical_type(parent.name), ()) if parent is not None else ():
            start = ".".join(inline.path) + "[*]."
            if inline.segment.lower() == type_name(type_key) and parent is not None:
                yield from ((path.removeprefix(start), kind) for path, kind in parent.paths.items() if path.startswith(start))


_SETTINGS_BODY: Final = Member(
    known=True,
    below={**{name: Member(identity=True) for name in _TOP}, "properties": Member(value=Member())},
)


def _steps(path: str) -> Iterator[str]:
    for part in path.lower().split("."):
        yield part.partition("[")[0]
        yield from ["[*]"] * part.count("[*]")


def _step(member: Member, step: str) -> Member:
    if step == "[*]":
        member.element = member.element or Member()
        return member.element
    if step == "*":
        member.value = member.value or Member()
        return member.value
    return member.below.setdefault(step, Member())
