"""Cases of rules: files of small snapshots with the verdicts they must get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.model.errors import ConfigurationError, Fault
from scanner.model.packaged import shown_path
from scanner.model.verdict import Verdict
from scanner.model.yaml_file import load_yaml
from scanner.rules.shapes import CaseShape, hold_against

__all__ = ["Case", "CaseFile", "Expectation", "load_cases"]

Json = Any


@dataclass(frozen=True, slots=True)
class Expectation:
    """One verdict a case must give; `actual` counts when it is stated."""

    rule: str
    resource: str
    subject: str
    verdict: Verdict
    actual: Json
    states_actual: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `reads` None: everything was read, but for the gaps. `components` are hints as in driftline.yaml."""

    line: int
    description: str
    resources: tuple[dict[str, Json], ...]
    reads: tuple[dict[str, str], ...] | None
    gaps: tuple[dict[str, str], ...]
    baseline: dict[str, Json]
    components: dict[str, str | list[str]]
    now: datetime | None
    expect: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one file."""

    path: str
    cases: tuple[Case, ...]


def load_cases(paths: Iterable[Path]) -> list[CaseFile]:
    """Load case files, or those below directories. Raises `ConfigurationError` with every fault."""
    faults: list[Fault] = []
    files: list[CaseFile] = []
    for path in sorted(file for given in paths for file in (given.rglob("*.yaml") if given.is_dir() else [given])):
        file = load_yaml(path, faults, name=shown_path(path))
        if file is None:
            continue
        if not isinstance(file.data, list) or not file.data:
            faults.append(file.fault((), "a case file is a list of cases"))
            continue
        cases: list[Case] = []
        for at, data in enumerate(file.data):
            shape = hold_against(CaseShape, file, faults, data=data, at=(at,))
            if shape is not None:
                cases.append(_case(shape, file.line((at,))))
        files.append(CaseFile(file.name, tuple(cases)))
    if faults:
        raise ConfigurationError(faults)
    return files


def _case(shape: CaseShape, line: int) -> Case:
    moment = shape.now
    return Case(
        line=line, description=shape.description, resources=tuple(shape.resources),
        reads=None if shape.reads is None else tuple(item.model_dump() for item in shape.reads),
        gaps=tuple(item.model_dump() for item in shape.gaps), baseline=shape.baseline,
        components=shape.components,
        now=moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC),
        expect=tuple(
            Expectation(item.rule, item.resource, item.subject, item.verdict, item.actual, "actual" in item.model_fields_set)
            for item in shape.expect
        ),
    )  # fmt: skip
