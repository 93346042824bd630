"""Which alerts watch a resource: named, or through the group or subscription it lies in; and what leaves that unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.facts import FACTS, FactContext
from scanner.model.coverage import Gap, Read
from scanner.model.resource import Resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from tests.facts.snapshots import DENIED, GROUP, NOW, SUBSCRIPTION, baseline, bound, derive, resource, rid, snapshot

Json = Any
ALERTS = "Microsoft.Insights/metricAlerts"
SEARCHES = "Microsoft.Search/searchServices"
THROTTLED = "ThrottledSearchQueriesPercentage"
SEARCH = rid(SEARCHES, "srch")
ALERT = rid(ALERTS, "a")
FOUND = [{"name": "a", "id": ALERT, "enabled": True, "actionGroups": 1}]
SERVICE = resource(SEARCH, {}, location="eastus2")


def alert(at: str = ALERT, **over: Json) -> dict[str, Json]:
    criteria = {"allOf": [{"metricName": THROTTLED, "metricNamespace": SEARCHES}]}
    given = {"enabled": True, "scopes": [SEARCH], "criteria": criteria, "actions": [{"actionGroupId": "ag"}], **over}
    return resource(at, given)


def of_search(of: Snapshot) -> Json:
    return next(item.body["alerts"] for item in derive("alertCoverage", of) if item.judged_id == SEARCH)


def with_table(*rows: Json, of: Snapshot) -> list[Resource]:
    table = replace(baseline(), tables={**baseline().tables, "alerts": list(rows)})
    return list(FACTS["driftline/alertcoverage"].derive(FactContext(of, table, bound(of), NOW)))


def test_a_document_says_which_metric_and_which_alerts_watch_it() -> None:
    (found,) = (item for item in derive("alertCoverage", snapshot(SERVICE, alert())) if item.judged_id == SEARCH)
    assert (found.subject, found.body) == (
        THROTTLED,
        {
            "resourceId": SEARCH,
            "resourceName": "srch",
            "resourceType": SEARCHES,
            "component": "search",
            "metric": THROTTLED,
            "purpose": "AI Search refuses queries",
            "watched": THROTTLED,
            "operator": "GreaterThan",
            "threshold": 1,
            "aggregation": "Average",
            "alerts": FOUND,
        },
    )


def test_a_row_by_type_holds_for_every_resource_of_it_and_one_of_several_metrics_is_enough() -> None:
    row = {"type": SEARCHES.lower(), "metric": ["SearchLatency", THROTTLED], "purpose": "slow"}
    second = resource(f"{SEARCH}2", {})
    found = with_table(row, of=snapshot(SERVICE, second, alert()))
    assert [(item.judged_id, item.subject, item.body["alerts"]) for item in found] == [
        (SEARCH, f"SearchLatency or {THROTTLED}", FOUND),
        (f"{SEARCH}2", f"SearchLatency or {THROTTLED}", []),
    ]


@pytest.mark.parametrize(
    ("scopes", "more", "watches"),
    [
        ([SEARCH.upper().lstrip("/")], {}, True),
        ([GROUP], {"targetResourceType": SEARCHES.lower()}, True),
        ([f"{SUBSCRIPTION}/"], {"targetResourceType": SEARCHES, "targetResourceRegion": "East US 2"}, True),
        ([SUBSCRIPTION], {"targetResourceType": SEARCHES, "targetResourceRegion": "westeurope"}, False),
        ([GROUP], {"targetResourceType": "Microsoft.KeyVault/vaults"}, False),
        ([GROUP], {}, False),
        ([f"{GROUP}2"], {"targetResourceType": SEARCHES}, False),
        ([], {}, False),
    ],
)
def test_an_alert_reaches_what_it_names_and_what_is_of_its_type_below(
    scopes: Json, more: dict[str, Json], *, watches: bool
) -> None:
    assert of_search(snapshot(SERVICE, alert(scopes=scopes, **more))) == (FOUND if watches else [])


@pytest.mark.parametrize(
    "criteria",
    [
        {"allOf": [{"metricName": "SearchLatency"}]},
        {"allOf": [{"metricName": THROTTLED, "metricNamespace": "Azure.ApplicationInsights"}]},
        {"allOf": [{"query": "up"}]},
        {"webTestId": "w", "componentId": "c", "failedLocationCount": 2},
        {},
        None,
    ],
)
def test_criteria_of_other_metrics_and_of_none_do_not_watch(criteria: Json) -> None:
    assert of_search(snapshot(SERVICE, alert(criteria=criteria))) == []


@pytest.mark.parametrize(
    "odd",
    [
        alert(scopes=SEARCH),
        alert(scopes=None),
        alert(scopes=[SEARCH, 5]),
        alert(criteria={"allOf": [THROTTLED]}),
        alert(criteria={"allOf": [{"metricName": [THROTTLED]}]}),
        alert(scopes=[GROUP], targetResourceType=5),
        resource(ALERT),
    ],
)
def test_an_alert_of_an_odd_shape_may_watch(odd: dict[str, Json]) -> None:
    assert [type(item) for item in of_search(snapshot(SERVICE, odd))] == [Unknown]


def test_what_an_alert_does_not_say_of_itself_is_unknown() -> None:
    (found,) = of_search(snapshot(SERVICE, alert(enabled=None, actions={"actionGroupId": "ag"})))
    assert [type(found[name]) for name in ("enabled", "actionGroups")] == [Unknown, Unknown]


def test_where_a_resource_lies_is_read_in_any_spelling() -> None:
    regional = alert(scopes=[GROUP], targetResourceType=SEARCHES, targetResourceRegion="eastus2")
    assert of_search(snapshot(resource(SEARCH, {}, LOCATION="East US 2"), regional)) == FOUND


def test_where_a_resource_lies_is_needed_only_for_an_alert_of_a_region() -> None:
    regional = alert(scopes=[GROUP], targetResourceType=SEARCHES, targetResourceRegion="eastus2")
    assert [type(item) for item in of_search(snapshot(resource(SEARCH, {}), regional))] == [Unknown]


def test_alerts_of_other_groups_count_and_where_they_were_not_read_there_may_be_one() -> None:
    types = [*(name for item in baseline().components.values() for name in item.types), ALERTS]
    elsewhere = alert(rid(ALERTS, "a", f"{SUBSCRIPTION}/resourceGroups/ops"))
    own = [Read(name, GROUP) for name in types]
    found = {**FOUND[0], "id": elsewhere["id"]}
    assert of_search(snapshot(SERVICE, elsewhere, reads=own, scopes=[GROUP])) == [
        found,
        Unknown.because(f"{ALERTS} was not asked for"),
    ]
    assert of_search(snapshot(SERVICE, elsewhere, reads=[*own, Read(ALERTS, SUBSCRIPTION)], scopes=[GROUP])) == [found]


def test_a_component_that_is_not_known_has_a_document_that_says_so() -> None:
    found = derive("alertCoverage", snapshot(gaps=[Gap(SUBSCRIPTION, SEARCHES, DENIED)]))
    assert [(item.judged_id, item.subject, type(item.body["alerts"])) for item in found] == [(SUBSCRIPTION, THROTTLED, Unknown)]


@pytest.mark.parametrize("row", [{"metric": THROTTLED}, {"component": "serach", "metric": THROTTLED}, {"component": "search"}])
def test_a_row_that_names_nothing_known_is_unknown_and_never_silent(row: Json) -> None:
    (found,) = with_table(row, of=snapshot(SERVICE, alert()))
    assert str(found.body["alerts"]).startswith("a row of table alerts names no component and metric")


@pytest.mark.parametrize("table", [None, {}, "odd", ["odd", 5]])
def test_a_table_of_an_odd_shape_has_no_rows(table: Json) -> None:
    of = snapshot(SERVICE)
    odd = replace(baseline(), tables={**baseline().tables, "alerts": table})
    assert list(FACTS["driftline/alertcoverage"].derive(FactContext(of, odd, bound(of), NOW))) == []
