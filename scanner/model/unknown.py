"""Three-valued truth: what was not read is unknown, carries its reasons, and can never be mistaken for a boolean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

__all__ = ["ABSENT", "Absent", "Partial", "Truth", "Unknown", "all_of", "any_of", "negate"]


class Absent:
    """The type of `ABSENT`: a member that was read and is not there (JSON null is absent too, as in Azure Policy)."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value or verdict that cannot be known, with the reasons why; passed on by every function that touches it."""

    reasons: tuple[str, ...]

    @classmethod
    def because(cls, reason: str) -> Unknown:
        """The unknown with one reason."""
        return cls((reason,))

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown is neither true nor false: compare with `is True` or `is False`")

    def __str__(self) -> str:
        return "; ".join(self.reasons)


class Partial(dict[str, Any]):
    """An object of which some members are known; of any other, here and in the objects inside, `rest` says why it is not, so
    that none is taken for absent.
    """

    __slots__ = ("rest",)

    def __init__(self, known: Mapping[str, Any], *, rest: Unknown) -> None:
        super().__init__({key: _in_part(item, rest) for key, item in known.items()})
        self.rest = rest


def _in_part(value: Any, rest: Unknown) -> Any:
    if type(value) is dict:
        return Partial(value, rest=rest)
    return [_in_part(item, rest) for item in value] if type(value) is list else value


Truth = bool | Unknown


def negate(truth: Truth) -> Truth:
    """Kleene's not."""
    return truth if isinstance(truth, Unknown) else not truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's strong and: false wins over unknown, unknown over true; reasons are kept once, in order."""
    reasons: dict[str, None] = {}
    for truth in truths:
        if isinstance(truth, Unknown):
            reasons.update(dict.fromkeys(truth.reasons))
        elif not truth:
            return False
    return Unknown(tuple(reasons)) if reasons else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's strong or: true wins over unknown, unknown over false."""
    reasons: dict[str, None] = {}
    for truth in truths:
        if isinstance(truth, Unknown):
            reasons.update(dict.fromkeys(truth.reasons))
        elif truth:
            return True
    return Unknown(tuple(reasons)) if reasons else False
