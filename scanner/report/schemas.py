"""The JSON Schemas of every file that driftline reads or writes: those of pydantic's shapes, and some written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from pydantic import TypeAdapter

from scanner.rules.evidence_kinds import EVIDENCE_KINDS
from scanner.rules.shapes import (
    BaselineShape,
    CaseShape,
    ConditionShape,
    DefaultShape,
    EvidenceShape,
    RelationShape,
    RuleShape,
    SettingsShape,
    WaiverShape,
)

__all__ = ["schemas"]

Json = Any
_FOLDER = Path(__file__).parent / "schemas_written"


def schemas() -> dict[str, Json]:
    """Schemas (draft 2020-12) by kind of file."""
    shapes: dict[str, Any] = {
        "rule": RuleShape,
        "cases": list[CaseShape],
        "baseline": BaselineShape,
        "settings": SettingsShape,
        "waivers": list[WaiverShape],
        "evidence": EvidenceShape,
        "defaults": dict[str, dict[str, DefaultShape | Any]],
        "relations": dict[str, RelationShape],
        "conditions": dict[str, ConditionShape],
    }
    shapes |= {f"evidence-{name}": shape for name, shape in EVIDENCE_KINDS.items()}
    found = {name: TypeAdapter(shape).json_schema(by_alias=True) for name, shape in shapes.items()}
    for file in sorted(_FOLDER.glob("*.json")):
        found[file.stem] = msgspec.json.decode(file.read_bytes())
    return found
