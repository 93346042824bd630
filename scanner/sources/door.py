"""The door that every body passes on its way into a snapshot: secrets out, then a resource."""

from __future__ import annotations

from typing import Any

from scanner.model.resource import Resource, make_resource
from scanner.model.spellings import Spellings
from scanner.sources.redact import is_plain, redact

__all__ = ["Door", "admit"]

Json = Any


class Door:
    """Admits the bodies of one snapshot, and learns on the way how they spell their members."""

    def __init__(self) -> None:
        self._plain_names: set[tuple[str, ...]] = set()
        self._spellings = Spellings()

    def admit(
        self, body: dict[str, Json], *, via: str, api_version: str = "", context: bool = False, fallback_id: str = ""
    ) -> Resource:
        """A resource of an ARM body without its secrets; what is secret depends on the type and name that its id tells."""
        raw = make_resource(body, via=via, api_version=api_version, context=context, fallback_id=fallback_id)
        plain = is_plain(body, self._plain_names)
        clean = redact(body, resource_type=raw.type, name=raw.name, plain=plain)
        if not plain:
            self._spellings.learn(clean)
        if clean is body:
            return raw
        return make_resource(clean, via=via, api_version=api_version, context=context, fallback_id=fallback_id)

    def spellings(self) -> Spellings:
        """Of everything that was admitted until now."""
        for names in self._plain_names:
            self._spellings.learn_names(names)
        return self._spellings


def admit(body: dict[str, Json], *, via: str, api_version: str = "", context: bool = False, fallback_id: str = "") -> Resource:
    """As `Door.admit`, of a body by itself."""
    return Door().admit(body, via=via, api_version=api_version, context=context, fallback_id=fallback_id)
