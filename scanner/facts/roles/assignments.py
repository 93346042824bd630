"""Role assignments as they were read, and through which groups they reach a principal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.paths import compile_path
from scanner.model.read_plan import MEMBERSHIPS
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["ASSIGNMENTS", "Assignment", "Memberships", "assignments", "identity_principals"]

Json = Any
ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What counts of a role assignment; texts are empty where they were not read. `role_id` is the last segment of the
    definition's id, in lower case, `kind` the principal's type in lower case. A `condition` narrows what is granted.
    """

    id: str
    definition: str
    role_id: str
    principal: str
    kind: str
    scope: str
    scope_key: str
    conditional: bool

    @property
    def scope_name(self) -> str:
        """The scope's last segment."""
        return self.scope.rstrip("/").rpartition("/")[2] or "the whole tenant"

    @property
    def may_be_group(self) -> bool:
        """Whether it is granted to a group, for all that was read."""
        return self.kind in ("group", "")

    @property
    def condition_reasons(self) -> tuple[str, ...]:
        """Why what it gives is not certain: conditions are noted, not judged."""
        return (f"{self.id} is granted under a condition, which is not judged",) if self.conditional else ()

    @property
    def is_read(self) -> bool:
        """Whether its role and principal were read."""
        return bool(self.role_id and self.principal)


def assignments(snapshot: Snapshot) -> list[Assignment]:
    """All assignments that were read."""
    return [_assignment(item, snapshot) for item in snapshot.of_type(ASSIGNMENTS)]


def _assignment(item: Resource, snapshot: Snapshot) -> Assignment:
    body = {} if "properties" in item.unread else item.body

    def value(name: str) -> Json:
        return compile_path(f"properties.{name}").read(body, snapshot.spellings)

    def text(name: str) -> str:
        return found if isinstance(found := value(name), str) else ""

    definition, at = text("roleDefinitionId"), text("scope")
    if not at and value("scope") not in (ABSENT, "", None):
        definition = ""  # where it holds is not known: another place than the one its id names may be meant
    return Assignment(
        id=item.id,
        definition=definition,
        role_id=definition.rpartition("/")[2].lower(),
        principal=text("principalId").lower(),
        kind=text("principalType").lower(),
        scope=at or ResourceId.parse(item.id).scope,
        scope_key=normalise(at or ResourceId.parse(item.id).scope),
        conditional=value("condition") not in (ABSENT, "", None),
    )


class Memberships:
    """Which assignments reach a principal through groups, as Azure lists what is assigned to it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._reached: dict[str, set[str]] = {}
        read: dict[str, set[str]] = {}
        for item in snapshot.of_type(MEMBERSHIPS):
            principal, ids = str(item.body.get("principalId", "")).lower(), item.body.get("assignmentIds")
            if isinstance(ids, list):
                self._reached.setdefault(principal, set()).update(normalise(str(one)) for one in ids)
                read.setdefault(principal, set()).add(normalise(str(item.body.get("scope", ""))))
        scopes = {normalise(scope) for scope in snapshot.scopes}
        self._whole = {principal for principal, where in read.items() if scopes <= where}

    def reaches(self, assignment: Assignment, principals: Iterable[str]) -> bool | Unknown:
        """Whether an assignment reaches one of some principals: directly, or through a group."""
        principals = set(principals)
        if assignment.principal in principals:
            return True
        if not assignment.may_be_group or not principals:
            return False
        if any(normalise(assignment.id) in self._reached.get(principal, ()) for principal in principals):
            return True
        if principals <= self._whole:
            return False
        return Unknown.because(f"a role is granted to the group {assignment.principal}, whose members are not known")


def identity_principals(identity: Resource, snapshot: Snapshot) -> tuple[set[str], list[str]]:
    """The principal ids of a resource's managed identities in lower case, and why there may be more."""
    found: set[str] = set()
    doubts: list[str] = []
    own = compile_path("identity.principalId").read(identity.body, snapshot.spellings)
    users = compile_path("identity.userAssignedIdentities").read(identity.body, snapshot.spellings)
    principals = [own]
    if isinstance(users, Mapping):
        principals += [_principal_of_user(user_id, entry, snapshot) for user_id, entry in users.items()]
    elif users is not ABSENT:
        principals.append(users if isinstance(users, Unknown) else {})
    for principal in principals:
        if isinstance(principal, str):
            found.add(principal.lower())
        elif isinstance(principal, Unknown):
            doubts.extend(principal.reasons)
        elif principal is not ABSENT:
            doubts.append(f"{identity.id}: its identity is of an impossible type")
    return found, doubts


def _principal_of_user(user_id: str, entry: Json, snapshot: Snapshot) -> Json:
    """The principal of a user-assigned identity; absent where the identity is known to be gone."""
    principal = compile_path("principalId").read(entry, snapshot.spellings) if isinstance(entry, Mapping) else ABSENT
    if principal is not ABSENT:
        return principal
    resource = snapshot.look_up(user_id)
    if resource is None:
        return ABSENT
    if isinstance(resource, Unknown):
        return resource
    principal = compile_path("properties.principalId").read(resource.body, snapshot.spellings)
    return Unknown.because(f"{resource.id} was read without its principal") if principal is ABSENT else principal
