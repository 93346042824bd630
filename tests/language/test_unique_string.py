"""`uniqueString` gives what Azure and Bicep give: pairs that others published, each with where it stands."""

from __future__ import annotations

import pytest

from scanner.language.expressions import compile_expression
from scanner.language.functions import STANDARD

#: From the tests of a public port to bash, which hold pairs that Bicep gave.
PORT = [
    ("rbgf3xv4ufgzg", "'test'"),
    ("cgtzqvhu4i23s", "'abc'"),
    ("a7wkljktk6wne", "'hello', 'world'"),
    ("xzi4ioaxtmth4", "'foo', 'bar', 'baz'"),
    ("bmg7c6xu4tw46", "'/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg'"),
]
#: From the unit tests of the Marketplace deployer, which hold the output of a deployment.
DEPLOYED = [
    (
        "yvjxno3je5on2",
        (
            "'/subscriptions/31e9f9a0-9fd2-4294-a0a3-0101246d9700/resourceGroups/rg-modm201-20230913120256"
            "/providers/Microsoft.Compute/virtualMachines/bobjacmodm201'"
        ),
    ),
]


@pytest.mark.parametrize(("value", "arguments"), [*PORT, *DEPLOYED])
def test_published_pairs_hold(value: str, arguments: str) -> None:
    assert compile_expression(f"[uniqueString({arguments})]", STANDARD).strict(None) == value


def test_every_length_gives_thirteen_letters_and_digits() -> None:
    found = {compile_expression(f"[uniqueString('{'x' * size}')]", STANDARD).strict(None) for size in range(40)}
    assert len(found) == 40
    assert all(len(item) == 13 and set(item) <= set("abcdefghijklmnopqrstuvwxyz234567") for item in found)
