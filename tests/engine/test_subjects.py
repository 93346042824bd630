"""What tells the elements of `each` apart."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.language.paths import compile_path
from scanner.language.scope import Scope
from scanner.model.resource import make_resource
from scanner.rules.rule import Each
from tests.facts.snapshots import NOW
from tests.language.test_conditions import World


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ({"fqdn": "a.example"}, "a.example"),
        ({"FQDN": "a.example"}, "a.example"),
        ({"IPADDRESS": "10.0.0.1"}, "10.0.0.1"),
        ({"id": "x", "NAME": "n"}, "n"),
        ({"name": 5, "id": "x"}, "x"),
        ({}, "0"),
        ("text", "text"),
        (7, "0"),
    ],
)
def test_an_element_is_called_by_its_members_in_any_spelling(element: Any, key: str) -> None:
    resource = make_resource({"id": "/subscriptions/s/resourceGroups/g/providers/A.B/c/d", "properties": {"items": [element]}})
    each = Each("properties.items[*]", compile_path("properties.items[*]"), None)
    found = each.elements(Scope(resource, resource.body, resource, NOW, World(resource)))
    assert isinstance(found, list)
    assert [item.key for item in found] == [key]
