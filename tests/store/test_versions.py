"""Revisions: a new store is made, an older one migrated with all it holds, a newer one and a stranger's file refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text

from scanner.model.errors import StoreError
from scanner.store import open_store
from scanner.store.address import parse_address
from scanner.store.database import Database
from scanner.store.histories import read_histories
from scanner.store.rows import scan_row, series_row
from scanner.store.tables import HEAD, VERSION_TABLE, metadata, scans, series
from scanner.store.versions import upgrade
from tests.store.conftest import CODEC
from tests.store.results import result

MIGRATIONS = Path(__file__).parents[2] / "scanner" / "store" / "migrations"


def set_version(url: str, version: str) -> None:
    with Database(parse_address(url)).writing("test") as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))  # noqa: S608  # ours


def test_the_tables_are_what_the_migrations_make(url: str) -> None:
    store = open_store(url, CODEC)
    with store.database.reading() as connection:
        options: dict[str, Any] = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_known_revision_is_the_last_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_current_head() == HEAD
    assert [int(item.revision) for item in scripts.walk_revisions()] == list(range(int(HEAD), 0, -1))


def test_a_store_of_the_first_revision_is_migrated_with_all_it_holds(url: str) -> None:
    database = Database(parse_address(url))
    database.create_file()
    one = result(1, {("KEY-001", "a"): "fail"})
    with database.writing("test") as connection:
        upgrade(connection, "0001")
        number = connection.execute(insert(series).returning(series.c.id), series_row(one.scan)).scalar_one()
        connection.execute(insert(scans), scan_row(one, number, "", b"\x78\x9c\x03\x00\x00\x00\x00\x01"))
    store = open_store(url, CODEC)
    assert [scan.point.scan for scan in read_histories(store)[0].scans] == [one.scan.id]
    with store.database.reading() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == HEAD  # noqa: S608  # ours


@pytest.mark.parametrize("version", ["0999", "abc"])
def test_a_store_of_a_newer_driftline_is_refused_with_what_to_do(url: str, version: str) -> None:
    open_store(url, CODEC)
    set_version(url, version)
    for create in (True, False):
        with pytest.raises(StoreError, match=rf"by a newer driftline \(revision {version}.*\n?.*Upgrade driftline"):
            open_store(url, CODEC, create=create)


def test_a_migration_that_is_interrupted_changes_nothing(url: str) -> None:
    database = Database(parse_address(url))
    database.create_file()
    with suppress(KeyboardInterrupt), database.writing("test") as connection:
        upgrade(connection, HEAD)
        raise KeyboardInterrupt
    with pytest.raises(StoreError, match="holds no history"):
        open_store(url, CODEC, create=False)


def test_looking_at_a_history_makes_none(new_url: Callable[[], str], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no history|is not there"):
        open_store(new_url(), CODEC, create=False)
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE places (id)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is the file of another program: places is in it"):
        open_store(f"sqlite:///{path}", CODEC)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list" * 200, encoding="utf-8")
    with pytest.raises(StoreError, match=r"is no store: file is not a database\nName another file"):
        open_store(f"sqlite:///{path}", CODEC)
