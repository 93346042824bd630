"""Which resource is which component, and that nothing is bound, missing or complete on less than what was read."""

from __future__ import annotations

from scanner.facts import Binding
from scanner.model.coverage import Gap, Read
from scanner.model.snapshot import Snapshot
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, bound, resource, rid, snapshot

WORKSPACE = rid("Microsoft.MachineLearningServices/workspaces", "mlw")
STORAGE = "Microsoft.Storage/storageAccounts"
SEARCH = "Microsoft.Search/searchServices"
PUBLIC_IP = "Microsoft.Network/publicIPAddresses"


def bindings(of: Snapshot, *workloads: WorkloadShape) -> dict[str, Binding]:
    return dict(bound(of, *workloads)[0].components)


def names(binding: Binding) -> tuple[str, list[str]]:
    return binding.status, [item.name for item in binding.resources]


def workload(**components: str | list[str]) -> WorkloadShape:
    return WorkloadShape(name="chat", scopes=[SUBSCRIPTION], components=components)


def test_a_component_is_told_apart_by_type_condition_and_by_who_names_it() -> None:
    found = bindings(
        snapshot(
            resource(WORKSPACE, {"STORAGEACCOUNT": rid(STORAGE, "STML").upper()}),
            resource(rid(STORAGE, "stml"), {}),
            resource(rid(STORAGE, "stapp"), {}),
            resource(rid("Microsoft.CognitiveServices/accounts", "face"), {}, kind="Face"),
            resource(rid("Microsoft.CognitiveServices/accounts", "oai"), {}, kind="openai"),
        )
    )
    assert {name: names(found[name]) for name in ("mlWorkspace", "mlStorage", "appStorage", "openai", "registry", "search")} == {
        "mlWorkspace": ("bound", ["mlw"]),
        "mlStorage": ("bound", ["stml"]),
        "appStorage": ("bound", ["stapp"]),
        "openai": ("bound", ["oai"]),
        "registry": ("missing", []),
        "search": ("missing", []),
    }


def test_too_many_are_ambiguous_and_the_reason_says_what_to_add() -> None:
    of = snapshot(resource(rid(SEARCH, "a"), {}), resource(rid(SEARCH, "b"), {}))
    found = bindings(of)["search"]
    assert (found.status, found.reason) == (
        "ambiguous",
        "2 resources match (a, b), at most 1 wanted: name it under components in driftline.yaml",
    )
    assert names(bindings(of, workload(search="B"))["search"]) == ("bound", ["b"])
    assert names(bindings(of, workload(search=rid(SEARCH, "A")))["search"]) == ("bound", ["a"])


def test_a_hint_goes_before_what_another_component_names() -> None:
    of = snapshot(
        resource(WORKSPACE, {"storageAccount": rid(STORAGE, "old")}),
        resource(rid(STORAGE, "old"), {}),
        resource(rid(STORAGE, "new"), {}),
    )
    found = bindings(of, workload(mlStorage="new"))
    assert (names(found["mlStorage"]), names(found["appStorage"])) == (("bound", ["new"]), ("bound", ["old"]))


def test_a_hint_that_nothing_is_called_is_missing_only_where_everything_was_read() -> None:
    reason = 'driftline.yaml binds it to "x", which no resource of its type is called'
    all_read = bindings(snapshot(), workload(search="x"))["search"]
    refused = bindings(snapshot(gaps=[Gap(SUBSCRIPTION, SEARCH, DENIED)]), workload(search="x"))["search"]
    assert (all_read.status, all_read.reason) == ("missing", reason)
    assert (refused.status, refused.reason) == ("unknown", f"{reason}; {SEARCH} could not be read: {DENIED}")


def test_a_hint_that_two_resources_are_called_is_ambiguous() -> None:
    of = snapshot(resource(rid(SEARCH, "x"), {}), resource(rid(SEARCH, "x", f"{SUBSCRIPTION}/resourceGroups/other"), {}))
    found = bindings(of, workload(search="x"))["search"]
    assert (found.status, found.reason) == (
        "ambiguous",
        'driftline.yaml binds it to "x", the name of more than one resource: give its whole id',
    )


def test_a_hint_that_two_resources_are_called_is_reported_with_its_file_and_line() -> None:
    of = snapshot(resource(rid(SEARCH, "x"), {}), resource(rid(SEARCH, "x", f"{SUBSCRIPTION}/resourceGroups/other"), {}))
    named = workload(search="x")
    named.stand_at({"search": "driftline.yaml:7"})
    assert bindings(of, named)["search"].reason.startswith('driftline.yaml:7 binds it to "x", the name of more than one')


def test_a_type_that_was_refused_or_not_asked_for_is_unknown_and_never_missing() -> None:
    refused = bindings(snapshot(gaps=[Gap(SUBSCRIPTION, SEARCH, DENIED)]))["search"]
    not_asked = bindings(snapshot(reads=[Read(STORAGE, SUBSCRIPTION)]))["search"]
    assert (refused.status, refused.reason) == ("unknown", f"{SEARCH} could not be read: {DENIED}")
    assert (not_asked.status, not_asked.reason) == ("unknown", f"{SEARCH} was not asked for")


def test_what_an_unread_workspace_names_is_unknown_and_so_is_the_rest_of_those_types() -> None:
    found = bindings(snapshot(resource(WORKSPACE), resource(rid(STORAGE, "st"), {})))
    assert {name: found[name].status for name in ("mlWorkspace", "mlStorage", "appStorage", "vault")} == {
        "mlWorkspace": "bound",
        "mlStorage": "unknown",
        "appStorage": "unknown",
        "vault": "unknown",
    }
    assert found["mlStorage"].reason == f"{WORKSPACE} was read without its properties"


def test_a_named_resource_outside_of_what_was_read_is_unknown_and_one_known_to_be_gone_missing() -> None:
    elsewhere = (
        "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/hub/providers/Microsoft.Storage/storageAccounts/st"
    )
    body = resource(WORKSPACE, {"storageAccount": elsewhere})
    own_reads = [Read("Microsoft.MachineLearningServices/workspaces", SUBSCRIPTION), Read(STORAGE, SUBSCRIPTION)]
    assert bindings(snapshot(body, reads=own_reads))["mlStorage"].status == "unknown"
    assert bindings(snapshot(body))["mlStorage"].status == "missing"


def test_an_account_whose_kind_cannot_be_judged_leaves_the_component_unknown() -> None:
    found = bindings(snapshot(resource(rid("Microsoft.CognitiveServices/accounts", "odd"), {}, kind=[1])))["openai"]
    assert (found.status, found.resources) == ("unknown", ())


def test_any_number_is_bound_and_says_why_there_may_be_more() -> None:
    body = resource(rid(PUBLIC_IP, "pip"), {})
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    complete = bindings(snapshot(body))["publicIp"]
    partial = bindings(snapshot(body, gaps=[Gap(other, PUBLIC_IP, DENIED)]))["publicIp"]
    assert (names(complete), complete.more) == (("bound", ["pip"]), None)
    assert names(partial) == ("bound", ["pip"])
    assert partial.more is not None
    assert partial.more.reasons == (f"{PUBLIC_IP} could not be read at {other.lower()}: {DENIED}",)


def test_without_workloads_the_scopes_are_one_named_after_the_only_group() -> None:
    one_group = snapshot(resource(rid(SEARCH, "a"), {}))
    two_groups = snapshot(resource(rid(SEARCH, "a"), {}), resource(rid(SEARCH, "b", f"{SUBSCRIPTION}/resourceGroups/other"), {}))
    by_group = snapshot(scopes=[GROUP])
    assert [[item.name for item in bound(of)] for of in (one_group, two_groups, by_group)] == [
        ["rg-chat"],
        [SUBSCRIPTION.rpartition("/")[2]],
        ["rg-chat"],
    ]


def test_a_workload_binds_only_what_lies_in_its_scopes_with_its_own_parameters() -> None:
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    of = snapshot(resource(rid(SEARCH, "a"), {}), resource(rid(SEARCH, "b", other), {}))
    here = WorkloadShape(name="here", scopes=[GROUP], parameters={"keyMaxAgeDays": 60})
    there = WorkloadShape(name="there", scopes=[other.upper()])
    nowhere = WorkloadShape(name="nowhere", scopes=["/subscriptions/00000000-0000-0000-0000-000000000009"])
    assert [
        (item.name, names(item.components["search"]), item.parameters["keyMaxAgeDays"])
        for item in bound(of, here, there, nowhere)
    ] == [
        ("here", ("bound", ["a"]), 60),
        ("there", ("bound", ["b"]), 90),
    ]
