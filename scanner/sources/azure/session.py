"""The HTTP session, credential and clients that live reads go through, and what to say when Azure cannot be asked at all."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scanner.model.errors import SourceError
from scanner.model.source import RequestCounts
from scanner.sources.azure.client import ArmClient, first_line
from scanner.sources.azure.options import CLOUDS, AzureOptions

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AioHttpTransport

__all__ = ["open_client"]

#: Clients want one; every request here names its own.
_NO_SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"
_SIGN_IN: Final = "Run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity."


@asynccontextmanager
async def open_client(options: AzureOptions, counts: RequestCounts) -> AsyncIterator[ArmClient]:
    """Clients over one session, signed in. Raises `SourceError`."""
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.mgmt.resource.resources.aio import ResourceManagementClient
    from azure.mgmt.resourcegraph.aio import ResourceGraphClient

    if urlsplit(options.endpoint).scheme != "https":
        raise SourceError(
            f"{options.endpoint} is no ARM endpoint", hint="--arm-endpoint is an address that begins with https://."
        )
    audience = CLOUDS[options.cloud].audience
    connector = aiohttp.TCPConnector(ssl=_trust(options), limit=64)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session:
        transport = AioHttpTransport(
            session=session, session_owner=False, connection_timeout=min(options.timeout, 30), read_timeout=options.timeout
        )
        async with _credential(options, transport) as credential:
            common: dict[str, Any] = {"base_url": options.endpoint, "transport": transport, "credential_scopes": [audience]}
            raw, typed = (_pipeline(credential, audience, counts, options, typed=typed) for typed in (False, True))
            async with (
                ResourceManagementClient(credential, _NO_SUBSCRIPTION, policies=raw, **common) as resources,
                ResourceGraphClient(credential, policies=typed, **common) as graph,
            ):
                await _sign_in(credential, audience)
                yield ArmClient(resources, graph, options.endpoint)


def _pipeline(credential: Any, audience: str, counts: RequestCounts, options: AzureOptions, *, typed: bool) -> list[Any]:
    """Azure's policies but three: automatic registration of resource providers, which writes; redirects, which would carry the
    token away; and logging of requests, which may hold secrets. Retries obey Retry-After. Only typed models need decoding.
    """
    from azure.core.pipeline import policies
    from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy

    return [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy(base_user_agent="driftline"),
        *([policies.ContentDecodePolicy()] if typed else []),
        policies.AsyncRetryPolicy(retry_backoff_factor=options.backoff),
        AsyncARMChallengeAuthenticationPolicy(credential, audience),
        _counting(counts),
    ]


def _counting(counts: RequestCounts) -> Any:
    """A policy that counts every attempt; those after the first of a request were retried."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class Counting(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            counts.total += 1
            if request.context.get("driftline_sent"):
                counts.retried += 1
            request.context["driftline_sent"] = True

        def on_response(self, request: Any, response: Any) -> None:
            if response.http_response.status_code == 429:
                counts.throttled += 1

    return Counting()


def _credential(options: AzureOptions, transport: AioHttpTransport) -> Any:
    from azure.identity.aio import DefaultAzureCredential

    authority = options.authority or CLOUDS[options.cloud].authority
    try:
        return DefaultAzureCredential(
            authority=authority, disable_instance_discovery=bool(options.authority), transport=transport
        )
    except ValueError as error:
        raise SourceError(
            f"the sign-in is set up wrongly: {first_line(error)}",
            hint="Look at --authority (it begins with https://) and at the AZURE_ variables.",
        ) from error


async def _sign_in(credential: Any, audience: str) -> None:
    from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

    try:
        await credential.get_token(audience)
    except ClientAuthenticationError as error:
        if "certificate" in str(error).lower() and "AADSTS" not in str(error):
            raise _unreachable(error) from error
        raise SourceError(f"Azure did not sign you in: {_telling_line(str(error))}", hint=_SIGN_IN) from error
    except ServiceRequestError as error:
        raise _unreachable(error) from error
    except (AzureError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise SourceError(
            f"Azure did not sign you in: {first_line(error)}", hint="Look at --authority and at the AZURE_ variables."
        ) from error


def _telling_line(text: str) -> str:
    """The one line that says why: Entra's own code where there is one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "AADSTS" in line] or [
        line for line in lines if "failed:" in line or "Cannot connect" in line
    ]
    return (telling or lines or ["no credential was found"])[0][:300]


def _unreachable(error: Exception) -> SourceError:
    if "certificate" in str(error).lower():
        return SourceError(
            "the certificate of the sign-in endpoint is not trusted", hint="Name the certificates to trust with --ca-file."
        )
    return SourceError(
        f"the sign-in endpoint cannot be reached: {first_line(error)}",
        hint="Look at the network, at HTTPS_PROXY, at --arm-endpoint and --authority.",
    )


def _trust(options: AzureOptions) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            f"{options.ca_file} holds no certificates that can be used: {error}", hint="--ca-file takes PEM."
        ) from error
