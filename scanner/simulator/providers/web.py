"""App Service: sites with their configuration resources, plans."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from scanner.simulator.providers.common import complete, properties_of
from scanner.simulator.store import Store, StoredResource, merge

__all__ = ["WEB"]

Json = Any

#: A Key Vault reference in an app setting: by name, or by the address of the secret with or without its version.
_REFERENCE: Final = re.compile(
    r"@Microsoft\.KeyVault\((?:VaultName=(?P<vault>[^;)]+);SecretName=(?P<secret>[^;)]+)(?:;SecretVersion=(?P<version>[^;)]+))?"
    r"|SecretUri=https://(?P<host>[^./]+)\.[^/]+/secrets/(?P<name>[^/)]+)(?:/(?P<of>[^/)]+))?/?)\)",
    re.IGNORECASE,
)


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


def _configuration(stored: StoredResource, store: Store) -> None:
    """App settings are never read back by GET: what shows of them is which ones refer to a vault, without values.

    Items carry the setting's name as proxy resources do; Microsoft's example leaves it out, and no recorded answer confirms it.
    """
    if stored.id.name.lower() != "appsettings":
        return
    site = stored.id.text.rpartition("/config/")[0]
    found = {name: match for name, text in properties_of(stored).items() if (match := _REFERENCE.fullmatch(str(text)))}
    store.answers[f"{site}/config/configreferences/appsettings".lower()] = {
        "value": [{"name": name, "properties": _referred(match)} for name, match in found.items()]
    }
    store.remove(stored.id.text)


def _referred(match: re.Match[str]) -> dict[str, Json]:
    """Vault, secret and version as the documented answer names them; the version only where the reference pins one."""
    parts = {
        "vaultName": match["vault"] or match["host"],
        "secretName": match["secret"] or match["name"],
        "secretVersion": match["version"] or match["of"],
    }
    return {key: value for key, value in parts.items() if value}


def _plan(stored: StoredResource, _: Store) -> None:
    properties, sku = properties_of(stored), stored.body.get("sku") or {}
    properties["status"] = "Ready"
    properties["numberOfWorkers"] = sku.get("capacity", 1)


WEB: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Web/sites": _site,
    "Microsoft.Web/sites/config": _configuration,
    "Microsoft.Web/serverfarms": _plan,
}
