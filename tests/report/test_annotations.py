"""Annotations: read as the agents read them, they say what was meant; ten of a kind, the worst first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.finding import Location
from scanner.model.verdict import Severity, Verdict
from scanner.report.annotations import render_azdo, render_github
from tests.report.sample import HOSTILE, SAMPLE, hostile


def github(result: Any) -> list[tuple[str, dict[str, str], str]]:
    """As actions/runner reads: up to the next `::`, properties between commas, escapes undone."""
    found = []
    for line in render_github(result).decode().splitlines()[:-1]:
        command, _, data = line.removeprefix("::").partition("::")
        kind, _, told = command.partition(" ")
        pairs = (pair.partition("=") for pair in told.split(","))
        found.append((kind, {name: undone(value, ":,") for name, _, value in pairs}, undone(data, "")))
    return found


def undone(text: str, signs: str) -> str:
    for sign in f"\r\n{signs}":
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text.replace("%25", "%")


def azdo(result: Any) -> list[tuple[dict[str, str], str]]:
    """As Microsoft's agent reads: up to the first `]`, properties between semicolons, escapes undone."""
    found = []
    for line in render_azdo(result).decode().splitlines()[:-1]:
        command, _, data = line.removeprefix("##vso[").partition("]")
        area, _, told = command.partition(" ")
        assert area == "task.logissue"
        pairs = (pair.partition("=") for pair in told.split(";") if pair)
        found.append(({name: azdo_undone(value) for name, _, value in pairs}, azdo_undone(data)))
    return found


def azdo_undone(text: str) -> str:
    for sign in ";\r\n]":
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text.replace("%AZP25", "%")


def test_the_place_of_a_template_is_told() -> None:
    kind, properties, data = github(SAMPLE)[0]
    assert (kind, properties["file"], properties["line"]) == ("error", "infra/main.json", "12")
    assert properties["title"] == "CRITICAL NET-003 Account refuses public access"
    assert data.startswith("accounts oai-chat-prod: oai-chat-prod can be reached from public networks\n")
    properties, data = azdo(SAMPLE)[0]
    assert (properties["type"], properties["sourcepath"], properties["linenumber"]) == ("error", "infra/main.json", "12")
    assert properties["code"] == "NET-003"


def test_unknown_warns_an_error_is_an_error_and_a_waived_failure_is_only_counted() -> None:
    assert [kind for kind, _, _ in github(SAMPLE)] == ["error", "error", "warning"]
    assert [data.split(": ")[1] for _, _, data in github(SAMPLE)[1:]] == ["error", "unknown"]
    assert render_github(SAMPLE).decode().splitlines()[-1] == (
        "driftline: 2 failing (2 critical), 1 unknown, 1 error, 2 passing, 1 waived"
    )


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (1, 1), (10, 10), (11, 10), (10_000, 10)], ids=["none", "one", "ten", "eleven", "many"]
)
def test_ten_of_a_kind_are_told_and_the_rest_is_counted(number: int, shown: int) -> None:
    kinds = [(level, Verdict.FAIL) for level in (Severity.HIGH, Severity.MEDIUM, Severity.LOW)]
    found = tuple(
        replace(SAMPLE.findings[0], severity=level, verdict=verdict, resource=f"/x{at}")
        for level, verdict in kinds
        for at in range(number)
    )
    result = replace(SAMPLE, findings=found)
    told = github(result)
    for kind in ("error", "warning", "notice"):
        of_kind = [item for item in told if item[0] == kind]
        assert len(of_kind) == shown
        if number > shown:
            assert of_kind[-1][2] == f"{number - 9} more like these are in the reports"
    assert len([item for item in azdo(result) if item[0]["type"] == "warning"]) == min(10, 2 * shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_read_is_what_was_meant(text: str) -> None:
    plain = github(hostile("plain"))
    for (kind, properties, data), (plain_kind, plain_properties, plain_data) in zip(github(hostile(text)), plain, strict=True):
        assert (kind, set(properties)) == (plain_kind, set(plain_properties))
        assert len(data.split("\n")) == len(plain_data.split("\n"))
    for (told, _), (plain_told, _) in zip(azdo(hostile(text)), azdo(hostile("plain")), strict=True):
        assert set(told) == set(plain_told)


def test_escapes_are_those_of_the_agents() -> None:
    item = replace(SAMPLE.findings[0], title="50%, a: b; c]", message="100% [x]; y", location=Location("a,b:c;d]e%.json", 0))
    result = replace(SAMPLE, findings=(item,))
    line = render_github(result).decode().splitlines()[0]
    assert line.startswith("::error file=a%2Cb%3Ac;d]e%25.json,line=1,title=CRITICAL NET-003 50%25%2C a%3A b; c]::")
    line = render_azdo(result).decode().splitlines()[0]
    assert "sourcepath=a,b:c%3Bd%5De%AZP25.json;linenumber=1;code=NET-003;]" in line
    assert "100%AZP25 [x%5D%3B y" in line
    assert not re.search(r"%(?!AZP25|3B|5D|0A)", line)
