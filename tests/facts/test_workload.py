"""The workload's own document: its components with how they are bound, and what is bound to none."""

from __future__ import annotations

from typing import Any

from scanner.model.coverage import Gap
from scanner.model.snapshot import Snapshot
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, baseline, derive, resource, rid, snapshot

Json = Any
SEARCH = "Microsoft.Search/searchServices"
OTHER = f"{SUBSCRIPTION}/resourceGroups/other"


def document(of: Snapshot) -> dict[str, Json]:
    (found,) = derive("workload", of)
    return found.body


def test_every_component_is_listed_with_its_status_and_the_foundation_apart() -> None:
    body = document(snapshot(resource(rid(SEARCH, "srch"), {})))
    assert [item["name"] for item in body["components"]] == list(baseline().components)
    assert [item["name"] for item in body["foundation"]] == [
        name for name, component in baseline().components.items() if component.foundational
    ]
    assert next(item for item in body["components"] if item["name"] == "search") == {
        "name": "search",
        "status": "bound",
        "reason": "",
        "purpose": "finds grounding data",
        "foundational": True,
        "count": 1,
        "least": 1,
        "types": [SEARCH],
    }


def test_the_components_that_are_not_bound_are_named_by_status() -> None:
    body = document(
        snapshot(
            resource(rid(SEARCH, "a"), {}),
            resource(rid(SEARCH, "b"), {}),
            gaps=[Gap(SUBSCRIPTION, "Microsoft.Web/sites", DENIED)],
        )
    )
    assert (body["ambiguous"], body["unknown"]) == (["search"], ["chatUi", "snet-appService"])
    assert set(body["missing"]) == set(baseline().components) - {"search", "chatUi", "snet-appService"}


def test_a_workload_is_judged_at_its_one_group_and_else_at_its_first_scope() -> None:
    one = snapshot(resource(rid(SEARCH, "srch"), {}))
    two = snapshot(resource(rid(SEARCH, "srch"), {}), resource(rid("Microsoft.Web/sites", "app", OTHER), {}))
    assert [item.judged_id for of in (one, two, snapshot()) for item in derive("workload", of)] == [
        GROUP,
        SUBSCRIPTION,
        SUBSCRIPTION,
    ]


def test_each_workload_has_one_document() -> None:
    of = snapshot(resource(rid(SEARCH, "a"), {}), resource(rid(SEARCH, "b", OTHER), {}))
    shapes = [WorkloadShape(name=name, scopes=[scope]) for name, scope in (("here", GROUP), ("there", OTHER))]
    assert [(item.body["name"], item.judged_id) for item in derive("workload", of, *shapes)] == [
        ("here", GROUP),
        ("there", OTHER),
    ]
