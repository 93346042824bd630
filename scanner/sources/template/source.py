"""A template as a source: expanded, its resources as ARM would return them; what only Azure knows is unknown with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.finding import Location
from scanner.model.read_plan import ReadPlan
from scanner.model.resource import canonical_type
from scanner.model.resource_id import is_within, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.model.unknown import Unknown
from scanner.sources.door import Door
from scanner.sources.template.bicep import built_template
from scanner.sources.template.bodies import (
    as_returned,
    configured,
    connected,
    hidden,
    made_by_azure,
    place_of,
    references_of,
    unseen_children,
)
from scanner.templates import Expansion, Frame, Hole, Instance, Target, TemplateFile, expand, read_parameters, settled
from scanner.templates.targets import NOBODY

__all__ = ["TemplateOptions", "TemplateSource"]

Json = Any
_GROUP: Final = "resource-group"


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """A template (JSON or Bicep), the values of its parameters, and where it would be deployed, or placeholders."""

    template: Path
    parameters: Path | None = None
    subscription: str = ""
    resource_group: str = ""
    management_group: str = ""
    location: str = ""


class TemplateSource:
    """See `Source`. Raises `ConfigurationError` with file, line, JSON path and expression for what ARM would refuse."""

    kind = "template"

    def __init__(self, options: TemplateOptions, now: datetime) -> None:
        self._options, self._now = options, now
        self.complete = True
        self.requests = RequestCounts()
        self.scopes: tuple[str, ...] = ()
        self._written: dict[str, Instance] = {}

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """The one snapshot: everything that the template leads to, and nothing else is there."""
        file = built_template(self._options.template)
        given = read_parameters(self._options.parameters) if self._options.parameters is not None else {}
        target, frame = self._target(file)
        expansion = expand(file, given, target, now=self._now, frame=frame)
        self._written = {item.key: item for item in expansion.resources}
        yield self._snapshot(expansion, target)

    def locate(self, resource_id: str, path: str) -> Location | None:
        """Where in the file a resource is written, or the nearest above it; the line of a member where that is written itself."""
        key = normalise(resource_id)
        while key and key not in self._written:
            key = key.rpartition("/")[0]
        instance = self._written.get(key)
        if instance is None:
            return None
        file = instance.deployment.file
        members = tuple(part for part in path.partition("[")[0].split(".") if part)
        return Location(file.name, file.line((*instance.at, *members)))

    def _target(self, file: TemplateFile) -> tuple[Target, Frame]:
        """Where the template goes, by its schema and the options."""
        options, schema = self._options, str(file.data.get("$schema", "")).lower()
        told = "give them with --parameters FILE"
        location: Json = options.location or Unknown.because("the location is not known: name it by --location")
        frame = Frame(location=location, told=told)
        subscription = options.subscription.lower() or NOBODY
        if "tenantdeploymenttemplate" in schema:
            return Target(), frame
        if "managementgroupdeploymenttemplate" in schema:
            return Target(management_group=options.management_group or "management-group"), frame
        if "subscriptiondeploymenttemplate" in schema:
            return Target(subscription=subscription), frame
        group = options.resource_group or _GROUP
        return Target(subscription=subscription, group=group, location=location), Frame(told=told)

    def _snapshot(self, expansion: Expansion, target: Target) -> Snapshot:
        secrets = expansion.main.tree.secrets
        bodies: dict[str, dict[str, Json]] = {}
        for instance in expansion.resources:
            body = settled(instance.body())
            bodies[instance.key] = as_returned(hidden(body, secrets) if secrets else body)
        if target.group and normalise(target.scope) not in bodies:
            bodies[normalise(target.scope)] = _group(target)
        sites = [body for body in bodies.values() if canonical_type(body["type"]) == "microsoft.web/sites"]
        gaps: list[Gap] = []
        unsure = {normalise(hole.scope): hole.reason for hole in expansion.holes}
        for site in sites:
            _configure(site, bodies)
            for item in references_of(site, bodies, unsure):
                if isinstance(item, Gap):
                    gaps.append(item)
                else:
                    bodies[normalise(item["id"])] = item
        connected(bodies)
        gaps += [*_holes(expansion.holes), *_unread(expansion.existing, bodies)]
        for body in list(bodies.values()):
            gaps += [*made_by_azure(body, bodies), *unseen_children(body)]
        self.scopes = _scopes(expansion, target)
        door, versions = Door(), {item.key: item.api_version for item in expansion.resources}
        resources = [door.admit(body, via="template", api_version=versions.get(key, "")) for key, body in bodies.items()]
        reads = [Read(EVERYTHING, scope, "template") for scope in self.scopes]
        return Snapshot(scopes=self.scopes, resources=resources, reads=reads, gaps=gaps, spellings=door.spellings())


def _group(target: Target) -> dict[str, Json]:
    """The resource group that a template goes to, which is there before it."""
    tags = Unknown.because("the tags of the resource group are not the template's to say")
    return {
        "id": target.scope, "name": target.group, "type": "Microsoft.Resources/resourceGroups", "location": target.location,
        "tags": tags, "properties": {"provisioningState": "Succeeded"},
    }  # fmt: skip


def _configure(site: dict[str, Json], bodies: dict[str, dict[str, Json]]) -> None:
    """What the template writes into `config/web` itself goes over what the site's `siteConfig` says."""
    made = configured(site)
    written = bodies.get(normalise(made["id"]))
    if written is None:
        bodies[normalise(made["id"])] = made
    elif isinstance(made["properties"], dict) and isinstance(written["properties"], dict):
        written["properties"] = {**made["properties"], **written["properties"]}


def _holes(holes: tuple[Hole, ...]) -> Iterator[Gap]:
    """Nobody knows what comes to be: a place below the scope, for the scope itself is known in full."""
    for at, hole in enumerate(holes):
        where = hole.scope if "/providers/" in hole.scope.lower() else f"{hole.scope}/providers/{hole.type}/unresolved-{at}"
        kind = hole.type if hole.type.lower() != "microsoft.resources/deployments" else EVERYTHING
        yield Gap(where, kind, str(hole.reason))


def _unread(existing: tuple[Instance, ...], bodies: Mapping[str, Json]) -> Iterator[Gap]:
    """What the template refers to as existing, and does not make itself, was not read."""
    for instance in existing:
        if instance.key not in bodies and instance.condition is not False:
            yield Gap(instance.id, instance.type, "the template refers to it as existing, and it was not read")


def _scopes(expansion: Expansion, target: Target) -> tuple[str, ...]:
    """The places in which the template makes something, none within another."""
    places = {normalise(target.scope or "/"): target.scope or "/"}
    for instance in expansion.resources:
        place = place_of(instance.id)
        places.setdefault(normalise(place), place)
    outer = [key for key in places if not any(key != other and is_within(key, other) for other in places)]
    return tuple(places[key] for key in sorted(outer))
