"""App Service: sites with their configuration resources, plans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import complete, properties_of
from scanner.simulator.store import Store, StoredResource, merge

__all__ = ["WEB"]

Json = Any


def _site(stored: StoredResource, store: Store) -> None:
    """A site's own answer holds `siteConfig: null` in lists; what was given there lives in config/web."""
    properties = properties_of(stored)
    given = properties.get("siteConfig")
    host = f"{stored.id.name}.azurewebsites.net"
    properties["state"] = "Running"
    properties["enabled"] = True
    properties["hostNames"] = properties["enabledHostNames"] = [host]
    properties["defaultHostName"] = host
    properties["repositorySiteName"] = stored.id.name
    if isinstance(given, dict):
        known = store.get(f"{stored.id.text}/config/web") or {}
        config = store.put(f"{stored.id.text}/config/web", {"properties": merge(known.get("properties", {}), given)})
        complete(config, store)
    properties["siteConfig"] = None


def _plan(stored: StoredResource, _: Store) -> None:
    properties, sku = properties_of(stored), stored.body.get("sku") or {}
    properties["status"] = "Ready"
    properties["numberOfWorkers"] = sku.get("capacity", 1)


WEB: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Web/sites": _site,
    "Microsoft.Web/serverfarms": _plan,
}
