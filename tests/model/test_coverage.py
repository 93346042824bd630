"""Absence counts only under a successful read that covers it."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import EVERYTHING, Coverage, Gap, Read
from scanner.model.resource import make_resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown

SUB = "/subscriptions/s1"
ACCOUNT = f"{SUB}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai"
OTHER = f"{SUB}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/oai2"
ACCOUNTS = "Microsoft.CognitiveServices/accounts"
POLICIES = "Microsoft.CognitiveServices/accounts/raiPolicies"
VNET = f"{SUB}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
SETTINGS = "Microsoft.Insights/diagnosticSettings"


def snapshot(*ids: str, reads: list[Read], gaps: tuple[Gap, ...] = (), bodies: tuple[dict[str, Any], ...] = ()) -> Snapshot:
    resources = [make_resource({"id": item, "properties": {}}) for item in ids] + [make_resource(body) for body in bodies]
    return Snapshot(scopes=[SUB], resources=resources, reads=reads, gaps=gaps)


def test_a_successful_list_covers_everything_below_its_scope() -> None:
    assert snapshot(reads=[Read(ACCOUNTS, SUB)]).missing(ACCOUNTS, ACCOUNT) is None


def test_a_list_of_a_group_says_nothing_of_the_subscription() -> None:
    assert isinstance(snapshot(reads=[Read(ACCOUNTS, f"{SUB}/resourceGroups/rg")]).missing(ACCOUNTS, SUB), Unknown)


def test_what_was_never_asked_is_unknown() -> None:
    assert snapshot(reads=[]).missing(ACCOUNTS, SUB) == Unknown((f"{ACCOUNTS} was not asked for",))


def test_a_refused_read_gives_its_reason() -> None:
    refused = snapshot(reads=[Read(ACCOUNTS, SUB, outcome="403 AuthorizationFailed")]).missing(ACCOUNTS, SUB)
    assert refused == Unknown((f"{ACCOUNTS} could not be read: 403 AuthorizationFailed",))


def test_children_are_known_when_every_parent_was_read() -> None:
    reads = [Read(ACCOUNTS, SUB), Read(POLICIES, ACCOUNT), Read(POLICIES, OTHER)]
    assert snapshot(ACCOUNT, OTHER, reads=reads).missing(POLICIES, SUB) is None


def test_children_of_one_refused_parent_leave_a_hole_there_alone() -> None:
    reads = [Read(ACCOUNTS, SUB), Read(POLICIES, ACCOUNT), Read(POLICIES, OTHER, outcome="403")]
    found = snapshot(ACCOUNT, OTHER, reads=reads)
    assert found.coverage.holes(POLICIES, SUB) == [(OTHER.lower(), f"{POLICIES} could not be read at {OTHER.lower()}: 403")]
    assert found.missing(POLICIES, ACCOUNT) is None


def test_children_of_a_parent_that_was_not_asked_are_unknown() -> None:
    assert isinstance(snapshot(ACCOUNT, reads=[Read(ACCOUNTS, SUB)]).missing(POLICIES, SUB), Unknown)


def test_children_of_parents_that_could_not_be_listed_are_unknown_even_without_a_parent() -> None:
    assert isinstance(snapshot(reads=[Read(ACCOUNTS, SUB, outcome="503")]).missing(POLICIES, SUB), Unknown)


def test_without_parents_there_are_no_children() -> None:
    assert snapshot(reads=[Read(ACCOUNTS, SUB)]).missing(POLICIES, SUB) is None


def test_a_gap_inside_a_covered_scope_counts() -> None:
    found = snapshot(reads=[Read(ACCOUNTS, SUB)], gaps=(Gap(ACCOUNT, ACCOUNTS, "half a body"),))
    assert isinstance(found.missing(ACCOUNTS, SUB), Unknown)
    assert found.missing(ACCOUNTS, OTHER) is None


def test_diagnostic_settings_of_a_subscription_say_nothing_of_its_resources() -> None:
    assert isinstance(snapshot(ACCOUNT, reads=[Read(SETTINGS, SUB)]).missing(SETTINGS, ACCOUNT), Unknown)
    assert snapshot(ACCOUNT, reads=[Read(SETTINGS, ACCOUNT)]).missing(SETTINGS, ACCOUNT) is None


def test_a_setting_that_may_be_there_leaves_its_resource_unknown_and_nothing_above_it() -> None:
    gap = Gap(f"{ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings/logs", SETTINGS, "only Azure knows")
    found = snapshot(ACCOUNT, reads=[Read(EVERYTHING, "/")], gaps=(gap,))
    assert isinstance(found.missing(SETTINGS, ACCOUNT), Unknown)
    assert found.missing(SETTINGS, SUB) is None


def test_subnets_are_known_with_their_network() -> None:
    body = {"id": VNET, "properties": {"subnets": []}}
    found = snapshot(reads=[Read("Microsoft.Network/virtualNetworks", SUB)], bodies=(body,))
    assert found.missing("Microsoft.Network/virtualNetworks/subnets", SUB) is None


def test_subnets_of_a_network_read_without_properties_are_unknown() -> None:
    found = snapshot(reads=[Read("Microsoft.Network/virtualNetworks", SUB)], bodies=({"id": VNET},))
    assert isinstance(found.missing("Microsoft.Network/virtualNetworks/subnets", SUB), Unknown)


def test_assuming_all_complete_covers_all() -> None:
    found = snapshot(ACCOUNT, reads=[Read(EVERYTHING, "/")])
    assert [found.missing(what, ACCOUNT) for what in (ACCOUNTS, POLICIES, SETTINGS)] == [None, None, None]


def test_an_id_is_absent_only_when_a_read_covers_it() -> None:
    covered = snapshot(ACCOUNT, reads=[Read(ACCOUNTS, SUB), Read(POLICIES, ACCOUNT)])
    assert covered.look_up(f"{ACCOUNT}/raiPolicies/strict") is None
    assert isinstance(snapshot(ACCOUNT, reads=[Read(ACCOUNTS, SUB)]).look_up(f"{ACCOUNT}/raiPolicies/strict"), Unknown)
    assert isinstance(covered.look_up("garbage"), Unknown)


def test_a_get_that_found_nothing_makes_that_id_absent() -> None:
    web = f"{SUB}/resourceGroups/rg/providers/Microsoft.Web/sites/app/config/web"
    assert snapshot(reads=[Read("Microsoft.Web/sites/config", web, via="get")]).look_up(web) is None


SITE = f"{SUB}/resourceGroups/rg/providers/Microsoft.Web/sites/app"
CONFIG = "Microsoft.Web/sites/config"


@pytest.mark.parametrize(
    ("reads", "gaps", "known"),
    [
        ([Read(CONFIG, f"{SITE}/config/web")], (), True),
        ([Read(CONFIG, SITE)], (), True),
        ([Read(CONFIG, f"{SITE}/config/authsettingsV2")], (), False),
        ([Read(CONFIG, f"{SITE}/config/web")], (Gap(f"{SITE}/config/authsettingsV2", CONFIG, "403"),), True),
        ([], (Gap(f"{SITE}/config/web", CONFIG, "403"),), False),
        ([], (), False),
    ],
)
def test_a_singleton_is_known_by_a_read_of_its_own_name(reads: list[Read], gaps: tuple[Gap, ...], known: bool) -> None:  # noqa: FBT001
    found = snapshot(reads=[Read("Microsoft.Web/sites", SUB), *reads], gaps=gaps, bodies=({"id": SITE, "properties": {}},))
    assert (found.coverage.holes(CONFIG, SUB, "web") == []) is known


def test_a_setting_that_could_not_be_read_is_a_hole_of_what_it_stands_on_alone() -> None:
    account, settings = "/subscriptions/s/resourceGroups/g/providers/M.S/accounts/a", "Microsoft.Insights/diagnosticSettings"
    gaps = [Gap(f"{account}/providers/{settings}/d", settings, "why")]
    coverage = Coverage([Read(EVERYTHING, "/")], gaps, lambda _: ())
    assert [where for where, _ in coverage.holes(settings, account)] == [normalise(gaps[0].scope)]
    assert coverage.holes(settings, "/subscriptions/s/resourceGroups/g") == []
