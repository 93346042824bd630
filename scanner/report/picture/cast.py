"""Who stands where in a picture: the nodes of a graph by the part that they play."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from scanner.model.graph import Graph, Link, LinkKind, Node, NodeKind
from scanner.model.result import Workload

__all__ = ["ENTRANCES", "Cast", "Segment", "make_cast"]

#: What lets people or traffic into a network, by compared type, and the names that Azure prescribes for its subnets.
ENTRANCES: Final = (
    "microsoft.network/applicationgateways",
    "microsoft.network/bastionhosts",
    "microsoft.network/azurefirewalls",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/loadbalancers",
)
_FREE: Final = (NodeKind.SERVICE, NodeKind.EXTERNAL, NodeKind.ENDPOINT, NodeKind.MISSING)
_ENTRANCE_SUBNETS: Final = ("azurebastionsubnet", "azurefirewallsubnet", "gatewaysubnet")


@dataclass(frozen=True, slots=True)
class Segment:
    """A subnet with who stands in it: endpoints apart from all else. `entrance` where traffic comes in."""

    node: Node
    members: tuple[Node, ...]
    endpoints: tuple[Node, ...]
    entrance: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """The nodes of one workload by part. `services` are reached by endpoints or from the Internet, `around` by neither."""

    nodes: dict[str, Node]
    links: tuple[Link, ...]
    networks: tuple[tuple[Node, tuple[Segment, ...]], ...]
    services: tuple[Node, ...]
    managed: tuple[Segment, ...]
    destinations: dict[str, tuple[Node, ...]]
    addresses: tuple[Node, ...]
    peers: tuple[Node, ...]
    around: tuple[Node, ...]
    leads_to: dict[str, tuple[str, ...]] = field(default_factory=dict)


def make_cast(workload: Workload) -> Cast:
    """Give each node of a workload its part."""
    graph = workload.graph
    rank = {name: at for at, name in enumerate(workload.components)}
    ordered = sorted(graph.nodes, key=lambda node: (rank.get(node.component, len(rank)), node.id.lower()))
    inside = _by_parent(ordered)
    by_kind = {kind: [node for node in ordered if node.kind is kind] for kind in NodeKind}
    frames = {node.id for node in (*by_kind[NodeKind.SUBNET], *by_kind[NodeKind.MANAGED_NETWORK])}
    free = [node for node in ordered if node.kind in _FREE and node.parent not in frames]
    peers = {link.target for link in graph.links if link.kind is LinkKind.PEERING}
    reached = {
        link.target for link in graph.links if link.kind in (LinkKind.PRIVATE_ENDPOINT, LinkKind.EXPOSED, LinkKind.PUBLISHES)
    }
    reached |= {link.source for link in graph.links if link.kind is LinkKind.MANAGES}
    return Cast(
        nodes={node.id: node for node in graph.nodes},
        links=graph.links,
        networks=tuple((node, _segments(node, inside)) for node in by_kind[NodeKind.NETWORK]),
        services=tuple(node for node in free if node.id in reached and node.id not in peers),
        managed=tuple(_segment(node, inside) for node in by_kind[NodeKind.MANAGED_NETWORK]),
        destinations=_destinations(graph),
        addresses=tuple(by_kind[NodeKind.ADDRESS]),
        peers=tuple(node for node in free if node.id in peers),
        around=(
            *by_kind[NodeKind.SCOPE],
            *(node for node in free if node.id not in reached and node.id not in peers),
        ),
        leads_to=_targets(graph),
    )


def _by_parent(nodes: list[Node]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in nodes:
        found.setdefault(node.parent, []).append(node)
    return found


def _segments(network: Node, inside: dict[str, list[Node]]) -> tuple[Segment, ...]:
    return tuple(_segment(node, inside) for node in inside.get(network.id, ()) if node.kind is NodeKind.SUBNET)


def _segment(node: Node, inside: dict[str, list[Node]]) -> Segment:
    within = inside.get(node.id, [])
    members = tuple(item for item in within if item.kind is not NodeKind.ENDPOINT)
    entrance = node.name.lower() in _ENTRANCE_SUBNETS or any(item.type.lower() in ENTRANCES for item in members)
    return Segment(node, members, tuple(item for item in within if item.kind is NodeKind.ENDPOINT), entrance)


def _destinations(graph: Graph) -> dict[str, tuple[Node, ...]]:
    """What each managed network may reach outside, by its id."""
    nodes = {node.id: node for node in graph.nodes if node.kind is NodeKind.DESTINATION}
    found: dict[str, list[Node]] = {}
    for link in graph.links:
        if link.target in nodes:
            found.setdefault(link.source, []).append(nodes[link.target])
    return {source: tuple(targets) for source, targets in found.items()}


def _targets(graph: Graph) -> dict[str, tuple[str, ...]]:
    """What each endpoint leads to."""
    found: dict[str, list[str]] = {}
    for link in graph.links:
        if link.kind is LinkKind.PRIVATE_ENDPOINT:
            found.setdefault(link.source, []).append(link.target)
    return {source: tuple(targets) for source, targets in found.items()}
