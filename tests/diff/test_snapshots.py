"""Two snapshots: what came, went and changed, and that nothing is said to be gone, or equal, that was not read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.diff.members import Member, Members, is_volatile
from scanner.diff.scalars import is_hidden
from scanner.diff.snapshots import Terms, compare_snapshots
from scanner.model.coverage import Gap, Read
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.rules.loader import shipped_defaults
from scanner.simulator import providers
from scanner.simulator.states import deploy_state
from tests.diff.comparing import GROUP, NETWORK, STORAGE, SUB, VAULT, compared, lines, snapshot

Json = Any
OTHER = "/subscriptions/11111111-1111-1111-1111-111111111111"
LOCK = f"{STORAGE}/providers/Microsoft.Authorization/locks/keep"


def body(resource_id: str, **properties: Json) -> Json:
    return {"id": resource_id, "location": "eastus2", "properties": properties}


def gone_and_come(old: Snapshot, new: Snapshot, **terms: bool) -> list[tuple[str, str, int]]:
    return [(item.kind.value, item.resource, item.below) for item in compared(old, new, **terms).changes]


def test_resources_that_came_and_went() -> None:
    assert gone_and_come(snapshot(body(STORAGE), body(VAULT)), snapshot(body(VAULT))) == [("removed", STORAGE, 0)]
    assert gone_and_come(snapshot(body(VAULT)), snapshot(body(STORAGE), body(VAULT))) == [("added", STORAGE, 0)]


def test_an_id_in_other_letter_case_is_the_same_resource() -> None:
    assert (
        gone_and_come(snapshot(body(STORAGE)), snapshot(body(STORAGE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")))) == []
    )


def test_what_stands_below_a_resource_goes_with_it_in_one_line() -> None:
    network = body(NETWORK, subnets=[{"name": "a", "properties": {}}, {"name": "b", "properties": {}}])
    assert gone_and_come(snapshot(network, body(VAULT)), snapshot(body(VAULT))) == [("removed", NETWORK, 2)]
    assert gone_and_come(snapshot(network), snapshot(body(NETWORK, subnets=[]))) == [
        ("removed", f"{NETWORK}/subnets/a", 0), ("removed", f"{NETWORK}/subnets/b", 0),
    ]  # fmt: skip


def test_default_security_rules_are_azures() -> None:
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    old, new = (body(group, defaultSecurityRules=[{"name": name, "properties": {}}]) for name in ("a", "b"))
    assert gone_and_come(snapshot(old), snapshot(new)) == []


READ = Read("Microsoft.Storage/storageAccounts", SUB, outcome="403 AuthorizationFailed")
VAULTS = Read("Microsoft.KeyVault/vaults", SUB)


@pytest.mark.parametrize(
    ("reads", "reason"),
    [
        ((VAULTS,), "NEW: Microsoft.Storage/storageAccounts was not asked for"),
        ((VAULTS, READ), "NEW: Microsoft.Storage/storageAccounts could not be read: 403 AuthorizationFailed"),
    ],
)
def test_what_was_not_read_is_not_gone(reads: tuple[Read, ...], reason: str) -> None:
    diff = compared(snapshot(body(STORAGE), body(VAULT)), snapshot(body(VAULT), reads=reads))
    assert diff.changes == ()
    assert (STORAGE, "", reason) in [(item.resource, item.path, item.reason) for item in diff.uncompared]


def test_what_was_not_read_before_has_not_come() -> None:
    diff = compared(snapshot(body(VAULT), reads=(VAULTS,)), snapshot(body(STORAGE), body(VAULT)))
    assert (diff.changes, [item.resource for item in diff.uncompared]) == ((), [STORAGE])


def test_a_gap_is_told_though_no_resource_shows_it() -> None:
    gap = Gap(SUB, "Microsoft.Storage/storageAccounts", "403 AuthorizationFailed")
    diff = compared(snapshot(body(VAULT)), snapshot(body(VAULT), gaps=(gap,)))
    assert [item.reason for item in diff.uncompared] == [
        "NEW: Microsoft.Storage/storageAccounts could not be read: 403 AuthorizationFailed"
    ]


def test_what_stands_on_a_resource_is_gone_where_it_was_read_there() -> None:
    setting = f"{STORAGE}/providers/Microsoft.Insights/diagnosticSettings/to-log"
    here, elsewhere = (Read("Microsoft.Insights/diagnosticSettings", at) for at in (STORAGE, VAULT))
    old = snapshot(body(STORAGE), body(setting))
    assert gone_and_come(old, snapshot(body(STORAGE), reads=(READ, here))) == [("removed", setting, 0)]
    assert gone_and_come(old, snapshot(body(STORAGE), reads=(READ, elsewhere))) == []


def test_what_is_read_by_name_says_nothing_of_other_names() -> None:
    site = f"{GROUP}/providers/Microsoft.Web/sites/app"
    reads = (Read("Microsoft.Web/sites", SUB), Read("Microsoft.Web/sites/config", f"{site}/config/web"))
    settings, web = (body(f"{site}/config/{name}") for name in ("appsettings", "web"))
    diff = compared(snapshot(body(site), settings, web), snapshot(body(site), reads=reads))
    assert [item.resource for item in diff.changes] == [web["id"]]
    assert [item.resource for item in diff.uncompared] == [settings["id"]]


def test_what_stands_below_something_unknown_is_told_by_itself() -> None:
    group = {"id": GROUP, "location": "eastus2"}
    diff = compared(snapshot(group, body(STORAGE), reads=()), snapshot(reads=(Read("Microsoft.Storage/storageAccounts", SUB),)))
    assert [(item.kind.value, item.resource) for item in diff.changes] == [("removed", STORAGE)]
    assert [item.resource for item in diff.uncompared] == [GROUP]


def test_resources_that_were_read_for_reference_do_not_come_or_go() -> None:
    def context(*ids: str) -> Snapshot:
        return Snapshot(scopes=[SUB], resources=[make_resource(body(item), context=True) for item in ids], reads=[Read("*", "/")])

    assert gone_and_come(context(STORAGE), context()) == []
    assert gone_and_come(context(), context(STORAGE)) == []


def test_units_meet_by_their_scopes_in_whatever_order_they_come() -> None:
    here, there = snapshot(body(STORAGE, v=1)), snapshot(body(STORAGE.replace(SUB, OTHER), v=1), scope=OTHER)
    changed = snapshot(body(STORAGE.replace(SUB, OTHER), v=2), scope=OTHER.upper())
    diff = compare_snapshots([here, there], [changed, here], {}, Terms())
    assert (lines(diff), diff.compared) == ([("changed", "properties.v", 1, 2)], 2)


def test_a_part_of_a_unit_is_compared_with_the_whole() -> None:
    diff = compared(
        snapshot(body(STORAGE, v=1), body(VAULT)), snapshot(body(STORAGE, v=2), scope=GROUP, reads=(Read("*", GROUP),))
    )
    assert lines(diff)[1:] == [("changed", "properties.v", 1, 2)]


class TestOfWhatWasDeployed:
    def test_what_azure_makes_by_itself_has_not_come(self) -> None:
        made = [
            body(f"{STORAGE}/blobServices/default"),
            body(f"{GROUP}/providers/Microsoft.Web/sites/app/privateEndpointConnections/x"),
            body(f"{GROUP}/providers/Microsoft.Network/networkInterfaces/pe.nic.1", privateEndpoint={"id": "x"}),
            {**body(f"{GROUP}/providers/Microsoft.Compute/disks/os"), "managedBy": STORAGE},
        ]
        old, new = snapshot(body(STORAGE), body(VAULT)), snapshot(body(STORAGE), body(VAULT), *made)
        assert gone_and_come(old, new, deployed=True) == []
        assert len(gone_and_come(old, new, deployed=True, everything=True)) == 4
        assert len(gone_and_come(old, new)) == 4

    def test_what_it_was_deployed_into_has_not_come_but_what_is_beside_it_has(self) -> None:
        group, subscription = {"id": GROUP, "location": "eastus2"}, {"id": SUB}
        old = snapshot(body(VAULT), scope=GROUP, reads=(Read("*", GROUP),))
        new = snapshot(subscription, group, body(VAULT), body(STORAGE))
        assert gone_and_come(old, new, deployed=True) == [("added", STORAGE, 0)]

    def test_what_somebody_made_has(self) -> None:
        assert gone_and_come(snapshot(body(VAULT)), snapshot(body(VAULT), body(STORAGE), body(LOCK)), deployed=True) == [
            ("added", STORAGE, 1)
        ]


@cache
def reference() -> tuple[Json, ...]:
    store = deploy_state("reference", datetime(2026, 11, 1, tzinfo=UTC)).store
    return tuple(providers.show(store, item) for item in store.everything())


def test_a_snapshot_and_itself_do_not_differ() -> None:
    both = snapshot(*reference())
    diff = compared(both, snapshot(*copy.deepcopy(reference())))
    assert (diff.changes, diff.compared) == ((), len({item.key for item in both.resources}))


@st.composite
def respelled(draw: Any, value: Json) -> Json:
    """A body that says the same: names and ids in other case, sets in other order, nulls that come and go."""

    def visit(item: Json) -> Json:
        if isinstance(item, dict):
            pairs = [(name, visit(below)) for name, below in item.items() if below is not None or draw(st.booleans())]
            return dict(draw(st.permutations([*pairs, *([("nothing", None)] if draw(st.booleans()) else [])])))
        if isinstance(item, list):
            return draw(st.permutations([visit(below) for below in item]))
        if isinstance(item, str) and item.startswith("/subscriptions/") and draw(st.booleans()):
            return item.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")
        return item

    return visit(value)


def _has_ordered_lists(value: Json) -> bool:
    if isinstance(value, dict):
        return any(name.lower() in {"dnsservers", "defaultdocuments"} or _has_ordered_lists(item) for name, item in value.items())
    return isinstance(value, list) and any(map(_has_ordered_lists, value))


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_other_spellings_of_the_same_are_no_difference(data: Any) -> None:
    one = data.draw(st.sampled_from([item for item in reference() if not _has_ordered_lists(item)]))
    diff = compared(snapshot(one), snapshot(data.draw(respelled(one))))
    assert lines(diff) == []


def leaves(value: Json, member: Member | None, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Where plain values stand that a user may set, and that name nothing."""
    if isinstance(value, dict):
        for name, item in value.items():
            below = member.member(name.lower()) if member is not None else None
            own = below is not None and (below.own or below.identity)
            naming = name.lower() in {"name", "id", "value", "category", "categorygroup", "objectid", "key", "source"}
            if not own and not (naming and any(isinstance(step, int) for step in at)):
                yield from leaves(item, below, (*at, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            if isinstance(item, dict):
                yield from leaves(item, member.element if member is not None else None, (*at, position))
    elif value is not None and not is_hidden(value):
        yield at, value


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_single_property_that_was_changed_is_one_line(data: Any) -> None:
    one = data.draw(st.sampled_from(reference()))
    members, type_key = Members(shipped_defaults()), snapshot(one).resources[0].type_key
    if members.is_own_child(type_key):
        return
    member = members.of(type_key)
    places = [
        (at, value) for at, value in leaves(one, member) if not any(isinstance(step, str) and is_volatile(step.lower()) for step in at)
    ]  # fmt: skip
    if not places:
        return
    at, value = data.draw(st.sampled_from(places))
    changed = copy.deepcopy(one)
    change: Callable[[Json], Json] = {bool: lambda item: not item, int: lambda item: item + 1}.get(
        type(value), lambda item: f"{item} other"
    )
    inside = changed
    for step in at[:-1]:
        inside = inside[step]
    inside[at[-1]] = change(value)
    diff = compared(snapshot(one), snapshot(changed))
    assert [(kind, old, new) for kind, _, old, new in lines(diff)] == [("changed", value, change(value))]
    assert str(at[-1]) in lines(diff)[0][1]
