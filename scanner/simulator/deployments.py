"""ARM's deployments API: templates come in by PUT, are validated, deployed at once, and predicted by what-if."""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from scanner.model.errors import ConfigurationError
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.simulator import providers
from scanner.simulator.deployment import RefusedError, Templated, deploy
from scanner.simulator.errors import ArmError
from scanner.simulator.graph import is_indexed
from scanner.simulator.providers.common import iso
from scanner.simulator.store import Store
from scanner.templates import Frame, Target, TemplateFile, parse_template

__all__ = ["Deployments", "lenient_json"]

Json = Any
Allowed = Callable[[str, str], None]

#: az sends the template as it is written in its file, under a key without quotes.
_BARE_KEY: Final = re.compile(r'("(?:[^"\\]|\\.)*")|([{,]\s*)(template|parameters|mode)(\s*:)', re.DOTALL)
_NAME: Final = "Microsoft.Resources/deployments"


def lenient_json(raw: bytes) -> Json:
    """A request body as ARM takes it: JSON, or what az sends for it. None for anything else."""
    text = raw.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        quoted = _BARE_KEY.sub(lambda found: found[1] or f'{found[2]}"{found[3]}"{found[4]}', text)
    try:
        return parse_template(quoted, "request").data
    except ConfigurationError:
        return None


class Deployments:
    """Deployments at groups and subscriptions of one store. They are made at once: what a PUT answers has succeeded."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handle(self, method: str, scope: str, tail: list[str], body: Json, allowed: Allowed) -> tuple[int, Json]:
        """Answer a request below `scope`, `tail` being what follows the type's name. Raises `ArmError`."""
        match method, [part.lower() for part in tail]:
            case "GET", []:
                allowed(f"{_NAME}/read", scope)
                return 200, {"value": list(self._at(scope))}
            case (("GET" | "HEAD"), [_]):
                allowed(f"{_NAME}/read", scope)
                return 200, self._known(scope, tail[0])
            case "GET", [_, "operations"]:
                allowed(f"{_NAME}/operations/read", scope)
                return 200, {"value": list(_operations(self._known(scope, tail[0])))}
            case "GET", [_, "operationstatuses", _]:
                return 200, {"status": "Succeeded"}
            case "PUT", [_]:
                allowed(f"{_NAME}/write", scope)
                return 201, self._deploy(scope, tail[0], body, allowed)
            case "POST", [_, "validate"]:
                allowed(f"{_NAME}/validate/action", scope)
                return 200, self._validated(scope, tail[0], body, allowed)
            case "POST", [_, "whatif"]:
                allowed(f"{_NAME}/whatIf/action", scope)
                return 200, self._predicted(scope, tail[0], body, allowed)
            case "DELETE", [_]:
                allowed(f"{_NAME}/delete", scope)
                gone = self._store.deployments.pop(normalise(f"{scope}/providers/{_NAME}/{tail[0]}"), None)
                return (200 if gone is not None else 204), None
        raise ArmError(405, "MethodNotAllowed", f"{method} on a deployment is not simulated here.")

    def _at(self, scope: str) -> Iterator[Json]:
        above = normalise(f"{scope}/providers/{_NAME}")
        return (body for key, body in self._store.deployments.items() if key.rpartition("/")[0] == above)

    def _known(self, scope: str, name: str) -> dict[str, Json]:
        found: dict[str, Json] | None = self._store.deployments.get(normalise(f"{scope}/providers/{_NAME}/{name}"))
        if found is None:
            raise ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
        return found

    def _deploy(self, scope: str, name: str, body: Json, allowed: Allowed) -> Json:
        file, made = self._run(self._store, scope, name, body, allowed)
        record = _record(self._store, scope, name, file, body, made)
        self._store.deployments[normalise(record["id"])] = record
        return record

    def _validated(self, scope: str, name: str, body: Json, allowed: Allowed) -> Json:
        rehearsal = copy.deepcopy(self._store)
        file, made = self._run(rehearsal, scope, name, body, allowed)
        return _record(self._store, scope, name, file, body, made)

    def _predicted(self, scope: str, name: str, body: Json, allowed: Allowed) -> Json:
        after = copy.deepcopy(self._store)
        _, made = self._run(after, scope, name, body, allowed)
        changes = [_change(self._store, after, resource_id) for resource_id in made.resources]
        written = {normalise(item) for item in made.resources}
        for item in self._store.everything():
            if is_within(item.id.key, normalise(scope)) and is_indexed(item) and item.id.key not in written:
                shown = providers.show(self._store, item)
                changes.append({"resourceId": item.id.text, "changeType": "Ignore", "before": shown, "after": shown})
        return {"status": "Succeeded", "properties": {"correlationId": str(uuid.uuid4()), "changes": changes}}

    def _run(self, store: Store, scope: str, name: str, body: Json, allowed: Allowed) -> tuple[TemplateFile, Templated]:
        properties = body.get("properties") if isinstance(body, dict) else None
        template = properties.get("template") if isinstance(properties, dict) else None
        if not isinstance(properties, dict) or not isinstance(template, dict):
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid: a template is missing.")
        given = properties.get("parameters") or {}
        values = (
            {key: item.get("value") for key, item in given.items() if isinstance(item, dict)} if isinstance(given, dict) else {}
        )
        file = TemplateFile("template", template, json.dumps(template, indent=1))
        frame = Frame(name=name, location=body.get("location", ""))
        try:
            return file, deploy(file, self._target(scope), values, store, frame=frame, allowed=allowed)
        except RefusedError as error:
            details = ({"code": error.answer.code, "message": error.answer.message},)
            message = "At least one resource deployment operation failed. Please list deployment operations for details."
            raise ArmError(error.answer.status, "DeploymentFailed", message, details=details) from error
        except ConfigurationError as error:
            raise ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{error}'.") from error

    def _target(self, scope: str) -> Target:
        parsed = ResourceId.parse(scope)
        subscription = self._store.raw(f"/subscriptions/{parsed.subscription}")
        name = str(subscription.body.get("displayName", "")) if subscription is not None else ""
        group = self._store.raw(scope) if parsed.resource_group else None
        location = group.body.get("location", "") if group is not None else ""
        return Target(self._store.tenant, "", parsed.subscription, parsed.resource_group, location, name)


def _record(store: Store, scope: str, name: str, file: TemplateFile, body: Json, made: Templated) -> dict[str, Json]:
    """What ARM tells of a deployment; values of secure parameters are left out."""
    declared = file.data.get("parameters") or {}
    secure = {key.lower() for key, item in declared.items() if str(item.get("type", "")).lower().startswith("secure")}
    given = {key: item for key, item in (body["properties"].get("parameters") or {}).items() if key.lower() not in secure}
    return {
        "id": f"{scope}/providers/{_NAME}/{name}", "name": name, "type": _NAME,
        "properties": {
            "parameters": given, "mode": body["properties"].get("mode", "Incremental"), "provisioningState": "Succeeded",
            "timestamp": iso(store.now), "duration": "PT1S", "correlationId": str(uuid.uuid4()), "providers": [],
            "dependencies": [], "outputs": made.outputs, "outputResources": [{"id": item} for item in made.resources],
        },
    }  # fmt: skip


def _operations(record: dict[str, Json]) -> Iterator[Json]:
    for at, item in enumerate(record["properties"]["outputResources"]):
        target = {
            "id": item["id"],
            "resourceType": ResourceId.parse(item["id"]).type,
            "resourceName": ResourceId.parse(item["id"]).name,
        }
        properties = {"provisioningOperation": "Create", "provisioningState": "Succeeded", "targetResource": target}
        yield {"id": f"{record['id']}/operations/{at}", "operationId": str(at), "properties": properties}


def _change(before: Store, after: Store, resource_id: str) -> Json:
    old, new = before.raw(resource_id), after.raw(resource_id)
    shown_before = providers.show(before, old) if old is not None else None
    shown_after = providers.show(after, new) if new is not None else None
    kind = "Create" if shown_before is None else "NoChange" if shown_before == shown_after else "Modify"
    return {"resourceId": resource_id, "changeType": kind, "before": shown_before, "after": shown_after}
