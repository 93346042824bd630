"""What whoever scans may read at a scope, as ARM tells it before anything else is asked."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScopeAccess"]


@dataclass(frozen=True, slots=True)
class ScopeAccess:
    """Which of the reads asked about are refused at a scope (`Microsoft.Search/searchServices/read`); `failure` says why nobody
    knows, and `index` why Resource Graph does not answer (empty: it does).
    """

    scope: str
    refused: tuple[str, ...]
    failure: str = ""
    index: str = ""
