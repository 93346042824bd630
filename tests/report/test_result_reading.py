"""result.json comes back as it went, and a wrong file is refused with the place that is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.model.errors import DriftlineError
from scanner.model.finding import Location
from scanner.model.result import Judged, Workload
from scanner.report.result_json import as_document, render_json
from scanner.report.result_reading import read_result
from tests.report.test_terminal import ACCOUNT, RESULT

FULL = replace(
    RESULT,
    findings=(replace(RESULT.findings[0], location=Location("main.json", 7), waiver={"owner": "a"}), *RESULT.findings[1:]),
    not_applicable=(Judged("NET-003", "s", (ACCOUNT,)),),
    workloads=(Workload("chat", {"openai": (ACCOUNT,)}),),
)


@pytest.mark.parametrize("include_passes", [False, True])
def test_a_result_comes_back_as_it_went(tmp_path: Path, include_passes: bool) -> None:  # noqa: FBT001  # parametrised
    path = tmp_path / "result.json"
    path.write_bytes(render_json(FULL, include_passes=include_passes))
    assert read_result(path) == FULL


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("schema",), "driftline.result/2", "$.schema"),
        (("findings", 1, "severity"), "awful", "$.findings[1].severity"),
        (("findings", 0, "rule"), "NET-999", "$.findings[0].rule"),
        (("passes", 0, 0), "NET-999", "$.passes[0][0]"),
        (("coverage", "gaps", 0, "scope"), 3, "$.coverage.gaps[0].scope"),
        (("scan", "complete"), "yes", "$.scan.complete"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, place: tuple, value: object, said: str) -> None:
    document = json.loads(json.dumps(as_document(FULL)))
    at = document
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DriftlineError) as caught:
        read_result(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"schema": "\xff"}'])
def test_what_is_no_result_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(data)
    with pytest.raises(DriftlineError, match="is no result of driftline"):
        read_result(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DriftlineError, match="cannot be read"):
        read_result(tmp_path / "none.json")
