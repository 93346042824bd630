"""How old keys are, as bounds with their source; what Azure does not say is unknown or has no upper bound."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import Gap
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from tests.facts.snapshots import DENIED, NOW, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
ACCOUNTS = "Microsoft.Storage/storageAccounts"
ACCOUNT = rid(ACCOUNTS, "st")
VAULT = rid("Microsoft.KeyVault/vaults", "kv")
SECRET = f"{VAULT}/secrets/endpoint"
KEY = f"{VAULT}/keys/cmk"
DAY = 86_400


def ago(days: float) -> int:
    return int(NOW.timestamp() - days * DAY)


def storage(properties: Json) -> dict[str, Resource]:
    return {item.subject: item for item in derive("key", snapshot(resource(ACCOUNT, properties)))}


def bounds(document: Resource) -> tuple[Json, Json]:
    return document.body["ageLowerDays"], document.body.get("ageUpperDays")


def vault_item(attributes: Json, item_id: str = SECRET) -> Resource:
    of = snapshot(resource(VAULT, {}), resource(item_id, {"attributes": attributes}))
    return derive("key", of)[0]


def test_both_keys_of_an_account_have_the_age_of_their_creation() -> None:
    created = {"key1": "2026-10-31T23:00:00.1234567Z", "KEY2": "2026-07-24T00:00:00Z"}
    found = storage({"keyCreationTime": created, "allowSharedKeyAccess": True})
    assert found["key1"].body == {
        "resourceId": ACCOUNT,
        "resourceName": "st",
        "resourceType": ACCOUNTS,
        "service": "storage",
        "keyName": "key1",
        "live": True,
        "ageLowerDays": 0,
        "ageUpperDays": 0,
        "source": "keyCreationTime",
    }
    assert bounds(found["key2"]) == (100, 100)


@pytest.mark.parametrize(
    ("properties", "live"),
    [({}, True), ({"allowSharedKeyAccess": None}, True), ({"allowSharedKeyAccess": False}, False), ({"ALLOWSHAREDKEYACCESS": "False"}, False)],
)  # fmt: skip
def test_keys_are_live_unless_shared_key_access_is_off(properties: Json, *, live: bool) -> None:
    assert [item.body["live"] for item in storage(properties).values()] == [live, live]


def test_a_key_never_rotated_on_record_is_at_most_as_old_as_its_account() -> None:
    found = storage({"keyCreationTime": {"key1": None}, "creationTime": "2025-11-01T00:00:00Z"})
    bound = (0, 365, "creation of the account; the key was never rotated on record")
    assert [(*bounds(found[name]), found[name].body["source"]) for name in ("key1", "key2")] == [bound, bound]
    assert bounds(storage({})["key1"]) == (0, None)


@pytest.mark.parametrize("odd", ["yesterday", 5, [1], {"a": 1}, "", True])
def test_a_date_that_cannot_be_read_is_an_unknown_age(odd: Json) -> None:
    assert isinstance(storage({"keyCreationTime": {"key1": odd}})["key1"].body["ageUpperDays"], Unknown)


def test_a_clock_ahead_of_ours_makes_no_negative_age() -> None:
    assert bounds(storage({"keyCreationTime": {"key1": "2026-11-02T00:00:00Z"}})["key1"]) == (0, 0)
    assert bounds(vault_item({"created": ago(-2)})) == (0, 0)


def test_an_account_read_without_properties_has_keys_of_unknown_age() -> None:
    found = storage(None)
    assert [isinstance(item.body[name], Unknown) for item in found.values() for name in ("live", "ageLowerDays")] == [True] * 4


@pytest.mark.parametrize("item_id", [SECRET, KEY])
def test_a_vault_item_is_as_old_as_its_current_version_whatever_was_edited_since(item_id: str) -> None:
    found = vault_item({"enabled": True, "created": ago(190), "updated": ago(3)}, item_id)
    service = "vaultSecret" if item_id == SECRET else "vaultKey"
    assert (found.judged_id, found.body["service"], *bounds(found), found.body["source"]) == (
        item_id, service, 190, 190, "attributes.created",
    )  # fmt: skip


def test_an_edit_bounds_the_age_from_below_only() -> None:
    assert (*bounds(vault_item({"updated": ago(3)})), vault_item({"updated": ago(3)}).body["source"]) == (
        3,
        None,
        "attributes.updated",
    )
    assert (*bounds(vault_item({})), vault_item({}).body["source"]) == (0, None, "none")


@pytest.mark.parametrize(("enabled", "live"), [(True, True), (False, False), ("FALSE", False)])
def test_a_vault_item_is_live_unless_switched_off(enabled: Json, *, live: bool) -> None:
    assert vault_item({"enabled": enabled}).body["live"] is live


@pytest.mark.parametrize("odd", ["2026-01-01", True, [1], 1e300, -1e300])
def test_an_epoch_that_is_none_is_an_unknown_age(odd: Json) -> None:
    assert isinstance(vault_item({"created": odd}).body["ageUpperDays"], Unknown)


def test_accounts_that_are_context_are_not_judged() -> None:
    assert derive("key", snapshot()) == []


def test_what_could_not_be_listed_has_a_document_for_each_service_whose_keys_it_hides() -> None:
    kinds = (ACCOUNTS, "Microsoft.KeyVault/vaults")
    found = derive("key", snapshot(gaps=[Gap(SUBSCRIPTION, kind, DENIED) for kind in kinds]))
    assert [(item.judged_id, item.body["service"], type(item.body["live"])) for item in found] == [
        (SUBSCRIPTION, service, Unknown) for service in ("storage", "vaultSecret", "vaultKey")
    ]
    vault_refused = [Gap(VAULT, f"Microsoft.KeyVault/vaults/{child}", DENIED) for child in ("secrets", "keys")]
    found = derive("key", snapshot(resource(VAULT, {}), gaps=vault_refused))
    assert [(item.judged_id, item.body["service"]) for item in found] == [(VAULT, "vaultSecret"), (VAULT, "vaultKey")]
    assert len({item.key for item in found}) == 2


@pytest.mark.parametrize(
    ("enabled", "live"),
    [(None, True), (True, True), ("True", True), (False, False), ("false", False), ("odd", Unknown), ([True], Unknown)],
)
def test_a_secret_is_live_unless_it_is_disabled(enabled: Json, live: Json) -> None:
    found = vault_item({"created": ago(1), "enabled": enabled}).body["live"]
    assert (Unknown if isinstance(found, Unknown) else found) is live
