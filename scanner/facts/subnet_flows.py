"""`driftline/subnetFlows`: one document per subnet and direction: what passes beyond the rows of the table `nsg`, which of their
flows is refused, what Azure's own rules let through, and which management ports the Internet reaches.

`driftline/groupFlows`: one per network security group: the management ports that it opens wherever it stands, and where that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.facts.flows.addresses import EVERYTHING, NOWHERE, Addresses, Surroundings
from scanner.facts.flows.network import GROUPS, INTERFACES, SUBNETS, Networks
from scanner.facts.flows.repair import repair
from scanner.facts.flows.rows import FlowRow, read_rows
from scanner.facts.flows.subnets import Segment, judge, open_ports
from scanner.facts.parameters import TableValues
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["GROUP_FLOWS", "SUBNET_FLOWS"]

Json = Any
_NETWORKS: Final = "Microsoft.Network/virtualNetworks"
_ROUTES: Final = "Microsoft.Network/routeTables"
_DIRECTIONS: Final = ("inbound", "outbound")
_FLOW: Final = ("protocol", "source", "sourcePort", "destination", "port", "rule", "ruleId", "flow")
_FLOWS: Final = ("excess", "missing", "deviations", "byDefault", "openToInternet")
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "component", "direction", "group", "groupName"), "string"),
    **dict.fromkeys(_FLOWS, "array"),
    **{f"{name}[*].{member}": "string" for name in _FLOWS for member in _FLOW},
    "deviations[*].words": "string",
    "repair": "object",
    **dict.fromkeys(("repair.remove", "repair.narrow", "repair.add"), "array"),
    **dict.fromkeys(("repair.remove[*]", "repair.narrow[*].ruleId", "repair.add[*].name"), "string"),
    **dict.fromkeys(("repair.narrow[*].properties", "repair.add[*].properties"), "object"),
}
_GROUP_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName"), "string"),
    **dict.fromkeys(("openToInternet", "standsAt"), "array"),
    "standsAt[*]": "string",
    **{f"openToInternet[*].{member}": "string" for member in _FLOW},
}


def _needs(_: Baseline) -> Needs:
    types = frozenset({_NETWORKS, GROUPS, INTERFACES, _ROUTES})
    names = ("networkSecurityGroup", "routeTable")
    references = {ReferenceRead(SUBNETS, f"properties.{name}.id") for name in names}
    return Needs(
        types=types, references=frozenset({*references, ReferenceRead(INTERFACES, "properties.networkSecurityGroup.id")})
    )


class _Table:
    """The table `nsg` as one workload means it."""

    def __init__(self, workload: BoundWorkload | None, context: FactContext, networks: Networks) -> None:
        self._workload, self._context, self._networks = workload, context, networks
        self.parameters = workload.parameters if workload is not None else context.baseline.parameters
        self._values = TableValues(context, self.parameters)
        self._table: Mapping[str, Json] = context.baseline.tables.get("nsg") or {}

    def component_of(self, subnet: Resource) -> str | Unknown:
        """The row of a subnet: the component that it is bound to; empty where it is none of the table."""
        if self._workload is None:
            return ""
        reasons: list[str] = []
        for name in self._table:
            binding = self._workload.components.get(name)
            if binding is None:
                continue
            if any(item.key == subnet.key for item in binding.resources):
                return (
                    name
                    if binding.status == "bound"
                    else Unknown.because(f"component {name} is {binding.status}: {binding.reason}")
                )
            if binding.status in ("unknown", "ambiguous") and binding.only in ("", subnet.key):
                reasons.append(f"component {name} is {binding.status}: {binding.reason}")
        return Unknown(tuple(reasons)) if reasons else ""

    def rows(self, component: str, direction: str, subnet: Resource) -> tuple[FlowRow, ...]:
        """The rows of a component."""
        return read_rows(self._table[component], direction, lambda cell: self._values.value(cell, subnet), self._prefixes)

    def _prefixes(self, component: str) -> Addresses | Unknown:
        binding = self._workload.components.get(component) if self._workload is not None else None
        if binding is None or binding.status not in ("bound", "missing"):
            why = f"is {binding.status}: {binding.reason}" if binding is not None else "is not bound"
            return Unknown.because(f"component {component} {why}")
        found = NOWHERE
        for subnet in binding.resources:
            addresses = self._networks.addresses_of(subnet)
            if isinstance(addresses, Unknown):
                return addresses
            found = found | addresses
        return found


def _derive(context: FactContext) -> Iterator[Resource]:
    networks = Networks(context.snapshot)
    tables = [(workload, _Table(workload, context, networks)) for workload in context.workloads]
    nobody = _Table(None, context, networks)
    for subnet in context.snapshot.audited(SUBNETS):
        owners = [table for workload, table in tables if any(is_within(subnet.key, normalise(at)) for at in workload.scopes)]
        for direction in _DIRECTIONS:
            yield _of_subnet(subnet, direction, owners[0] if owners else nobody, networks)
    for where, reason in holes(context.snapshot, SUBNETS):
        for direction in _DIRECTIONS:
            body = dict.fromkeys(("component", "group", *_FLOWS), reason)
            yield document("driftline/subnetFlows", where, direction, {"direction": direction, **body})


def _of_subnet(subnet: Resource, direction: str, table: _Table, networks: Networks) -> Resource:
    component = table.component_of(subnet)
    group, rules = networks.rules_of(subnet)
    body: dict[str, Json] = {"component": component, "direction": direction}
    if group is not None:
        body |= {"group": group.id, "groupName": group.name}
    own, around = networks.addresses_of(subnet), networks.surroundings(subnet)
    if isinstance(own, Unknown) or isinstance(around, Unknown) or isinstance(rules, Unknown):
        reasons = [reason for item in (own, around, rules) if isinstance(item, Unknown) for reason in item.reasons]
        return document("driftline/subnetFlows", subnet.id, direction, body | dict.fromkeys(_FLOWS, Unknown(tuple(reasons))))
    rows = table.rows(component, direction, subnet) if isinstance(component, str) and component else None
    segment = Segment(direction == "inbound", own, around, rules, rows, *networks.interfaces(subnet))
    body |= _flows(segment, component, subnet, table, networks)
    if group is not None and (mended := _repair(segment, group, body, networks)) is not None:
        body["repair"] = mended
    return document("driftline/subnetFlows", subnet.id, direction, body)


def _repair(segment: Segment, group: Resource, body: Mapping[str, Json], networks: Networks) -> Json | None:
    """How the group is mended, where something surely deviates and no other subnet stands behind the same group."""
    wrong = any(body[name] for name in ("deviations", "byDefault") if not isinstance(body[name], Unknown))
    if not wrong or isinstance(body["component"], Unknown):
        return None
    if segment.rows is not None and len(networks.standing().get(group.key, ())) > 1:
        return None
    return repair(segment, group.id, lambda name: networks.written(group, name))


def _flows(segment: Segment, component: str | Unknown, subnet: Resource, table: _Table, networks: Networks) -> dict[str, Json]:
    judged = judge(segment)
    excess, missing = (component, component) if isinstance(component, Unknown) else (judged.excess, judged.missing)
    return {
        "excess": excess, "missing": missing, "deviations": _deviations({"lets through": excess, "refuses": missing}),
        "byDefault": judged.by_default, "openToInternet": _open(segment, subnet, table, networks) if segment.inbound else [],
    }  # fmt: skip


def _open(segment: Segment, subnet: Resource, table: _Table, networks: Networks) -> Json:
    """Routes that were reviewed do not put the Internet into the network, for they are NET-025's; nor is what peers and gateways
    connect the Internet, though its addresses are not known.
    """
    reviewed = frozenset(str(item).lower() for item in table.parameters.get("allowedRoutes") or ())
    around = networks.surroundings(subnet, reviewed=reviewed)
    if isinstance(around, Unknown):
        return around
    return open_ports(replace(segment, around=replace(around, more=())), _ports(table.parameters))


def _deviations(kinds: Mapping[str, Json]) -> Json:
    """What is certain of several lists of flows; where nothing is, why something may be."""
    lists = {kind: flows for kind, flows in kinds.items() if not isinstance(flows, Unknown)}
    sure = [{**flow, "words": f"{kind} {flow['flow']}"} for kind, flows in lists.items() for flow in flows]
    reasons = tuple(dict.fromkeys(reason for flows in kinds.values() if isinstance(flows, Unknown) for reason in flows.reasons))
    return sure if sure or not reasons else Unknown(reasons)


def _ports(parameters: Mapping[str, Json]) -> list[int]:
    return [port for port in parameters.get("managementPorts") or () if isinstance(port, int)]


def _derive_groups(context: FactContext) -> Iterator[Resource]:
    networks = Networks(context.snapshot)
    standing = networks.standing()
    ports = _ports(context.baseline.parameters)
    for group in context.snapshot.audited(GROUPS):
        rules = networks.group_rules(group)
        found = rules if isinstance(rules, Unknown) else open_ports(Segment(True, EVERYTHING, Surroundings(()), rules), ports)
        yield document("driftline/groupFlows", group.id, "", {"openToInternet": found, "standsAt": standing.get(group.key, [])})
    for where, reason in holes(context.snapshot, GROUPS):
        yield document("driftline/groupFlows", where, "", {"openToInternet": reason, "standsAt": []})


SUBNET_FLOWS: Final = Fact(
    "driftline/subnetFlows",
    _PATHS,
    _needs,
    _derive,
    one_per="subnet and direction",
    tables=("nsg",),
    parameters=("allowedRoutes", "managementPorts"),
)
GROUP_FLOWS: Final = Fact(
    "driftline/groupFlows",
    _GROUP_PATHS,
    _needs,
    _derive_groups,
    one_per="network security group at no subnet",
    parameters=("managementPorts",),
)
