"""The door that every body passes on its way into a snapshot: secrets out, then a resource."""

from __future__ import annotations

from typing import Any

from scanner.model.resource import Resource, make_resource
from scanner.sources.redact import redact

__all__ = ["admit"]

Json = Any


def admit(body: dict[str, Json], *, via: str, api_version: str = "", context: bool = False, fallback_id: str = "") -> Resource:
    """A resource of an ARM body without its secrets; what is secret depends on the type and name that its id tells."""
    raw = make_resource(body, via=via, api_version=api_version, context=context, fallback_id=fallback_id)
    clean = redact(body, resource_type=raw.type, name=raw.name)
    if clean is body:
        return raw
    return make_resource(clean, via=via, api_version=api_version, context=context, fallback_id=fallback_id)
