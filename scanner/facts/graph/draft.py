"""A graph in the making: nodes once per compared id, links between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.graph.survey import Survey
from scanner.model.graph import INTERNET, Graph, Link, LinkKind, Node, NodeKind
from scanner.model.resource_id import ResourceId, is_within, normalise

__all__ = ["NOT_READ", "Draft"]

NOT_READ: Final = "not read"
_ORDER: Final = tuple(NodeKind)
_NEVER_READ: Final = (NodeKind.SCOPE, NodeKind.MANAGED_NETWORK, NodeKind.MISSING)


class Draft:
    """Nodes of one workload by compared id, ids kept as spelled. `bound` is what its components are bound to, in order."""

    def __init__(self, survey: Survey, workload: BoundWorkload) -> None:
        self.survey, self.workload = survey, workload
        self.home = workload.home()
        self.scope = normalise(self.home)
        self.bound = {item.key: item for binding in workload.components.values() for item in binding.resources}
        self._scopes = tuple(map(normalise, workload.scopes))
        self._nodes: dict[str, Node] = {}
        self._links: dict[tuple[str, str, LinkKind, str], Link] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def __getitem__(self, key: str) -> Node:
        return self._nodes[key]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._nodes))

    def add(self, key: str, kind: NodeKind, parent: str = "", **more: Any) -> None:
        """A node for a compared id, which is read where it can be; the first one stands."""
        if key in self._nodes:
            return
        resource = self.survey.snapshot.get(key)
        text = resource.id if resource is not None else key
        parsed = ResourceId.parse(text)
        above = self._nodes.get(parent)
        told: dict[str, Any] = {
            "id": text,
            "name": parsed.name,
            "type": resource.type if resource is not None else parsed.type,
            "component": self.workload.component_of(key) if key in self.bound else "",
            "parent": above.id if above is not None else "",
            "subnet": above.id if above is not None and above.kind is NodeKind.SUBNET else "",
            "note": "" if resource is not None or kind in _NEVER_READ else NOT_READ,
        }
        self._nodes[key] = Node(kind=kind, **(told | more))

    def add_found(self, key: str, parent: str = "", **more: Any) -> None:
        """A node for what others lead to: a service of the workload, or what lies outside of it."""
        inside = any(is_within(key, scope) for scope in self._scopes) and self.survey.snapshot.get(key) is not None
        self.add(key, NodeKind.SERVICE if inside else NodeKind.EXTERNAL, parent or (self.scope if inside else ""), **more)

    def note(self, key: str, **members: Any) -> None:
        """Say more of a node."""
        self._nodes[key] = replace(self._nodes[key], **members)

    def link(self, source: str, target: str, kind: LinkKind, *, name: str = "", state: str = "") -> None:
        """A link between two nodes that are drawn, once."""
        if INTERNET in (source, target) and (source in self._nodes or target in self._nodes):
            self._nodes.setdefault(INTERNET, Node(INTERNET, NodeKind.INTERNET, "Internet"))
        if source in self._nodes and target in self._nodes and source != target:
            ends = self._nodes[source].id, self._nodes[target].id
            self._links.setdefault((source, target, kind, name), Link(*ends, kind, name, state))

    def graph(self) -> Graph:
        """What was drafted: what stands around others comes first."""
        nodes = sorted(self._nodes.values(), key=lambda node: _ORDER.index(node.kind))
        return Graph(tuple(nodes), tuple(self._links.values()))
