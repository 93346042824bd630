"""A store: scans are added to their history, compared with the one before, and dropped once they are old."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from scanner.model.errors import DriftlineError, StoreError
from scanner.model.history import FindingState, HistoryFinding
from scanner.model.result import Result, Since, SinceChange, TrendPoint
from scanner.model.uncollected import uncollected
from scanner.store.address import parse_address
from scanner.store.database import Database
from scanner.store.ledger import changes_between, enter, follow, newly_waived
from scanner.store.rows import (
    change_rows,
    compressed,
    finding_of,
    finding_row,
    point_of,
    scan_row,
    series_key,
    series_row,
    trend_point,
    uncompressed,
)
from scanner.store.tables import changes, findings, scans, series
from scanner.store.versions import bring_up_to_date

__all__ = ["Codec", "Store", "open_store"]

#: How many scans a trend shows, the present one among them.
TREND: Final = 30
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_SETTLED: Final = (FindingState.FIXED.value, FindingState.GONE.value, FindingState.PASSING.value)


@dataclass(frozen=True, slots=True)
class Codec:
    """How a result is written as its document, and read back from one; a store knows no format."""

    encode: Callable[[Result], bytes]
    decode: Callable[[bytes, str], Result]


def open_store(url: str, codec: Codec, *, create: bool = True) -> Store:
    """The store at a URL, made or migrated where that is needed. Raises `StoreError`, or `StoreUnavailableError` where it may
    be another time.
    """
    database = Database(parse_address(url))
    bring_up_to_date(database, create=create)
    return Store(database, codec)


class Store:
    """Histories of scans. A scan is the same as another when id and start are: it is stored once."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self.database = database
        self._codec = codec

    @property
    def shown(self) -> str:
        """The URL, without what may be secret."""
        return self.database.address.shown

    def with_history(self, result: Result) -> Result:
        """The result with what changed since the scan before, and the trend up to it; as it is where there is none before."""
        with self.database.reading() as connection:
            history = _find_series(connection, result)
            before = _before(connection, history, result)
            if before is None:
                return result
            old, known = self._document(connection, before), _ledger(connection, history)
            points = _points(connection, history, result)
        since = Since(before["scan"], before["started"], changes_between(old, result, known))
        return replace(result, since=since, trend=(*points, trend_point(result)))

    def add(self, result: Result, *, keep_days: int = 0) -> bool:
        """Store a scan in one transaction, and drop those of its history that are older than `keep_days` (0: none).

        False where it is stored already.
        """
        document = compressed(self._codec.encode(result))
        with uncollected(), self.database.writing(series_key(result.scan)) as connection:
            history = _find_series(connection, result) or _begin_series(connection, result)
            if _is_there(connection, history, result):
                return False
            self._record(connection, history, result, document)
            if keep_days:
                _forget(connection, history, result.scan.started, keep_days)
        return True

    def _record(self, connection: Connection, history: int, result: Result, document: bytes) -> None:
        known = _ledger(connection, history)
        before, latest = _before(connection, history, result), _latest(connection, history)
        old = self._document_if_readable(connection, before)
        changed = self._changes(old, result, known)
        row = scan_row(result, history, before["scan"] if before is not None else "", document)
        number = connection.execute(insert(scans).returning(scans.c.id), row).scalar_one()
        if changed:
            connection.execute(insert(changes), change_rows(changed, number))
        if latest is None or latest["started"] <= result.scan.started:
            moved = _moved(known, result, latest["rules_hash"] if latest is not None else "")
        else:
            moved = _moved_by_late(known, result, self._document_if_readable(connection, latest))
        _write_findings(connection, history, known, moved)

    @staticmethod
    def _changes(old: Result | None, result: Result, known: dict[str, HistoryFinding]) -> Sequence[SinceChange]:
        if old is None:
            return ()
        return (*changes_between(old, result, known), *newly_waived(old, result))

    def _document_if_readable(self, connection: Connection, scan: RowMapping | None) -> Result | None:
        """What is damaged must not keep later scans from being stored: they are compared with nothing."""
        try:
            return None if scan is None else self._document(connection, scan)
        except StoreError:
            return None

    def _document(self, connection: Connection, scan: RowMapping) -> Result:
        stored = connection.execute(select(scans.c.document).where(scans.c.id == scan["id"])).scalar_one()
        name = f"the scan of {scan['started']} in {self.shown}"
        try:
            return self._codec.decode(uncompressed(stored), name)
        except zlib.error:
            raise StoreError(f"{name} is damaged") from None
        except DriftlineError as error:
            raise StoreError(str(error)) from None


def _find_series(connection: Connection, result: Result) -> int:
    """The number of the result's history; 0 where there is none yet."""
    found = connection.execute(select(series.c.id).where(series.c.key == series_key(result.scan))).scalar()
    return int(found or 0)


def _begin_series(connection: Connection, result: Result) -> int:
    return int(connection.execute(insert(series).returning(series.c.id), series_row(result.scan)).scalar_one())


def _is_there(connection: Connection, history: int, result: Result) -> bool:
    same = (scans.c.series == history, scans.c.started == result.scan.started, scans.c.scan == result.scan.id)
    return connection.execute(select(scans.c.id).where(*same)).first() is not None


_ABOUT: Final = [column for column in scans.c if column.name != "document"]


def _before(connection: Connection, history: int, result: Result) -> RowMapping | None:
    """The scan that a result is compared with: the last before it, one that was not interrupted rather than one that was."""
    scan = result.scan
    earlier = (
        select(*_ABOUT)
        .where(scans.c.series == history, scans.c.started <= scan.started)
        .where((scans.c.started != scan.started) | (scans.c.scan != scan.id))
        .order_by(scans.c.complete.desc(), scans.c.started.desc(), scans.c.id.desc())
        .limit(1)
    )
    return connection.execute(earlier).mappings().first()


def _latest(connection: Connection, history: int) -> RowMapping | None:
    last = select(*_ABOUT).where(scans.c.series == history).order_by(scans.c.started.desc(), scans.c.id.desc()).limit(1)
    return connection.execute(last).mappings().first()


def _points(connection: Connection, history: int, result: Result) -> list[TrendPoint]:
    """The scans before a result, oldest first."""
    scan = result.scan
    rows = connection.execute(
        select(*_ABOUT)
        .where(scans.c.series == history, scans.c.started <= scan.started)
        .where((scans.c.started != scan.started) | (scans.c.scan != scan.id))
        .order_by(scans.c.started.desc(), scans.c.id.desc())
        .limit(TREND - 1)
    ).mappings()
    return [point_of(row) for row in rows][::-1]


def _ledger(connection: Connection, history: int) -> dict[str, HistoryFinding]:
    rows = connection.execute(select(findings).where(findings.c.series == history)).mappings()
    return {row["fingerprint"]: finding_of(row) for row in rows}


def _moved(known: dict[str, HistoryFinding], result: Result, rules_hash: str) -> dict[str, HistoryFinding]:
    """The findings that are another way after a result than before."""
    entered = enter(known, result)
    left = [item for name, item in known.items() if name not in entered]
    return entered | follow(left, result, rules_hash)


def _moved_by_late(known: dict[str, HistoryFinding], late: Result, latest: Result | None) -> dict[str, HistoryFinding]:
    """The same for a scan that is stored after one that started later: how a finding stands is for the later one to say."""
    entered = enter({}, late)
    fresh = {name: item for name, item in entered.items() if name not in known}
    older = {
        name: replace(known[name], first_seen=item.first_seen)
        for name, item in entered.items()
        if name in known and item.first_seen < known[name].first_seen
    }
    followed = {} if latest is None else follow(fresh.values(), latest, late.scan.rules_hash)
    return older | fresh | followed


def _write_findings(
    connection: Connection, history: int, known: dict[str, HistoryFinding], moved: dict[str, HistoryFinding]
) -> None:
    fresh = [finding_row(item, history) for name, item in moved.items() if name not in known]
    if fresh:
        connection.execute(insert(findings), fresh)
    old = [_of(finding_row(item, history)) for name, item in moved.items() if name in known]
    if old:
        there = (findings.c.series == bindparam("of_series"), findings.c.fingerprint == bindparam("of_fingerprint"))
        connection.execute(update(findings).where(*there), old)


def _of(row: dict[str, Any]) -> dict[str, Any]:
    """A row for an update: which one it is stands under names of its own."""
    return {f"of_{name}" if name in {"series", "fingerprint"} else name: value for name, value in row.items()}


def _forget(connection: Connection, history: int, now: str, keep_days: int) -> None:
    """Drop what is older, but never the last scan, nor a finding that may come back."""
    limit = (datetime.strptime(now, _TIME) - timedelta(days=keep_days)).strftime(_TIME)  # noqa: DTZ007  # both are UTC
    last = _latest(connection, history)
    kept = last["id"] if last is not None else 0
    connection.execute(delete(scans).where(scans.c.series == history, scans.c.started < limit, scans.c.id != kept))
    settled = (findings.c.state.in_(_SETTLED), findings.c.last_seen < limit)
    connection.execute(delete(findings).where(findings.c.series == history, *settled))
