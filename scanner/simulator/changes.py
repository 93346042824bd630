"""The changes of a state: create through the provider, set values straight in the store, remove."""

from __future__ import annotations

import re
from typing import Any, Final

from scanner.model.errors import ConfigurationError
from scanner.simulator import providers
from scanner.simulator.errors import ArmError
from scanner.simulator.providers.common import iso
from scanner.simulator.state_file import PlacedChange, parse_duration
from scanner.simulator.store import Store, StoredResource

__all__ = ["apply_change"]

Json = Any
Steps = list[str | int]

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MARKERS: Final = ({"ago"}, {"agoEpoch"})


def apply_change(placed: PlacedChange, store: Store, places: dict[str, str]) -> None:
    """Apply one change. Raises `ConfigurationError` with file and line."""
    change = placed.change
    if change.create is not None:
        _create(placed, _full(change.create.resource, places), change.create.body, store, places)
        return
    resource = change.remove.resource if change.remove is not None else change.set_values.resource if change.set_values else ""
    kind = "remove" if change.remove is not None else "set"
    stored = store.raw(_full(resource, places))
    if stored is None:
        raise _fault(placed, (kind, "resource"), f"{_full(resource, places)} is not there to {kind}")
    if change.set_values is None:
        providers.remove(store, stored.id.text)
        return
    for path, value in change.set_values.values.items():
        at = ("set", "values", path)
        if not _assign(stored, path, _filled(value, placed, at, store, places)):
            raise _fault(placed, at, f"{path} does not lead into {stored.id.text}")
    store.touch()


def _create(placed: PlacedChange, resource_id: str, body: dict[str, Json], store: Store, places: dict[str, str]) -> None:
    try:
        providers.write(store, resource_id, _filled(body, placed, ("create", "body"), store, places))
    except ArmError as error:
        raise _fault(placed, ("create", "resource"), f"{error.code}: {error.message}") from error


def _full(resource: str, places: dict[str, str]) -> str:
    filled = _placed(resource, places)
    return filled if filled.startswith("/") else f"{places['rg']}/{filled}"


def _placed(text: str, places: dict[str, str]) -> str:
    return text.replace("{sub}", places["sub"]).replace("{rg}", places["rg"])


def _filled(value: Json, placed: PlacedChange, at: tuple[str, ...], store: Store, places: dict[str, str]) -> Json:
    """Values with `{ago: P200D}` as a date that long before the clock, `{agoEpoch: …}` as Unix seconds, and placeholders."""
    if isinstance(value, dict) and set(value) in _MARKERS:
        key, duration = next(iter(value.items()))
        try:
            moment = store.now - parse_duration(str(duration))
        except (ValueError, OverflowError) as error:
            raise _fault(placed, at, str(error)) from error
        return iso(moment) if key == "ago" else int(moment.timestamp())
    if isinstance(value, dict):
        return {_placed(key, places): _filled(item, placed, at, store, places) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, placed, at, store, places) for item in value]
    return _placed(value, places) if isinstance(value, str) else value


def _assign(stored: StoredResource, path: str, value: Json) -> bool:
    """Set a member by path, making the mappings on the way; null removes it. False where the path leads nowhere."""
    steps: Steps = [name or int(index) for name, index in _STEP.findall(path)]
    holder: Json = stored.body
    for step in steps[:-1]:
        if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
            holder = holder[step]
        elif isinstance(holder, dict) and isinstance(step, str):
            holder = holder.setdefault(_known(holder, step), {})
        else:
            return False
    last = steps[-1] if steps else 0
    if isinstance(holder, dict) and isinstance(last, str):
        if value is None:
            holder.pop(_known(holder, last), None)
        else:
            holder[_known(holder, last)] = value
        return True
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        holder[last] = value
        return True
    return False


def _known(holder: dict[str, Json], name: str) -> str:
    """A member as it is spelled there."""
    return next((key for key in holder if key.lower() == name.lower()), name)


def _fault(placed: PlacedChange, at: tuple[str, ...], message: str) -> ConfigurationError:
    return ConfigurationError([placed.file.fault((*placed.at, *at), message)])
