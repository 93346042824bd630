"""The workloads of driftline.yaml held against themselves and the baseline: they may set and name only what it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from scanner.language.context import did_you_mean
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.resource_id import ResourceId
from scanner.model.yaml_file import YamlFile
from scanner.rules.baseline import Baseline, kind_fault
from scanner.rules.settings import Settings
from scanner.rules.shapes import WorkloadShape

__all__ = ["hold_workloads"]

_SCOPES: Final = {"Microsoft.Resources/subscriptions", "Microsoft.Resources/subscriptions/resourceGroups"}


def hold_workloads(settings: Settings, baseline: Baseline) -> None:
    """Raise `ConfigurationError` with every scope that is none, name given twice, and parameter or component unknown to the
    baseline: a misspelt one would leave the default in force in silence.
    """
    if settings.source is None:
        return
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for at, workload in enumerate(settings.workloads):
        faults.extend(_faults(workload, at, settings.source, baseline))
        first = seen.setdefault(workload.name.lower(), at)
        if first != at:
            line = settings.source.line(("workloads", first, "name"))
            faults.append(
                settings.source.fault(("workloads", at, "name"), f'"{workload.name}" is already the name in line {line}')
            )
    if faults:
        raise ConfigurationError(faults)


def _faults(workload: WorkloadShape, at: int, file: YamlFile, baseline: Baseline) -> Iterator[Fault]:
    for position, scope in enumerate(workload.scopes):
        if ResourceId.parse(scope).type not in _SCOPES:
            words = f'"{scope}" is no scope: write /subscriptions/ID or /subscriptions/ID/resourceGroups/NAME'
            yield file.fault(("workloads", at, "scopes", position), words)
    kinds = {item.name: item.kind for item in baseline.described}
    for name, value in workload.parameters.items():
        wrong = kind_fault(name, kinds[name], value) if name in kinds else _unknown("parameter", name, kinds, baseline)
        if wrong:
            yield file.fault(("workloads", at, "parameters", name), wrong)
    for name in workload.components:
        if name not in baseline.components:
            yield file.fault(("workloads", at, "components", name), _unknown("component", name, baseline.components, baseline))


def _unknown(kind: str, name: str, known: Iterable[str], baseline: Baseline) -> str:
    return f'the baseline {baseline.name} has no {kind} "{name}"{did_you_mean(name, known)}'
