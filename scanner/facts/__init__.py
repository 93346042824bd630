"""Facts: documents derived from a snapshot by pure functions, which rules target like resources; and relations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.access import ACCESS
from scanner.facts.alert_coverage import ALERT_COVERAGE
from scanner.facts.budgets import BUDGETS
from scanner.facts.clients import CLIENTS
from scanner.facts.components import Binding, BoundWorkload, bind_workloads
from scanner.facts.content_filters import CONTENT_FILTER
from scanner.facts.diagnostics import DIAGNOSTICS
from scanner.facts.evidence import EVIDENCE
from scanner.facts.fact import Fact, FactContext, Needs
from scanner.facts.gateways import GATEWAY_LISTENER
from scanner.facts.identity_access import IDENTITY_ACCESS
from scanner.facts.inventory import INVENTORY_FACT
from scanner.facts.keys import KEY
from scanner.facts.metrics import METRIC
from scanner.facts.owners import OWNERS
from scanner.facts.policies.compliance import POLICY_COMPLIANCE
from scanner.facts.policies.coverage import POLICY_COVERAGE
from scanner.facts.private.connections import PRIVATE_CONNECTIONS
from scanner.facts.private.links import PRIVATE_LINK
from scanner.facts.relations import Relations
from scanner.facts.strangers import STRANGERS
from scanner.facts.subnet_flows import GROUP_FLOWS, SUBNET_FLOWS
from scanner.facts.workload import WORKLOAD

__all__ = ["FACTS", "FACT_PATHS", "Binding", "BoundWorkload", "Fact", "FactContext", "Needs", "Relations", "bind_workloads"]

#: Every fact by its compared type.
FACTS: Final[Mapping[str, Fact]] = {
    fact.type.lower(): fact
    for fact in (
        ACCESS,
        ALERT_COVERAGE,
        BUDGETS,
        CLIENTS,
        CONTENT_FILTER,
        DIAGNOSTICS,
        EVIDENCE,
        GATEWAY_LISTENER,
        GROUP_FLOWS,
        IDENTITY_ACCESS,
        INVENTORY_FACT,
        KEY,
        METRIC,
        OWNERS,
        POLICY_COMPLIANCE,
        POLICY_COVERAGE,
        PRIVATE_CONNECTIONS,
        PRIVATE_LINK,
        STRANGERS,
        SUBNET_FLOWS,
        WORKLOAD,
    )
}

#: The paths of every fact with their kinds, for the loader.
FACT_PATHS: Final[Mapping[str, Mapping[str, str]]] = {name: fact.paths for name, fact in FACTS.items()}
