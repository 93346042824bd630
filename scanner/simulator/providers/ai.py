"""Azure OpenAI and AI Search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import fill, guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["AI"]

Json = Any


def _account(stored: StoredResource, store: Store) -> None:
    """A recorded account at its defaults has no networkAcls and no disableLocalAuth, but says that it is public."""
    properties = properties_of(stored)
    domain, location = properties.get("customSubDomainName"), stored.body.get("location", "")
    properties["endpoint"] = (
        f"https://{domain}.openai.azure.com/" if domain else f"https://{location}.api.cognitive.microsoft.com/"
    )
    fill(
        properties,
        {
            "dateCreated": iso(stored.created), "internalId": guid_of(stored.id.key, "internal").replace("-", ""),
            "isMigrated": False, "publicNetworkAccess": "Enabled", "apiProperties": {},
            "endpoints": {"OpenAI Language Model Instance API": properties["endpoint"]},
            "capabilities": [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}],
        },
    )  # fmt: skip
    if str(stored.body.get("kind")).lower() in ("openai", "aiservices"):
        _system_policies(stored, store)


def _system_policies(account: StoredResource, store: Store) -> None:
    """The policies that every account has. Contents as Microsoft's page on default safety policies states them: harms at medium,
    and since the second version prompt shields and protected material [not recorded from a live account].
    """
    harms = [
        {"name": name, "enabled": True, "blocking": True, "severityThreshold": "Medium", "source": source}
        for name in ("hate", "sexual", "selfharm", "violence")
        for source in ("Prompt", "Completion")
    ]
    shields = [
        {"name": name, "enabled": True, "blocking": True, "source": source}
        for name, source in (
            ("jailbreak", "Prompt"), ("protected_material_text", "Completion"), ("protected_material_code", "Completion"),
        )
    ]  # fmt: skip
    for name, filters in (("Microsoft.Default", harms), ("Microsoft.DefaultV2", [*harms, *shields])):
        policy_id = f"{account.id.text}/raiPolicies/{name}"
        if store.raw(policy_id) is None:
            body = {"name": name, "properties": {"type": "SystemManaged", "mode": "Default", "contentFilters": filters}}
            store.put(policy_id, body)


def _model_deployment(stored: StoredResource, _: Store) -> None:
    """A unit of Standard capacity is 1,000 tokens a minute."""
    properties, sku = properties_of(stored), stored.body.get("sku") or {}
    properties["currentCapacity"] = capacity = sku.get("capacity", 1)
    if str(sku.get("name", "")).lower() == "standard" and isinstance(capacity, int):
        properties["rateLimits"] = [{"key": "token", "renewalPeriod": 60, "count": capacity * 1000}]


def _rai_policy(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["type"] = "UserManaged"


def _search(stored: StoredResource, _: Store) -> None:
    """Search answers `publicNetworkAccess` and the hosting mode in lower case (its own example)."""
    properties = properties_of(stored)
    access = properties.get("publicNetworkAccess", "enabled")
    properties["publicNetworkAccess"] = access.lower() if isinstance(access, str) else access
    fill(
        properties,
        {
            "status": "running", "statusDetails": "", "replicaCount": 1, "partitionCount": 1, "hostingMode": "default",
            "computeType": "default", "endpoint": f"https://{stored.id.name}.search.windows.net/",
            "networkRuleSet": {"ipRules": []},
        },
    )  # fmt: skip


def _shared_link(stored: StoredResource, _: Store) -> None:
    """Waits for the target's owner."""
    fill(properties_of(stored), {"status": "Pending"})


AI: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.CognitiveServices/accounts": _account,
    "Microsoft.CognitiveServices/accounts/deployments": _model_deployment,
    "Microsoft.CognitiveServices/accounts/raiPolicies": _rai_policy,
    "Microsoft.Search/searchServices": _search,
    "Microsoft.Search/searchServices/sharedPrivateLinkResources": _shared_link,
}
