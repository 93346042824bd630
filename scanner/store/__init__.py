"""The history of scans, in SQLite or PostgreSQL: scans as they were, findings from first to last seen, what changed when."""

from __future__ import annotations

from scanner.store.store import Codec, Store, open_store

__all__ = ["Codec", "Store", "open_store"]
