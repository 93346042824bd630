"""What Azure predicts of a deployment: the answer of what-if, as `az deployment group what-if --no-pretty-print` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from scanner.model.coverage import Gap, Read
from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.model.read_plan import ReadPlan
from scanner.model.resource_id import ResourceId, normalise, parent_type
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.model.unknown import Unknown
from scanner.sources.door import Door
from scanner.sources.template.bodies import as_returned, connected, made_by_azure, place_of, unseen_children
from scanner.templates import TemplateFile, read_template

__all__ = ["WhatIfSource"]

Json = Any
#: By kind of change, the member that holds what is there afterwards; what is ignored or unchanged stays as it is.
_AFTER: Final = {"create": "after", "modify": "after", "nochange": "after", "ignore": "after", "deploy": "after"}
_STAYS: Final = ("nochange", "ignore", "deploy")
_UNPREDICTED: Final = "unsupported"


class WhatIfSource:
    """See `Source`. The predicted state is complete for the types of resources that occur in the answer: what-if lists neither
    what stands on resources nor what was not deployed below them.
    """

    kind = "what-if"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.complete = True
        self.requests = RequestCounts()
        self.scopes: tuple[str, ...] = ()

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """The one snapshot. Raises `ConfigurationError` for what is no answer of what-if."""
        file = read_template(self._path, what="what-if answer")
        bodies: dict[str, dict[str, Json]] = {}
        gaps: list[Gap] = []
        for at, change in enumerate(_changes(file)):
            self._take(change, file, at, bodies, gaps)
        if not bodies and not gaps:
            raise DriftlineError(f"{self._path.name} predicts no resource: there is nothing to judge")
        connected(bodies)
        for body in bodies.values():
            gaps += [*made_by_azure(body, bodies), *unseen_children(body)]
        groups = {normalise(place): place for place in (place_of(item["id"]) for item in bodies.values())}
        self.scopes = tuple(groups[key] for key in sorted(groups))
        door = Door()
        resources = [door.admit(body, via="what-if", api_version="") for body in bodies.values()]
        types = sorted({item.type for item in resources if not parent_type(item.type)})
        reads = [Read(name, scope, "what-if") for name in types for scope in self.scopes]
        yield Snapshot(scopes=self.scopes, resources=resources, reads=reads, gaps=gaps, spellings=door.spellings())

    def _take(self, change: Json, file: TemplateFile, at: int, bodies: dict[str, dict[str, Json]], gaps: list[Gap]) -> None:
        resource_id = change.get("resourceId") if isinstance(change, dict) else None
        if not isinstance(resource_id, str) or not ResourceId.parse(resource_id).type:
            raise ConfigurationError([file.fault(("changes", at), 'a change has a "resourceId"')])
        kind, parsed = str(change.get("changeType", "")).lower(), ResourceId.parse(resource_id)
        if kind == "delete":
            return
        body = change.get(_AFTER.get(kind, "after"))
        if body is None and kind in _STAYS:
            body = change.get("before")
        if kind == _UNPREDICTED or not isinstance(body, dict):
            why = change.get("unsupportedReason") or f"what-if tells nothing of it ({change.get('changeType')})"
            gaps.append(Gap(resource_id, parsed.type, str(why)))
            return
        full = {**body, "id": resource_id, "name": parsed.name, "type": parsed.type}
        bodies[normalise(resource_id)] = as_returned(_resolved(full))


def _changes(file: TemplateFile) -> list[Json]:
    data = file.data.get("properties") if isinstance(file.data.get("properties"), dict) else file.data
    if isinstance(data, dict) and data.get("error"):
        raise ConfigurationError([file.fault(("error",), "what-if itself failed: mend the deployment first")])
    if not isinstance(data, dict) or not isinstance(data.get("changes"), list):
        words = 'is no answer of what-if: "changes" is missing (az deployment group what-if --no-pretty-print prints it)'
        raise ConfigurationError([file.fault((), words)])
    return list(data["changes"])


def _resolved(value: Json) -> Json:
    """What-if leaves expressions that it cannot evaluate as they are written: those are unknown."""
    if isinstance(value, str):
        whole = value.startswith("[") and value.endswith("]") and "(" in value
        return Unknown.because(f"what-if does not evaluate {value}") if whole else value
    if isinstance(value, dict):
        return {key: _resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    return value
