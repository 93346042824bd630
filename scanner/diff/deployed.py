"""What was deployed in the shape in which Azure gives it back: some members of a template become resources of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from scanner.model.resource import Resource, make_resource

__all__ = ["SITES", "as_returned"]

Json = Any
#: Sites take their configuration as `siteConfig`, and lists of sites return null there: it is read at `config/NAME`.
SITES: Final = frozenset({"microsoft.web/sites", "microsoft.web/sites/slots"})


def as_returned(resources: Iterable[Resource]) -> list[Resource]:
    """The resources with what Azure returns elsewhere moved there. What a template sets there by itself goes before it."""
    found: dict[str, Resource] = {}
    for resource in resources:
        found.setdefault(resource.key, resource)
    for resource in [item for item in found.values() if item.type_key in SITES]:
        config = _config_of(resource)
        if config is not None:
            found[resource.key] = _without_config(resource)
            for name, properties in _divided(config):
                child = make_resource(
                    {"id": f"{resource.id}/config/{name}", "name": name, "properties": properties}, via=resource.via
                )
                separate = found.get(child.key)
                found[child.key] = _merged(child, separate) if separate is not None else child
    return list(found.values())


def _config_of(site: Resource) -> dict[str, Json] | None:
    properties = site.body.get("properties")
    config = properties.get("siteConfig") if isinstance(properties, dict) else None
    return config if isinstance(config, dict) else None


def _without_config(site: Resource) -> Resource:
    properties = {name: item for name, item in site.body["properties"].items() if name != "siteConfig"}
    return replace(site, body={**site.body, "properties": properties})


def _divided(config: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """The configuration by the names under which it is read. Lists of settings become maps."""
    web = dict(config)
    for member, value in (("appSettings", "value"), ("connectionStrings", "connectionString")):
        items = config.get(member)
        if isinstance(items, list) and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
            del web[member]
            settings = {item["name"]: item.get(value) for item in items}
            if member == "connectionStrings":
                settings = {item["name"]: {"value": item.get(value), "type": item.get("type")} for item in items}
            yield member.lower(), settings
    yield "web", web


def _merged(child: Resource, separate: Resource) -> Resource:
    own = separate.body.get("properties")
    if not isinstance(own, dict):
        return separate
    return replace(separate, body={**separate.body, "properties": {**child.body["properties"], **own}})
