"""Gets, lists and queries over a pipeline that answers as told: nothing cut short passes for whole, nothing leaves the ARM host."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.sources.azure.client import ArmClient, Listed, ReadError

ARM = "https://management.azure.com"
LIST = f"{ARM}/subscriptions/s/providers/A.B/c?api-version=1"


@dataclass
class Pipeline:
    """Answers by address: (status, body); bytes go out as they are."""

    answers: dict[str, tuple[int, Any]]
    asked: list[str] = field(default_factory=list)

    async def send_request(self, request: Any) -> Any:
        self.asked.append(request.url)
        status, body = self.answers.get(request.url, (404, {"error": {"code": "ResourceNotFound"}}))
        return SimpleNamespace(status_code=status, content=body if isinstance(body, bytes) else json.dumps(body).encode())


class Graph:
    """Answers of Resource Graph in turn, as its SDK models them."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages, self.tokens = list(pages), list[str | None]()

    async def resources(self, query: Any) -> Any:
        self.tokens.append(query.options.skip_token)
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        return SimpleNamespace(**{"data": [], "skip_token": None, "result_truncated": "false", **page})


def listed(answers: dict[str, tuple[int, Any]], endpoint: str = ARM) -> tuple[list[Any], str, list[str]]:
    pipeline = Pipeline(answers)
    found: Listed = asyncio.run(ArmClient(pipeline, None, endpoint).list_all("/subscriptions/s/providers/A.B/c", "1"))
    return [item.get("id") for item in found.items], str(found.failure or ""), pipeline.asked


def test_empty_pages_are_followed_and_each_id_is_taken_once() -> None:
    pages = {
        LIST: (200, {"value": [], "nextLink": f"{ARM}/2"}),
        f"{ARM}/2": (200, {"value": [{"id": "/a"}, {"id": "/b"}], "nextLink": "https://MANAGEMENT.azure.com:443/3"}),
        "https://MANAGEMENT.azure.com:443/3": (200, {"value": [{"id": "/A"}, {"id": "/c"}], "nextLink": ""}),
    }
    assert listed(pages) == (["/a", "/b", "/c"], "", list(pages))


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ((403, {"error": {"code": "AuthorizationFailed"}}), "403 AuthorizationFailed"),
        ((400, {"code": "BadRequest"}), "400 BadRequest"),
        ((502, b"<html>"), "502"),
        ((301, b""), "301"),
        ((204, b""), "204"),
        ((200, b'{"value": ['), "the answer is not JSON"),
        ((200, b"[" * 100_000), "the answer is not JSON"),
        ((200, {}), "a list answer without a list"),
        ((200, []), "a list answer without a list"),
        ((200, {"value": None}), "a list answer without a list"),
        ((200, {"value": [{"id": "/c"}, None]}), "an element of the list is not an object"),
        ((200, {"value": [], "nextLink": {"href": "x"}}), "the link to the next page is not a text"),
        ((200, {"value": [], "nextLink": LIST}), "the list repeats a page without end"),
        ((200, {"value": [], "nextLink": "/relative"}), "another host (none)"),
        ((200, {"value": [], "nextLink": "https://[broken"}), "another host"),
        ((200, {"value": [], "nextLink": "http://management.azure.com/3"}), "another host"),
        ((200, {"value": [], "nextLink": "https://management.azure.com.evil.example/3"}), "another host"),
        ((200, {"value": [], "nextLink": "https://management.azure.com@evil.example/3"}), "another host"),
        ((200, {"value": [], "nextLink": "https://management.azure.com:444/3"}), "another host"),
    ],
)
def test_a_list_that_breaks_off_keeps_what_came_and_says_why(second: tuple[int, Any], reason: str) -> None:
    ids, failure, asked = listed({LIST: (200, {"value": [{"id": "/a"}], "nextLink": f"{ARM}/2"}), f"{ARM}/2": second})
    assert ids[0] == "/a"
    assert reason in failure
    assert asked == [LIST, f"{ARM}/2"]


HOSTILE = ["@evil.example/x", ".evil.example/x", "//evil.example/x", "https://evil.example/x", "\\evil.example", "/a?b=c#d", "/a b/\r\nX: y"]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_id_is_a_path_on_the_arm_host(path: str) -> None:
    pipeline = Pipeline({})
    with pytest.raises(ReadError):
        asyncio.run(ArmClient(pipeline, None, ARM).get(path, "1"))
    (asked,) = pipeline.asked
    assert asked.startswith(f"{ARM}/")
    assert asked.endswith("?api-version=1")
    assert not set(asked.removesuffix("?api-version=1")) & set("?# \r\n\\")


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_an_id_holds_the_request_goes_to_arm(path: str) -> None:
    pipeline = Pipeline({})
    with pytest.raises(ReadError):
        asyncio.run(ArmClient(pipeline, None, ARM).get(path, "1"))
    assert all(asked.startswith(f"{ARM}/") and asked.isascii() for asked in pipeline.asked)


def test_names_with_blanks_and_percent_signs_are_escaped_once() -> None:
    pipeline = Pipeline({})
    for path in ("/x/My alert", "/x/My%20alert", "/x/100%", "/x/(a)ü"):
        with pytest.raises(ReadError):
            asyncio.run(ArmClient(pipeline, None, ARM).get(path, "1"))
    assert [asked.split("?")[0].rpartition("/")[2] for asked in pipeline.asked] == [
        "My%20alert",
        "My%20alert",
        "100%25",
        "(a)%C3%BC",
    ]


@pytest.mark.parametrize(
    ("status", "body", "absent"),
    [
        (404, {"error": {"code": "ResourceNotFound"}}, True),
        (404, {"code": "ManagementPolicyNotFound"}, True),
        (404, {"error": {"code": "SubscriptionNotFound"}}, False),
        (404, {"error": {"code": "InvalidResourceType"}}, False),
        (404, b"<html>proxy</html>", False),
        (404, {"error": {"code": ["x"]}}, False),
        (403, {"error": {"code": "AuthorizationFailed"}}, False),
        (410, {"error": {"code": "Gone"}}, False),
    ],
)
def test_only_arms_own_word_makes_a_resource_absent(status: int, body: Any, *, absent: bool) -> None:
    pipeline = Pipeline({f"{ARM}/x?api-version=1": (status, body)})
    with pytest.raises(ReadError) as caught:
        asyncio.run(ArmClient(pipeline, None, ARM).get("/x", "1"))
    assert caught.value.says_absent is absent


def test_all_pages_of_a_query_are_rows() -> None:
    graph = Graph({"data": [{"id": "/a"}], "skip_token": "t"}, {"data": [{"id": "/b"}]})
    rows = asyncio.run(ArmClient(None, graph, ARM).query("resources", ["s"]))
    assert (rows, graph.tokens) == (({"id": "/a"}, {"id": "/b"}), [None, "t"])


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({"result_truncated": "true"}, "cut its answer off"),
        ({"data": None}, "without rows"),
        ({"data": {"columns": [], "rows": []}}, "without rows"),
        ({"data": [1]}, "without rows"),
        ({"skip_token": "t"}, "repeats a page"),
    ],
)
def test_a_query_that_is_not_answered_in_full_is_no_answer(page: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        asyncio.run(ArmClient(None, Graph(page), ARM).query("resources", ["s"]))
