"""result.sarif: valid by the official schema, and what the standard and code scanning want of its parts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.model.finding import Location
from scanner.model.verdict import Severity
from scanner.report.sarif import render_sarif
from tests.report.sample import HOSTILE, SAMPLE, hostile

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def run_of(result: Any = SAMPLE) -> Any:
    document = json.loads(render_sarif(result))
    VALIDATOR.validate(document)
    return document["runs"][0]


@pytest.mark.parametrize("result", [SAMPLE, replace(SAMPLE, findings=(), gaps=(), notes=())], ids=["sample", "clean"])
def test_the_log_is_valid_by_the_official_schema(result: Any) -> None:
    assert len(run_of(result)["results"]) == len(result.findings)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_log_stays_valid_whatever_names_say(text: str) -> None:
    run = run_of(hostile(text))
    assert [len(item["locations"]) for item in run["results"]] == [1] * 4
    for item in run["results"]:
        words, uri = item["message"]["text"], item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert "](" not in words
        assert words.replace("{{", "").replace("}}", "").find("{") == -1
        assert ":" not in uri.removeprefix("file://")


def test_unknown_is_open_and_never_a_pass() -> None:
    told = [(item["properties"]["verdict"], item["kind"], item["level"]) for item in run_of()["results"]]
    assert told == [("fail", "fail", "error"), ("fail", "fail", "error"), ("unknown", "open", "none"), ("error", "open", "none")]


def test_errors_and_gaps_are_notifications() -> None:
    invocation = run_of()["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [item["level"] for item in invocation["toolExecutionNotifications"]] == ["error", "warning"]
    assert invocation["toolExecutionNotifications"][0]["associatedRule"] == {"id": "AI-001"}
    complete = run_of(replace(SAMPLE, findings=SAMPLE.findings[:3]))["invocations"][0]
    assert complete["executionSuccessful"] is True
    stopped = replace(SAMPLE, findings=(), scan=replace(SAMPLE.scan, complete=False))
    assert run_of(stopped)["invocations"][0]["executionSuccessful"] is False


def test_places_are_files_and_resources() -> None:
    first, second = (item["locations"][0] for item in run_of()["results"][:2])
    assert first["physicalLocation"]["artifactLocation"] == {"uri": "infra/main.json", "uriBaseId": "%SRCROOT%"}
    assert first["physicalLocation"]["region"]["startLine"] == 12
    assert second["physicalLocation"]["artifactLocation"]["uri"] == "driftline.yaml"
    assert second["logicalLocations"][0]["fullyQualifiedName"].startswith(SAMPLE.findings[1].resource)


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/main.json", "a%20b/main.json"),
        ("infra\\main.json", "infra/main.json"),
        ("/src/main.json", "file:///src/main.json"),
        ("C:\\src\\main.json", "file:///C:/src/main.json"),
    ],
)
def test_files_are_named_by_uri(file: str, uri: str) -> None:
    item = replace(SAMPLE.findings[0], location=Location(file, 0))
    place = run_of(replace(SAMPLE, findings=(item,)))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place["region"]["startLine"] == 1


def test_fingerprints_are_those_of_the_findings() -> None:
    for item, found in zip(run_of()["results"], SAMPLE.findings, strict=True):
        assert set(item["partialFingerprints"].values()) == {found.fingerprint}


def test_waivers_in_force_are_suppressions_and_expired_ones_are_not() -> None:
    plain, waived = run_of()["results"][:2]
    assert plain["suppressions"] == []
    assert waived["suppressions"][0]["justification"] == (
        "waived until 2027-03-31 by platform team: The key moves in March (OPS-123)"
    )
    item = SAMPLE.findings[1]
    expired = replace(item, waiver={**(item.waiver or {}), "state": "expired"})
    assert run_of(replace(SAMPLE, findings=(expired,)))["results"][0]["suppressions"] == []


@pytest.mark.parametrize(
    ("severity", "family", "score", "level"),
    [
        (Severity.CRITICAL, "net", "9.5", "error"), (Severity.HIGH, "iam", "8.0", "error"), (Severity.MEDIUM, "key", "5.5", "warning"),
        (Severity.LOW, "ai", "2.0", "note"), (Severity.INFO, "net", None, "note"), (Severity.CRITICAL, "cost", None, "error"),
    ],
)  # fmt: skip
def test_rules_have_level_and_score(severity: Severity, family: str, score: str | None, level: str) -> None:
    rule = replace(SAMPLE.rules[0], severity=severity, family=family)
    found = run_of(replace(SAMPLE, findings=(), rules=(rule,)))["tool"]["driver"]["rules"][0]
    assert found["properties"].get("security-severity") == score
    assert found["defaultConfiguration"]["level"] == level
    assert ("security" in found["properties"]["tags"]) == (family != "cost")


def test_each_rule_says_why_and_how() -> None:
    rule = run_of()["tool"]["driver"]["rules"][0]
    assert rule["help"] == {"text": "Why.\nHow to mend it: How.", "markdown": "Why.\n\n**How to mend it.** How."}
    assert "helpUri" not in rule
