"""ocsf.json: valid by the models of py-ocsf-models, each verdict its status, nothing of a finding lost."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding  # type: ignore[import-untyped]  # has no py.typed
from py_ocsf_models.objects.cloud import Cloud  # type: ignore[import-untyped]  # has no py.typed

from scanner.model.verdict import Verdict
from scanner.report.ocsf import render_ocsf
from tests.report.sample import HOSTILE, SAMPLE, hostile


def events(result: Any = SAMPLE, **options: bool) -> list[Any]:
    found: list[Any] = json.loads(render_ocsf(result, **options))
    for event in found:
        ComplianceFinding.model_validate(event)
        if "account" in event["cloud"]:
            Cloud.model_validate(event["cloud"])
    return found


def test_no_member_is_one_that_the_model_does_not_know() -> None:
    strict = ComplianceFinding.model_json_schema()
    defined = strict["$defs"]

    def hold(value: Any, shape: Any) -> None:
        for option in shape.get("anyOf", [shape]):
            if "$ref" in option:
                shape = defined[option["$ref"].rpartition("/")[2]]
            elif option.get("type") == "array":
                shape = option
        if isinstance(value, list):
            for item in value:
                hold(item, shape.get("items", {}))
        elif isinstance(value, dict) and "properties" in shape:
            assert set(value) <= set(shape["properties"])
            for name, item in value.items():
                hold(item, shape["properties"][name])

    for event in events():
        hold({name: value for name, value in event.items() if name != "cloud"}, strict)


def test_each_verdict_has_its_status() -> None:
    found = [(item["status_code"], item["compliance"]["status_id"], item["status"]) for item in events(include_passes=True)]
    assert found == [
        ("fail", 3, "New"), ("fail", 3, "Suppressed"), ("unknown", 2, "New"), ("error", 0, "New"), ("pass", 1, "New"), ("pass", 1, "New"),
    ]  # fmt: skip


def test_the_event_says_what_it_is_and_when() -> None:
    event = events()[0]
    assert (event["class_uid"], event["type_uid"], event["category_uid"]) == (2003, 200301, 2)
    assert event["time"] == 1793491200000
    assert event["metadata"]["version"] == "1.5.0"
    assert event["cloud"]["account"]["uid"] == "5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
    assert event["compliance"]["requirements"] == ["NIST-800-53 AC-4", "NIST-800-53 SC-7"]


def test_nothing_of_a_finding_is_lost() -> None:
    for item, event in zip(SAMPLE.findings, events(), strict=True):
        kept = event["unmapped"]
        assert [one["data"] for one in event.get("evidences", [])] == [asdict(one) for one in item.evidence]
        assert kept["waiver"] == item.waiver
        assert kept["fix"] == (json.loads(json.dumps(asdict(item.fix))) if item.fix else None)
        assert kept["location"] == (asdict(item.location) if item.location else None)
        assert (kept["rule"], kept["subject"], kept["message"]) == (item.rule, item.subject, item.message)
        assert (event["resources"][0]["uid"], event["finding_info"]["uid"]) == (item.resource, item.fingerprint)


@pytest.mark.parametrize("text", HOSTILE)
def test_events_stay_valid_whatever_names_say(text: str) -> None:
    assert len(events(hostile(text))) == 4


def test_no_finding_gives_an_empty_array() -> None:
    assert events(replace(SAMPLE, findings=())) == []
    assert SAMPLE.count(Verdict.PASS) == 2
