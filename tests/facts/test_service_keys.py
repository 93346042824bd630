"""Bounds of the ages of keys that no service tells, from events, secrets and creation, in any order and however odd."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.unknown import Unknown
from tests.facts.snapshots import NOW, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
SEARCH = rid("Microsoft.Search/searchServices", "srch")
LOG = f"{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management"


def iso(days: float) -> str:
    return (NOW - timedelta(days=days)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bodies(made: float | None, renewed: list[float], *, log: bool = True) -> list[Json]:
    window = {
        "id": LOG,
        "type": "Microsoft.Insights/eventtypes",
        "from": iso(90),
        "to": iso(0),
        "providers": ["Microsoft.Search"],
    }
    created = {} if made is None else {"systemData": {"createdAt": iso(made)}}
    events = [
        {"id": f"{LOG}/values/{at}", "type": "Microsoft.Insights/eventtypes/values", "resourceId": SEARCH,
         "operationName": {"value": "Microsoft.Search/searchServices/regenerateAdminKey/action"}, "status": {"value": "Succeeded"},
         "eventTimestamp": iso(days)}
        for at, days in enumerate(renewed)
    ]  # fmt: skip
    return [resource(SEARCH, {"disableLocalAuth": False}, **created), *([window] if log else []), *events]


def keys(*given_bodies: Json) -> dict[str, Json]:
    return {item.subject: item.body for item in derive("key", snapshot(*given_bodies)) if item.body.get("service") == "search"}


@given(st.floats(0, 1000), st.lists(st.floats(0, 89), max_size=4), st.data())
def test_the_truth_lies_within_the_bounds(made: float, renewed: list[float], data: st.DataObject) -> None:
    """Whichever key each event renewed: the older of the two lies within the bounds of a document, and so does the younger."""
    renewed = [days for days in renewed if days <= made]
    ages = [made, made]
    for days in sorted(renewed, reverse=True):
        ages[data.draw(st.integers(0, 1))] = days
    found = keys(*bodies(made, renewed))
    bounds = [(body["ageLowerDays"], body["ageUpperDays"]) for body in found.values()]
    assert all(lower <= upper for lower, upper in bounds)
    for true, (lower, upper) in zip(sorted(ages), bounds if len(bounds) == 2 else bounds * 2, strict=True):
        assert lower - 1 <= true <= upper + 1, (ages, bounds)


@given(st.none() | st.floats(-10, 1000), st.lists(st.floats(-10, 200), max_size=3), st.booleans())
def test_without_the_log_nothing_is_known_but_the_creation(made: float | None, renewed: list[float], log: bool) -> None:  # noqa: FBT001
    for body in keys(*bodies(made, renewed, log=log)).values():
        assert isinstance(body["ageLowerDays"], Unknown) is not log
        assert isinstance(body.get("ageUpperDays", 0), int)
        assert body.get("ageUpperDays", 0) >= 0


@pytest.mark.parametrize(
    ("kind", "judged"), [({"kind": "OpenAI"}, True), ({"kind": "aiservices"}, True), ({"kind": "Face"}, False), ({}, True)]
)
def test_an_account_that_does_not_say_its_kind_may_serve_models(kind: Json, *, judged: bool) -> None:
    account = resource(rid("Microsoft.CognitiveServices/accounts", "oai"), {"disableLocalAuth": False}, **kind)
    found = [item for item in derive("key", snapshot(account)) if item.body.get("service") == "openai"]
    assert bool(found) is judged
