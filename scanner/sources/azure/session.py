"""The HTTP session and the clients that live reads go through."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from scanner.model.errors import SourceError
from scanner.model.source import RequestCounts
from scanner.sources.azure.client import ArmClient
from scanner.sources.azure.options import CLOUDS, AzureOptions
from scanner.sources.azure.policies import patient_transport, pipeline
from scanner.sources.azure.sign_in import SignIn, open_credential

__all__ = ["open_client"]

#: Clients want one; every request here names its own.
_NO_SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"


@asynccontextmanager
async def open_client(options: AzureOptions, counts: RequestCounts) -> AsyncIterator[ArmClient]:
    """Clients over one session, signed in. Raises `SourceError`."""
    import aiohttp
    from azure.mgmt.resource.resources.aio import ResourceManagementClient
    from azure.mgmt.resourcegraph.aio import ResourceGraphClient

    if urlsplit(options.endpoint).scheme != "https":
        raise SourceError(
            f"{options.endpoint} is no ARM endpoint", hint="--arm-endpoint is an address that begins with https://."
        )
    audience = CLOUDS[options.cloud].audience
    connector = aiohttp.TCPConnector(ssl=_trust(options), limit=64)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session, AsyncExitStack() as stack:
        transport = patient_transport(session, options)

        async def opened() -> Any:
            return await stack.enter_async_context(open_credential(options, transport))

        sign_in = SignIn(audience, opened)
        await sign_in.start()
        common: dict[str, Any] = {"base_url": options.endpoint, "transport": transport, "credential_scopes": [audience]}
        raw, typed = (pipeline(sign_in, counts, options, typed=typed) for typed in (False, True))
        unasked: Any = sign_in  # the clients insist on a credential, but our policies replace theirs, and only those would ask it
        async with (
            ResourceManagementClient(unasked, _NO_SUBSCRIPTION, policies=raw, **common) as resources,
            ResourceGraphClient(unasked, policies=typed, **common) as graph,
        ):
            yield ArmClient(resources, graph, options.endpoint)


def _trust(options: AzureOptions) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            f"{options.ca_file} holds no certificates that can be used: {error}", hint="--ca-file takes PEM."
        ) from error
