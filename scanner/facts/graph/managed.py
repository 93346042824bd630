"""The managed network of a Machine Learning workspace: what runs in it, and whom its outbound rules let it reach."""

from __future__ import annotations

from typing import Final

from scanner.facts.graph.draft import NOT_READ, Draft
from scanner.facts.graph.reading import first_text, value_at
from scanner.model.graph import INTERNET, LinkKind, NodeKind
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.unknown import Unknown

__all__ = ["place_managed_networks"]

WORKSPACES: Final = "microsoft.machinelearningservices/workspaces"
_INSIDE: Final = (
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
    "Microsoft.MachineLearningServices/workspaces/computes",
)
_RULES: Final = "Microsoft.MachineLearningServices/workspaces/outboundRules"
_MODE: Final = "properties.managedNetwork.isolationMode"
#: How a managed network is told, by its compared mode.
_MODES: Final = {
    "disabled": "not isolated",
    "allowinternetoutbound": "lets everything out",
    "allowonlyapprovedoutbound": "lets out what is approved",
}


def place_managed_networks(draft: Draft) -> None:
    """Each bound workspace with its managed network, and in that its computes and endpoints, before these find another place."""
    for workspace in [item for item in draft.bound.values() if item.type_key == WORKSPACES]:
        _place(draft, workspace)


def _place(draft: Draft, workspace: Resource) -> None:
    survey = draft.survey
    key = f"{workspace.key}/managednetworks/default"
    mode = value_at(workspace, _MODE, survey.spellings)
    assumed = survey.defaults.get((workspace.type_key, _MODE.lower()))
    mode = assumed.value if mode is None and assumed is not None else mode
    told = _MODES.get(mode.lower(), mode) if isinstance(mode, str) else ""
    draft.add(workspace.key, NodeKind.SERVICE, draft.scope)
    draft.add(
        key, NodeKind.MANAGED_NETWORK, draft.scope, id=f"{workspace.id}/managedNetworks/default", name="Managed network",
        detail=told, note="" if told else f"isolation {NOT_READ}",
    )  # fmt: skip
    draft.link(workspace.key, key, LinkKind.MANAGES)
    for kind in _INSIDE:
        for child in sorted(survey.snapshot.children(workspace, kind), key=lambda item: item.key):
            draft.add(child.key, NodeKind.SERVICE, key)
    if isinstance(mode, str) and mode.lower() == "allowinternetoutbound":
        draft.link(key, INTERNET, LinkKind.OUTBOUND_RULE)
    _place_rules(draft, workspace, key)


def _place_rules(draft: Draft, workspace: Resource, key: str) -> None:
    survey = draft.survey
    missing = survey.snapshot.missing(_RULES, workspace.key)
    if isinstance(missing, Unknown):
        draft.note(key, note=f"outbound rules {NOT_READ}")
    for rule in sorted(survey.snapshot.children(workspace, _RULES), key=lambda item: item.key):
        service = first_text(rule, "properties.destination.serviceResourceId", survey.spellings)
        if service:
            group = first_text(rule, "properties.destination.subresourceTarget", survey.spellings)
            state = first_text(rule, "properties.status", survey.spellings)
            draft.add(rule.key, NodeKind.ENDPOINT, key, detail=group)
            draft.add_found(normalise(service))
            draft.link(rule.key, normalise(service), LinkKind.PRIVATE_ENDPOINT, name=group, state=state)
        else:
            target = value_at(rule, "properties.destination", survey.spellings)
            tag = first_text(rule, "properties.destination.serviceTag", survey.spellings) if isinstance(target, dict) else target
            name = tag if isinstance(tag, str) and tag else rule.name
            draft.add(rule.key, NodeKind.DESTINATION, "", name=name, detail=first_text(rule, "properties.type", survey.spellings))
            draft.link(key, rule.key, LinkKind.OUTBOUND_RULE, name=rule.name)
