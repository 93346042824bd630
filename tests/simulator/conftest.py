"""The toy state in process, and over HTTPS; both ask as a principal of the state."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from scanner.simulator import Simulator, start_simulator
from scanner.simulator.arm import Arm, Request
from scanner.simulator.errors import ArmError
from scanner.simulator.states import Deployed, deploy_state

TOY = Path(__file__).parent / "states" / "toy.yaml"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SUB = "/subscriptions/22222222-2222-4222-8222-222222222222"
GROUP = f"{SUB}/resourceGroups/rg-Toy"
Answered = tuple[int, Any]


@dataclass
class Azure:
    """A deployed state, asked in process."""

    deployed: Deployed
    arm: Arm = field(init=False)

    def __post_init__(self) -> None:
        self.arm = Arm(self.deployed.store)

    def ask(self, method: str, path: str, body: Any = None, who: str = "owner", **query: str) -> Answered:
        """Status and body of a request, refusals and lists included; paths without a leading slash lie in the group."""
        principal = next(item for item in self.deployed.principals if item.name == who)
        asked = {"api-version": "2030-01-01", **{f"${key}": value for key, value in query.items()}}
        full = path if path.startswith("/") else f"{GROUP}/providers/{path}"
        try:
            answer = self.arm.handle(Request(method, full, asked, body, principal))
        except ArmError as error:
            return error.status, error.body
        return answer.status, list(answer.items) if answer.items is not None else answer.body

    def get(self, path: str, who: str = "owner", **query: str) -> Any:
        """The body of a GET that succeeds."""
        status, body = self.ask("GET", path, who=who, **query)
        assert status == 200, body
        return body

    def graph(self, query: str, who: str = "owner", **options: Any) -> Any:
        """The answer of a Resource Graph query."""
        path = "/providers/Microsoft.ResourceGraph/resources"
        named = {key if key == "resultFormat" else f"${key}": item for key, item in options.items()}
        return self.ask("POST", path, {"query": query, "options": named}, who)[1]


@pytest.fixture
def azure() -> Azure:
    return Azure(deploy_state(TOY, NOW))


@pytest.fixture(scope="session")
def toy() -> Path:
    return TOY


@pytest.fixture(scope="session")
def deploy() -> Callable[[Path], Azure]:
    return lambda path: Azure(deploy_state(path, NOW))


class Browser:
    """Sends single HTTPS requests to a running simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.context = ssl.create_default_context(cafile=str(simulator.ca_file))
        self.tokens: dict[str, str] = {}

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with lower-case names, and the raw body."""
        host, _, port = self.simulator.endpoint.removeprefix("https://").partition(":")
        connection = http.client.HTTPSConnection(host, int(port), context=self.context, timeout=20)
        try:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            response = connection.getresponse()
            return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Any = None, who: str = "owner") -> tuple[int, dict[str, str], Any]:
        """A signed-in request, its answer decoded."""
        if who not in self.tokens:
            self.tokens[who] = self.sign_in(who)
        joint = "&" if "?" in path else "?"
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json"}
        status, answered, raw = self.send(method, f"{path}{joint}api-version=2030-01-01", body, headers)
        return status, answered, json.loads(raw) if raw else None

    def sign_in(self, who: str) -> str:
        """A token for a principal, by its secret."""
        variables = self.simulator.environment(who)
        status, answer = self.token(variables["AZURE_TENANT_ID"], variables["AZURE_CLIENT_ID"], variables["AZURE_CLIENT_SECRET"])
        assert status == 200, answer
        return str(answer["access_token"])

    def token(self, tenant: str, client: str, secret: str) -> tuple[int, Any]:
        """What the token endpoint answers to a client secret."""
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": "x/.default"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, raw = self.send("POST", f"/{tenant}/oauth2/v2.0/token", urlencode(form).encode(), headers)
        return status, json.loads(raw)


@pytest.fixture(scope="session")
def browse() -> Callable[[Simulator], Browser]:
    return Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_simulator(TOY, now=NOW, page_size=3) as simulator:
        yield Browser(simulator)
