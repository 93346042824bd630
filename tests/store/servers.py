"""A PostgreSQL of the tests' own: made, started and stopped by them, reached by a socket in its folder. It refuses to run as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Server", "postgresql"]

_NOBODY = 65534
#: Whose password is asked for; everybody else is trusted.
GUARDED = "local all guarded scram-sha-256\nlocal all all trust\n"


class Server:
    """A running server; each test has a database of its own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs, self._count = folder, programs, 0

    def new_database(self, *, user: str = "postgres") -> str:
        """The URL of an empty database."""
        self._count += 1
        name = f"history{self._count}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{user}@/{name}?host={self._folder}"

    def sql(self, statement: str) -> None:
        _run(self._programs / "psql", "-q", "-h", str(self._folder), "-U", "postgres", "-c", statement)


@contextmanager
def postgresql() -> Iterator[Server]:
    """Start a server in a new folder; its files are gone afterwards."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    assert programs is not None, "install PostgreSQL: apt-get install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="driftline-pg-"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        _run(programs / "initdb", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-U", "postgres", "-D", str(data))
        (data / "pg_hba.conf").write_text(GUARDED, encoding="ascii")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        _run(programs / "pg_ctl", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder, programs)
        finally:
            _run(programs / "pg_ctl", "-w", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path) -> None:
    """Run a program as somebody who is not root."""
    drop: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        command, cwd="/", check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **drop
    )  # fmt: skip
    assert done.returncode == 0, f"{command[0]}: {done.stdout}"
