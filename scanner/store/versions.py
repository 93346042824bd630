"""Which revision a database has, and what follows: a new one is made, an older one migrated, a newer one refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from scanner.model.errors import StoreError
from scanner.store.database import Database
from scanner.store.tables import HEAD, VERSION_TABLE

__all__ = ["bring_up_to_date", "upgrade"]

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database, *, create: bool) -> None:
    """Make the database one of this driftline. Without `create`, one that is not there is refused. Raises `StoreError`."""
    shown, file = database.address.shown, database.address.file
    if create:
        database.create_file()
    elif file is not None and not file.exists():
        raise StoreError(f"{shown} is not there", hint="A scan makes it: driftline scan --store URL.")
    with database.reading() as connection:
        revision = _revision(connection, shown, file)
    if revision == HEAD:
        return
    if not revision and not create:
        raise StoreError(f"{shown} holds no history", hint="A scan begins one: driftline scan --store URL.")
    if file is not None:
        _read_while_written(database)
    with database.writing("migration") as connection:
        if _revision(connection, shown, file) != HEAD:
            upgrade(connection, HEAD)


def upgrade(connection: Connection, revision: str) -> None:
    """Take the database to a revision, within the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _revision(connection: Connection, shown: str, file: Path | None) -> str:
    """The revision of the database, empty where it holds no store yet."""
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE not in tables:
        if tables and file is not None:
            raise StoreError(f"{shown} is the file of another program: {tables[0]} is in it", hint="Name another file.")
        return ""
    found = str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")  # noqa: S608  # a constant
    if not found.isdecimal() or int(found) > int(HEAD):
        raise StoreError(
            f"{shown} was written by a newer driftline (revision {found}, and this one knows {HEAD})",
            hint="Upgrade driftline, or name another store.",
        )
    return found


def _read_while_written(database: Database) -> None:
    """Let readers of an SQLite file go on while it is written to. The file remembers it."""
    with database.plain_connection() as connection, closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
