"""The changes of a state: create through the provider, set values straight in the store, remove."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.model.errors import ConfigurationError
from scanner.model.yaml_file import YamlFile
from scanner.simulator import providers
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import iso
from scanner.simulator.store import Store, StoredResource

__all__ = ["apply_change"]

Json = Any
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_DAYS: Final = re.compile(r"P(\d+)D")


def apply_change(
    change: dict[str, Json], file: YamlFile, at: tuple[str | int, ...], store: Store, places: dict[str, str], now: datetime
) -> None:
    """Apply one change; faults name the file and line."""
    kinds = [kind for kind in ("create", "set", "remove") if kind in change]
    if len(kinds) != 1:
        raise ConfigurationError([file.fault(at, "a change has exactly one of create, set and remove")])
    kind = kinds[0]
    operation = change[kind]
    resource_id = _full(str(operation["resource"]), places)
    if kind == "create":
        try:
            providers.write(store, resource_id, _dated(operation.get("body") or {}, now, places))
        except ArmError as error:
            raise ConfigurationError([file.fault((*at, kind, "resource"), f"{error.code}: {error.message}")]) from error
        return
    stored = store.raw(resource_id)
    if stored is None:
        raise ConfigurationError([file.fault((*at, kind, "resource"), f"{resource_id} is not there to {kind}")])
    if kind == "remove":
        providers.remove(store, resource_id)
        return
    for path, value in operation["values"].items():
        if not _assign(stored, path, _dated(value, now, places)):
            raise ConfigurationError([file.fault((*at, "set", "values", path), f"{path} does not lead into {resource_id}")])
    store.touch()


def _full(resource: str, places: dict[str, str]) -> str:
    filled = resource.replace("{sub}", places["sub"]).replace("{rg}", places["rg"])
    return filled if filled.startswith("/") else f"{places['rg']}/{filled}"


def _dated(value: Json, now: datetime, places: dict[str, str]) -> Json:
    """Values with `{ago: P200D}` as a date that long before the clock, `{agoEpoch: …}` as Unix seconds."""
    if isinstance(value, dict):
        if set(value) == {"ago"} or set(value) == {"agoEpoch"}:
            key, duration = next(iter(value.items()))
            found = _DAYS.fullmatch(str(duration))
            moment = now - timedelta(days=int(found[1]) if found else 0)
            return iso(moment) if key == "ago" else int(moment.timestamp())
        return {key: _dated(item, now, places) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item, now, places) for item in value]
    return value.replace("{sub}", places["sub"]).replace("{rg}", places["rg"]) if isinstance(value, str) else value


def _assign(stored: StoredResource, path: str, value: Json) -> bool:
    steps: list[str | int] = [name or int(index) for name, index in _STEP.findall(path)]
    holder: Json = stored.body
    for step in steps[:-1]:
        if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
            holder = holder[step]
        elif isinstance(holder, dict) and isinstance(step, str):
            holder = holder.setdefault(step, {})
        else:
            return False
    last = steps[-1]
    if isinstance(holder, dict) and isinstance(last, str):
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
        return True
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        holder[last] = value
        return True
    return False
