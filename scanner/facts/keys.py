"""`driftline/key`: one document per key, secret or certificate key, with bounds of its age and where they come from.

Storage keys: `keyCreationTime` of the account (null until the first rotation on old accounts: then the account's own creation
bounds the age). Vault secrets and keys: `attributes.created` of the current version, in Unix seconds; `updated` moves on any
edit and so bounds the age from below only. Azure OpenAI, AI Search, online endpoints: `service_keys`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.facts.documents import is_enabled
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.facts.service_keys import KEY_EVENTS, SERVICE_TYPES, service_keys
from scanner.language.functions.dates import parse_date
from scanner.language.functions.table import EvaluationError
from scanner.language.paths import compile_path
from scanner.model.read_plan import ChildRead
from scanner.model.resource import Resource
from scanner.model.unknown import ABSENT, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["KEY"]

Json = Any

_STORAGE: Final = "Microsoft.Storage/storageAccounts"
_VAULT_CHILDREN: Final = {"vaultSecret": "Microsoft.KeyVault/vaults/secrets", "vaultKey": "Microsoft.KeyVault/vaults/keys"}
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "resourceType": "string",
    "service": "string",
    "keyName": "string",
    "live": "bool",
    "ageLowerDays": "int",
    "ageUpperDays": "int",
    "source": "string",
    "inVault": "string",
}


def _needs(_: Baseline) -> Needs:
    children = frozenset(ChildRead(name) for name in _VAULT_CHILDREN.values())
    return Needs(types=frozenset({_STORAGE}) | SERVICE_TYPES, children=children, events=KEY_EVENTS)


def _derive(context: FactContext) -> Iterator[Resource]:
    for account in context.snapshot.audited(_STORAGE):
        yield from _storage_keys(account, context)
    yield from _unread(context, "storage", _STORAGE)
    for service, resource_type in _VAULT_CHILDREN.items():
        for item in context.snapshot.audited(resource_type):
            yield _vault_item(item, service, context)
        yield from _unread(context, service, resource_type)
    yield from service_keys(context)


def _unread(context: FactContext, service: str, resource_type: str) -> Iterator[Resource]:
    for where, reason in holes(context.snapshot, resource_type):
        body = dict.fromkeys(("live", "keyName", "ageLowerDays", "ageUpperDays", "source"), reason)
        named = {"service": service, "resourceType": resource_type, **body}
        yield document("driftline/key", where, "", named, apart=service)


def _storage_keys(account: Resource, context: FactContext) -> Iterator[Resource]:
    shared_key = _read(account, "properties.allowSharedKeyAccess", context)
    # Azure's default: null is the same as true.
    live: Json = shared_key if isinstance(shared_key, Unknown) else shared_key is ABSENT or str(shared_key).lower() != "false"
    for name in ("key1", "key2"):
        created = _read(account, f"properties.keyCreationTime.{name}", context)
        body: dict[str, Json] = {"service": "storage", "resourceType": _STORAGE, "keyName": name, "live": live}
        if created is ABSENT:
            made = _read(account, "properties.creationTime", context)
            body |= {
                "ageLowerDays": 0,
                **_upper(made, context.now),
                "source": "creation of the account; the key was never rotated on record",
            }
        else:
            age = _age(created, context.now)
            body |= {"ageLowerDays": age, "ageUpperDays": age, "source": "keyCreationTime"}
        yield document("driftline/key", account.id, name, body)


def _vault_item(item: Resource, service: str, context: FactContext) -> Resource:
    created = _read(item, "properties.attributes.created", context)
    updated = _read(item, "properties.attributes.updated", context)
    live: Json = is_enabled(item, context.snapshot.spellings)
    body: dict[str, Json] = {"service": service, "resourceType": item.type, "keyName": item.name, "live": live}
    if created is not ABSENT:
        age = _age_of_epoch(created, context.now)
        body |= {"ageLowerDays": age, "ageUpperDays": age, "source": "attributes.created"}
    else:
        lower = 0 if updated is ABSENT else _age_of_epoch(updated, context.now)
        body |= {"ageLowerDays": lower, "source": "attributes.updated" if updated is not ABSENT else "none"}
    return document("driftline/key", item.id, "", body)


def _upper(made: Json, now: datetime) -> dict[str, Json]:
    return {} if made is ABSENT else {"ageUpperDays": _age(made, now)}


def _read(resource: Resource, path: str, context: FactContext) -> Json:
    if "properties" in resource.unread:
        return Unknown.because(f"{resource.id} was read without its properties")
    return compile_path(path).read(resource.body, context.snapshot.spellings)


def _age(date: Json, now: datetime) -> Json:
    """Whole days; a clock ahead of ours makes an age of zero."""
    if isinstance(date, Unknown):
        return date
    try:
        return max(0, (now - parse_date(date)) // timedelta(days=1))
    except EvaluationError as error:
        return Unknown.because(f"the date of creation cannot be read: {error}")


def _age_of_epoch(seconds: Json, now: datetime) -> Json:
    if isinstance(seconds, Unknown):
        return seconds
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return Unknown.because("the date of creation is no number of Unix seconds")
    try:
        return max(0, (now - datetime.fromtimestamp(seconds, UTC)) // timedelta(days=1))
    except (OverflowError, ValueError, OSError):
        return Unknown.because("the date of creation lies outside of the calendar")


KEY: Final = Fact("driftline/key", _PATHS, _needs, _derive, one_per="key, vault secret, vault key", parameters=("keySecrets",))
