"""The architecture of a workload as a graph: what stands where, what leads where, what is open to the Internet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from scanner.model.resource_id import normalise

__all__ = ["INTERNET", "Graph", "Holders", "Link", "LinkKind", "Node", "NodeKind"]

#: The id of the one node that is no resource.
INTERNET = "internet"


class NodeKind(StrEnum):
    """What a node is. `destination` is what an outbound rule lets out to; `external` lies outside of the workload; `missing` is a
    foundational component that is not there, or of which nobody knows.
    """

    INTERNET = "internet"
    SCOPE = "scope"
    NETWORK = "network"
    SUBNET = "subnet"
    MANAGED_NETWORK = "managedNetwork"
    SERVICE = "service"
    ENDPOINT = "endpoint"
    ADDRESS = "address"
    DESTINATION = "destination"
    EXTERNAL = "external"
    MISSING = "missing"


class LinkKind(StrEnum):
    """What a link says: an endpoint leads to a service; a gateway publishes a service, an address what stands behind it; what is
    exposed is reached from the Internet; a flow is one that the baseline requires between subnets; a workspace manages a network,
    whose outbound rules lead on; an app is integrated into a subnet; networks are peered.
    """

    PRIVATE_ENDPOINT = "privateEndpoint"
    PUBLISHES = "publishes"
    EXPOSED = "exposed"
    FLOW = "flow"
    MANAGES = "manages"
    OUTBOUND_RULE = "outboundRule"
    INTEGRATION = "integration"
    PEERING = "peering"


@dataclass(frozen=True, slots=True)
class Node:
    """A resource of the picture. `parent` is the node that it stands in, `subnet` the subnet among those. `note` says what is not
    known of it, `detail` what else a reader wants to see: addresses, say. `holds` are the ids of what belongs to it without being
    drawn, such as the security group of a subnet. `worst`, `severity` (of failures) and `counts` tell its verdicts.
    """

    id: str
    kind: NodeKind
    name: str = ""
    type: str = ""
    component: str = ""
    parent: str = ""
    subnet: str = ""
    detail: str = ""
    note: str = ""
    holds: tuple[str, ...] = ()
    worst: str = ""
    severity: str = ""
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A link between nodes by their ids. `state` qualifies it: of a connection, of a peering, or how far something is exposed
    (`all`, `selected` networks, `unknown`).
    """

    source: str
    target: str
    kind: LinkKind
    name: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, those around others first, and the links between them."""

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()


class Holders:
    """Tells which nodes hold a resource: its own, else those that it belongs to, else those of what it stands in or on."""

    def __init__(self, graphs: Iterable[Graph]) -> None:
        own: dict[str, list[tuple[int, int]]] = {}
        held: dict[str, list[tuple[int, int]]] = {}
        for at, graph in enumerate(graphs):
            for position, node in enumerate(graph.nodes):
                own.setdefault(normalise(node.id), []).append((at, position))
                for resource_id in node.holds:
                    held.setdefault(normalise(resource_id), []).append((at, position))
        self._found = {key: tuple(dict.fromkeys(places)) for key, places in {**held, **own}.items()}
        self._found["/"] = self._found.get("/", ())
        self._seen: dict[str, tuple[tuple[int, int], ...]] = {}

    def of(self, resource_id: str) -> tuple[tuple[int, int], ...]:
        """The nodes that hold a resource, each as the position of its graph and its own in that; none where no graph shows it."""
        if resource_id not in self._seen:
            key = normalise(resource_id)
            while key not in self._found:
                key = key.rpartition("/")[0] or "/"
            self._seen[resource_id] = self._found[key]
        return self._seen[resource_id]
