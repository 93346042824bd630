"""States: YAML files that name templates to deploy and changes to make, read with file and line, deployed in process."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from scanner.model.errors import ConfigurationError, DriftlineError, Fault
from scanner.model.packaged import packaged
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.simulator import providers
from scanner.simulator.access import Principal, built_in_roles
from scanner.simulator.changes import apply_change
from scanner.simulator.deployment import Target, deploy
from scanner.simulator.providers.common import guid_of
from scanner.simulator.store import Store

__all__ = ["Deployed", "deploy_state", "state_path"]

Json = Any
_DAYS: Final = re.compile(r"P(\d+)D")
_KEYS: Final = frozenset(
    {
        "state",
        "from",
        "tenant",
        "subscription",
        "resourceGroup",
        "deployed",
        "templates",
        "parameters",
        "principals",
        "roles",
        "answers",
        "changes",
    }
)


@dataclass(slots=True)
class Deployed:
    """A state in being: its store, who may sign in, its tenant and subscriptions."""

    store: Store
    tenant: str
    subscriptions: dict[str, str] = field(default_factory=dict)
    principals: tuple[Principal, ...] = ()


def state_path(state: str | Path) -> Path:
    """The file of a state: a shipped one by name (`reference`, `drifted`), or a path."""
    folder = packaged("baselines", "openai-chat", "deployment")
    shipped = folder / f"{state}.yaml"
    path = shipped if isinstance(state, str) and shipped.is_file() else Path(state)
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml")))
        raise DriftlineError(f'there is no state "{state}"', hint=f"Shipped states: {known}; or name a state file.")
    return path


def deploy_state(state: str | Path, now: datetime) -> Deployed:
    """Deploy a state. Raises `ConfigurationError` with every fault of its files."""
    faults: list[Fault] = []
    path = state_path(state)
    layers = _layers(path, faults)
    if faults or not layers:
        raise ConfigurationError(faults or [Fault(str(path), 0, "the file is empty")])
    merged: dict[str, Json] = {}
    for _, file in reversed(layers):
        merged.update({key: value for key, value in file.data.items() if key not in ("changes", "from")})
    for key in ("tenant", "subscription", "resourceGroup", "templates"):
        if key not in merged:
            raise ConfigurationError([Fault(layers[0][1].name, 1, f'"{key}" is missing')])
    deployed = _begin(merged, now)
    base = layers[-1][0].parent
    for entry in merged["templates"]:
        _deploy_template(base / entry["file"], entry.get("scope", "resourceGroup"), merged, deployed)
    _answer(merged, deployed)
    deployed.store.deploying = False
    for _, file in reversed(layers):
        for at, change in enumerate(file.data.get("changes") or []):
            apply_change(change, file, ("changes", at), deployed.store, _places(merged), now)
    return deployed


def _layers(path: Path, faults: list[Fault]) -> list[tuple[Path, YamlFile]]:
    layers: list[tuple[Path, YamlFile]] = []
    while len(layers) < 5:
        file = load_yaml(path, faults, name=path.name)
        if file is None or not isinstance(file.data, dict):
            faults.append(Fault(path.name, 1, "a state is a mapping"))
            return layers
        faults.extend(file.fault((key,), f'unknown key "{key}"') for key in file.data if key not in _KEYS)
        layers.append((path, file))
        origin = file.data.get("from")
        if not origin:
            return layers
        beside = path.parent / str(origin)
        path = beside if beside.is_file() else state_path(str(origin).removesuffix(".yaml"))
    faults.append(Fault(path.name, 1, "states inherit from each other without end"))
    return layers


def _begin(merged: dict[str, Json], now: datetime) -> Deployed:
    found = _DAYS.fullmatch(str(merged.get("deployed", "P0D")))
    store = Store(now=now, born=now - timedelta(days=int(found[1]) if found else 0), tenant=str(merged["tenant"]))
    tenant, subscription, group = str(merged["tenant"]), merged["subscription"], merged["resourceGroup"]
    sub_id = f"/subscriptions/{subscription['id']}"
    store.put(
        sub_id,
        {
            "id": sub_id,
            "subscriptionId": subscription["id"],
            "displayName": subscription["name"],
            "state": "Enabled",
            "tenantId": tenant,
        },
    )
    group_id = f"{sub_id}/resourceGroups/{group['name']}"
    store.put(
        group_id,
        {
            "id": group_id,
            "name": group["name"],
            "type": "Microsoft.Resources/resourceGroups",
            "location": group["location"],
            "tags": group.get("tags", {}),
            "properties": {"provisioningState": "Succeeded"},
        },
    )
    for role in merged.get("roles") or []:
        _define_role(role, sub_id, store)
    principals = tuple(_sign_up(item, sub_id, group_id, store) for item in merged.get("principals") or [])
    return Deployed(store, tenant, {str(subscription["id"]): str(subscription["name"])}, principals)


def _define_role(role: dict[str, Json], sub_id: str, store: Store) -> None:
    role_id = guid_of("role", role["name"])
    permission = {key: role.get(key, []) for key in ("actions", "notActions", "dataActions", "notDataActions")}
    providers.write(
        store,
        f"{sub_id}/providers/Microsoft.Authorization/roleDefinitions/{role_id}",
        {
            "properties": {
                "roleName": role["name"],
                "type": "CustomRole",
                "description": role.get("description", ""),
                "assignableScopes": [sub_id],
                "permissions": [permission],
            }
        },
    )


def _sign_up(item: dict[str, Json], sub_id: str, group_id: str, store: Store) -> Principal:
    principal = Principal(str(item["name"]), str(item["clientId"]), str(item["objectId"]), str(item["secret"]))
    for role in item.get("roles") or []:
        scope = {"subscription": sub_id, "resourceGroup": group_id}.get(str(role["scope"]), str(role["scope"]))
        name = guid_of(principal.object_id, str(role["role"]), scope)
        providers.write(
            store,
            f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            {
                "properties": {
                    "principalId": principal.object_id,
                    "principalType": "ServicePrincipal",
                    "roleDefinitionId": _role_id(str(role["role"])),
                }
            },
        )
    return principal


def _role_id(name: str) -> str:
    for role_id, definition in built_in_roles().items():
        if definition["properties"]["roleName"].lower() == name.lower():
            return role_id
    return guid_of("role", name)


def _deploy_template(path: Path, scope: str, merged: dict[str, Json], deployed: Deployed) -> None:
    try:
        template = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            [Fault(path.name, getattr(error, "lineno", 0), f"the template cannot be read: {error}")]
        ) from error
    group = merged["resourceGroup"] if scope == "resourceGroup" else {"name": "", "location": merged["resourceGroup"]["location"]}
    subscription = merged["subscription"]
    target = Target(deployed.tenant, str(subscription["id"]), str(subscription["name"]), group["name"], group["location"])
    deploy(template, path.name, target, merged.get("parameters") or {}, deployed.store)


def _answer(merged: dict[str, Json], deployed: Deployed) -> None:
    places = _places(merged)
    for item in merged.get("answers") or []:
        path = str(item["path"]).format(**places)
        deployed.store.answers[path.lower()] = item["body"]


def _places(merged: dict[str, Json]) -> dict[str, str]:
    sub = f"/subscriptions/{merged['subscription']['id']}"
    return {"sub": sub, "rg": f"{sub}/resourceGroups/{merged['resourceGroup']['name']}"}
