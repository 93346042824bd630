"""Histories as a document, `driftline.history/1`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import msgspec

from scanner.model.history import History

__all__ = ["HISTORY_SCHEMA", "render_histories_json"]

HISTORY_SCHEMA: Final = "driftline.history/1"


def render_histories_json(histories: Sequence[History]) -> bytes:
    """The same histories give the same bytes."""
    document = {"schema": HISTORY_SCHEMA, "histories": [asdict(item) for item in histories]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
