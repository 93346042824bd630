"""findings.csv: read back cell by cell, stable columns, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from scanner.report.csv_table import COLUMNS, render_csv
from tests.report.sample import HOSTILE, SAMPLE, hostile


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def test_each_finding_is_a_row_with_every_column() -> None:
    found = rows(render_csv(SAMPLE))
    assert [row["verdict"] for row in found] == ["fail", "fail", "unknown", "error"]
    assert all(tuple(row) == COLUMNS for row in found)
    assert found[0]["file"] == "infra/main.json"
    assert found[0]["line"] == "12"
    assert (found[1]["waiver"], found[1]["waiver_ticket"]) == ("in force", "OPS-123")
    assert found[0]["fingerprint"] == SAMPLE.findings[0].fingerprint


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    found = rows(render_csv(hostile(text)))
    assert len(found) == 4
    assert not [cell for row in found for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    item = replace(SAMPLE.findings[0], message=text)
    assert rows(render_csv(replace(SAMPLE, findings=(item,))))[0]["message"] == f"'{text}"


def test_lines_end_as_the_standard_wants() -> None:
    data = render_csv(SAMPLE)
    assert data.count(b"\r\n") == data.count(b"\n") == 5
