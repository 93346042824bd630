"""One HTTP session, one credential, Azure's clients over it. Bodies are taken raw, for typed models drop what they do not know.

The pipeline of the resource client signs in, obeys Retry-After and retries; what remains becomes a `ReadError` with its reason.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scanner.model.errors import SourceError
from scanner.model.source import RequestCounts
from scanner.sources.azure.options import CLOUDS, AzureOptions

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AioHttpTransport

__all__ = ["ArmClient", "Listed", "ReadError", "open_client"]

Json = Any
_MAX_PAGES = 10_000


class ReadError(Exception):
    """A read that did not succeed: the reason for people, the HTTP status (0 without an answer), ARM's error code."""

    def __init__(self, reason: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(reason)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of a list, and why there may be more."""

    items: tuple[dict[str, Json], ...]
    failure: ReadError | None = None


class ArmClient:
    """Gets and lists on ARM, queries Resource Graph."""

    def __init__(self, resources: Any, graph: Any, endpoint: str) -> None:
        self._resources, self._graph, self._endpoint = resources, graph, endpoint

    async def get(self, path: str, api_version: str) -> dict[str, Json]:
        """One resource as ARM returns it. Raises `ReadError`."""
        body = await self._send(f"{self._endpoint}{path}?api-version={api_version}")
        if not isinstance(body, dict):
            raise ReadError("the answer is not an object")
        return body

    async def list_all(self, path: str, api_version: str, query: str = "") -> Listed:
        """All pages of a list. A list without `value`, or whose next page lies elsewhere or was seen, is a failure."""
        url: str | None = f"{self._endpoint}{path}?api-version={api_version}{query}"
        items: dict[str, dict[str, Json]] = {}
        seen: set[str] = set()
        while url:
            try:
                values, following = await self._page(url, seen)
            except ReadError as failure:
                return Listed(tuple(items.values()), failure)
            for value in values:
                if isinstance(value, dict):
                    items.setdefault(_identity(value, len(items)), value)
            url = following
        return Listed(tuple(items.values()))

    async def query(self, query: str, subscriptions: list[str]) -> tuple[dict[str, Json], ...]:
        """All rows of a Resource Graph query, which must project `id`. Raises `ReadError`."""
        from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

        rows: list[dict[str, Json]] = []
        token: str | None = None
        for _ in range(_MAX_PAGES):
            options = QueryRequestOptions(top=1000, skip_token=token, result_format="objectArray")
            answer = await _guarded(
                self._graph.resources(QueryRequest(query=query, subscriptions=subscriptions, options=options))
            )
            if not isinstance(answer.data, list):
                raise ReadError("Resource Graph answered without rows")
            rows.extend(row for row in answer.data if isinstance(row, dict))
            following = answer.skip_token
            if not following:
                if str(answer.result_truncated).lower() == "true":
                    raise ReadError("Resource Graph cut its answer off")
                return tuple(rows)
            if following == token:
                break
            token = following
        raise ReadError("Resource Graph repeats a page without end")

    async def _page(self, url: str, seen: set[str]) -> tuple[list[Json], str | None]:
        self._pin(url, seen)
        page = await self._send(url)
        values = page.get("value") if isinstance(page, dict) else None
        if not isinstance(values, list):
            raise ReadError("a list answer without a list")
        following = page.get("nextLink")
        return values, following if isinstance(following, str) and following else None

    async def _send(self, url: str) -> Json:
        from azure.core.rest import HttpRequest

        response = await _guarded(self._resources.send_request(HttpRequest("GET", url)))
        if response.status_code >= 400:
            raise _refusal(response)
        try:
            return json.loads(response.text())
        except ValueError as error:
            raise ReadError("the answer is not JSON", status=response.status_code) from error

    def _pin(self, url: str, seen: set[str]) -> None:
        """The token goes to the ARM host and nowhere else."""
        ours, theirs = urlsplit(self._endpoint), urlsplit(url)
        if (theirs.scheme, theirs.netloc.lower()) != (ours.scheme, ours.netloc.lower()):
            raise ReadError(f"the next page lies on another host ({theirs.netloc or 'none'}) and was not followed")
        if url in seen or len(seen) >= _MAX_PAGES:
            raise ReadError("the list repeats a page without end")
        seen.add(url)


async def _guarded(awaitable: Any) -> Any:
    """Whatever Azure's clients raise, as a `ReadError`; an HTML answer makes them raise AttributeError."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        return await awaitable
    except HttpResponseError as error:
        if error.response is not None:
            raise _refusal(error.response) from error
        raise ReadError(_first_line(error)) from error
    except (AzureError, AttributeError, ValueError, TypeError) as error:
        raise ReadError(_first_line(error)) from error


def _refusal(response: Any) -> ReadError:
    code = ""
    try:
        body = json.loads(response.text())
        inner = body.get("error", body) if isinstance(body, dict) else {}
        code = str(inner.get("code") or "") if isinstance(inner, dict) else ""
    except (ValueError, AttributeError, TypeError):
        code = ""
    return ReadError(f"{response.status_code} {code}".strip(), status=response.status_code, code=code)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _identity(value: dict[str, Json], position: int) -> str:
    own = value.get("id")
    return own.lower() if isinstance(own, str) and own else f"#{position}"


@asynccontextmanager
async def open_client(options: AzureOptions, counts: RequestCounts) -> AsyncIterator[ArmClient]:
    """Clients over one session. Raises `SourceError` for a CA file that cannot be used."""
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.mgmt.resource.resources.aio import ResourceManagementClient
    from azure.mgmt.resourcegraph.aio import ResourceGraphClient

    audience = CLOUDS[options.cloud].audience
    connector = aiohttp.TCPConnector(ssl=_trust(options), limit=64)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session:
        transport = AioHttpTransport(session=session, session_owner=False)
        common: dict[str, Any] = {
            "base_url": options.endpoint,
            "transport": transport,
            "credential_scopes": [audience],
            "per_retry_policies": [_counting(counts)],
        }
        async with (
            _credential(options, transport) as credential,
            ResourceManagementClient(credential, "00000000-0000-0000-0000-000000000000", **common) as resources,
            ResourceGraphClient(credential, **common) as graph,
        ):
            await _sign_in(credential, audience)
            yield ArmClient(resources, graph, options.endpoint)


def _credential(options: AzureOptions, transport: AioHttpTransport) -> Any:
    from azure.identity.aio import DefaultAzureCredential

    authority = options.authority or CLOUDS[options.cloud].authority
    return DefaultAzureCredential(authority=authority, disable_instance_discovery=bool(options.authority), transport=transport)


async def _sign_in(credential: Any, audience: str) -> None:
    from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

    try:
        await credential.get_token(audience)
    except ClientAuthenticationError as error:
        if "certificate" in str(error).lower() and "AADSTS" not in str(error):
            raise _unreachable(error, "sign-in endpoint") from error
        raise SourceError(
            f"Azure did not sign you in: {_sign_in_reason(str(error))}",
            hint="Run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity.",
        ) from error
    except ServiceRequestError as error:
        raise _unreachable(error, "sign-in endpoint") from error
    except (AzureError, ValueError) as error:
        raise SourceError(
            f"Azure did not sign you in: {_first_line(error)}", hint="Look at --authority and at the AZURE_ variables."
        ) from error


def _sign_in_reason(text: str) -> str:
    """The one line that says why: Entra's own code where there is one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "AADSTS" in line] or [
        line for line in lines if "failed:" in line or "Cannot connect" in line
    ]
    return (telling or lines or ["no credential was found"])[0][:300]


def _unreachable(error: Exception, what: str) -> SourceError:
    text = str(error)
    if "certificate" in text.lower():
        return SourceError(f"the certificate of the {what} is not trusted", hint="Name the certificates to trust with --ca-file.")
    return SourceError(
        f"the {what} cannot be reached: {_first_line(error)}",
        hint="Look at the network, at HTTPS_PROXY, at --arm-endpoint and --authority.",
    )


def _trust(options: AzureOptions) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            f"{options.ca_file} holds no certificates that can be used: {error}", hint="--ca-file takes PEM."
        ) from error


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
