"""Stores that are locked, full, away or misnamed: words for each, nothing half done, and no secret in any of them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from scanner.model.errors import StoreError, StoreUnavailableError
from scanner.model.history import FindingState
from scanner.model.shown_url import shown_url
from scanner.store import Store, open_store
from scanner.store.address import parse_address
from scanner.store.database import Database
from scanner.store.histories import read_histories
from scanner.store.rows import series_key
from scanner.store.tables import scans
from tests.store.conftest import CODEC
from tests.store.results import result
from tests.store.servers import Server

ONE = result(1, {("KEY-001", "a"): "fail"})


def test_only_the_owner_can_read_the_file_and_those_beside_it(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'deep' / 'h.db'}", CODEC)
    with store.database.writing("test"):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}
    assert modes.pop("h.db") == 0o600
    assert set(modes.values()) <= {0o600}


def test_readers_go_on_while_a_writer_writes(store: Store) -> None:
    store.add(ONE)
    with store.database.writing("test"):
        assert len(read_histories(store)) == 1


def test_a_store_that_another_writes_to_for_long_is_said_to_be_locked(url: str) -> None:
    open_store(url, CODEC)
    ours, theirs = (Store(Database(parse_address(url), patience=1), CODEC) for _ in range(2))
    with (
        theirs.database.writing(series_key(ONE.scan)),
        pytest.raises(StoreUnavailableError, match="is locked by another program"),
    ):
        ours.add(ONE)
    assert ours.add(ONE)


def test_a_full_disk_is_said_to_be_full_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'h.db'}", CODEC)

    def fill(connection: Any, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store.database.engine, "connect", fill)
    many = result(1, {("KEY-001", f"n{at}"): "fail" for at in range(500)})
    with pytest.raises(StoreUnavailableError, match=r"is full: .*\n.*--store-retention DAYS"):
        store.add(many)
    event.remove(store.database.engine, "connect", fill)
    assert read_histories(store) == []
    assert store.add(many)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreUnavailableError, match="cannot be created"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'h.db'}", CODEC)


def test_a_document_that_is_damaged_is_named_and_keeps_no_later_scan_out(store: Store) -> None:
    store.add(ONE)
    with store.database.writing("test") as connection:
        connection.execute(update(scans).values(document=b"no"))
    with pytest.raises(StoreError, match=r"the scan of 2026-11-01T06:00:00Z in .* is damaged"):
        store.with_history(result(2, {("KEY-001", "a"): "fail"}))
    assert store.add(result(3, {("KEY-001", "a"): "pass"}))
    assert [item.state for item in read_histories(store)[0].findings] == [FindingState.FIXED]


SECRET = "hunter2-p@ss:w/rd"
QUOTED = "hunter2-p%40ss%3Aw%2Frd"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://me:{QUOTED}@127.0.0.1:1/driftline",
        f"postgresql://me:{SECRET}@127.0.0.1:1/driftline",
        f"postgresql://127.0.0.1:1/driftline?user=me&password={QUOTED}",
        f"postgresql://me:{QUOTED}@127.0.0.1:{QUOTED}/driftline",
        f"mysql://me:{QUOTED}@host/driftline",
        f"me:{QUOTED}@host",
        f"sqlite://me:{QUOTED}@/x",
        f"postgresql://me:{QUOTED}@127.0.0.1:1/",
    ],
)
def test_no_error_names_a_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, CODEC)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error)
        assert "hunter2" not in repr(error)
        error = error.__cause__


def test_a_wrong_password_is_told_without_it(server: Server | None, new_url: Callable[[], str]) -> None:
    if server is None:
        url = f"postgresql+psycopg://guarded:{QUOTED}@127.0.0.1:1/driftline"
    else:
        server.sql("CREATE ROLE guarded LOGIN PASSWORD 'another'")
        url = new_url().replace("postgres@", f"guarded:{QUOTED}@")
    with pytest.raises(StoreUnavailableError, match=r"cannot be used: connection .* failed") as caught:
        open_store(url, CODEC)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///driftline.db", "sqlite:///driftline.db"),
        ("postgresql://me:p@q@host:5432/db?sslpassword=x", "postgresql://…@host:5432/db"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("me:p@host", "…@host"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_a_store_that_would_be_gone_with_the_process_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match=r"names no file\nWrite sqlite:///driftline\.db"):
        parse_address(url)
