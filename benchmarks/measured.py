"""One measured figure beside what is claimed of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, the figure, the floor or claim it is held against."""

    what: str
    figure: str
    against: str
    claim: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row as text."""
        return self.what, self.figure, self.against, self.claim
