"""Ages of the keys of services that do not tell them: bounds from the activity log, the vault and the service's own creation.

Each service has two keys, and the log does not say which one an event renewed. So an event proves that one key is that old, and
that the other is at least as old as the event before it, or as the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import is_enabled
from scanner.facts.fact import FactContext, document, holes
from scanner.language.functions.dates import parse_date
from scanner.language.functions.table import EvaluationError
from scanner.language.paths import compile_path
from scanner.model.read_plan import EVENTS, EventRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Truth, Unknown

__all__ = ["KEY_EVENTS", "SERVICE_TYPES", "service_keys"]

Json = Any
_ACCOUNTS: Final = "Microsoft.CognitiveServices/accounts"
_SEARCH: Final = "Microsoft.Search/searchServices"
_ENDPOINTS: Final = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
_WINDOW: Final = "Microsoft.Insights/eventtypes"
_BOTH, _LAST, _OTHER = "both keys", "the key renewed last", "the other key"
#: By service: its type, and the operation that renews a key.
_SERVICES: Final = {
    "openai": (_ACCOUNTS, f"{_ACCOUNTS}/regenerateKey/action"),
    "search": (_SEARCH, f"{_SEARCH}/regenerateAdminKey/action"),
    "endpoint": (_ENDPOINTS, f"{_ENDPOINTS}/regenerateKeys/action"),
}
SERVICE_TYPES: Final = frozenset(kind for kind, _ in _SERVICES.values())
KEY_EVENTS: Final = frozenset(EventRead(kind.partition("/")[0], operation) for kind, operation in _SERVICES.values())


@dataclass(frozen=True, slots=True)
class _Log:
    """What the activity log tells of one service: renewals, the latest first, within a time; or why it tells nothing."""

    renewals: tuple[datetime, ...] = ()
    since: datetime | None = None
    doubts: tuple[str, ...] = ()


def service_keys(context: FactContext) -> Iterator[Resource]:
    """Documents of `driftline/key` for every key of these services."""
    log = _Logs(context)
    for service, (kind, operation) in _SERVICES.items():
        for resource in context.snapshot.audited(kind):
            serves = service != "openai" or _serves_models(resource, context.snapshot)
            if isinstance(serves, Unknown):
                yield document("driftline/key", resource.id, _BOTH, _not_known(service, kind, serves))
            elif serves:
                yield from _Keys(service, resource, log.of(resource, operation), context).documents()
        for where, reason in holes(context.snapshot, kind):
            yield document("driftline/key", where, "", _not_known(service, kind, reason), apart=service)


def _not_known(service: str, resource_type: str, reason: Unknown) -> dict[str, Json]:
    named = ("live", "keyName", "ageLowerDays", "ageUpperDays", "source", "inVault")
    return {"service": service, "resourceType": resource_type, **dict.fromkeys(named, reason)}


class _Logs:
    """The activity log of a snapshot, by resource and operation."""

    def __init__(self, context: FactContext) -> None:
        self._snapshot = context.snapshot
        self._windows = [(normalise(ResourceId.parse(item.id).scope), item) for item in self._snapshot.of_type(_WINDOW)]
        self._events: dict[tuple[str, str], list[datetime | Unknown]] = {}
        self._doubts: list[str] = []
        for item in self._snapshot.of_type(EVENTS):
            self._learn(item)

    def of(self, resource: Resource, operation: str) -> _Log:
        """What is known of an operation on a resource."""
        provider = operation.partition("/")[0].lower()
        windows = [
            item
            for scope, item in self._windows
            if is_within(resource.key, scope) and provider in _providers(item, self._snapshot)
        ]
        since = next(
            (moment for item in windows if isinstance(moment := _moment(_read(item, "from", self._snapshot)), datetime)), None
        )
        if since is None:
            missing = self._snapshot.missing(EVENTS, resource.key)
            return _Log(doubts=missing.reasons if missing is not None else ("the activity log was not read",))
        found = self._events.get((resource.key, operation.lower()), [])
        odd = [reason for item in found if isinstance(item, Unknown) for reason in item.reasons]
        times = sorted((item for item in found if isinstance(item, datetime)), reverse=True)
        return _Log(tuple(times), since, (*self._doubts, *odd))

    def _learn(self, item: Resource) -> None:
        target, operation, status = (
            _read(item, path, self._snapshot) for path in ("resourceId", "operationName.value", "status.value")
        )
        if not all(isinstance(value, str) for value in (target, operation, status)):
            self._doubts.append(f"{item.id} does not say what it did to which resource")
        elif status.lower() == "succeeded":
            moment = _moment(_read(item, "eventTimestamp", self._snapshot))
            self._events.setdefault((normalise(target), operation.lower()), []).append(moment)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one service."""

    service: str
    resource: Resource
    log: _Log
    context: FactContext

    def documents(self) -> Iterator[Resource]:
        """One for each key that can be told apart."""
        names = (_LAST, _OTHER) if self.log.renewals else (_BOTH,)
        for name in names:
            body = {"service": self.service, "resourceType": self.resource.type, "keyName": name, "live": self._live()}
            bounds = self._bounds(0 if name != _OTHER else 1)
            yield document("driftline/key", self.resource.id, name, {**body, **bounds, "inVault": self._in_vault()})

    def _live(self) -> Truth:
        if self.service == "endpoint":
            mode = _read(self.resource, "properties.authMode", self.context.snapshot)
            if not isinstance(mode, str):
                return (
                    mode if isinstance(mode, Unknown) else Unknown.because(f"{self.resource.id} does not say how callers sign in")
                )
            return mode.lower() == "key"
        off = _read(self.resource, "properties.disableLocalAuth", self.context.snapshot)
        return off if isinstance(off, Unknown) else str(off).lower() != "true"

    def _bounds(self, renewal: int) -> dict[str, Json]:
        """Bounds of the age of the key renewed last (0), or of the other (1)."""
        made = self._made()
        upper = {} if made is None else {"ageUpperDays": self._age(made)}
        if self.log.doubts or self.log.since is None:
            reason = Unknown(tuple(dict.fromkeys(self.log.doubts)))
            return {**upper, "ageLowerDays": reason, "source": "creation of the service; the activity log is not known"}
        if len(self.log.renewals) > renewal:
            age = self._age(self.log.renewals[renewal])
            if renewal == 0 and self._in_vault() == "current":
                return {
                    "ageLowerDays": age,
                    "ageUpperDays": age,
                    "source": "last regenerate event, and the vault holds a later version",
                }
            return {**upper, "ageLowerDays": age, "source": "regenerate event, which does not say of which key"}
        if made is not None and made >= self.log.since:
            return {**upper, "ageLowerDays": self._age(made), "source": "creation of the service; no regenerate event since"}
        if made is None:
            return {"ageLowerDays": 0, "source": "no regenerate event; the service does not say when it was made"}
        kept = self._age(self.log.since)
        return {
            **upper,
            "ageLowerDays": min(kept + 1, self._age(made)),
            "source": f"no regenerate event in the {kept} days of the activity log",
        }

    def _in_vault(self) -> Json:
        """Whether the vault holds the key that is in force: `current`, `stale` or `missing`; unknown where nobody can tell."""
        secret = self._secret()
        if not isinstance(secret, Resource):
            return secret
        snapshot = self.context.snapshot
        enabled = is_enabled(secret, snapshot.spellings)
        created = _epoch(_read(secret, "properties.attributes.created", snapshot))
        if isinstance(enabled, Unknown) or isinstance(created, Unknown):
            return enabled if isinstance(enabled, Unknown) else created
        if not enabled:
            return "missing"
        made = self._made()
        if (made is not None and created < made) or (self.log.renewals and created < self.log.renewals[0]):
            return "stale"
        if made is None or self.log.doubts or self.log.since is None:
            return Unknown(self.log.doubts or (f"{self.resource.id} does not say when it was made",))
        if not self.log.renewals and created < self.log.since and made < self.log.since:
            return Unknown.because("whether the key was renewed before the activity log begins is not known")
        return "current"

    def _secret(self) -> Resource | Unknown | str:
        workload = self._workload()
        named: Json = workload.parameters.get("keySecrets") if workload is not None else None
        names = {str(key).lower(): value for key, value in named.items()} if isinstance(named, Mapping) else {}
        vault = workload.components.get("vault") if workload is not None else None
        name = names.get(self.resource.name.lower())
        if vault is None or vault.status == "missing" or not isinstance(name, str):
            return "missing"
        if vault.status != "bound" or len(vault.resources) != 1:
            return Unknown.because(f"component vault is {vault.status}: {vault.reason}")
        found = self.context.snapshot.look_up(f"{vault.resources[0].id}/secrets/{name}")
        return "missing" if found is None else found

    def _workload(self) -> BoundWorkload | None:
        inside = (
            item for item in self.context.workloads if any(is_within(self.resource.key, normalise(at)) for at in item.scopes)
        )
        return next(inside, None)

    def _made(self) -> datetime | None:
        for path in ("systemData.createdAt", "properties.dateCreated"):
            made = _moment(_read(self.resource, path, self.context.snapshot))
            if isinstance(made, datetime):
                return made
        return None

    def _age(self, moment: datetime) -> int:
        """Whole days; a clock ahead of ours makes an age of zero."""
        return max(0, (self.context.now - moment) // timedelta(days=1))


def _serves_models(account: Resource, snapshot: Snapshot) -> Truth:
    """Whether an account is of Azure OpenAI."""
    kind = _read(account, "kind", snapshot)
    if isinstance(kind, str):
        return kind.lower() in ("openai", "aiservices")
    return kind if isinstance(kind, Unknown) else Unknown.because(f"{account.id} does not say its kind")


def _providers(window: Resource, snapshot: Snapshot) -> set[str]:
    listed = _read(window, "providers", snapshot)
    return {item.lower() for item in listed if isinstance(item, str)} if isinstance(listed, list) else set()


def _read(resource: Resource, path: str, snapshot: Snapshot) -> Json:
    if path.startswith("properties.") and "properties" in resource.unread:
        return Unknown.because(f"{resource.id} was read without its properties")
    return compile_path(path).read(resource.body, snapshot.spellings)


def _moment(value: Json) -> datetime | Unknown:
    if value is ABSENT or isinstance(value, Unknown):
        return value if isinstance(value, Unknown) else Unknown.because("there is no date")
    try:
        return parse_date(value)
    except EvaluationError as error:
        return Unknown.because(f"a date cannot be read: {error}")


def _epoch(value: Json) -> datetime | Unknown:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, Unknown) else Unknown.because("the version of the secret does not say when it was made")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return Unknown.because("the version of the secret was made outside of the calendar")
