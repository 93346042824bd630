"""Stores for the tests: SQLite files, or with DRIFTLINE_TEST_STORE=postgresql (`make store`) databases of a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.report.result_json import render_json
from scanner.report.result_reading import parse_result
from scanner.store import Codec, Store, open_store
from tests.store.servers import Server, postgresql

ON_POSTGRESQL = os.environ.get("DRIFTLINE_TEST_STORE") == "postgresql"
CODEC = Codec(render_json, parse_result)


@pytest.fixture(scope="session")
def server() -> Iterator[Server | None]:
    """A PostgreSQL for the whole run, where one is asked for."""
    if not ON_POSTGRESQL:
        yield None
        return
    with postgresql() as running:
        yield running


@pytest.fixture
def new_url(server: Server | None, tmp_path: Path) -> Callable[[], str]:
    """What names a database that is not there yet, or is empty."""
    names = iter(range(1000))
    return lambda: f"sqlite:///{tmp_path / f'history{next(names)}.db'}" if server is None else server.new_database()


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def store(url: str) -> Store:
    """An empty store."""
    return open_store(url, CODEC)
