"""The tables of a store, as of the last revision in `migrations/versions/`. All names begin with `driftline_`, as a PostgreSQL
database may hold other things. Times are ISO 8601 UTC as text, which sorts as they do.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["HEAD", "VERSION_TABLE", "changes", "findings", "metadata", "scans", "series"]

#: The last revision, and the table in which a database says which one it has.
HEAD: Final = "0002"
VERSION_TABLE: Final = "driftline_version"
metadata = MetaData()

#: Scans of the same scopes by the same baseline and environment, which are compared with each other.
series = Table(
    "driftline_series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("baseline", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("scopes", JSON, nullable=False),
)

#: One scan; `document` is its result.json, compressed.
scans = Table(
    "driftline_scans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("series", ForeignKey("driftline_series.id", ondelete="CASCADE"), nullable=False),
    Column("scan", String(64), nullable=False),
    Column("started", String(32), nullable=False),
    Column("version", Text, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("rules_hash", Text, nullable=False),
    Column("workloads", JSON, nullable=False),
    Column("resources", Integer, nullable=False),
    Column("failing", JSON, nullable=False),
    Column("waived", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("error", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("compared_with", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("series", "started", "scan", name="driftline_scans_once"),
)

#: Every finding that a scan of a series had, as of its last scan.
findings = Table(
    "driftline_findings",
    metadata,
    Column("series", ForeignKey("driftline_series.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", String(32), primary_key=True),
    Column("rule", Text, nullable=False),
    Column("control", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("resource", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("first_seen", String(32), nullable=False),
    Column("last_seen", String(32), nullable=False),
    Column("last_failed", String(32), nullable=False),
    Column("fixed", String(32), nullable=False),
    Column("regressions", Integer, nullable=False),
    Index("driftline_findings_by_state", "series", "state"),
)

#: What changed from the scan that a scan was compared with.
changes = Table(
    "driftline_changes",
    metadata,
    Column("scan", ForeignKey("driftline_scans.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("rule", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("resource", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waived", Boolean, nullable=False),
    Index("driftline_changes_by_kind", "scan", "kind"),
)
