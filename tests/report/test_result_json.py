"""result.json is the document as it stands, however it is put together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.model.coverage import EVERYTHING, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.report.result_json import as_document, render_json
from scanner.rules import load_baseline, load_rules
from scanner.sources.snapshot_file import SnapshotFileSource, write_snapshot

BASELINE = load_baseline("openai-chat")
RULES = load_rules([], BASELINE, fact_paths=FACT_PATHS)
ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"


@pytest.mark.parametrize("include_passes", [False, True])
@pytest.mark.parametrize("only", [[], ["NET"], ["none of it"]])
def test_its_bytes_are_those_of_the_whole_document(tmp_path: Path, only: list[str], *, include_passes: bool) -> None:
    account = make_resource({"id": ACCOUNT, "properties": {"note": 'a "[]\n}" in a text'}})
    write_snapshot(
        tmp_path / "s.jsonl", [Snapshot(scopes=["/subscriptions/s"], resources=[account], reads=[Read(EVERYTHING, "/")])]
    )
    rules = RULES if not only else RULES.select(only if only == ["NET"] else ["IAM"], [] if only == ["NET"] else ["IAM"])
    result = run_scan(
        SnapshotFileSource(tmp_path / "s.jsonl"), rules, BASELINE, now=datetime(2026, 11, 1, tzinfo=UTC), pinned=True
    )
    whole = msgspec.json.format(msgspec.json.encode(as_document(result, include_passes=include_passes)), indent=2) + b"\n"
    assert render_json(result, include_passes=include_passes) == whole
    assert bool(result.findings) == (only != ["none of it"])
