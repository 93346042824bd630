"""Exit codes, and which of them a result deserves."""

from __future__ import annotations

from typing import Final

from scanner.model.result import Result
from scanner.model.verdict import Severity, Verdict

__all__ = ["CLEAN", "COULD_NOT_RUN", "FAILING", "UNDECIDED", "exit_code", "exit_words"]

CLEAN: Final = 0
FAILING: Final = 1
COULD_NOT_RUN: Final = 2
UNDECIDED: Final = 3


def exit_code(result: Result, fail_on: str, *, allow_unknown: bool) -> int:
    """1 when something fails at or above `fail_on`, else 3 when something there is unknown, or anything is an error, else 0.
    What a waiver in force covers is not counted.
    """
    open_ones = [item for item in result.findings if not item.waived]
    counted = [item for item in open_ones if fail_on != "never" and item.severity.at_least(Severity(fail_on))]
    if any(item.verdict is Verdict.FAIL for item in counted):
        return FAILING
    if any(item.verdict is Verdict.ERROR for item in result.findings):
        return UNDECIDED
    if not allow_unknown and (any(item.verdict is Verdict.UNKNOWN for item in counted) or not result.scan.complete):
        return UNDECIDED
    return CLEAN


def exit_words(code: int, fail_on: str, *, waived: int = 0) -> str:
    """What an exit code says, in a sentence; what is waived is not counted and said so."""
    but = f" but for what is waived ({waived})" if waived else ""
    return {
        CLEAN: f"Exit code 0: nothing fails at {fail_on} or above{but}."
        if fail_on != "never"
        else "Exit code 0: failures are not counted.",
        FAILING: f"Exit code 1: something fails at {fail_on} or above.",
        UNDECIDED: f"Exit code 3: something at {fail_on} or above is unknown (--allow-unknown lets it through) or had an error.",
    }[code]
