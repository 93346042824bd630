"""The HTTPS server on loopback: sign-in, ARM, faults; a thread of its own, so that synchronous callers can use it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
import threading
import time
import uuid
from typing import Any, Final

from aiohttp import web

from scanner.simulator import faults as fault_files
from scanner.simulator.arm import Answer, Arm, Request
from scanner.simulator.deployments import lenient_json
from scanner.simulator.errors import ArmError
from scanner.simulator.faults import FaultEntry, Faults
from scanner.simulator.paging import page
from scanner.simulator.states import Deployed
from scanner.simulator.tokens import EntraError, managed_identity, openid_configuration, principal_of, sign_in

__all__ = ["Server"]

Json = Any
_LOG: Final = logging.getLogger(__name__)
_MOST_BYTES: Final = 64 * 1024 * 1024
_TOKEN_PATH: Final = re.compile(r"/([^/]+)/oauth2/(?:v2\.0/)?token", re.IGNORECASE)
_DISCOVERY: Final = re.compile(r"/([^/]+)/(?:v2\.0/)?\.well-known/openid-configuration", re.IGNORECASE)
_IDENTITY: Final = {"/metadata/identity/oauth2/token": "Metadata", "/msi/token": "X-IDENTITY-HEADER"}
#: What is left of the caller's quota, by method: a recorded header and number, and its documented sisters.
_QUOTAS: Final = {
    "GET": ("x-ms-ratelimit-remaining-subscription-global-reads", "3749"),
    "DELETE": ("x-ms-ratelimit-remaining-subscription-deletes", "199"),
}
_OTHER_QUOTA: Final = ("x-ms-ratelimit-remaining-subscription-writes", "199")


class Server:
    """Serves one deployed state until `stop`. `requests` lists (method, path, status) of what it was asked."""

    def __init__(self, deployed: Deployed, context: ssl.SSLContext, faults: Faults, port: int, page_size: int) -> None:
        self._deployed, self._context, self._faults, self._page_size = deployed, context, faults, page_size
        self._arm = Arm(deployed.store)
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
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Stop listening and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runners: list[web.AppRunner] = []
        try:
            self._loop.run_until_complete(self._listen(runners))
        except OSError as error:
            self._failure = error
        self._ready.set()
        if self._failure is None:
            self._loop.run_forever()
        for runner in runners:
            self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(_cancel_all(self._loop))
        self._loop.close()

    async def _listen(self, runners: list[web.AppRunner]) -> None:
        ports = []
        for handler, context, port in ((self._serve, self._context, self.port), (self._serve_identity, None, 0)):
            app = web.Application(client_max_size=_MOST_BYTES)
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
            await runner.setup()
            runners.append(runner)
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
            ports.append(int(runner.addresses[0][1]))
        self.port, self.identity_port = ports

    async def _serve_identity(self, request: web.Request) -> web.Response:
        """Managed identity over http, which the SDK insists on: the instance's metadata service and App Service's endpoint."""
        header = _IDENTITY.get(request.path.lower().rstrip("/"))
        if header is None or header not in request.headers:
            return web.json_response(
                {"error": "invalid_request", "error_description": "Required metadata header not specified"}, status=400
            )
        try:
            body = managed_identity(request.query, self._deployed.tenant, self._deployed.principals, int(time.time()))
        except EntraError as error:
            return web.json_response(error.body, status=error.status)
        return web.json_response(body)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = re.sub("/{2,}", "/", request.path)
        fault = self._faults.strike(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is not None and fault.body == "reset" and request.transport is not None:
            self.requests.append((request.method, path, 0))
            request.transport.abort()
            return web.Response(status=500)
        try:
            status, body = await self._answer(request, path, fault)
        except ArmError as error:
            status, body = error.status, error.body
        except Exception:  # noqa: BLE001  # a defect answers 500 and is logged; the server goes on
            _LOG.exception("the simulator failed on %s %s", request.method, path)
            status, body = 500, {"error": {"code": "InternalServerError", "message": "The simulator failed; its log says where."}}
        self.requests.append((request.method, path, status))
        return self._respond(request, path, (status, body), fault)

    async def _answer(self, request: web.Request, path: str, fault: FaultEntry | None) -> tuple[int, Json]:
        if fault is not None and fault.status >= 400:
            raise fault_files.refusal(fault)
        signed_in = await self._sign_in(request, path)
        if signed_in is not None:
            return 200, signed_in
        principal = principal_of(request.headers.get("Authorization", ""), self._deployed.principals)
        body = _json(await request.read(), path)
        with self._lock:
            answer: Answer = self._arm.handle(Request(request.method, path, request.query, body, principal))
        if answer.items is not None:
            return answer.status, page(answer.items, path, request.query, request.host, self._page_size)
        return answer.status, answer.body

    async def _sign_in(self, request: web.Request, path: str) -> Json:
        base, tenant = f"https://{request.host}", self._deployed.tenant
        token = _TOKEN_PATH.fullmatch(path)
        if token is not None and request.method == "POST":
            form = {key: str(value) for key, value in (await request.post()).items()}
            return sign_in(form, token[1], tenant, self._deployed.principals, int(time.time()))
        discovery = _DISCOVERY.fullmatch(path)
        if discovery is not None:
            return openid_configuration(base, discovery[1], tenant)
        if path.lower() == "/common/discovery/instance":
            return {"tenant_discovery_endpoint": f"{base}/{tenant}/v2.0/.well-known/openid-configuration", "metadata": []}
        return _endpoints(base) if path.lower() == "/metadata/endpoints" else None

    def _respond(self, request: web.Request, path: str, answer: tuple[int, Json], fault: FaultEntry | None) -> web.Response:
        status, body = answer
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-correlation-request-id": str(uuid.uuid4())}
        if status == 401:
            headers["WWW-Authenticate"] = (
                f'Bearer authorization_uri="https://{request.host}/{self._deployed.tenant}", error="invalid_token", '
                'error_description="The access token is invalid."'
            )
        if path.lower().startswith(("/subscriptions", "/providers")) and status < 400:
            name, left = _QUOTAS.get(request.method, _OTHER_QUOTA)
            headers[name] = left
        if path.lower().endswith("/microsoft.resourcegraph/resources"):
            headers |= {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}
        if fault is not None and fault.retry_after is not None:
            headers["Retry-After"] = f"{fault.retry_after:g}"
        kind = "application/json"
        if fault is not None and fault.status < 400 and fault.body:
            text, kind = fault_files.spoil(text, fault.body, f"https://{request.host}{request.path_qs}")
        response = web.Response(text=text, status=status, content_type=kind, headers=headers)
        if fault is not None and fault.body == "half":
            response.headers["Content-Length"] = str(len(text.encode()) * 2)
            response.force_close()
        return response


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End requests that nobody waits for any more."""
    left = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _endpoints(base: str) -> dict[str, Json]:
    """What `az cloud register` reads: one object, not a list."""
    return {
        "name": "Simulator", "resourceManager": f"{base}/", "microsoftGraphResourceId": f"{base}/", "suffixes": {},
        "authentication": {"loginEndpoint": f"{base}/", "audiences": ["https://management.azure.com/"], "tenant": "common",
                           "identityProvider": "AAD"},
    }  # fmt: skip


def _json(raw: bytes, path: str) -> Json:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        body = lenient_json(raw) if "/microsoft.resources/deployments/" in path.lower() else None
        if body is None:
            message = f"The request content was invalid and could not be deserialized: {error}."
            raise ArmError(400, "InvalidRequestContent", message) from error
        return body
