"""Every body that the simulator serves is one that Azure could have sent: known paths, members of enumerations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.model.arm_types import arm_type
from scanner.simulator import providers
from scanner.simulator.states import deploy_state
from scanner.simulator.store import Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOY = Path(__file__).parent / "states" / "toy.yaml"

#: Types that the path table lacks: their answers follow the example named.
FROM_EXAMPLES = {
    "microsoft.network/privatednszones/a": "network-privatedns-a-record-get",
    "microsoft.network/networksecuritygroups/defaultsecurityrules": "recorded-network-networksecuritygroups-list",
    "microsoft.storage/storageaccounts/queueservices": "storage-blobservices-get, its sisters",
    "microsoft.storage/storageaccounts/tableservices": "storage-blobservices-get, its sisters",
}
#: Enumerated members whose real spelling differs from the table's.
SPELLINGS = {
    ("microsoft.search/searchservices", "properties.publicnetworkaccess"): "search-services-get answers lower case",
    ("microsoft.search/searchservices", "properties.hostingmode"): "search-services-get answers lower case",
}


def bodies(store: Store) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for stored in store.everything():
        yield stored.id.text, stored.type_key, providers.show(store, stored)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item, (*path, "[*]"))
    else:
        yield path, value


def known_form(path: tuple[str, ...], known: dict[str, str]) -> str:
    """The path as the table has it: `.*` where a map holds names of its own; empty when it has none."""
    forms = {""}
    for part in path:
        following = set()
        for form in forms:
            exact = f"{form}[*]" if part == "[*]" else f"{form}.{part.lower()}".lstrip(".")
            following |= {item for item in (exact, f"{form}.*") if item in known}
        forms = following
    return min(forms, default="")


def prefixes(paths: dict[str, str]) -> dict[str, str]:
    known = dict.fromkeys(("id", "name", "type", "location", "kind", "managedby", "tags"), "string")
    for path, kind in paths.items():
        lowered = path.lower()
        known[lowered] = kind
        while lowered:
            known.setdefault(lowered, "")
            lowered = lowered.removesuffix("[*]") if lowered.endswith("[*]") else lowered.rpartition(".")[0]
    return {**known, "tags.*": "string"}


def faults(store: Store) -> Iterator[str]:
    for resource_id, type_key, body in bodies(store):
        if type_key == "microsoft.insights/metrics":
            continue  # what a state says was measured, in a form of its own
        table = arm_type(type_key)
        if table is None:
            if type_key not in FROM_EXAMPLES and not type_key.endswith("/privateendpointconnections"):
                yield f"{resource_id}: the type {type_key} is not in the table"
            continue
        known = prefixes(table.paths)
        for path, value in leaves(body):
            form, shown = known_form(path, known), ".".join(path)
            if not form:
                yield f"{type_key}: {shown} = {value!r:.60}"
                continue
            members, _, rest = known[form].removeprefix("enum[").partition("]")
            closed = known[form].startswith("enum[") and "open" not in rest and isinstance(value, str)
            if closed and value not in members.split(",") and (type_key, form) not in SPELLINGS:
                yield f"{type_key}: {shown} = {value!r} is none of {members}"


@pytest.mark.parametrize("state", ["reference", "drifted", TOY], ids=["reference", "drifted", "toy"])
def test_every_body_follows_the_path_table(state: str | Path) -> None:
    assert sorted(set(faults(deploy_state(state, NOW).store))) == []


def test_the_comparison_finds_what_azure_does_not_know() -> None:
    store = deploy_state(TOY, NOW).store
    account = next(store.of_type("Microsoft.Storage/storageAccounts"))
    account.body["properties"] |= {"invented": True, "statusOfPrimary": "sleeping"}
    found = sorted(set(faults(store)))
    assert [item.partition(" ")[2].partition(" =")[0] for item in found] == ["properties.invented", "properties.statusOfPrimary"]
