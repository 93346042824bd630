"""Graphs of many components, for tests of the picture and to look at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.model.graph import INTERNET, Graph, Link, LinkKind, Node, NodeKind
from scanner.model.result import Result, Workload
from tests.report.test_terminal import RESULT, SUB

GROUP = f"{SUB}/resourceGroups/rg-chat-prod"
SERVICES = (
    ("Microsoft.CognitiveServices/accounts", "oai-chat-prod-eastus2", "openai"),
    ("Microsoft.Storage/storageAccounts", "stchatproddocuments", "appStorage"),
    ("Microsoft.KeyVault/vaults", "kv-chat-prod", "vault"),
    ("Microsoft.Search/searchServices", "srch-chat-prod", "search"),
    ("Microsoft.Sql/servers", "sql-chat-history-prod", ""),
)
VERDICTS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("pass", "", {"pass": 9}),
    ("fail", "critical", {"fail": 12, "unknown": 3, "pass": 2}),
    ("fail", "medium", {"fail": 1}),
    ("unknown", "", {"unknown": 2}),
    ("", "", {}),
)


def crowd(services: int = 24, machines: int = 9, networks: int = 2, workspaces: int = 2, addresses: int = 6) -> Result:
    """A result whose one workload has that many of each: two endpoints for every third service, every fourth is exposed."""
    draft = _Draft()
    draft.add(GROUP, NodeKind.SCOPE, "rg-chat-prod")
    draft.add(INTERNET, NodeKind.INTERNET, "Internet")
    for at in range(networks):
        _network(draft, at, -(-machines // networks))
    for at in range(services):
        _service(draft, at, networks)
    for at in range(workspaces):
        _workspace(draft, at, services)
    for at in range(addresses):
        address = draft.add(
            f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/pip-{at:02}",
            NodeKind.ADDRESS,
            f"pip-{at:02}",
            type="Microsoft.Network/publicIPAddresses",
        )
        draft.link(INTERNET, address, LinkKind.EXPOSED)
        draft.link(
            address, draft.machines[at % len(draft.machines)] if at and draft.machines else draft.gateways[0], LinkKind.PUBLISHES
        )
    for at in range(8):
        draft.add(
            f"{GROUP}/providers/Microsoft.Insights/components/appi-{at}",
            NodeKind.SERVICE,
            f"appi-{at}",
            type="Microsoft.Insights/components",
        )
    graph = Graph(tuple(draft.nodes.values()), tuple(draft.links))
    return replace(RESULT, workloads=(Workload("rg-chat-prod", {"openai": (), "vault": ()}, graph),))


class _Draft:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self.machines: list[str] = []
        self.gateways: list[str] = []

    def add(self, node_id: str, kind: NodeKind, name: str, **more: Any) -> str:
        worst, severity, counts = VERDICTS[len(self.nodes) % len(VERDICTS)]
        self.nodes[node_id] = Node(node_id, kind, name, worst=worst, severity=severity, counts=counts, **more)
        return node_id

    def link(self, source: str, target: str, kind: LinkKind, state: str = "") -> None:
        self.links.append(Link(source, target, kind, state=state))


def _network(draft: _Draft, at: int, machines: int) -> None:
    network = draft.add(
        f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-{at}",
        NodeKind.NETWORK,
        f"vnet-chat-{at}",
        detail="10.0.0.0/16",
        type="Microsoft.Network/virtualNetworks",
    )
    subnets = {}
    for name in (
        "snet-appGateway",
        "snet-appService",
        "snet-privateEndpoints",
        "AzureBastionSubnet",
        "snet-jumpbox",
        "snet-training",
        "snet-scoring",
        "snet-agents",
    ):
        subnets[name] = draft.add(f"{network}/subnets/{name}", NodeKind.SUBNET, name, parent=network, detail="10.0.0.0/24")
    gateway = draft.add(
        f"{network}-agw",
        NodeKind.SERVICE,
        f"agw-chat-{at}",
        parent=subnets["snet-appGateway"],
        type="Microsoft.Network/applicationGateways",
    )
    app = draft.add(
        f"{network}-app",
        NodeKind.SERVICE,
        f"app-chat-{at}",
        parent=subnets["snet-appService"],
        type="Microsoft.Web/sites",
        component="chatUi",
    )
    draft.gateways.append(gateway)
    draft.link(gateway, app, LinkKind.PUBLISHES)
    draft.link(subnets["AzureBastionSubnet"], subnets["snet-jumpbox"], LinkKind.FLOW)
    for name in ("snet-appGateway", "snet-appService", "snet-jumpbox", "snet-agents"):
        draft.link(subnets[name], subnets["snet-privateEndpoints"], LinkKind.FLOW)
    for number in range(machines):
        machine = draft.add(
            f"{network}-vm-{number}",
            NodeKind.SERVICE,
            f"vm-jumpbox-{at}-{number}",
            parent=subnets["snet-jumpbox"],
            type="Microsoft.Compute/virtualMachines",
        )
        draft.machines.append(machine)


def _service(draft: _Draft, at: int, networks: int) -> None:
    kind, name, component = SERVICES[at % len(SERVICES)]
    service = draft.add(
        f"{GROUP}/providers/{kind}/{name}-{at:02}", NodeKind.SERVICE, f"{name}-{at:02}", type=kind, component=component
    )
    for number in range(2 if at % 3 == 0 else 1):
        subnet = (
            f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-{(at + number) % networks}/subnets/snet-privateEndpoints"
            if networks
            else ""
        )
        endpoint = draft.add(
            f"{service}/pe-{number}", NodeKind.ENDPOINT, f"pe-{name}-{at:02}-{number}", parent=subnet, subnet=subnet
        )
        draft.link(endpoint, service, LinkKind.PRIVATE_ENDPOINT, "Approved" if at % 5 else "Pending")
    if at % 4 == 0:
        draft.link(INTERNET, service, LinkKind.EXPOSED, ("all", "selected", "unknown")[at % 3])


def _workspace(draft: _Draft, at: int, services: int) -> None:
    workspace = draft.add(
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-{at}",
        NodeKind.SERVICE,
        f"mlw-{at}",
        type="Microsoft.MachineLearningServices/workspaces",
    )
    managed = draft.add(
        f"{workspace}/managedNetworks/default", NodeKind.MANAGED_NETWORK, "Managed network", detail="lets out what is approved"
    )
    draft.link(workspace, managed, LinkKind.MANAGES)
    draft.add(
        f"{workspace}/onlineEndpoints/ept",
        NodeKind.SERVICE,
        f"ept-chat-{at}",
        parent=managed,
        type="Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
    )
    for number in range(0, services, 5):
        kind, name, _ = SERVICES[number % len(SERVICES)]
        rule = draft.add(f"{workspace}/outboundRules/{number}", NodeKind.ENDPOINT, f"__SYS_PE_{name}_{number}", parent=managed)
        draft.link(rule, f"{GROUP}/providers/{kind}/{name}-{number:02}", LinkKind.PRIVATE_ENDPOINT, "Active")
    for number in range(3):
        target = draft.add(f"{workspace}/outboundRules/fqdn-{number}", NodeKind.DESTINATION, f"packages-{number}.example.com")
        draft.link(managed, target, LinkKind.OUTBOUND_RULE)
