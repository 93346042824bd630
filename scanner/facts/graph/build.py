"""Graphs of workloads, in the order in which nodes find their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scanner.facts.components import BoundWorkload
from scanner.facts.graph.draft import NOT_READ, Draft
from scanner.facts.graph.managed import place_managed_networks
from scanner.facts.graph.places import place_missing, place_networks, place_others
from scanner.facts.graph.survey import Survey
from scanner.facts.graph.ways import link_doors, link_endpoints, link_flows, link_gateways, link_peerings
from scanner.language.scope import Default
from scanner.model.graph import Graph, NodeKind
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.rules.baseline import Baseline

__all__ = ["draw_graphs"]

#: What a picture without them would hide, by type.
_ESSENTIAL: Final = {
    "Microsoft.Network/virtualNetworks": "networks",
    "Microsoft.Network/privateEndpoints": "private endpoints",
    "Microsoft.Network/networkInterfaces": "network interfaces",
    "Microsoft.Network/publicIPAddresses": "public IPs",
}


def draw_graphs(
    snapshot: Snapshot, baseline: Baseline, workloads: Iterable[BoundWorkload], defaults: Mapping[tuple[str, str], Default]
) -> tuple[Graph, ...]:
    """The graph of each workload, without verdicts. `defaults` are what Azure assumes for absent properties."""
    survey = Survey(snapshot, defaults)
    return tuple(_draw(Draft(survey, workload), baseline) for workload in workloads)


def _draw(draft: Draft, baseline: Baseline) -> Graph:
    workload = draft.workload
    held = tuple(dict.fromkeys((*workload.scopes, *workload.resource_groups())))
    draft.add(draft.scope, NodeKind.SCOPE, id=draft.home, name=workload.name, holds=held, note=_unread(draft))
    place_networks(draft)
    place_managed_networks(draft)
    place_others(draft)
    place_missing(draft, baseline)
    link_endpoints(draft)
    link_gateways(draft)
    link_flows(draft, baseline)
    link_peerings(draft)
    link_doors(draft)
    return draft.graph()


def _unread(draft: Draft) -> str:
    """What may be missing in the picture because its type could not be listed."""
    missing = draft.survey.snapshot.missing
    unread = [
        words
        for kind, words in _ESSENTIAL.items()
        if any(missing(kind, scope) is not None for scope in map(normalise, draft.workload.scopes))
    ]
    return f"{NOT_READ}: {', '.join(unread)}" if unread else ""
