"""Baselines: the agreed state that drift is measured against: components, parameters per environment, tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from scanner.language.conditions import Condition, compile_condition
from scanner.language.context import did_you_mean
from scanner.language.paths import PathError, compile_path
from scanner.model.errors import ConfigurationError, DriftlineError, Fault
from scanner.model.packaged import packaged, shown_path
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.compiling import Knowledge, type_fault
from scanner.rules.shapes import BaselineShape, ComponentShape, ParameterShape, hold_against

__all__ = ["Baseline", "Component", "Parameter", "baseline_names", "kind_fault", "load_baseline"]

Json = Any
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "number": (int, float),
    "string": (str,),
    "bool": (bool,),
    "array": (list,),
    "object": (dict,),
}
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Component:
    """A component: `least` to `most` (None: any number) resources of some types that satisfy `where` and are called like
    `called`; or what `via` (component, path) of another names, which goes before what it is called.
    """

    name: str
    types: tuple[str, ...]
    where: Condition | None
    least: int
    most: int | None
    via: tuple[str, str] | None
    foundational: bool
    purpose: str
    called: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a parameter is: its type, its words, its value and where that comes from, and its value in each environment."""

    name: str
    kind: str
    doc: str
    value: Json
    origin: str
    values: Mapping[str, Json] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Baseline:
    """A baseline in one environment. `tables` are the contents of the files beside it, by name without ending; `evidence`
    is what people state beside it (`rules.evidence`).
    """

    name: str
    version: str
    environment: str
    directory: Path
    components: dict[str, Component]
    parameters: dict[str, Json]
    tables: dict[str, Json]
    hash: str
    described: tuple[Parameter, ...] = ()
    title: str = ""
    environments: tuple[str, ...] = ()
    evidence: tuple[Any, ...] = ()
    evidence_hash: str = ""


def baseline_names() -> tuple[str, ...]:
    """The baselines that driftline ships."""
    return tuple(sorted(path.parent.name for path in packaged("baselines").glob("*/baseline.yaml")))


def load_baseline(name: str, environment: str = "") -> Baseline:
    """A shipped baseline by name, or one from a directory; `environment` empty is its first. Raises `ConfigurationError`."""
    directory = packaged("baselines", name) if name in baseline_names() else Path(name)
    path = directory / "baseline.yaml"
    if not path.is_file():
        known = baseline_names()
        raise DriftlineError(
            f'no baseline is called "{name}"{did_you_mean(name, known)}',
            hint=f"Shipped: {', '.join(known)}; or name a directory with a baseline.yaml.",
        )
    faults: list[Fault] = []
    file = load_yaml(path, faults, name=shown_path(path))
    shape = hold_against(BaselineShape, file, faults) if file is not None else None
    if file is None or shape is None:
        raise ConfigurationError(faults)
    chosen = environment or shape.environments[0]
    if chosen not in shape.environments:
        near = did_you_mean(chosen, shape.environments)
        faults.append(
            file.fault(("environments",), f'no environment is called "{chosen}"{near} (known: {", ".join(shape.environments)})')
        )
    described = [_parameter(key, item, chosen, shape, file, faults) for key, item in shape.parameters.items()]
    components = {key: _component(key, item, shape, file, faults) for key, item in shape.components.items()}
    tables = _tables(directory, faults)
    if faults:
        raise ConfigurationError(faults)
    return Baseline(
        name=directory.name,
        version=shape.version,
        environment=chosen,
        directory=directory,
        components=components,
        parameters={item.name: item.value for item in described},
        tables=tables,
        hash=_hash(directory),
        described=tuple(described),
        title=shape.title,
        environments=tuple(shape.environments),
    )


def kind_fault(name: str, kind: str, value: Json) -> str:
    """Words for a parameter's value that is not of its kind; empty when it is."""
    fits = isinstance(value, _KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))
    return "" if fits else f'"{name}" is of type {kind}, not {value!r}'


def _parameter(
    name: str, item: ParameterShape, environment: str, shape: BaselineShape, file: YamlFile, faults: list[Fault]
) -> Parameter:
    stated = [(("default",), item.default), *((("environments", key), value) for key, value in item.environments.items())]
    for pointer, value in stated:
        wrong = kind_fault(name, item.type, value)
        if wrong:
            faults.append(file.fault(("parameters", name, *pointer), wrong))
    for key in set(item.environments) - set(shape.environments):
        faults.append(
            file.fault(
                ("parameters", name, "environments", key),
                f'no environment is called "{key}"{did_you_mean(key, shape.environments)}',
            )
        )
    values = {key: item.environments.get(key, item.default) for key in shape.environments}
    origin = f"environment {environment} of the baseline" if environment in item.environments else "default of the baseline"
    return Parameter(name, item.type, item.doc, values.get(environment, item.default), origin, values)


def _component(name: str, item: ComponentShape, shape: BaselineShape, file: YamlFile, faults: list[Fault]) -> Component:
    at = ("components", name)
    types = (item.type,) if isinstance(item.type, str) else tuple(item.type)
    for resource_type in types:
        wrong = type_fault(resource_type, {})
        if wrong:
            faults.append(file.fault((*at, "type"), wrong))
    where = None
    if item.where is not None:
        context = Knowledge({}, {}, {}, {}).context(file, faults, types, at=(*at, "where"))
        where = compile_condition(item.where, replace(context, absent_unknown=True))
    least, most = _count(item.count)
    if most is not None and not least <= most <= _MOST:
        faults.append(file.fault((*at, "count"), f'"{item.count}" is no number or range from least to most, of {_MOST} at most'))
    via = _via(item, shape, file, faults, at)
    return Component(name, types, where, least, most, via, item.foundational, item.purpose, item.called)


def _count(text: str) -> tuple[int, int | None]:
    """Least and most of `2`, `1..3` or `0..`; a number of too many digits is more than any baseline may ask for."""
    low, dots, high = text.partition("..")
    least, most = (int(part) if len(part) <= len(str(_MOST)) else _MOST + 1 for part in (low, high or low))
    return least, None if dots and not high and least <= _MOST else most


def _via(
    item: ComponentShape, shape: BaselineShape, file: YamlFile, faults: list[Fault], at: tuple[str, ...]
) -> tuple[str, str] | None:
    if not item.via:
        return None
    origin, _, path = item.via.partition(":")
    if origin not in shape.components:
        faults.append(file.fault((*at, "via"), f'no component is called "{origin}"{did_you_mean(origin, shape.components)}'))
    elif at[-1] in (chain := _chain(origin, shape)):
        faults.append(file.fault((*at, "via"), f"it is bound via itself: {' → '.join((at[-1], *chain))}"))
    try:
        compile_path(path)
    except PathError as error:
        faults.append(file.fault((*at, "via"), str(error)))
    return origin, path


def _chain(name: str, shape: BaselineShape) -> list[str]:
    """The components that must be bound before, nearest first, up to one that is not bound via another or comes round again."""
    chain: list[str] = []
    while name and name not in chain:
        chain.append(name)
        name = shape.components[name].via.partition(":")[0] if name in shape.components else ""
    return chain


def _tables(directory: Path, faults: list[Fault]) -> dict[str, Json]:
    tables: dict[str, Json] = {}
    for path in sorted((*directory.glob("*.yaml"), *directory.glob("tables/*.yaml"))):
        if path.name == "baseline.yaml":
            continue
        file = load_yaml(path, faults, name=shown_path(path))
        if file is None:
            continue
        if path.stem in tables:
            faults.append(file.fault((), f"two tables are called {path.stem}"))
        tables[path.stem] = file.data
    return tables


def _hash(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((*directory.glob("*.yaml"), *directory.glob("tables/*.yaml"))):
        digest.update(path.name.encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()[:16]
