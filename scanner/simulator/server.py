"""The HTTPS server on loopback: sign-in, ARM, paging, faults; a thread of its own, so that synchronous tests can use it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from scanner.simulator.arm import Arm, Listed
from scanner.simulator.errors import ArmError
from scanner.simulator.faults import FaultEntry, Faults
from scanner.simulator.states import Deployed
from scanner.simulator.tokens import issue, principal_of, sign_in

__all__ = ["Server"]

Json = Any
_PAGE_SIZE: Final = 20
_TOKEN_PATH: Final = re.compile(r"/([^/]+)/oauth2/(?:v2\.0/)?token", re.IGNORECASE)
_DISCOVERY: Final = re.compile(r"/([^/]+)/(?:v2\.0/)?\.well-known/openid-configuration", re.IGNORECASE)


class Server:
    """Serves one deployed state until `stop`. `requests` lists (method, path, status) of what ARM was asked."""

    def __init__(self, deployed: Deployed, context: ssl.SSLContext, faults: Faults, port: int) -> None:
        self._deployed, self._context, self._faults = deployed, context, faults
        self._arm = Arm(deployed)
        self._lock = threading.Lock()
        self.requests: list[tuple[str, str, int]] = []
        self.port = port
        self.identity_port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def start(self) -> None:
        """Listen; returns when the port is known. Raises `OSError` where the port is taken."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop listening and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            runners = self._loop.run_until_complete(self._listen())
        except OSError as error:
            self._failure = error
            self._ready.set()
            self._loop.close()
            return
        self._ready.set()
        self._loop.run_forever()
        for runner in runners:
            self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(_cancel_all(self._loop))
        self._loop.close()

    async def _listen(self) -> list[web.AppRunner]:
        runners = []
        for handler, context, port in ((self._serve, self._context, self.port), (self._serve_identity, None, 0)):
            app = web.Application(client_max_size=64 * 1024 * 1024)
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
            address = runner.addresses[0]
            if context is not None:
                self.port = int(address[1])
            else:
                self.identity_port = int(address[1])
            runners.append(runner)
        return runners

    async def _serve_identity(self, request: web.Request) -> web.Response:
        """Managed identity: IMDS and App Service; the first principal is the machine's."""
        if (
            not request.path.lower().startswith(("/metadata/identity/oauth2/token", "/msi/token"))
            or not self._deployed.principals
        ):
            return web.json_response({"error": "invalid_request"}, status=404)
        issued = int(self._now())
        token = issue(self._deployed.principals[0], self._deployed, issued)
        return web.json_response(
            {
                "access_token": token,
                "expires_in": "3600",
                "expires_on": str(issued + 3600),
                "resource": request.query.get("resource", ""),
                "token_type": "Bearer",
            }
        )

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = re.sub("/{2,}", "/", request.path)
        fault = self._faults.strike(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is not None and fault.body == "reset" and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        try:
            status, body = await self._answer(request, path, fault)
        except ArmError as error:
            status, body = error.status, error.body
        self.requests.append((request.method, path, status))
        return self._respond(request, path, status, body, fault)

    async def _answer(self, request: web.Request, path: str, fault: FaultEntry | None) -> tuple[int, Json]:
        if fault is not None and fault.status >= 400:
            code = fault.code or {429: "TooManyRequests", 401: "InvalidAuthenticationToken", 403: "AuthorizationFailed"}.get(
                fault.status, "ServerError"
            )
            raise ArmError(fault.status, code, "A fault that was asked for.")
        signed_in = await self._sign_in(request, path)
        if signed_in is not None:
            return 200, signed_in
        principal = principal_of(request.headers.get("Authorization", ""), self._deployed)
        body = _json(await request.read())
        with self._lock:
            answer = self._arm.handle(request.method, path, request.query, body, principal)
        if isinstance(answer, Listed):
            return 200, self._page(answer, request, path)
        created = request.method == "PUT" and "diagnosticsettings" not in path.lower()
        return (201 if created else 200) if answer is not None else 204, answer

    async def _sign_in(self, request: web.Request, path: str) -> Json:
        base = f"https://{request.host}"
        token = _TOKEN_PATH.fullmatch(path)
        if token is not None:
            form = {key: str(value) for key, value in (await request.post()).items()}
            return sign_in(form, token[1], self._deployed, int(self._now()))
        discovery = _DISCOVERY.fullmatch(path)
        if discovery is not None:
            tenant = f"{base}/{discovery[1]}"
            return {
                "issuer": f"{tenant}/v2.0",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            }
        if path.lower() == "/metadata/endpoints":
            return {
                "name": "Simulator",
                "resourceManager": f"{base}/",
                "microsoftGraphResourceId": f"{base}/",
                "suffixes": {},
                "authentication": {
                    "loginEndpoint": f"{base}/",
                    "audiences": ["https://management.azure.com/"],
                    "tenant": "common",
                },
            }
        return None

    def _page(self, answer: Listed, request: web.Request, path: str) -> Json:
        token = request.query.get("$skiptoken", "")
        start = int(base64.urlsafe_b64decode(token).decode()) if token else 0
        page: dict[str, Json] = {"value": list(answer[start : start + _PAGE_SIZE])}
        if start + _PAGE_SIZE < len(answer):
            following = base64.urlsafe_b64encode(str(start + _PAGE_SIZE).encode()).decode()
            version = request.query.get("api-version", "")
            page["nextLink"] = f"https://{request.host}{path}?api-version={version}&$skiptoken={following}"
        return page

    def _respond(self, request: web.Request, path: str, status: int, body: Json, fault: FaultEntry | None) -> web.Response:
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-correlation-request-id": str(uuid.uuid4())}
        if status == 429 or fault is not None:
            headers |= {} if fault is None or fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        else:
            headers["x-ms-ratelimit-remaining-subscription-global-reads"] = "3749"
        kind = "application/json"
        if fault is not None and fault.status < 400 and fault.body:
            text, kind = _spoil(text, fault.body, f"https://{request.host}{path}")
        response = web.Response(text=text, status=status, content_type=kind, headers=headers)
        if fault is not None and fault.body == "half":
            response.headers["Content-Length"] = str(len(text.encode()) * 2)
            response.force_close()
        return response

    def _now(self) -> float:
        return self._deployed.store.now.timestamp()


_SPOILED: Final[dict[str, Callable[[str, str], tuple[str, str]]]] = {
    "half": lambda text, own: (text[: len(text) // 2], "application/json"),
    "not-json": lambda text, own: ('{"value": [', "application/json"),
    "empty-object": lambda text, own: ("{}", "application/json"),
    "null-list": lambda text, own: ('{"value": null}', "application/json"),
    "html": lambda text, own: ("<html><body>Service unavailable</body></html>", "text/html"),
    "other-host": lambda text, own: ('{"value": [], "nextLink": "https://example.invalid/next"}', "application/json"),
    "loop": lambda text, own: (json.dumps({"value": [], "nextLink": own}), "application/json"),
}


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End requests that nobody waits for any more."""
    left = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _spoil(text: str, how: str, own: str) -> tuple[str, str]:
    return _SPOILED[how](text, own)


def _json(raw: bytes) -> Json:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ArmError(
            400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: {error}."
        ) from error
