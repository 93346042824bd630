"""Every error a person can cause or must act on. Tree:

DriftlineError            something prevents the run; its text says what, where and what to do
├── ConfigurationError    one or more faults in rules, baselines, settings or state files
├── SnapshotError         a snapshot file that cannot be read
├── SourceError           sign-in, network, endpoint: Azure could not be asked at all
└── StoreError            a history of scans that must not be used as it is
    └── StoreUnavailableError  one that cannot be used now: locked, full, unreachable
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "ConfigurationError",
    "DriftlineError",
    "Fault",
    "SnapshotError",
    "SourceError",
    "StoreError",
    "StoreUnavailableError",
]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one file: `file:line: message`, with what to do folded into the message."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class DriftlineError(Exception):
    """The base of all; the command line prints it without a traceback and exits 2."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """How an error travels from a worker process: as its text, for constructors differ."""
        return DriftlineError, (super().__str__(),), {"hint": self.hint}

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n{self.hint}" if self.hint else message


class ConfigurationError(DriftlineError):
    """All faults of all files of one load, in the order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class SnapshotError(DriftlineError):
    """A snapshot that cannot be trusted: unreadable, wrong schema, a broken line."""

    def __init__(self, file: Path | str, line: int, message: str, *, hint: str = "") -> None:
        super().__init__(str(Fault(str(file), line, message)), hint=hint)


class SourceError(DriftlineError):
    """Azure (or the simulator) could not be asked: no credentials, wrong tenant, unreachable, untrusted certificate."""


class StoreError(DriftlineError):
    """A store that is refused: of a newer driftline, no store at all, or named by a URL that cannot be used."""


class StoreUnavailableError(StoreError):
    """A store that cannot be used now: it is locked, full or unreachable. The work for it is lost, nothing else."""
