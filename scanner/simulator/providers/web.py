"""App Service: sites with their configuration, plans. Application settings are kept apart: only an action lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from scanner.simulator.providers.common import complete, fill, iso, properties_of
from scanner.simulator.store import Store, StoredResource, merge

__all__ = ["WEB", "settings_references"]

Json = Any

#: What `config/web` of a new site states, from Azure's own example; ftpsState is left out, its default is not documented.
_CONFIG: Final = {
    "numberOfWorkers": 1, "remoteDebuggingEnabled": False, "httpLoggingEnabled": False, "webSocketsEnabled": False,
    "alwaysOn": False, "vnetName": "", "vnetRouteAllEnabled": False, "http20Enabled": False, "minTlsVersion": "1.2",
    "scmMinTlsVersion": "1.2",
}  # fmt: skip
#: A Key Vault reference in an app setting: by name, or by the address of the secret with or without its version.
_REFERENCE: Final = re.compile(
    r"@Microsoft\.KeyVault\((?:VaultName=(?P<vault>[^;)]+);SecretName=(?P<secret>[^;)]+)(?:;SecretVersion=(?P<version>[^;)]+))?"
    r"|SecretUri=https://(?P<host>[^./]+)\.[^/]+/secrets/(?P<name>[^/)]+)(?:/(?P<of>[^/)]+))?/?)\)",
    re.IGNORECASE,
)


def _site(stored: StoredResource, store: Store) -> None:
    """What a request says in `siteConfig` lives in config/web; answers of the site itself leave it null (recorded)."""
    properties, name = properties_of(stored), stored.id.name
    host = f"{name}.azurewebsites.net"
    given = properties.pop("siteConfig", None)
    fill(
        properties,
        {
            "state": "Running", "hostNames": [host], "repositorySiteName": name, "usageState": "Normal", "enabled": True,
            "enabledHostNames": [host, f"{name}.scm.azurewebsites.net"], "availabilityState": "Normal", "defaultHostName": host,
            "lastModifiedTimeUtc": iso(stored.created), "resourceGroup": stored.id.resource_group, "httpsOnly": False,
            "clientCertEnabled": False, "hostNamesDisabled": False,
        },
    )  # fmt: skip
    known = store.raw(f"{stored.id.text}/config/web")
    before = known.body.get("properties") or {} if known is not None else {}
    config = store.put(f"{stored.id.text}/config/web", {"properties": merge(before, given if isinstance(given, dict) else {})})
    complete(config, store, "")
    _config(config, store)
    for path, default in (
        ("config/appsettings", {}),
        ("config/authsettingsV2", {"platform": {"enabled": False}}),
        ("basicPublishingCredentialsPolicies/ftp", {"allow": True}),
        ("basicPublishingCredentialsPolicies/scm", {"allow": True}),
    ):
        if store.raw(f"{stored.id.text}/{path}") is None:
            complete(store.put(f"{stored.id.text}/{path}", {"properties": default}), store, "")


def _config(stored: StoredResource, store: Store) -> None:
    properties = properties_of(stored)
    match stored.id.name.lower():
        case "web":
            settings = properties.pop("appSettings", None)
            if isinstance(settings, list):
                pairs = {str(item.get("name")): str(item.get("value")) for item in settings if isinstance(item, dict)}
                store.hidden[_settings_of(stored)] = pairs
            for secret in ("connectionStrings", "azureStorageAccounts", "publishingPassword", "machineKey"):
                properties.pop(secret, None)
            fill(properties, dict(_CONFIG))
        case "appsettings":
            store.hidden[_settings_of(stored)] = {key: str(value) for key, value in properties.items()}
            stored.body["properties"] = {}
        case _:
            return


def _settings_of(config: StoredResource) -> str:
    return f"{config.id.parent.lower()}/config/appsettings"


def settings_references(site: StoredResource, store: Store) -> Iterator[dict[str, Json]]:
    """The application settings that refer to a vault, without any value: what `config/configreferences/appsettings` lists.

    Items carry the setting's name as proxy resources do; Microsoft's example leaves it out, and no recorded answer confirms it.
    """
    for name, value in store.hidden.get(f"{site.id.key}/config/appsettings", {}).items():
        found = _REFERENCE.fullmatch(value.strip())
        if found is not None:
            parts = {
                "vaultName": found["vault"] or found["host"],
                "secretName": found["secret"] or found["name"],
                "secretVersion": found["version"] or found["of"],
            }
            yield {"name": name, "properties": {key: part for key, part in parts.items() if part}}


def _plan(stored: StoredResource, _: Store) -> None:
    properties, sku = properties_of(stored), stored.body.get("sku")
    capacity = sku.get("capacity", 1) if isinstance(sku, dict) else 1
    properties["status"], properties["numberOfWorkers"] = "Ready", capacity
    fill(properties, {"geoRegion": stored.body.get("location", ""), "resourceGroup": stored.id.resource_group})
    properties["subscription"] = stored.id.subscription


WEB: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Web/sites": _site,
    "Microsoft.Web/sites/config": _config,
    "Microsoft.Web/serverfarms": _plan,
}
