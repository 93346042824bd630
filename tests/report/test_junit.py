"""junit.xml: valid by the schema of Jenkins, each verdict its outcome, and the counts add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from scanner.report.junit import render_junit
from tests.report.sample import HOSTILE, SAMPLE, hostile

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "schemas" / "junit-10.xsd"))


def tree(result: Any = SAMPLE) -> ET.Element:
    text = render_junit(result).decode()
    SCHEMA.validate(text)
    return ET.fromstring(text)  # noqa: S314  # our own


def outcomes(root: ET.Element) -> list[str]:
    return [next((child.tag for child in case), "") for case in root.iter("testcase")]


def test_each_verdict_has_its_outcome() -> None:
    assert outcomes(tree()) == ["error", "error", "", "", "failure", "skipped"]


def test_unknown_says_its_reason_and_a_waived_failure_its_waiver() -> None:
    root = tree()
    error, skipped = root.find(".//error"), root.find(".//skipped")
    assert error is not None
    assert error.get("type") == "unknown"
    assert "403 AuthorizationFailed" in str(error.get("message"))
    assert skipped is not None
    assert str(skipped.get("message")).startswith("waived until 2027-03-31 by platform team: The key moves in March (OPS-123)")


def test_counts_add_up() -> None:
    root = tree()
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for suite in root.iter("testsuite"):
            assert int(str(suite.get(name))) == len(list(suite.iter(tag)))
        if name != "skipped":
            assert int(str(root.get(name))) == len(list(root.iter(tag)))


def test_cases_are_named_apart() -> None:
    names = [(case.get("classname"), case.get("name")) for case in tree().iter("testcase")]
    assert len(names[2:]) == len(set(names[2:]))
    assert names[4][0] == "net.NET-003"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_document_stays_valid_whatever_names_say(text: str) -> None:
    root, plain = tree(hostile(text)), tree(hostile("plain"))
    assert [item.tag for item in root.iter()] == [item.tag for item in plain.iter()]
