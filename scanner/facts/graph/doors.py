"""What is open to the Internet: public network access by the service's own word, and public IPs with what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scanner.facts.graph.reading import first_text, owner_of_part, texts, value_at
from scanner.facts.graph.survey import Survey
from scanner.model.resource import Resource

__all__ = ["behind_address", "exposure"]

Json = Any
_ACCESS: Final = "properties.publicNetworkAccess"

#: Services that say whether the Internet reaches them, by compared type: where they narrow it down to selected networks.
_NARROWED: Final[Mapping[str, tuple[str, str]]] = {
    "microsoft.cognitiveservices/accounts": ("properties.networkAcls.defaultAction", ""),
    "microsoft.containerregistry/registries": ("properties.networkRuleSet.defaultAction", ""),
    "microsoft.keyvault/vaults": ("properties.networkAcls.defaultAction", ""),
    "microsoft.machinelearningservices/workspaces": ("", ""),
    "microsoft.machinelearningservices/workspaces/onlineendpoints": ("", ""),
    "microsoft.search/searchservices": ("", "properties.networkRuleSet.ipRules[*].value"),
    "microsoft.storage/storageaccounts": ("properties.networkAcls.defaultAction", ""),
    "microsoft.web/sites": ("", ""),
}


def exposure(resource: Resource, survey: Survey) -> str:
    """How far the Internet reaches a service: `all` of it, `selected` networks, `unknown`; empty where it does not."""
    if resource.type_key not in _NARROWED:
        return ""
    access = _value(resource, _ACCESS, survey)
    if not isinstance(access, str):
        return "unknown"
    if access.lower() != "enabled":
        return ""
    action_path, addresses_path = _NARROWED[resource.type_key]
    action = _value(resource, action_path, survey) if action_path else None
    addresses = texts(resource, addresses_path, survey.spellings) if addresses_path else []
    return "selected" if addresses or str(action).lower() == "deny" else "all"


def behind_address(address: Resource, survey: Survey) -> str:
    """The compared id of what a public IP stands in front of, as it is drawn; empty where it is attached to nothing."""
    part = first_text(address, "properties.ipConfiguration.id", survey.spellings)
    return survey.drawn_for(owner_of_part(part)) if part else ""


def _value(resource: Resource, path: str, survey: Survey) -> Json:
    found = value_at(resource, path, survey.spellings)
    if found is not None:
        return found
    assumed = survey.defaults.get((resource.type_key, path.lower()))
    return assumed.value if assumed is not None else None
