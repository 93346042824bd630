"""What a scan needs to read, said without saying how: the engine fills it from rules and facts, sources carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "EVENTS",
    "INVENTORY",
    "MEMBERSHIPS",
    "METRICS",
    "POLICY_STATES",
    "PRINCIPALS",
    "ChildRead",
    "EventRead",
    "ExtensionRead",
    "MetricRead",
    "ReadPlan",
    "ReferenceRead",
    "read_permission",
]

#: The type by which a plan asks for the list of everything that exists, of whatever type: names and tags, no properties.
INVENTORY: Final = "Microsoft.Resources/resources"


#: The type of what the activity log holds.
EVENTS: Final = "Microsoft.Insights/eventtypes/values"


#: The type of what Azure Policy finds, which Resource Graph tells.
POLICY_STATES: Final = "Microsoft.PolicyInsights/policyStates"


#: The type of what Azure Monitor measured.
METRICS: Final = "Microsoft.Insights/metrics"


#: A name of our own for what is kept of a principal: which assignments Azure lists as assigned to it, groups followed.
MEMBERSHIPS: Final = "Microsoft.Authorization/principals"


#: Where a resource tells the principals of its managed identities.
PRINCIPALS: Final = ("identity.principalId", "identity.userAssignedIdentities.*.principalId")


def read_permission(what: str) -> str:
    """The permission that reading a type or extension takes. The list of everything and the states of policies leave out without
    a word what one may not read, so they take the permission to read all.
    """
    if what == MEMBERSHIPS:
        return "Microsoft.Authorization/roleAssignments/read"
    return "*/read" if what in (INVENTORY, POLICY_STATES) else f"{what}/read"


@dataclass(frozen=True, slots=True, order=True)
class ChildRead:
    """A child type read below every instance of its parent type; `name` for a singleton such as sites/config `web`,
    which is read by get and may be absent.
    """

    type: str
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class ExtensionRead:
    """An extension type (diagnostic settings) listed on every instance of the type it stands on."""

    what: str
    of: str


@dataclass(frozen=True, slots=True, order=True)
class ReferenceRead:
    """Ids found at a path of a type; those outside the audited scopes are read by id as context, never audited. With `to`, only
    ids of that type are.
    """

    type: str
    path: str
    to: str = ""


@dataclass(frozen=True, slots=True, order=True)
class EventRead:
    """An operation of a provider, of which the activity log is searched for those that succeeded."""

    provider: str
    operation: str


@dataclass(frozen=True, slots=True, order=True)
class MetricRead:
    """A metric of every resource of a type over the last `days`, day by day: its `total` or `average`, apart by a dimension."""

    of: str
    metric: str
    aggregation: str
    days: int
    dimension: str = ""

    @property
    def name(self) -> str:
        """How it is called beside other reads of the resource."""
        return "-".join([self.metric, self.aggregation, f"{self.days}d", *([self.dimension] if self.dimension else [])])


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """Types in canonical spelling (`Microsoft.Storage/storageAccounts`), duplicates removed, parents of children included.

    `named` are ids of resources outside of the audited scopes that settings name: read by id as context.
    `around` are types of which instances beside an audited group may act upon it: read in its whole subscription as context.
    `policies` are ids of policy definitions: read by id, and of what Azure Policy finds, what it finds by them.
    `principals` are where ids of principals stand; what groups bring them is asked where any group was granted anything.
    `fresh` asks for a direct read of every type instead of the lagging index.
    """

    types: frozenset[str] = field(default_factory=frozenset)
    children: frozenset[ChildRead] = field(default_factory=frozenset)
    extensions: frozenset[ExtensionRead] = field(default_factory=frozenset)
    references: frozenset[ReferenceRead] = field(default_factory=frozenset)
    named: frozenset[str] = field(default_factory=frozenset)
    around: frozenset[str] = field(default_factory=frozenset)
    events: frozenset[EventRead] = field(default_factory=frozenset)
    policies: frozenset[str] = field(default_factory=frozenset)
    principals: frozenset[ReferenceRead] = field(default_factory=frozenset)
    metrics: frozenset[MetricRead] = field(default_factory=frozenset)
    fresh: bool = False
