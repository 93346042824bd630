"""Exit codes, and which of them a result deserves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from scanner.model.finding import Finding, fingerprint
from scanner.model.result import Result, Since
from scanner.model.verdict import Severity, Verdict

__all__ = ["CLEAN", "COULD_NOT_RUN", "FAILING", "UNDECIDED", "exit_code", "exit_words", "left_out", "worse_since"]

CLEAN: Final = 0
FAILING: Final = 1
COULD_NOT_RUN: Final = 2
UNDECIDED: Final = 3
#: Kinds of change for the worse. A waiver that expires is none: nobody changed what it covers.
_WORSE: Final = frozenset({"regressed", "new", "became_unreadable"})


def worse_since(since: Since | None) -> frozenset[str] | None:
    """The fingerprints of what got worse; None where there was nothing to compare with."""
    if since is None:
        return None
    return frozenset(fingerprint(item.rule, item.resource, item.subject) for item in since.changes if item.kind in _WORSE)


def exit_code(result: Result, fail_on: str, *, allow_unknown: bool, worse: Collection[str] | None = None) -> int:
    """1 when something fails at or above `fail_on`, else 3 when something there is unknown, or anything is an error, else 0.
    What a waiver in force covers is not counted, nor what is not among `worse` where that is given.
    """
    counted = [item for item in _open(result, fail_on) if worse is None or item.fingerprint in worse]
    if any(item.verdict is Verdict.FAIL for item in counted):
        return FAILING
    if any(item.verdict is Verdict.ERROR for item in result.findings):
        return UNDECIDED
    if not allow_unknown and (any(item.verdict is Verdict.UNKNOWN for item in counted) or not result.scan.complete):
        return UNDECIDED
    return CLEAN


def left_out(result: Result, fail_on: str, worse: Collection[str] | None) -> int:
    """How much does not count only because it was so before."""
    return 0 if worse is None else sum(item.fingerprint not in worse for item in _open(result, fail_on))


def exit_words(code: int, fail_on: str, *, waived: int = 0, known: int = 0) -> str:
    """What an exit code says, in a sentence; what is waived, or was so before, is not counted and said so."""
    parts = [f"what is waived ({waived})"] if waived else []
    parts += [f"what was so before ({known})"] if known else []
    but = f" but for {' and '.join(parts)}" if parts else ""
    left = f", leaving out what was so before ({known})" if known else ""
    undecided = "is unknown (--allow-unknown lets it through) or had an error"
    return {
        CLEAN: f"Exit code 0: nothing fails at {fail_on} or above{but}."
        if fail_on != "never"
        else "Exit code 0: failures are not counted.",
        FAILING: f"Exit code 1: something fails at {fail_on} or above{left}.",
        UNDECIDED: f"Exit code 3: something at {fail_on} or above {undecided}{left}.",
    }[code]


def _open(result: Result, fail_on: str) -> list[Finding]:
    """What is not waived, at or above a severity."""
    if fail_on == "never":
        return []
    return [item for item in result.findings if not item.waived and item.severity.at_least(Severity(fail_on))]
