"""Verdicts and severities: closed sets, with the order in which people want to see them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Severity", "Verdict"]


class Verdict(StrEnum):
    """What one rule says of one resource and subject."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Severity(StrEnum):
    """How much a failure matters, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical to 4 for info."""
        return list(Severity).index(self)

    def at_least(self, other: Severity) -> bool:
        """Whether this is as severe as `other` or worse."""
        return self.rank <= other.rank
