"""Which budgets watch the groups of a workload, and that what could not be read leaves room for one."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import Gap, Read
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
BUDGETS = "Microsoft.Consumption/budgets"
LOG = resource(rid("Microsoft.OperationalInsights/workspaces", "log"), {})
PERIOD = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2027-01-01T00:00:00Z"}


def budget(at: str = SUBSCRIPTION, name: str = "b", **over: Json) -> dict[str, Json]:
    # Azure returns the id of a budget without its first slash.
    given = {"timePeriod": PERIOD, "notifications": {"n": {"enabled": True}}, **over}
    return resource(f"{at.lstrip('/')}/providers/{BUDGETS}/{name}", given)


def budgets(of: Snapshot) -> Json:
    (found,) = derive("budgets", of)
    return found.body["budgets"]


def test_a_group_is_watched_by_its_own_budgets_and_by_those_of_its_subscription() -> None:
    of = snapshot(LOG, budget(), budget(GROUP.upper(), "own"), budget(f"{GROUP}2"))
    (found,) = derive("budgets", of)
    assert found.body == {
        "resourceId": GROUP,
        "resourceName": "rg-chat",
        "budgets": [
            {"name": "own", "scope": GROUP, "active": True, "notifications": 1},
            {"name": "b", "scope": SUBSCRIPTION, "active": True, "notifications": 1},
        ],
    }


@pytest.mark.parametrize(
    ("period", "active"),
    [
        ({"startDate": "2026-11-01T00:00:00Z"}, True),
        ({"startDate": "2026-11-02T00:00:00Z"}, False),
        ({"STARTDATE": "2026-01-01", "ENDDATE": "2026-11-01T00:00:00Z"}, False),
    ],
)
def test_a_budget_is_active_from_its_start_until_its_end(period: Json, *, active: bool) -> None:
    assert budgets(snapshot(LOG, budget(timePeriod=period)))[0]["active"] is active


@pytest.mark.parametrize(
    "period", [None, {}, [], {"startDate": 5}, {"startDate": "soon"}, {"startDate": "2026-01-01", "endDate": []}]
)
def test_a_period_that_cannot_be_read_is_unknown(period: Json) -> None:
    assert isinstance(budgets(snapshot(LOG, budget(timePeriod=period)))[0]["active"], Unknown)


@pytest.mark.parametrize(
    ("notifications", "count"),
    [
        (None, 0),
        ({}, 0),
        ({"a": {"enabled": False}, "b": {"ENABLED": "True"}}, 1),
        ({"a": {}}, 0),
        ({"thresholdType": "Actual", "a": {"enabled": True}}, 1),
    ],
)
def test_enabled_notifications_are_counted(notifications: Json, count: int) -> None:
    assert budgets(snapshot(LOG, budget(notifications=notifications)))[0]["notifications"] == count


@pytest.mark.parametrize("odd", [[{"enabled": True}], {"a": [1]}, {"a": {"enabled": 5}}, "text"])
def test_notifications_of_an_odd_shape_are_unknown(odd: Json) -> None:
    assert isinstance(budgets(snapshot(LOG, budget(notifications=odd)))[0]["notifications"], Unknown)


def test_what_was_not_read_leaves_room_for_a_budget() -> None:
    refused = snapshot(LOG, budget(GROUP), gaps=[Gap(SUBSCRIPTION, BUDGETS, DENIED)])
    assert budgets(refused)[1:] == [Unknown.because(f"{BUDGETS} could not be read: {DENIED}")]
    group_alone = snapshot(
        LOG, reads=[Read("Microsoft.OperationalInsights/workspaces", GROUP), Read(BUDGETS, GROUP)], scopes=[GROUP]
    )
    assert budgets(group_alone) == [Unknown.because(f"{BUDGETS} was not asked for")]
    assert [type(item) for item in budgets(snapshot(LOG, {"id": budget()["id"]}))] == [Unknown]


def test_what_could_not_be_read_of_another_group_says_nothing_of_the_subscription() -> None:
    assert budgets(snapshot(LOG, gaps=[Gap(f"{SUBSCRIPTION}/resourceGroups/other", BUDGETS, DENIED)])) == []


def test_a_group_of_two_workloads_is_judged_once() -> None:
    of = snapshot(LOG)
    workloads = [WorkloadShape(name=name, scopes=[GROUP]) for name in ("a", "b")]
    assert [item.judged_id for item in derive("budgets", of, *workloads)] == [GROUP]
