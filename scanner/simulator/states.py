"""States in being: subscription and group, who may sign in, templates deployed in order, changes made; all in process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner.model.resource_id import normalise
from scanner.simulator import providers
from scanner.simulator.access import Principal, built_in_roles
from scanner.simulator.changes import apply_change
from scanner.simulator.deployment import deploy
from scanner.simulator.errors import ArmError
from scanner.simulator.graph import freeze
from scanner.simulator.providers.common import guid_of
from scanner.simulator.state_file import (
    GroupShape,
    ManagementGroupShape,
    RoleShape,
    State,
    SubscriptionShape,
    parse_duration,
    read_state,
)
from scanner.simulator.store import Store
from scanner.templates import Frame, Target, read_template

__all__ = ["Deployed", "deploy_state"]

Json = Any


@dataclass(slots=True)
class Deployed:
    """A state in being: its store, who may sign in, its tenant and the subscription of the workload (name by id)."""

    store: Store
    tenant: str
    subscriptions: dict[str, str] = field(default_factory=dict)
    principals: tuple[Principal, ...] = ()


def deploy_state(state: str | Path, now: datetime) -> Deployed:
    """Deploy a state as of a moment. Raises `ConfigurationError` with file and line, `DriftlineError` where there is none."""
    read = read_state(state)
    shape = read.shape
    assert shape.subscription is not None and shape.group is not None, "read_state requires them"  # noqa: PT018  # one promise
    store = Store(now=now, born=now - parse_duration(shape.deployed), tenant=shape.tenant)
    places = _begin(shape.subscription, shape.group, store)
    for further in shape.subscriptions:
        _make_subscription(further, store)
        for group in further.groups:
            _make_group(f"/subscriptions/{further.id}", group, store)
    for above in shape.management_groups:
        _make_management_group(above, store)
    for held in shape.directory_groups:
        for member in held.members:
            store.groups_of.setdefault(member.lower(), set()).add(held.id.lower())
    for role in shape.roles:
        _define_role(role, places["sub"], store)
    principals = tuple(_sign_up(read, at, places, store) for at in range(len(shape.principals)))
    for at in range(len(shape.templates)):
        _deploy_template(read, at, store)
    for answer in shape.answers:
        store.answers[_placed(answer.path, places).lower()] = answer.body
    store.deploying = False
    for at, placed in enumerate(read.changes):
        if at == len(read.changes) - shape.graph_lag:
            freeze(store)
        apply_change(placed, store, places)
    return Deployed(store, shape.tenant, {shape.subscription.id: shape.subscription.name}, principals)


def _begin(subscription: SubscriptionShape, group: GroupShape, store: Store) -> dict[str, str]:
    """Make subscription and group; their ids, as placeholders name them."""
    sub_id = _make_subscription(subscription, store)
    return {"sub": sub_id, "rg": _make_group(sub_id, group, store)}


def _make_subscription(subscription: SubscriptionShape, store: Store) -> str:
    sub_id = f"/subscriptions/{subscription.id}"
    store.put(
        sub_id,
        {
            "id": sub_id, "subscriptionId": subscription.id, "displayName": subscription.name, "state": "Enabled",
            "tenantId": store.tenant,
        },
    )  # fmt: skip
    return sub_id


def _make_group(sub_id: str, group: GroupShape, store: Store) -> str:
    group_id = f"{sub_id}/resourceGroups/{group.name}"
    store.put(
        group_id,
        {
            "id": group_id, "name": group.name, "type": "Microsoft.Resources/resourceGroups", "location": group.location,
            "tags": group.tags, "properties": {"provisioningState": "Succeeded"},
        },
    )  # fmt: skip
    return group_id


def _make_management_group(above: ManagementGroupShape, store: Store) -> None:
    group_id = f"/providers/Microsoft.Management/managementGroups/{above.name}"
    store.put(
        group_id,
        {
            "id": group_id, "name": above.name, "type": "Microsoft.Management/managementGroups",
            "properties": {"tenantId": store.tenant, "displayName": above.display_name or above.name},
        },
    )  # fmt: skip
    for subscription in above.subscriptions:
        store.above.setdefault(normalise(f"/subscriptions/{subscription}"), []).append(normalise(group_id))


def _placed(path: str, places: dict[str, str]) -> str:
    return path.replace("{sub}", places["sub"]).replace("{rg}", places["rg"])


def _define_role(role: RoleShape, sub_id: str, store: Store) -> None:
    permission = {
        "actions": role.actions, "notActions": role.not_actions, "dataActions": role.data_actions,
        "notDataActions": role.not_data_actions,
    }  # fmt: skip
    properties = {
        "roleName": role.name, "type": "CustomRole", "description": role.description, "assignableScopes": [sub_id],
        "permissions": [permission],
    }  # fmt: skip
    role_id = f"{sub_id}/providers/Microsoft.Authorization/roleDefinitions/{guid_of('role', role.name)}"
    providers.write(store, role_id, {"properties": properties})


def _sign_up(state: State, at: int, places: dict[str, str], store: Store) -> Principal:
    item = state.shape.principals[at]
    principal = Principal(item.name, item.client_id, item.object_id, item.secret)
    for index, grant in enumerate(item.roles):
        here = ("principals", at, "roles", index)
        role = _role_id(grant.role, store)
        if role is None:  # a misspelt role would be a principal who may do nothing
            raise state.fault((*here, "role"), f'the role "{grant.role}" is neither built in nor defined under roles')
        scope = {"subscription": places["sub"], "resourceGroup": places["rg"]}.get(grant.scope, _placed(grant.scope, places))
        properties = {
            "principalId": principal.object_id, "principalType": "ServicePrincipal",
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        }  # fmt: skip
        name = guid_of(principal.object_id, grant.role, scope)
        try:
            providers.write(
                store, f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties}
            )
        except ArmError as error:
            raise state.fault((*here, "scope"), f"{error.code}: {error.message}") from error
    return principal


def _role_id(name: str, store: Store) -> str | None:
    known = {str(item["properties"]["roleName"]).lower(): role_id for role_id, item in built_in_roles().items()}
    for item in store.of_type("Microsoft.Authorization/roleDefinitions"):
        known[str(item.body["properties"]["roleName"]).lower()] = item.id.name
    return known.get(name.lower())


def _deploy_template(state: State, at: int, store: Store) -> None:
    entry, group, subscription = state.shape.templates[at], state.shape.group, state.shape.subscription
    assert group is not None and subscription is not None, "read_state requires them"  # noqa: PT018  # one promise
    path = state.folder / entry.file
    if not path.is_file():
        raise state.fault(("templates", at, "file"), f"there is no template {entry.file} beside the state")
    target = _target(state, at, subscription, group)
    file = read_template(path)
    declared = {name.lower() for name in file.data.get("parameters") or {}}
    given = {name: value for name, value in state.shape.parameters.items() if name.lower() in declared}
    deploy(file, target, given, store, frame=Frame(told="the state gives no value"))


def _target(state: State, at: int, subscription: SubscriptionShape, group: GroupShape) -> Target:
    """Where a template goes. A subscription other than the workload's is named with one of its groups."""
    entry = state.shape.templates[at]
    if entry.subscription:
        further = next((item for item in state.shape.subscriptions if entry.subscription in (item.id, item.name)), None)
        if further is None:
            raise state.fault(("templates", at, "subscription"), f"no further subscription is called {entry.subscription}")
        subscription = further
        wanted = next((item for item in further.groups if item.name.lower() == entry.group.lower()), None)
        if wanted is None:
            raise state.fault(("templates", at), f"{further.name} has no resource group {entry.group!r}")
        group = wanted
    name = group.name if entry.scope == "resourceGroup" else ""
    return Target(state.shape.tenant, "", subscription.id, name, group.location, subscription.name)
