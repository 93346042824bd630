"""Connections and transactions: what differs between SQLite and PostgreSQL, and words for what goes wrong with them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from scanner.model.errors import StoreError, StoreUnavailableError
from scanner.store.address import Address

__all__ = ["Database"]

#: Seconds that a connection is waited for.
_CONNECT: Final = 10
_WRITES: Final = "driftline_writes"


class Database:
    """A database with one connection for each transaction. Errors become `StoreError`. A lock that another holds is waited for
    so many seconds.
    """

    def __init__(self, address: Address, *, patience: int = 30) -> None:
        self.address, self._patience = address, patience
        self.engine = _sqlite(address, patience) if address.file is not None else _postgresql(address)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._words(), self.engine.connect() as connection:
            if self.address.file is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, lock: str) -> Iterator[Connection]:
        """A transaction that is kept as a whole or not at all. One writer at a time: on PostgreSQL of the same `lock`, on SQLite
        of the file.
        """
        with self._words(), self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if self.address.file is None:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{self._patience}s'"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(lock)})
                yield connection

    @contextmanager
    def plain_connection(self) -> Iterator[Any]:
        """The driver's own connection, in no transaction."""
        with self._words(), closing(self.engine.raw_connection()) as connection:
            yield connection

    def create_file(self) -> None:
        """An SQLite file that only its owner can read; those that SQLite puts beside it take after it."""
        path = self.address.file
        if path is None or path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreUnavailableError(f"{self.address.shown} cannot be created: {error.strerror}") from error

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # The cause may hold what the URL holds, and is not handed on.
            raise self._error(error) from None

    def _error(self, error: SQLAlchemyError) -> StoreError:
        shown, said = self.address.shown, self.address.redacted(_first_line(error))
        if isinstance(error, DatabaseError) and not isinstance(error, OperationalError) and "not a database" in said:
            return StoreError(f"{shown} is no store: {said}", hint="Name another file, which is made where it is not there.")
        if "database is locked" in said or "lock timeout" in said:
            return StoreUnavailableError(f"{shown} is locked by another program that writes to it")
        if "disk is full" in said or "No space left" in said:
            return StoreUnavailableError(f"{shown} is full: {said}", hint="Make room, or keep less: --store-retention DAYS.")
        return StoreUnavailableError(f"{shown} cannot be used: {said}")


def _first_line(error: SQLAlchemyError) -> str:
    cause: object = getattr(error, "orig", None) or error
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)


def _lock_key(name: str) -> int:
    """An advisory lock of PostgreSQL is a number of 64 bits."""
    return int.from_bytes(hashlib.sha256(f"driftline {name}".encode()).digest()[:8], "big", signed=True)


def _postgresql(address: Address) -> Engine:
    waits = {} if "connect_timeout" in address.url.query else {"connect_timeout": _CONNECT}
    return create_engine(
        address.url, poolclass=NullPool, hide_parameters=True, isolation_level="READ COMMITTED", connect_args=waits
    )


def _sqlite(address: Address, patience: int) -> Engine:
    waits = {} if "timeout" in address.url.query else {"timeout": patience}
    engine = create_engine(address.url, poolclass=NullPool, hide_parameters=True, connect_args=waits)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    """Transactions begin where `_begin` says so and not with the first change; readers do not wait for a writer."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that read first could neither wait for another writer nor overwrite its work."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")
