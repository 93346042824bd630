"""What every request passes on its way to ARM: retries with a limit to patience, the token, a count of attempts."""

from __future__ import annotations

from typing import Any

from scanner.model.source import RequestCounts
from scanner.sources.azure.client import ReadError, refusal
from scanner.sources.azure.options import AzureOptions
from scanner.sources.azure.sign_in import SignIn, claims_of

__all__ = ["patient_transport", "pipeline"]


def pipeline(sign_in: SignIn, counts: RequestCounts, options: AzureOptions, *, typed: bool) -> list[Any]:
    """Azure's policies but three: automatic registration of resource providers, which writes; redirects, which would carry the
    token away; and logging of requests, which may hold secrets. Only typed models need decoding.
    """
    from azure.core.pipeline import policies

    return [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy(base_user_agent="driftline"),
        *([policies.ContentDecodePolicy()] if typed else []),
        _patient(options),
        _authenticating(sign_in),
        _counting(counts),
    ]


def patient_transport(session: Any, options: AzureOptions) -> Any:
    """A transport over a session of ours. It refuses to wait longer than the limit, so that sign-ins do not hang either."""
    from azure.core.pipeline.transport import AioHttpTransport

    class Patient(AioHttpTransport):  # type: ignore[misc]  # its package gives no type
        async def sleep(self, duration: float) -> None:
            if duration > options.longest_wait:
                raise ReadError(_too_long(duration, options))
            await super().sleep(duration)

    return Patient(
        session=session, session_owner=False, connection_timeout=min(options.timeout, 30), read_timeout=options.timeout
    )


def _patient(options: AzureOptions) -> Any:
    """Azure's retries, which obey Retry-After; an answer that asks for a longer wait than the limit ends the read at once."""
    from azure.core.pipeline.policies import AsyncRetryPolicy

    class Patient(AsyncRetryPolicy[Any, Any]):
        async def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
            wait = self.get_retry_after(response) if response is not None else None
            if wait is not None and wait > options.longest_wait:
                refused = refusal(response.http_response)
                raise ReadError(f"{refused}: {_too_long(wait, options)}", status=refused.status, code=refused.code)
            await super().sleep(settings, transport, response)

    return Patient(retry_backoff_factor=options.backoff, retry_backoff_max=options.longest_wait)


def _too_long(wait: float, options: AzureOptions) -> str:
    return f"Azure asks to wait {wait:.0f} s, and no read waits longer than {options.longest_wait:g} s"


def _authenticating(sign_in: SignIn) -> Any:
    """A policy that sends the token, and after a 401 a new one, once."""
    from azure.core.exceptions import ServiceRequestError
    from azure.core.pipeline.policies import AsyncHTTPPolicy

    class Authenticating(AsyncHTTPPolicy[Any, Any]):
        async def send(self, request: Any) -> Any:
            if not request.http_request.url.lower().startswith("https://"):
                raise ServiceRequestError("a token is sent over https only")
            token = await sign_in.token()
            answer = await self._sent(request, token)
            if answer.http_response.status_code != 401:
                return answer
            challenge = answer.http_response.headers.get("WWW-Authenticate", "")
            if (other := await sign_in.renewed(token, claims_of(challenge))) is None:
                return answer
            answer = await self._sent(request, other)
            if answer.http_response.status_code == 401:
                sign_in.refused_again()
            return answer

        async def _sent(self, request: Any, token: Any) -> Any:
            request.http_request.headers["Authorization"] = f"Bearer {token.token}"
            return await self.next.send(request)

    return Authenticating()


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
