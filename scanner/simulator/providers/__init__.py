"""What resource providers compute when a resource is written, shown or removed: one small module per service, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.model.resource_id import ResourceId
from scanner.simulator.errors import ArmError, group_not_found, not_found, parent_not_found
from scanner.simulator.providers.ai import AI
from scanner.simulator.providers.common import DEPLOYER, complete, spelled_id
from scanner.simulator.providers.data import DATA
from scanner.simulator.providers.dns import DNS, forget_records
from scanner.simulator.providers.governance import GOVERNANCE
from scanner.simulator.providers.machine_learning import MACHINE_LEARNING, forget_rule
from scanner.simulator.providers.monitoring import MONITORING
from scanner.simulator.providers.network import NETWORK
from scanner.simulator.providers.private_link import PRIVATE_LINK, forget_endpoint
from scanner.simulator.providers.schema import carry_read_only, without_read_only
from scanner.simulator.providers.views import view
from scanner.simulator.providers.web import WEB
from scanner.simulator.store import INLINE, Store, StoredResource

__all__ = ["remove", "show", "write"]

Json = Any
Hook = Callable[[StoredResource, Store], None]

_WRITTEN: Final[Mapping[str, Hook]] = {
    name.lower(): function
    for table in (AI, DATA, DNS, GOVERNANCE, MACHINE_LEARNING, MONITORING, NETWORK, PRIVATE_LINK, WEB)
    for name, function in table.items()
}
_REMOVED: Final[Mapping[str, Hook]] = {
    "microsoft.network/privateendpoints": forget_endpoint,
    "microsoft.network/privateendpoints/privatednszonegroups": forget_records,
    "microsoft.machinelearningservices/workspaces/outboundrules": forget_rule,
}


def write(store: Store, resource_id: str, body: Json, author: str = DEPLOYER) -> StoredResource:
    """PUT a resource: what Azure computes is filled in, on it and on what it touches. Raises `ArmError` where Azure refuses."""
    if not isinstance(body, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: a resource is a JSON object.")
    resource_id = spelled_id(resource_id)
    known = store.raw(resource_id)
    before = known.body if known is not None else {}
    identified = known.id if known is not None else store.identify(resource_id)
    if known is None:
        _require_home(identified, store)
    resource_type = identified.type
    own = without_read_only(resource_type, body)
    carry_read_only(resource_type, before, own)
    if "systemData" in before:
        own["systemData"] = before["systemData"]
    stored = store.put(resource_id, own)
    try:
        _settle(stored, store, author)
    except ArmError:
        _undo(stored, known, store)
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        _undo(stored, known, store)
        message = f"The request content was invalid and could not be deserialized: {type(error).__name__}: {error}"
        raise ArmError(400, "InvalidRequestContent", message) from error
    store.touch()
    return stored


def show(store: Store, stored: StoredResource) -> dict[str, Json]:
    """A resource as an answer holds it, with its children and what refers to it."""
    return store.show(stored, view)


def remove(store: Store, resource_id: str) -> bool:
    """DELETE a resource with everything below and upon it, and what it had made elsewhere."""
    stored = store.raw(resource_id)
    if stored is None:
        return False
    below = [item for item in store.everything() if item.id.key.startswith(stored.id.key + "/")]
    for item in (*below, stored):
        hook = _REMOVED.get(item.type_key)
        if hook is not None:
            hook(item, store)
    return store.remove(resource_id)


def _undo(stored: StoredResource, known: StoredResource | None, store: Store) -> None:
    """A refused write leaves things as they were."""
    if known is None:
        store.remove(stored.id.text)
    else:
        store.put(known.id.text, known.body)


def _require_home(identified: ResourceId, store: Store) -> None:
    """What a resource lies in or stands on must be there first."""
    home = identified.parent
    if not home or store.raw(home) is not None:
        return
    group = "/".join(identified.text.split("/")[:5])
    if identified.resource_group and store.raw(group) is None:
        raise group_not_found(identified.resource_group)
    raise not_found(ResourceId.parse(home)) if home == identified.scope else parent_not_found(ResourceId.parse(home))


def _settle(stored: StoredResource, store: Store, author: str) -> None:
    complete(stored, store, author)
    for inline in INLINE.get(stored.type_key, ()):
        for child in list(store.children(stored.id.key, inline.segment)):
            _settle(child, store, author)
    hook = _WRITTEN.get(stored.type_key)
    if hook is not None:
        hook(stored, store)
