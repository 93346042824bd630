"""Cases of rules: files of small snapshots with the verdicts they must get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.model.arm_types import arm_type, closest_type
from scanner.model.coverage import EVERYTHING
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.packaged import shown_path
from scanner.model.resource import canonical_type
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.verdict import Verdict
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.evidence import StatedEvidence, stated
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
    reason: str = ""


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
    evidence: tuple[StatedEvidence, ...]
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
                faults.extend(_misplaced(shape, file, at))
                cases.append(_case(shape, file.line((at,))))
        files.append(CaseFile(file.name, tuple(cases)))
    if faults:
        raise ConfigurationError(faults)
    return files


def _misplaced(shape: CaseShape, file: YamlFile, at: int) -> Iterator[Fault]:
    """Reads and gaps of what cannot be read, and gaps of what the case itself holds."""
    held = {normalise(str(body.get("id"))): body for body in shape.resources if isinstance(body.get("id"), str)}
    stated = [("reads", index, item.what, item.scope) for index, item in enumerate(shape.reads or [])]
    stated += [("gaps", index, item.what, item.scope) for index, item in enumerate(shape.gaps)]
    for member, index, what, scope in stated:
        here = (at, member, index)
        if what != EVERYTHING and arm_type(what) is None:
            near = closest_type(what)
            hint = f'; did you mean "{near}"?' if near else ""
            yield file.fault((*here, "what"), f'"{what}" is no type or extension that can be read{hint}')
        if not scope.startswith("/"):
            yield file.fault((*here, "scope"), f'"{scope}" is no scope: an id such as /subscriptions/s')
        body = held.get(normalise(scope)) if member == "gaps" else None
        of_type = canonical_type(ResourceId.parse(scope).type) == canonical_type(what)
        if body is not None and "properties" in body and of_type:
            words = "this resource is among the resources of the case, with its properties: take out the one or the other"
            yield file.fault(here, words)


def _case(shape: CaseShape, line: int) -> Case:
    moment = shape.now
    return Case(
        line=line, description=shape.description, resources=tuple(shape.resources),
        reads=None if shape.reads is None else tuple(item.model_dump() for item in shape.reads),
        gaps=tuple(item.model_dump() for item in shape.gaps), baseline=shape.baseline,
        components=shape.components, evidence=tuple(map(stated, shape.evidence)),
        now=moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC),
        expect=tuple(
            Expectation(
                item.rule, item.resource, item.subject, item.verdict, item.actual, "actual" in item.model_fields_set, item.reason
            )
            for item in shape.expect
        ),
    )  # fmt: skip
