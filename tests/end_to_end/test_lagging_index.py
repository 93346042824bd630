"""Resource Graph lags behind: what fails by its word is read directly before it is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.sources.azure import collector

Scan = Callable[..., tuple[int, dict[str, Any]]]
State = Callable[[str], str]

OPENED = """changes:
  - title: Search opened
    set: {resource: providers/Microsoft.Search/searchServices/srch-chat-prod, values: {properties.publicNetworkAccess: enabled}}
"""
MENDED = (
    OPENED
    + """  - title: Mended a moment ago
    set: {resource: providers/Microsoft.Search/searchServices/srch-chat-prod, values: {properties.publicNetworkAccess: disabled}}
"""
)
REMOVED = (
    OPENED
    + """  - title: Removed a moment ago
    remove: {resource: providers/Microsoft.Search/searchServices/srch-chat-prod}
"""
)


def failing(result: dict[str, Any]) -> set[str]:
    return {item["rule"] for item in result["findings"] if item["verdict"] == "fail"}


def requests(result: dict[str, Any]) -> int:
    return int(result["coverage"]["requests"]["total"])


def test_what_was_mended_since_the_index_saw_it_does_not_fail(scan: Scan, state: State) -> None:
    assert scan("--simulate", state("graphLag: 1\n" + MENDED))[0] == 0


@pytest.mark.parametrize("most", [0, 10])
def test_what_still_fails_is_reported_for_few_requests_more(
    scan: Scan, state: State, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(collector, "_MOST_BY_ID", most)
    _, reference = scan("--simulate", "reference")
    code, result = scan("--simulate", state(OPENED))
    assert (code, failing(result)) == (1, {"NET-004"})
    assert requests(result) == requests(reference) + 1


@pytest.mark.parametrize("most", [0, 10])
def test_what_is_gone_since_the_index_saw_it_is_not_judged(
    scan: Scan, state: State, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(collector, "_MOST_BY_ID", most)
    _, result = scan("--simulate", state("graphLag: 1\n" + REMOVED), "--only", "NET-004")
    assert result["findings"] == []
