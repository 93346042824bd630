"""What requests pass on their way to ARM: a refused token is replaced once, a wait is obeyed up to the limit and not beyond."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

from scanner.model.errors import SourceError
from scanner.model.source import RequestCounts
from scanner.sources.azure.client import ReadError
from scanner.sources.azure.options import AzureOptions
from scanner.sources.azure.policies import pipeline
from scanner.sources.azure.sign_in import SignIn, claims_of

CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1604106651"}}}'
CODED = base64.urlsafe_b64encode(CLAIMS.encode()).decode().rstrip("=")
CHALLENGE = f'Bearer realm="", authorization_uri="https://login.example/common", error="insufficient_claims", claims="{CODED}"'


@dataclass
class Entra:
    """Hands out token-1, token-2 …; a credential keeps its token, save where claims are asked for. `fails` from which number on."""

    lifetime: int = 3600
    fails: int = 1_000
    calls: int = 0
    asked: list[str] = field(default_factory=list)

    async def opened(self) -> Any:
        kept: list[AccessTokenInfo] = []

        async def get_token_info(audience: str, *, options: dict[str, str] | None = None) -> AccessTokenInfo:
            self.calls += 1
            claims = (options or {}).get("claims", "")
            if claims or not kept:
                await asyncio.sleep(0)
                self.asked.append(claims)
                if len(self.asked) >= self.fails:
                    raise ClientAuthenticationError("DefaultAzureCredential failed\n\tAADSTS7000222: The secret has expired.")
                kept[:] = [AccessTokenInfo(f"token-{len(self.asked)}", int(time.time()) + self.lifetime)]
            return kept[0]

        return SimpleNamespace(get_token_info=get_token_info)


class Arm(AsyncHttpTransport[Any, Any]):
    """Answers by what `answer` says of a token: a status and headers. Keeps the tokens that came and the waits."""

    def __init__(self, answer: Callable[[str], tuple[int, dict[str, str]]]) -> None:
        self.answer, self.came, self.waits = answer, list[str](), list[float]()

    async def send(self, request: Any, **_: Any) -> Any:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.came.append(token)
        await asyncio.sleep(0)
        status, headers = self.answer(token)
        return SimpleNamespace(status_code=status, headers=headers, content=b'{"error": {"code": "TooManyRequests"}}')

    async def sleep(self, duration: float) -> None:
        self.waits.append(duration)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


def statuses(entra: Entra, arm: Arm, *, at_once: int = 1, times: int = 1, url: str = "https://arm.example/x") -> list[Any]:
    """The statuses of requests, `at_once` of them together, `times` over; a failure in its place."""

    async def run() -> list[Any]:
        sign_in = SignIn("scope", entra.opened)
        await sign_in.start()
        options = AzureOptions(longest_wait=60)
        line = AsyncPipeline[Any, Any](arm, pipeline(sign_in, RequestCounts(), options, typed=False))
        found: list[Any] = []
        for _ in range(times):
            asked = (line.run(HttpRequest("GET", url)) for _ in range(at_once))
            found += await asyncio.gather(*asked, return_exceptions=True)
        return [one if isinstance(one, BaseException) else one.http_response.status_code for one in found]

    return asyncio.run(run())


def refusing(*tokens: str, challenge: str = "") -> Callable[[str], tuple[int, dict[str, str]]]:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return lambda token: (401, headers) if token in tokens else (200, {})


def test_requests_that_are_refused_together_share_one_new_token() -> None:
    entra, arm = Entra(), Arm(refusing("token-1"))
    assert statuses(entra, arm, at_once=16) == [200] * 16
    assert len(entra.asked) == 2
    assert (arm.came.count("token-1"), arm.came.count("token-2")) == (16, 16)


def test_a_second_refusal_stands_and_ends_the_asking_for_tokens() -> None:
    entra, arm = Entra(), Arm(lambda _: (401, {}))
    assert statuses(entra, arm, at_once=4, times=5) == [401] * 20
    assert len(entra.asked) == 2
    assert len(arm.came) == 4 + 4 + 4 * 4


def test_a_token_that_is_revoked_later_is_replaced_too() -> None:
    entra = Entra()
    arm = Arm(lambda token: (401 if token == "token-1" or (token == "token-2" and len(arm.came) > 3) else 200, {}))
    assert statuses(entra, arm, times=6) == [200] * 6
    assert len(entra.asked) == 3


def test_claims_that_arm_asks_for_reach_the_credential() -> None:
    entra, arm = Entra(), Arm(refusing("token-1", challenge=CHALLENGE))
    assert statuses(entra, arm) == [200]
    assert entra.asked == ["", CLAIMS]


def test_a_new_token_that_is_not_given_says_why_and_is_not_asked_for_again() -> None:
    entra, arm = Entra(fails=2), Arm(refusing("token-1"))
    first, *others = statuses(entra, arm, times=4)
    assert isinstance(first, ClientAuthenticationError)
    assert others == [401] * 3
    assert len(entra.asked) == 2


@pytest.mark.parametrize(("lifetime", "calls"), [(3600, 1), (290, 4)])
def test_a_token_near_its_end_is_asked_for_again_before_it_is_sent(lifetime: int, calls: int) -> None:
    entra = Entra(lifetime=lifetime)
    assert statuses(entra, Arm(refusing()), times=3) == [200] * 3
    assert entra.calls == calls


def test_a_token_goes_over_https_only() -> None:
    arm = Arm(refusing())
    (failure,) = statuses(Entra(), arm, url="http://arm.example/x")
    assert "https only" in str(failure)
    assert arm.came == []


def test_a_first_token_that_is_not_given_says_what_to_do() -> None:
    with pytest.raises(SourceError, match="AADSTS7000222"):
        statuses(Entra(fails=1), Arm(refusing()))


@pytest.mark.parametrize(
    ("challenge", "claims"),
    [
        (CHALLENGE, CLAIMS),
        ("", ""),
        ('Bearer authorization_uri="https://login.example", error="invalid_token"', ""),
        (CHALLENGE.replace("insufficient_claims", "invalid_token"), ""),
        (CHALLENGE.replace(CODED, ""), ""),
        (CHALLENGE.replace(CODED, "a"), ""),
        (CHALLENGE.replace(CODED, "ÿ"), ""),
        (CHALLENGE.replace(CODED, base64.urlsafe_b64encode(b"[1]").decode()), ""),
        (CHALLENGE.replace(CODED, base64.urlsafe_b64encode(b"[" * 100_000).decode()), ""),
    ],
)
def test_only_a_challenge_with_claims_that_can_be_read_has_claims(challenge: str, claims: str) -> None:
    assert claims_of(challenge) == claims
    assert not claims or json.loads(claims)


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "59.5"}, {"Retry-After": "60"}, {"x-ms-retry-after-ms": "60000"}, {"retry-after-ms": "1500"}]
)
def test_a_wait_up_to_the_limit_is_obeyed(headers: dict[str, str]) -> None:
    arm = Arm(lambda _: (429, headers) if len(arm.came) == 1 else (200, {}))
    assert statuses(Entra(), arm) == [200]
    (name, text), *_ = headers.items()
    assert arm.waits == [float(text) / (1000 if name.endswith("-ms") else 1)]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "3600"}, "429 TooManyRequests: Azure asks to wait 3600 s, and no read waits longer than 60 s"),
        ({"Retry-After": "61"}, "asks to wait 61 s"),
        ({"Retry-After": "inf"}, "asks to wait inf s"),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, "and no read waits longer than 60 s"),
        ({"x-ms-retry-after-ms": "3600000"}, "asks to wait 3600 s"),
    ],
)
def test_a_longer_wait_ends_the_read_at_once_with_its_length(headers: dict[str, str], words: str) -> None:
    arm = Arm(lambda _: (429, headers))
    (failure,) = statuses(Entra(), arm)
    assert isinstance(failure, ReadError)
    assert words in str(failure)
    assert (failure.status, failure.code, arm.waits, len(arm.came)) == (429, "TooManyRequests", [], 1)
