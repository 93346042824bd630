"""Nodes by where they stand: networks, their subnets and who stands in them, then what has no place in a network."""

from __future__ import annotations

from typing import Final

from scanner.facts.graph.doors import behind_address
from scanner.facts.graph.draft import Draft
from scanner.facts.graph.reading import first_text, texts
from scanner.facts.graph.survey import INTERFACES, PLACES, SUBNETS
from scanner.model.graph import LinkKind, NodeKind
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise, parent_key, parent_type
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["place_missing", "place_networks", "place_others"]

_NETWORK: Final = "microsoft.network/virtualnetworks"
_SUBNET: Final = SUBNETS.lower()
_INTERFACE: Final = INTERFACES.lower()
_ENDPOINT: Final = "microsoft.network/privateendpoints"
_ADDRESS: Final = "microsoft.network/publicipaddresses"
_MACHINE: Final = "microsoft.compute/virtualmachines"
_SITE: Final = "microsoft.web/sites"
#: Children that are drawn themselves, by compared type; any other belongs to what it stands in.
_DRAWN_CHILDREN: Final = (
    "microsoft.machinelearningservices/workspaces/onlineendpoints",
    "microsoft.machinelearningservices/workspaces/computes",
)


def place_networks(draft: Draft) -> None:
    """The bound networks with all of their subnets, the networks that others of its resources stand in, and who stands there."""
    networks = {key for key, item in draft.bound.items() if item.type_key == _NETWORK}
    named = {key for key, item in draft.bound.items() if item.type_key == _SUBNET}
    for item in draft.bound.values():
        where = draft.survey.subnets_of(item)
        named.update(where if isinstance(where, list) else ())
    snapshot = draft.survey.snapshot
    subnets = {child.key for key in networks for child in snapshot.children(draft.bound[key], SUBNETS)} | named
    for key in sorted(networks | {parent_key(subnet) for subnet in subnets}):
        _add_network(draft, key, inside=key in networks)
    for key in sorted(subnets):
        _add_subnet(draft, key)
        for occupant in draft.survey.occupants.get(key, ()):
            _add_occupant(draft, occupant, key)


def place_others(draft: Draft) -> None:
    """What is bound and has no place in a network, or none that was read."""
    for key, item in draft.bound.items():
        if key in draft or item.type_key == _INTERFACE:
            continue
        if item.type_key == _ADDRESS:
            attached = behind_address(item, draft.survey)
            address = first_text(item, "properties.ipAddress", draft.survey.spellings)
            draft.add(key, NodeKind.ADDRESS, draft.scope, detail=address, note="" if attached else "attached to nothing")
        elif not parent_type(item.type) or item.type_key in _DRAWN_CHILDREN:
            kind = NodeKind.ENDPOINT if item.type_key == _ENDPOINT else NodeKind.SERVICE
            draft.add(key, kind, draft.scope, **_belonging(draft, item), **_doubt(draft, item))


def place_missing(draft: Draft, baseline: Baseline) -> None:
    """Foundational components that are not there, in the subnet that is meant for them where that is."""
    for name, binding in draft.workload.components.items():
        component = baseline.components[name]
        if binding.resources or not component.foundational or not component.least:
            continue
        homes = (
            item.key
            for other in baseline.components.values()
            if other.via is not None and other.via[0] == name
            for item in draft.workload.components[other.name].resources
            if item.type_key == _SUBNET and item.key in draft
        )
        key = f"{draft.scope}#{name}"
        note = "not there" if binding.status == "missing" else f"{binding.status}: {binding.reason}"
        draft.add(
            key, NodeKind.MISSING, next(homes, draft.scope), name=name, type=component.types[0], component=name, note=note,
        )  # fmt: skip


def _add_network(draft: Draft, key: str, *, inside: bool) -> None:
    network = draft.survey.snapshot.get(key)
    prefixes = _known(draft, network, "properties.addressSpace.addressPrefixes[*]") if network is not None else []
    more = {} if inside else {"note": "outside of the workload"}
    draft.add(key, NodeKind.NETWORK, draft.scope if inside else "", detail=", ".join(prefixes), **more)


def _add_subnet(draft: Draft, key: str) -> None:
    subnet = draft.survey.snapshot.get(key)
    if subnet is None:
        draft.add(key, NodeKind.SUBNET, parent_key(key))
        return
    held = [
        first_text(subnet, f"properties.{name}.id", draft.survey.spellings) for name in ("networkSecurityGroup", "routeTable")
    ]
    prefixes = [
        *_known(draft, subnet, "properties.addressPrefix"),
        *_known(draft, subnet, "properties.addressPrefixes[*]"),
    ]
    detail = ", ".join(dict.fromkeys(prefixes))
    draft.add(key, NodeKind.SUBNET, parent_key(key), detail=detail, holds=tuple(filter(None, held)))


def _add_occupant(draft: Draft, key: str, subnet: str) -> None:
    resource = draft.survey.snapshot.get(key)
    endpoint = normalise(key).rpartition("/")[0].endswith(_ENDPOINT)
    more = _belonging(draft, resource) if resource is not None else {}
    draft.add(key, NodeKind.ENDPOINT if endpoint else NodeKind.SERVICE, subnet, **more)
    if resource is not None and resource.type_key == _SITE:
        draft.link(key, subnet, LinkKind.INTEGRATION)


def _belonging(draft: Draft, resource: Resource) -> dict[str, tuple[str, ...]]:
    """The interfaces of a machine or endpoint, which are not drawn."""
    path = {
        _MACHINE: "properties.networkProfile.networkInterfaces[*].id",
        _ENDPOINT: "properties.networkInterfaces[*].id",
    }.get(resource.type_key)
    return {"holds": tuple(_known(draft, resource, path))} if path is not None else {}


def _doubt(draft: Draft, resource: Resource) -> dict[str, str]:
    """That nobody knows where something stands, for what may stand in a subnet."""
    if resource.type_key not in PLACES and resource.type_key != _MACHINE:
        return {}
    return {"note": "place not read"} if isinstance(draft.survey.subnets_of(resource), Unknown) else {}


def _known(draft: Draft, resource: Resource, path: str) -> list[str]:
    found = texts(resource, path, draft.survey.spellings)
    return [] if isinstance(found, Unknown) else found
