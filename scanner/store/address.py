"""The URL of a store: which databases there are, what a URL must say, and words for one that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from scanner.model.errors import StoreError
from scanner.model.shown_url import shown_url

__all__ = ["Address", "parse_address"]

_HINT: Final = "Write sqlite:///driftline.db (a file) or postgresql+psycopg://user:password@host/database."
_POSTGRESQL: Final = frozenset({"postgresql", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is. `shown` is its URL without what may be secret; `file` is that of SQLite."""

    url: URL
    shown: str
    file: Path | None = None

    def redacted(self, text: str) -> str:
        """A message of the database without passwords, should it repeat them."""
        secrets = [self.url.password, *(value for name, value in self.url.query.items() if "pass" in name)]
        for secret in sorted((str(item) for item in secrets if item), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def parse_address(text: str) -> Address:
    """Raises `StoreError`; no message holds what may be secret."""
    shown = shown_url(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # What it is cannot be told, so no part is shown, and the cause, which may quote one, is not handed on.
        raise StoreError("what is given as store is no URL", hint=_HINT) from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        return Address(url, shown, _file(url, shown))
    if url.drivername not in _POSTGRESQL:
        raise StoreError(f"{shown}: there is no store in {url.drivername}", hint=_HINT)
    if find_spec("psycopg") is None:
        raise StoreError(f"{shown} needs psycopg", hint="Install it: pip install 'driftline[postgresql]'.")
    if not url.database:
        raise StoreError(f"{shown} names no database", hint=_HINT)
    return Address(url.set(drivername="postgresql+psycopg"), shown)


def _file(url: URL, shown: str) -> Path:
    if url.host or url.username or not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError(f"{shown} names no file", hint=_HINT)
    return Path(url.database)
