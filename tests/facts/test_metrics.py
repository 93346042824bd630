"""`driftline/metric`: what was measured, day by day, of a resource or of its children."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.coverage import Read
from scanner.model.unknown import Unknown
from tests.facts.snapshots import SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
ACCOUNTS = "Microsoft.CognitiveServices/accounts"
ACCOUNT = rid(ACCOUNTS, "oai")
OPENAI = resource(ACCOUNT, {}, kind="OpenAI")
BY_CODE = f"{ACCOUNT}/providers/Microsoft.Insights/metrics/AzureOpenAIRequests-Total-7d-StatusCode"


def measured(*series: tuple[str, list[Json]]) -> dict[str, Json]:
    return {
        "id": BY_CODE,
        "timeseries": [
            {
                "metadatavalues": [{"name": {"value": "statuscode"}, "value": code}],
                "data": [{"total": value} for value in values],
            }
            for code, values in series
        ],
    }


def share(*bodies: Json, reads: list[Read] | None = None) -> Json:
    of = snapshot(OPENAI, *bodies) if reads is None else snapshot(OPENAI, *bodies, reads=reads)
    (found,) = [item.body for item in derive("metric", of) if item.body["row"] == "throttledShare"]
    return found


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=14), st.lists(st.integers(0, 10**6), max_size=14))
def test_a_share_is_the_part_of_the_whole(others: list[int], refused: list[int]) -> None:
    found = share(measured(("200", list(others)), ("429", list(refused))))
    total = sum(others) + sum(refused)
    assert found["samples"] == len(others) + len(refused)
    if total:
        assert found["value"] == pytest.approx(100 * sum(refused) / total)
    else:
        assert isinstance(found["value"], Unknown)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (measured(), "AzureOpenAIRequests has no samples in 7 days"),
        (measured(("200", [None, None])), "AzureOpenAIRequests has no samples in 7 days"),
        (measured(("200", [0])), "AzureOpenAIRequests counted nothing in 7 days"),
        (measured(("200", ["1"])), "total is no number"),
        (measured(("200", [float("inf")])), "total is no number"),
        ({"id": BY_CODE, "timeseries": {}}, "timeseries is no list"),
        ({"id": BY_CODE, "timeseries": ["x"]}, "timeseries[0] is no object"),
        ({"id": BY_CODE, "timeseries": [{"data": 3}]}, "data is no list"),
        ({"id": BY_CODE, "timeseries": [{"data": [{"total": 1}], "metadatavalues": [{"name": 3}]}]}, "name.value"),
    ],
)
def test_what_cannot_be_measured_is_unknown_and_says_why(body: Json, reason: str) -> None:
    value = share(body)["value"]
    assert isinstance(value, Unknown)
    assert reason in str(value)


def test_a_metric_that_was_not_read_is_unknown() -> None:
    found = share(reads=[Read(ACCOUNTS, SUBSCRIPTION)])
    assert isinstance(found["value"], Unknown)
    assert isinstance(found["samples"], Unknown)
