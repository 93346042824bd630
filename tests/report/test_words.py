"""Evidence as a sentence: ids by what a person knows them by, empty lists and what counts named as such."""

from __future__ import annotations

import pytest

from scanner.model.finding import Evidence
from scanner.report.words import evidence_line, plain_value, short_id

GROUP = "/subscriptions/s/resourceGroups/rg"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic-jumpbox"


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (NIC, "networkInterfaces nic-jumpbox"),
        (f"{GROUP}/providers/Microsoft.Web/sites/app/config/web", "config app/web"),
        (GROUP, "resource group rg"),
        ("/subscriptions/s", "subscription s"),
        ("not an id\x1b[31m", "not an id?[31m"),
    ],
)
def test_a_resource_is_called_by_type_and_name(resource_id: str, expected: str) -> None:
    assert short_id(resource_id) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Evidence("sku.name", "equals", "Premium", "Basic"), "sku.name is Basic, expected Premium"),
        (Evidence("id", "in", [], NIC), "id is networkInterfaces nic-jumpbox, expected one of nothing"),
        (Evidence("id", "in", [NIC, "b"], "a"), "id is a, expected one of networkInterfaces nic-jumpbox, b"),
        (Evidence(NIC, "counts", None, "nic-jumpbox"), "networkInterfaces nic-jumpbox counts"),
        (Evidence("a[0]", "counts", None, "first"), "a[0] counts (first)"),
        (Evidence("a", "equals", True, None), "a is absent, expected true"),
        (
            Evidence("a", "equals", True, None, "absent (Azure default: false)"),
            "a is absent (Azure default: false), expected true",
        ),
        (Evidence("a", "exists", True, None), "a is absent, expected present: true"),
        (Evidence("", "", None, None, "403\nAuthorizationFailed"), "403?AuthorizationFailed"),
    ],
)
def test_evidence_reads_as_a_sentence(item: Evidence, expected: str) -> None:
    assert evidence_line(item) == expected


def test_other_values_are_json() -> None:
    assert [plain_value(value) for value in (None, True, 1.5, {"a": [1]})] == ["absent", "true", "1.5", '{"a": [1]}']
