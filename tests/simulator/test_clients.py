"""Real Azure clients talk to the simulator: sign-in, lists over pages, gets, Resource Graph, refusals, retries."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.resourcegraph.aio import ResourceGraphClient

from scanner.simulator import Simulator, start_simulator

STATES = Path(__file__).parent / "states"
SUB = "/subscriptions/22222222-2222-4222-8222-222222222222"
GROUP = f"{SUB}/resourceGroups/rg-Toy"


@dataclass
class Clients:
    """One signed-in principal's clients over one shared session."""

    simulator: Simulator
    credential: ClientSecretCredential
    session: aiohttp.ClientSession

    def make(self, kind: Any, *arguments: Any) -> Any:
        transport = AioHttpTransport(session=self.session, session_owner=False)
        return kind(self.credential, *arguments, base_url=self.simulator.endpoint, transport=transport)


@asynccontextmanager
async def signed_in(simulator: Simulator, who: str, **wrong: str) -> AsyncIterator[Clients]:
    variables = {**simulator.environment(who), **wrong}
    context = ssl.create_default_context(cafile=str(simulator.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        credential = ClientSecretCredential(
            variables["AZURE_TENANT_ID"], variables["AZURE_CLIENT_ID"], variables["AZURE_CLIENT_SECRET"],
            authority=variables["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True,
            transport=AioHttpTransport(session=session, session_owner=False),
        )  # fmt: skip
        async with credential:
            yield Clients(simulator, credential, session)


def run(simulator: Simulator, work: Callable[[Clients], Awaitable[Any]], who: str = "scanner", **wrong: str) -> Any:
    async def main() -> Any:
        async with signed_in(simulator, who, **wrong) as clients:
            return await work(clients)

    return asyncio.run(main())


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("faults") / "faults.yaml"
    path.write_text('- {path: "*/networksecuritygroups", status: 429, retry_after: 0.1, times: 2}\n', encoding="utf-8")
    with start_simulator(STATES / "toy.yaml", page_size=4, faults=path) as running:
        yield running


def test_generic_and_typed_clients_read_over_pages(simulator: Simulator) -> None:
    async def work(clients: Clients) -> tuple[int, list[str], Any]:
        resources = clients.make(ResourceManagementClient, "22222222-2222-4222-8222-222222222222")
        network = clients.make(NetworkManagementClient, "22222222-2222-4222-8222-222222222222")
        count = len([item async for item in resources.resources.list()])
        groups = [item.name async for item in resources.resource_groups.list()]
        vault = await resources.resources.get_by_id(
            f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-toy", api_version="2026-02-01"
        )
        subnets = [item.name async for item in network.subnets.list("rg-Toy", "vnet-toy")]
        return count, [*groups, *subnets], vault.properties["vaultUri"]

    count, named, address = run(simulator, work)
    assert (count > 20, named, address) == (True, ["rg-Toy", "snet-endpoints", "snet-gateway"], "https://kv-toy.vault.azure.net/")


def test_raw_requests_keep_the_body_as_it_is(simulator: Simulator) -> None:
    async def work(clients: Clients) -> Any:
        client = clients.make(ResourceManagementClient, "22222222-2222-4222-8222-222222222222")
        path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-toy/providers/Microsoft.Insights/diagnosticSettings"
        request = HttpRequest("GET", f"{simulator.endpoint}{path}?api-version=2021-05-01-preview")
        response = await client._client.send_request(request)
        response.raise_for_status()
        return response.json()

    (setting,) = run(simulator, work)["value"]
    assert (setting["name"], setting["properties"]["logs"][0]["categoryGroup"]) == ("all-logs", "allLogs")


def test_resource_graph_and_role_assignments_are_read(simulator: Simulator) -> None:
    async def work(clients: Clients) -> tuple[Any, list[str]]:
        graph = clients.make(ResourceGraphClient)
        answer = await graph.resources({"query": "resources | project id, type | order by id asc", "options": {"$top": 5}})
        roles = clients.make(AuthorizationManagementClient, "22222222-2222-4222-8222-222222222222")
        found = [item.scope async for item in roles.role_assignments.list_for_subscription(filter="atScope()")]
        return answer, found

    answer, scopes = run(simulator, work)
    assert (answer.count, len(answer.data), bool(answer.skip_token), answer.result_truncated) == (5, 5, True, "false")
    assert scopes == [SUB] * 3


def test_a_throttled_request_is_repeated_until_it_succeeds(simulator: Simulator) -> None:
    async def work(clients: Clients) -> list[str]:
        network = clients.make(NetworkManagementClient, "22222222-2222-4222-8222-222222222222")
        return [item.name async for item in network.network_security_groups.list_all()]

    assert run(simulator, work) == ["nsg-toy"]
    statuses = [status for method, path, status in simulator.requests if path.lower().endswith("/networksecuritygroups")]
    assert statuses == [429, 429, 200]


def test_a_change_is_made_and_undone_without_waiting(simulator: Simulator) -> None:
    async def work(clients: Clients) -> tuple[str, bool]:
        client = clients.make(ResourceManagementClient, "22222222-2222-4222-8222-222222222222")
        path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/made"
        poller = await client.resources.begin_create_or_update_by_id(
            path, parameters={"location": "eastus2"}, api_version="2026-04-01"
        )
        made = await poller.result()
        await (await client.resources.begin_delete_by_id(path, api_version="2026-04-01")).result()
        return made.properties["provisioningState"], await client.resources.check_existence_by_id(path, api_version="2026-04-01")

    assert run(simulator, work, "owner") == ("Succeeded", False)


def test_refusals_are_the_errors_that_clients_know(simulator: Simulator) -> None:
    async def get(clients: Clients, path: str) -> None:
        client = clients.make(ResourceManagementClient, "22222222-2222-4222-8222-222222222222")
        await client.resources.get_by_id(f"{GROUP}/providers/{path}", api_version="1")

    with pytest.raises(ResourceNotFoundError) as absent:
        run(simulator, lambda clients: get(clients, "Microsoft.Web/sites/none"))
    with pytest.raises(HttpResponseError) as refused:
        run(simulator, lambda clients: get(clients, "Microsoft.KeyVault/vaults/kv-toy"), "partial")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        run(simulator, lambda clients: get(clients, "x/y/z"), AZURE_CLIENT_SECRET="wrong")
    with pytest.raises(ClientAuthenticationError, match="AADSTS90002"):
        run(simulator, lambda clients: get(clients, "x/y/z"), AZURE_TENANT_ID="99999999-9999-4999-8999-999999999999")
    assert [error.value.error and error.value.error.code for error in (absent, refused)] == [
        "ResourceNotFound",
        "AuthorizationFailed",
    ]
