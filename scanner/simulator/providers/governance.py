"""Identities, role assignments and definitions, policy assignments, budgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.model.resource_id import normalise
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import DEPLOYER, fill, guid_of, iso, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["GOVERNANCE"]

Json = Any


def _identity(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    properties["principalId"] = guid_of(stored.id.key, "principal")
    properties["clientId"] = guid_of(stored.id.key, "client")
    properties["tenantId"] = store.tenant


def _role_assignment(stored: StoredResource, store: Store) -> None:
    """The role's id comes back with the subscription in front (recorded); the same grant twice is refused."""
    properties = properties_of(stored)
    role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2]
    prefix = f"/subscriptions/{stored.id.subscription}" if stored.id.subscription else ""
    properties["roleDefinitionId"] = f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties["scope"] = stored.id.scope
    for other in store.of_type("Microsoft.Authorization/roleAssignments"):
        if other.id.key != stored.id.key and _grant(other) == _grant(stored):
            raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    fill(properties, {"principalType": "ServicePrincipal", "createdOn": iso(stored.created), "createdBy": DEPLOYER})
    properties["updatedOn"], properties["updatedBy"] = iso(store.moment), DEPLOYER


def _grant(stored: StoredResource) -> tuple[str, str, str]:
    properties = properties_of(stored)
    role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2].lower()
    return normalise(stored.id.scope), str(properties.get("principalId", "")).lower(), role


def _role_definition(stored: StoredResource, store: Store) -> None:
    fill(
        properties_of(stored),
        {"type": "CustomRole", "description": "", "assignableScopes": [stored.id.scope], "createdOn": iso(stored.created)},
    )


def _policy_assignment(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["scope"] = stored.id.scope


def _policy_exemption(stored: StoredResource, _: Store) -> None:
    """It is of an assignment, and says why."""
    properties = properties_of(stored)
    if not properties.get("policyAssignmentId") or not properties.get("exemptionCategory"):
        raise ArmError(400, "InvalidRequestContent", "A policy exemption has a policyAssignmentId and an exemptionCategory.")


def _budget(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["currentSpend"] = {"amount": 0, "unit": "USD"}


GOVERNANCE: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": _identity,
    "Microsoft.Authorization/roleAssignments": _role_assignment,
    "Microsoft.Authorization/roleDefinitions": _role_definition,
    "Microsoft.Authorization/policyAssignments": _policy_assignment,
    "Microsoft.Authorization/policyExemptions": _policy_exemption,
    "Microsoft.Consumption/budgets": _budget,
}
