"""Deploys ARM templates through the providers: parameters, variables, resources after what they depend on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scanner.language.expressions import ExpressionError, compile_value
from scanner.language.functions import EvaluationError
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.resource_id import normalise
from scanner.model.unknown import Unknown
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.simulator import providers
from scanner.simulator.errors import ArmError
from scanner.simulator.expressions import FUNCTIONS, Target, TemplateScope, resource_path
from scanner.simulator.store import Store

__all__ = ["deploy", "read_template"]

Json = Any
Pointer = tuple[str | int, ...]

#: Members of a resource that say how to deploy it and are no part of it.
_DIRECTIVES: Final = ("apiVersion", "comments", "condition", "copy", "dependsOn", "name", "resources", "scope", "type")
_NOT_SIMULATED: Final = {
    "copy": "copy loops are not simulated: write the resources out",
    "microsoft.resources/deployments": "nested deployments are not simulated: name both templates in the state",
}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A resource to deploy: its id, what it waits for, the template's text of it and where that stands."""

    resource_id: str
    after: frozenset[str]
    source: dict[str, Json]
    at: Pointer


def read_template(path: Path) -> YamlFile:
    """Read a template with the lines of its parts. Raises `ConfigurationError`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError([Fault(path.name, 0, f"cannot be read: {error.strerror or error}")]) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigurationError([Fault(path.name, getattr(error, "lineno", 0), f"is not JSON: {error}")]) from error
    lined = load_yaml(path, [], name=path.name)  # JSON is YAML, and this reader knows the lines
    file = YamlFile(path.name, data, lined.lines if lined is not None else {})
    if not isinstance(data, dict) or not isinstance(data.get("resources"), list):
        raise ConfigurationError([file.fault((), 'a template is an object with a list "resources"')])
    return file


def deploy(file: YamlFile, target: Target, parameters: dict[str, Json], store: Store) -> list[str]:
    """Deploy a template; the ids of its resources in order. Raises `ConfigurationError` with file and line."""
    scope = TemplateScope(target, store, store.now)
    for key, declared in _mapping(file, "parameters").items():
        given = next((value for known, value in parameters.items() if known.lower() == key.lower()), None)
        if given is None and not (isinstance(declared, dict) and "defaultValue" in declared):
            raise _fault(file, ("parameters", key), f'the parameter "{key}" has no default, and the state gives no value')
        at = ("parameters", key, "defaultValue")
        scope.parameters[key.lower()] = given if given is not None else _evaluate(declared["defaultValue"], scope, file, at)
    for key, value in _mapping(file, "variables").items():
        scope.variables[key.lower()] = _evaluate(value, scope, file, ("variables", key))
    planned = list(_plan(file.data["resources"], ("resources",), None, scope, file))
    return [_deploy(item, scope, file) for item in _in_order(planned, file, store)]


def _mapping(file: YamlFile, member: str) -> dict[str, Json]:
    value = file.data.get(member) or {}
    if not isinstance(value, dict):
        raise _fault(file, (member,), f'"{member}" is an object')
    return value


def _plan(
    resources: Json, at: Pointer, parent: tuple[str, str] | None, scope: TemplateScope, file: YamlFile
) -> Iterator[_Planned]:
    """Resources with their ids, children written inside their parent included."""
    for index, source in enumerate(resources if isinstance(resources, list) else []):
        here = (*at, index)
        if not isinstance(source, dict) or not isinstance(source.get("type"), str) or not isinstance(source.get("name"), str):
            raise _fault(file, here, "a resource has a type and a name")
        if "copy" in source or source["type"].lower() in _NOT_SIMULATED:
            raise _fault(file, here, _NOT_SIMULATED.get(source["type"].lower(), _NOT_SIMULATED["copy"]))
        if "condition" in source and _evaluate(source["condition"], scope, file, (*here, "condition")) is False:
            continue
        name = str(_evaluate(source["name"], scope, file, (*here, "name")))
        own = (source["type"], name) if parent is None else (f"{parent[0]}/{source['type']}", f"{parent[1]}/{name}")
        depends = [str(_evaluate(item, scope, file, (*here, "dependsOn"))) for item in source.get("dependsOn") or []]
        base = _base(_evaluate(source.get("scope", ""), scope, file, (*here, "scope")), scope.target)
        try:
            resource_id = f"{base}/{resource_path(*own)}"
        except EvaluationError as error:
            raise _fault(file, (*here, "name"), str(error)) from error
        yield _Planned(resource_id, frozenset(depends), source, here)
        yield from _plan(source.get("resources"), (*here, "resources"), own, scope, file)


def _base(scope: Json, target: Target) -> str:
    """What an id begins with; a relative `scope` names a resource of the group: provider, then types and names by turns."""
    text = str(scope or target.scope).rstrip("/")
    return f"{text}/providers" if text.startswith("/") else f"{target.scope}/providers/{text}/providers"


def _in_order(planned: list[_Planned], file: YamlFile, store: Store) -> Iterator[_Planned]:
    """The template's own order, but nothing before what it depends on."""
    ids = {normalise(item.resource_id): item for item in planned}
    if len(ids) < len(planned):
        keys = [normalise(item.resource_id) for item in planned]
        twice = next(item for at, item in enumerate(planned) if keys[at] in keys[:at])
        raise _fault(file, twice.at, f"{twice.resource_id} stands in this template twice")
    names = {item.resource_id.rpartition("/")[2].lower(): normalise(item.resource_id) for item in planned}
    waits: dict[str, set[str]] = {}
    for key, item in ids.items():
        found = {normalise(one) if "/" in one else names.get(one.lower(), one) for one in item.after}
        absent = sorted(one for one in found if one not in ids and store.raw(one) is None)
        if absent:
            raise _fault(file, (*item.at, "dependsOn"), f"depends on {absent[0]}, which is neither in this template nor deployed")
        waits[key] = {one for one in found if one in ids}
    done: set[str] = set()
    while len(done) < len(ids):
        ready = [key for key in ids if key not in done and waits[key] <= done]
        if not ready:
            stuck = next(item for key, item in ids.items() if key not in done)
            raise _fault(file, (*stuck.at, "dependsOn"), "resources depend on each other in a circle")
        done.add(ready[0])
        yield ids[ready[0]]


def _deploy(planned: _Planned, scope: TemplateScope, file: YamlFile) -> str:
    own = {key: value for key, value in planned.source.items() if key not in _DIRECTIVES}
    body = _evaluate(own, scope, file, planned.at)
    try:
        providers.write(scope.store, planned.resource_id, body)
    except ArmError as error:
        raise _fault(file, planned.at, f"{planned.resource_id}: {error.code}: {error.message}") from error
    return planned.resource_id


def _evaluate(value: Json, scope: TemplateScope, file: YamlFile, at: Pointer) -> Json:
    try:
        result = compile_value(value, FUNCTIONS).evaluate(scope)
    except ExpressionError as error:
        raise _fault(file, at, str(error)) from error
    unknown = _first_unknown(result, at)
    if unknown is not None:
        raise _fault(file, unknown[0], str(unknown[1]))
    return result


def _first_unknown(value: Json, at: Pointer) -> tuple[Pointer, Unknown] | None:
    if isinstance(value, Unknown):
        return at, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for key, item in items if (found := _first_unknown(item, (*at, key))) is not None), None)


def _fault(file: YamlFile, at: Pointer, message: str) -> ConfigurationError:
    return ConfigurationError([file.fault(at, message)])
