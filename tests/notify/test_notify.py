"""What is told when something became worse, to whom, signed and retried; and that neither names nor addresses do harm."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from scanner.model.errors import DriftlineError
from scanner.model.result import Since, SinceChange
from scanner.model.verdict import Severity
from scanner.notify.messages import notice_of, slack_message, teams_message, webhook_message
from scanner.notify.sending import SIGNATURE, TIMESTAMP, send
from tests.report.test_terminal import RESULT

Json = Any
HOSTILE = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "<!channel>",
    "**b** _i_ `c`",
    "\x1b[31m",
    "a\u202eb",
    "<@U1>",
]


def change(kind: str = "new", severity: Severity = Severity.HIGH, **more: Any) -> SinceChange:
    return SinceChange(
        kind, "NET-003", "Account is closed", severity, "/subscriptions/s/resourceGroups/g/providers/A.B/c/oai", "", **more
    )


def told(*changes: SinceChange, level: Severity = Severity.HIGH) -> Any:
    return notice_of(replace(RESULT, since=Since("0" * 32, "2026-11-01T00:00:00Z", changes)), level)


def test_only_what_became_worse_at_or_above_the_level_is_told() -> None:
    notice = told(
        change("fixed"), change("new", Severity.LOW), change("regressed"), change("became_unreadable", Severity.CRITICAL),
        change("new", waived=True), change("gone"),
    )  # fmt: skip
    assert [(item.kind, item.severity.value) for item in notice.changes] == [
        ("became_unreadable", "critical"),
        ("regressed", "high"),
    ]


@pytest.mark.parametrize("result", [RESULT, replace(RESULT, since=Since("0", "x", (change("fixed"),)))])
def test_nothing_is_told_where_nothing_became_worse_or_nothing_is_known(result: Any) -> None:
    assert notice_of(result, Severity.INFO) is None


def test_machines_are_told_everything() -> None:
    message = webhook_message(told(*[change(reason=str(at)) for at in range(30)]))
    assert (message["schema"], len(message["changes"])) == ("driftline.notification/1", 30)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_inert_for_people(text: str) -> None:
    notice = told(replace(change(), title=text, resource=f"/subscriptions/s/{text}", subject=text))
    slack, teams = slack_message(notice), teams_message(notice)
    assert {block["text"]["type"] for block in slack["blocks"]} == {"plain_text"}
    assert not {"<", ">"} & set(slack["text"])
    lines = [block["text"] for block in teams["attachments"][0]["content"]["body"]]
    assert not [line for line in lines if "](javascript" in line.replace("\\]", "") or "<script" in line or "<@" in line]
    for message in (json.dumps(slack), json.dumps(teams)):
        assert "\\u001b" not in message
        assert "\\u202e" not in message


def test_many_changes_are_cut_and_counted() -> None:
    notice = told(*[change(reason=str(at)) for at in range(25)])
    assert teams_message(notice)["attachments"][0]["content"]["body"][-1]["text"] == "and 15 more"
    assert slack_message(notice)["blocks"][-1]["text"]["text"] == "and 15 more"


class Receiver:
    """A receiver on this machine that answers as it is told to, and remembers."""

    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self.answers, self.bodies, self.headers = list(answers), list[bytes](), list[dict[str, str]]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.headers.append(dict(self.headers))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook-canary-4f1"


@pytest.fixture
def receiver() -> Iterator[Any]:
    made: list[Receiver] = []

    def make(*answers: tuple[int, dict[str, str]]) -> Receiver:
        made.append(Receiver(*answers))
        return made[-1]

    yield make
    for item in made:
        item.server.shutdown()
        item.server.server_close()


def test_a_message_is_signed_over_its_time_and_body(receiver: Any) -> None:
    here = receiver()
    send(here.url, {"a": "ü"}, secret="known", moment=1_700_000_000)
    headers = here.headers[0]
    wanted = hmac.new(b"known", b"1700000000." + here.bodies[0], hashlib.sha256).hexdigest()
    assert (headers[TIMESTAMP], headers[SIGNATURE]) == ("1700000000", f"sha256={wanted}")
    assert json.loads(here.bodies[0]) == {"a": "ü"}


def test_a_busy_receiver_is_told_again(receiver: Any) -> None:
    here = receiver((503, {}), (429, {"Retry-After": "0"}))
    send(here.url, {}, wait=0)
    assert len(here.bodies) == 3


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (404, 1), (302, 1), (500, 4)])
def test_a_receiver_that_does_not_take_it_is_an_error_without_its_address(status: int, tries: int, receiver: Any) -> None:
    here = receiver(*[(status, {"Location": "http://127.0.0.1:1/other"})] * 5)
    with pytest.raises(DriftlineError) as caught:
        send(here.url, {}, wait=0)
    assert (f"HTTP {status}" in str(caught.value), "canary" in str(caught.value), len(here.bodies)) == (True, False, tries)


def test_nobody_there_is_an_error_without_the_address() -> None:
    with pytest.raises(DriftlineError, match=r"127\.0\.0\.1 could not be told: ") as caught:
        send("http://127.0.0.1:1/hook-canary-4f1", {}, wait=0)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("url", ["http://example.invalid/x", "file:///etc/passwd", "", "hooks"])
def test_only_https_or_this_machine_is_told(url: str) -> None:
    with pytest.raises(DriftlineError, match="no https address"):
        send(url, {})
