"""Resource ids: parsed in every form Azure uses, compared normalised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type, type_name

SITE = "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Web/sites/app"


@pytest.mark.parametrize(
    ("text", "resource_type", "name", "parent", "subscription", "group"),
    [
        (SITE, "Microsoft.Web/sites", "app", "/subscriptions/S1/resourceGroups/rg", "s1", "rg"),
        (f"{SITE}/config/web", "Microsoft.Web/sites/config", "web", SITE, "s1", "rg"),
        ("/subscriptions/S1", "Microsoft.Resources/subscriptions", "S1", "", "s1", ""),
        (
            "/subscriptions/S1/resourcegroups/rg",
            "Microsoft.Resources/subscriptions/resourceGroups",
            "rg",
            "/subscriptions/S1",
            "s1",
            "rg",
        ),
        (
            f"{SITE}/providers/Microsoft.Insights/diagnosticSettings/logs",
            "Microsoft.Insights/diagnosticSettings",
            "logs",
            SITE,
            "s1",
            "rg",
        ),
        (
            "subscriptions/S1/providers/Microsoft.Consumption/budgets/b",
            "Microsoft.Consumption/budgets",
            "b",
            "/subscriptions/S1",
            "s1",
            "",
        ),
        ("/providers/Microsoft.Management/managementGroups/mg", "Microsoft.Management/managementGroups", "mg", "", "", ""),
        ("", "", "", "", "", ""),
        ("not an id", "", "not an id", "", "", ""),
        (
            f"{SITE}/providers",
            "",
            "providers",
            "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Web/sites/app",
            "s1",
            "rg",
        ),
    ],
)
def test_an_id_is_taken_apart(text: str, resource_type: str, name: str, parent: str, subscription: str, group: str) -> None:
    parsed = ResourceId.parse(text)
    assert (parsed.type, parsed.name, parsed.subscription, parsed.resource_group) == (resource_type, name, subscription, group)
    if parsed.type:
        assert parsed.parent == parent


@pytest.mark.parametrize(
    "spelling",
    [
        SITE.upper(),
        SITE.lower(),
        SITE.strip("/"),
        SITE.replace("/providers", "//providers"),
        f" {SITE}/ ",
        SITE.replace("G", "g"),
    ],
)
def test_ids_compare_whatever_their_spelling(spelling: str) -> None:
    assert normalise(spelling) == normalise(SITE)


def test_a_scope_holds_what_lies_below_it_and_not_what_merely_starts_alike() -> None:
    group = normalise("/subscriptions/s1/resourceGroups/rg")
    assert is_within(normalise(SITE), group)
    assert is_within(group, group)
    assert is_within(group, "/")
    assert not is_within(normalise("/subscriptions/s1/resourceGroups/rg-other"), group)


def test_types_have_parents() -> None:
    assert parent_type("Microsoft.Web/sites/config") == "Microsoft.Web/sites"
    assert parent_type("Microsoft.Web/sites") == ""
    assert type_name("Microsoft.Web/sites/config") == "config"


@given(st.text(max_size=80))
def test_any_text_parses_and_normalising_is_stable(text: str) -> None:
    parsed = ResourceId.parse(text)
    assert normalise(parsed.key) == parsed.key
    assert isinstance(parsed.parent, str)
