"""Evidence: what a pipeline or person states of a workload, for a time; files held against the shape of their kind."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scanner.language.context import did_you_mean
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.yaml_file import YamlFile, load_yaml
from scanner.rules.baseline import Baseline
from scanner.rules.evidence_kinds import EVIDENCE_KINDS
from scanner.rules.shapes import EvidenceShape, hold_against

__all__ = ["StatedEvidence", "evidence_files", "load_evidence", "stated", "with_evidence"]

Json = Any


@dataclass(frozen=True, slots=True)
class StatedEvidence:
    """One file: what is stated of a workload, by whom, from when until when (UTC). `data` holds what is stated and no more."""

    kind: str
    workload: str
    owner: str
    issued: dt.datetime
    expires: dt.datetime
    data: dict[str, Json]
    file: str


def evidence_files(patterns: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files that globs and directories stand for, and the words of those that stand for none."""
    files: dict[Path, None] = {}
    idle: list[str] = []
    for pattern in patterns:
        found = sorted(pattern.glob("*.yaml")) if pattern.is_dir() else _matching(pattern)
        files.update(dict.fromkeys(found))
        if not found:
            idle.append(str(pattern))
    return list(files), idle


def _matching(pattern: Path) -> list[Path]:
    wild = [at for at, part in enumerate(pattern.parts) if "*" in part or "?" in part]
    if not wild:
        return [pattern] if pattern.is_file() else []
    return sorted(Path(*pattern.parts[: wild[0]]).glob(str(Path(*pattern.parts[wild[0] :]))))


def load_evidence(files: Iterable[Path]) -> tuple[StatedEvidence, ...]:
    """The evidence of all files. Raises `ConfigurationError` with every fault, each with its file and line."""
    faults: list[Fault] = []
    found: list[StatedEvidence] = []
    for path in files:
        file = load_yaml(path, faults, plain_dates=True)
        if file is not None:
            found.extend(_read(file, faults))
    if faults:
        raise ConfigurationError(faults)
    return tuple(found)


def stated(shape: EvidenceShape) -> StatedEvidence:
    """A piece of evidence as it was written, whatever its data holds."""
    return StatedEvidence(shape.kind, shape.workload, shape.owner, _utc(shape.issued), _utc(shape.expires), shape.data, "")


def with_evidence(baseline: Baseline, pieces: Sequence[StatedEvidence]) -> Baseline:
    """A baseline with what people state beside it."""
    told = [[item.kind, item.workload, item.owner, str(item.issued), str(item.expires), item.data] for item in pieces]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest() if told else ""
    return replace(baseline, evidence=tuple(pieces), evidence_hash=digest)


def _read(file: YamlFile, faults: list[Fault]) -> Iterator[StatedEvidence]:
    if not isinstance(file.data, dict):
        faults.append(file.fault((), "is one piece of evidence: kind, workload, owner, issued, expires and data"))
        return
    shape = hold_against(EvidenceShape, file, faults)
    if shape is None:
        return
    kind = EVIDENCE_KINDS.get(shape.kind)
    if kind is None:
        near = did_you_mean(shape.kind, EVIDENCE_KINDS)
        faults.append(
            file.fault(("kind",), f'no kind of evidence is called "{shape.kind}"{near} (known: {", ".join(EVIDENCE_KINDS)})')
        )
        return
    data = hold_against(kind, file, faults, data=shape.data, at=("data",))
    issued, expires = _utc(shape.issued), _utc(shape.expires)
    if expires <= issued:
        faults.append(file.fault(("expires",), "it expires before it is issued"))
    elif data is not None:
        yield replace(stated(shape), data=data.model_dump(exclude_none=True), file=file.name)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
