"""The evidence that is shipped with the reference, stated for the workloads of the tests, whatever they are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from scanner.model.packaged import packaged
from scanner.rules import Baseline
from scanner.rules.evidence import load_evidence, with_evidence

_SHIPPED = packaged("baselines", "openai-chat", "evidence")
_WORKLOADS = ("chat", "chat-prod", "chat-dev", "rg-chat-prod", "rg-chat-dev", "spoke")


def with_shipped_evidence(baseline_: Baseline) -> Baseline:
    """A baseline with the evidence of every workload of the tests."""
    pieces = load_evidence(sorted(_SHIPPED.glob("*.yaml")))
    return with_evidence(baseline_, [replace(item, workload=name) for item in pieces for name in _WORKLOADS])


def write_evidence(folder: Path, *known: str) -> Path:
    """The same as files; the folder. `known` are object ids that the directory holds besides."""
    folder.mkdir(exist_ok=True)
    for path in _SHIPPED.glob("*.yaml"):
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        if stated["kind"] == "directory":
            stated["data"]["principals"] += known
        for name in _WORKLOADS:
            (folder / f"{name}-{path.name}").write_text(yaml.safe_dump({**stated, "workload": name}), encoding="utf-8")
    return folder
