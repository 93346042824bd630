"""Private DNS: links complete at once, zone groups of private endpoints write the records of their zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from scanner.simulator.providers.common import entries_of, member_of, properties_of
from scanner.simulator.store import Store, StoredResource

__all__ = ["DNS", "forget_records"]

Json = Any

#: Zones whose public suffix is not what follows `privatelink.`.
_SUFFIXES: Final = {"privatelink.vaultcore.azure.net": "vault.azure.net"}


def _zone_link(stored: StoredResource, _: Store) -> None:
    properties_of(stored)["virtualNetworkLinkState"] = "Completed"


def _zone_group(stored: StoredResource, store: Store) -> None:
    endpoint = store.raw(stored.id.parent)
    names = properties_of(endpoint).get("customDnsConfigs") or [] if endpoint is not None else []
    for configuration in properties_of(stored).get("privateDnsZoneConfigs") or []:
        inner = configuration.setdefault("properties", {})
        zone_id = str(inner.get("privateDnsZoneId", ""))
        inner["recordSets"] = list(_record_sets(zone_id.rpartition("/")[2].lower(), names))
        for record in inner["recordSets"]:
            _write_record(zone_id, record, store)


def _record_sets(zone: str, names: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    suffix = "." + _SUFFIXES.get(zone, zone.removeprefix("privatelink."))
    for entry in names:
        if entry["fqdn"].endswith(suffix):
            name = entry["fqdn"].removesuffix(suffix)
            yield {
                "recordType": "A", "recordSetName": name, "fqdn": f"{name}.{zone}", "ttl": 10,
                "ipAddresses": entry["ipAddresses"], "provisioningState": "Succeeded",
            }  # fmt: skip


def _write_record(zone_id: str, record: dict[str, Json], store: Store) -> None:
    """A zone of another subscription, such as a hub's, gets its record there: out of sight."""
    zone = store.raw(zone_id)
    if zone is None:
        return
    record_id = f"{zone.id.text}/A/{record['recordSetName']}"
    store.put(
        record_id,
        {
            "id": record_id, "name": record["recordSetName"], "type": "Microsoft.Network/privateDnsZones/A",
            "properties": {
                "ttl": record["ttl"], "fqdn": f"{record['fqdn']}.", "isAutoRegistered": False,
                "aRecords": [{"ipv4Address": address} for address in record["ipAddresses"]],
            },
        },
    )  # fmt: skip


def forget_records(stored: StoredResource, store: Store) -> None:
    """The records of a zone group go with it."""
    for configuration in entries_of(properties_of(stored), "privateDnsZoneConfigs"):
        inner = member_of(configuration, "properties")
        for record in entries_of(inner, "recordSets"):
            store.remove(f"{inner.get('privateDnsZoneId', '')}/A/{record.get('recordSetName', '')}")


DNS: Final[dict[str, Callable[[StoredResource, Store], None]]] = {
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": _zone_link,
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": _zone_group,
}
