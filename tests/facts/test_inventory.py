"""What stands in the workload's groups: every resource with the row it is on, and what could not be listed as a hole."""

from __future__ import annotations

from typing import Any

from scanner.model.coverage import Gap, Read
from scanner.model.read_plan import INVENTORY
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
SEARCH = rid("Microsoft.Search/searchServices", "srch")
PAGE = rid("Contoso.Web/pages", "p")


def rows(of: Snapshot) -> dict[str, Json]:
    return {item.judged_id: item.body["row"] for item in derive("inventory", of)}


def test_each_resource_of_the_groups_with_components_is_held_against_the_baseline() -> None:
    elsewhere = f"{SUBSCRIPTION}/resourceGroups/other/providers/Contoso.Web/pages/q"
    of = snapshot(
        resource(SEARCH, {}), resource(PAGE), resource(rid("Microsoft.Compute/disks", "d"), {}), resource(elsewhere),
        resource(f"{SEARCH}/providers/Microsoft.Authorization/locks/l", {}), resource(rid("Contoso.Web/pages/parts", "p/x")),
        resource(rid("Microsoft.Authorization/roleAssignments", "a"), {}), resource(GROUP),
    )  # fmt: skip
    assert rows(of) == {
        SEARCH: "component search",
        PAGE: "",
        rid("Microsoft.Compute/disks", "d"): "companion: disks of the jump box",
    }


def test_a_group_that_was_not_listed_in_full_is_a_hole() -> None:
    listed = Read(INVENTORY, SUBSCRIPTION)
    search = Read("Microsoft.Search/searchServices", SUBSCRIPTION)
    assert GROUP not in rows(snapshot(resource(SEARCH, {}), reads=[listed, search]))
    assert rows(snapshot(resource(SEARCH, {}), reads=[search]))[GROUP] == Unknown.because(f"{INVENTORY} was not asked for")
    refused = snapshot(resource(SEARCH, {}), reads=[listed, search], gaps=[Gap(SUBSCRIPTION, "Microsoft.Web/sites", DENIED)])
    assert rows(refused)[GROUP] == Unknown.because(f"Microsoft.Web/sites could not be read: {DENIED}")


def test_a_refused_extension_or_child_hides_no_resource() -> None:
    reads = [Read(INVENTORY, SUBSCRIPTION), Read("Microsoft.Search/searchServices", SUBSCRIPTION)]
    gaps = [Gap(SUBSCRIPTION, name, DENIED) for name in ("Microsoft.Authorization/locks", "Microsoft.Web/sites/config")]
    assert GROUP not in rows(snapshot(resource(SEARCH, {}), reads=reads, gaps=gaps))


def test_the_tags_of_the_group_stand_beside_those_of_a_resource() -> None:
    group = resource(GROUP, tags={"owner": "team"})
    told = [item.body for item in derive("inventory", snapshot(resource(SEARCH, {}, tags={"a": "b"}), group))]
    assert [(item["tags"], item["groupTags"]) for item in told] == [({"a": "b"}, {"owner": "team"})]
    (alone,) = derive("inventory", snapshot(resource(SEARCH, {})))
    assert alone.body["groupTags"] == {}
    (odd,) = derive("inventory", snapshot(resource(SEARCH, {}), resource(GROUP, tags=["owner"])))
    assert isinstance(odd.body["groupTags"], Unknown)
