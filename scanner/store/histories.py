"""Histories read back from a store, for whoever shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, select

from scanner.model.errors import StoreError
from scanner.model.history import History, HistoryScan
from scanner.model.result import SinceChange
from scanner.store.rows import change_of, finding_of, point_of
from scanner.store.store import Store
from scanner.store.tables import changes, findings, scans, series

__all__ = ["read_histories"]


def read_histories(store: Store, workload: str = "") -> list[History]:
    """Every history, or those whose last scan bound a workload of this name. Raises `StoreError` where there is none such."""
    with store.database.reading() as connection:
        rows = connection.execute(select(series).order_by(series.c.baseline, series.c.environment, series.c.id)).mappings().all()
        found = [_history(connection, row) for row in rows]
    named = [item for item in found if not workload or workload in item.workloads]
    if workload and not named:
        known = ", ".join(sorted({name for item in found for name in item.workloads})) or "none"
        raise StoreError(f'{store.shown} has no workload "{workload}"', hint=f"Known are: {known}.")
    return named


def _history(connection: Connection, row: RowMapping) -> History:
    columns = [column for column in scans.c if column.name != "document"]
    stored = select(*columns).where(scans.c.series == row["id"]).order_by(scans.c.started, scans.c.id)
    told = connection.execute(stored).mappings().all()
    kinds = _kinds(connection, row["id"])
    entries = connection.execute(select(findings).where(findings.c.series == row["id"])).mappings()
    ordered = sorted(map(finding_of, entries), key=lambda item: (item.severity.rank, item.rule, item.resource, item.subject))
    return History(
        row["baseline"], row["environment"], row["planned"], tuple(row["scopes"]), tuple(told[-1]["workloads"]) if told else (),
        tuple(_scan(scan, kinds.get(scan["id"], Counter())) for scan in told), tuple(ordered), _latest(connection, told),
    )  # fmt: skip


def _scan(row: RowMapping, kinds: Counter[str]) -> HistoryScan:
    return HistoryScan(
        point_of(row), row["version"], row["source_kind"], row["complete"], row["resources"], row["waived"],
        row["compared_with"], dict(kinds),
    )  # fmt: skip


def _kinds(connection: Connection, history: int) -> dict[int, Counter[str]]:
    """How many changes of each kind came with each scan."""
    counted = (
        select(changes.c.scan, changes.c.kind, func.count().label("many"))
        .join(scans, scans.c.id == changes.c.scan)
        .where(scans.c.series == history)
        .group_by(changes.c.scan, changes.c.kind)
    )
    found: dict[int, Counter[str]] = {}
    for row in connection.execute(counted).mappings():
        found.setdefault(row["scan"], Counter())[row["kind"]] = row["many"]
    return found


def _latest(connection: Connection, told: Sequence[RowMapping]) -> tuple[SinceChange, ...]:
    if not told:
        return ()
    last = select(changes).where(changes.c.scan == told[-1]["id"]).order_by(changes.c.place)
    return tuple(map(change_of, connection.execute(last).mappings()))
