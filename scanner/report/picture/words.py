"""What a picture says in words: names, labels that are read aloud, and the whole of it as a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scanner.model.graph import Graph, Link, LinkKind, Node, NodeKind
from scanner.model.resource_id import normalise
from scanner.model.verdict import Verdict
from scanner.report.inert import shown

__all__ = ["glyph", "icon", "key_of", "label", "link_words", "name_of", "second_line", "spoken", "standing"]

_GLYPHS: Final = {
    "critical": "◆", "high": "▲", "medium": "●", "low": "▬", "info": "○", "unknown": "?", "error": "✕", "pass": "✓",
}  # fmt: skip

#: What a resource looks like, by compared type.
_ICONS: Final = {
    "microsoft.apimanagement/service": "gateway",
    "microsoft.cognitiveservices/accounts": "model",
    "microsoft.compute/virtualmachines": "machine",
    "microsoft.compute/virtualmachinescalesets": "machine",
    "microsoft.containerregistry/registries": "registry",
    "microsoft.insights/actiongroups": "bell",
    "microsoft.insights/components": "chart",
    "microsoft.keyvault/vaults": "key",
    "microsoft.machinelearningservices/workspaces": "flask",
    "microsoft.machinelearningservices/workspaces/computes": "chip",
    "microsoft.machinelearningservices/workspaces/onlineendpoints": "play",
    "microsoft.network/applicationgateways": "gateway",
    "microsoft.network/applicationgatewaywebapplicationfirewallpolicies": "wall",
    "microsoft.network/azurefirewalls": "wall",
    "microsoft.network/bastionhosts": "shield",
    "microsoft.network/ddosprotectionplans": "shield",
    "microsoft.network/virtualnetworks": "network",
    "microsoft.operationalinsights/workspaces": "log",
    "microsoft.search/searchservices": "search",
    "microsoft.storage/storageaccounts": "storage",
    "microsoft.web/serverfarms": "plan",
    "microsoft.web/sites": "app",
}
_KINDS: Final = {
    NodeKind.ADDRESS: "pin",
    NodeKind.DESTINATION: "globe",
    NodeKind.ENDPOINT: "link",
    NodeKind.INTERNET: "globe",
    NodeKind.MANAGED_NETWORK: "network",
    NodeKind.SCOPE: "folder",
}
_LINKS: Final = {
    LinkKind.PRIVATE_ENDPOINT: "leads privately to",
    LinkKind.PUBLISHES: "publishes",
    LinkKind.EXPOSED: "reaches",
    LinkKind.FLOW: "has to reach",
    LinkKind.MANAGES: "manages",
    LinkKind.OUTBOUND_RULE: "may reach",
    LinkKind.INTEGRATION: "is integrated into",
    LinkKind.PEERING: "is peered with",
}
_REACH: Final = {"all": "", "selected": ", from selected networks", "unknown": ", perhaps: that was not read"}
#: States of connections that need no word.
_GOOD: Final = ("approved", "active", "connected", "")


def icon(node: Node) -> str:
    """The name of a node's icon."""
    return _KINDS.get(node.kind) or _ICONS.get(node.type.lower(), "cube")


def key_of(node: Node) -> str:
    """What the page knows a node by: its compared id."""
    return shown(normalise(node.id))


def standing(node: Node) -> str:
    """What a node is coloured by: the severity of its worst failure, else its verdict; `missing`, or `none` without verdicts."""
    if node.kind is NodeKind.MISSING:
        return "missing"
    return node.severity if node.worst == Verdict.FAIL and node.severity else node.worst or "none"


def glyph(kind: str) -> str:
    """The sign beside a colour, for those who do not see it."""
    return _GLYPHS[kind]


def name_of(node: Node) -> str:
    """A node's name as it is drawn: without what Azure puts before the names of the endpoints that it adds by itself."""
    return shown(node.name.removeprefix("__SYS_PE_") if node.kind is NodeKind.ENDPOINT else node.name)


def second_line(node: Node) -> str:
    """What stands below a node's name: what is not known, else its component, else its type."""
    if node.kind is NodeKind.SCOPE:
        return "all else"
    if node.kind is NodeKind.MISSING:
        return shown(node.note.partition(":")[0])
    if node.note:
        return shown(node.note)
    return shown(node.component or node.detail or _spaced(node.type.rpartition("/")[2]))


def spoken(node: Node) -> str:
    """A node in one sentence part: what it is, where, and its verdicts."""
    what = (
        node.component
        if node.component and node.component != node.name
        else _spaced(node.type.rpartition("/")[2]) or node.kind.value
    )
    parts = [f"{what} {node.name}" if node.kind is not NodeKind.MISSING else f"{node.component} ({what})"]
    parts += [text for text in (node.detail, node.note) if text]
    return shown(f"{', '.join(parts)}: {_verdicts(node)}")


def label(graph: Graph) -> str:
    """What a picture shows, for those who do not see it."""
    counted = [(kind, sum(node.kind is kind for node in graph.nodes)) for kind in (NodeKind.NETWORK, NodeKind.SUBNET)]
    bad = sum(node.worst in (Verdict.FAIL, Verdict.ERROR) for node in graph.nodes)
    unknown = sum(node.worst == Verdict.UNKNOWN for node in graph.nodes)
    words = ", ".join(f"{count} {kind.value}{'' if count == 1 else 's'}" for kind, count in counted)
    return f"{words}, {len(graph.nodes)} nodes in all: {bad} with failures, {unknown} with unknown verdicts."


def link_words(graph: Graph) -> Iterator[str]:
    """Every link in words."""
    names = {node.id: node.name for node in graph.nodes}
    for link in graph.links:
        yield shown(f"{names[link.source]} {_LINKS[link.kind]} {names[link.target]}{_state(link)}")


def _state(link: Link) -> str:
    if link.kind is LinkKind.EXPOSED:
        return _REACH.get(link.state, "")
    return "" if link.state.lower() in _GOOD else f" ({link.state})"


def _verdicts(node: Node) -> str:
    counts = {name: count for name, count in node.counts.items() if name != Verdict.PASS}
    if not counts:
        return "passes" if node.counts else "not judged"
    worst = f", worst {node.severity}" if node.severity else ""
    return ", ".join(f"{count} {name}" for name, count in counts.items()) + worst


def _spaced(name: str) -> str:
    """`online endpoints` of `onlineEndpoints`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
