"""The world where components are told apart and joins computed: nothing but the resource itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scanner.language.scope import Related
from scanner.model.resource import Resource
from scanner.model.spellings import Spellings
from scanner.model.unknown import Unknown

__all__ = ["BareWorld"]

Json = Any


class BareWorld:
    """Relations, parameters, components and tables are unknown while components are being bound."""

    def __init__(self, spellings: Spellings) -> None:
        self.spellings = spellings

    def related(self, relation: str, resource: Resource) -> Related:
        """Unknown here."""
        return Related((), _unbound(f"relation {relation}"))

    def parameter(self, name: str) -> Json:
        """Unknown here."""
        return _unbound(f"parameter {name}")

    def component(self, name: str) -> Json:
        """Unknown here."""
        return _unbound(f"component {name}")

    components = component

    def evidence(self, kind: str, now: datetime) -> Json:
        """Unknown here."""
        return _unbound(f"evidence of kind {kind}")

    def table(self, name: str, keys: tuple[str, ...]) -> Json:
        """Unknown here."""
        return _unbound(f"table {name}")


def _unbound(what: str) -> Unknown:
    return Unknown.because(f"{what} is not known where resources are told apart or joined")
