"""A small HTTPS server that answers ARM paths as told, and signs anybody in; it keeps what it was asked."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

__all__ = ["Answer", "FakeArm", "fake_arm"]


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body, headers, and how many seconds to keep silent before."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


@dataclass
class FakeArm:
    """Where it listens, whom to trust, and `METHOD path` of every request but sign-in."""

    endpoint: str
    ca_file: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def fake_arm(folder: Path, answers: Mapping[str, Answer]) -> Iterator[FakeArm]:
    """Serve answers by path; what is not named is ARM's 404."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    fake = FakeArm("", folder / "ca.pem")

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/oauth2/v2.0/token"):
            return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": "told"})
        fake.asked.append(f"{request.method} {request.path}")
        answer = answers.get(request.path, Answer({"error": {"code": "ResourceNotFound"}}, 404))
        await asyncio.sleep(answer.delay)
        return web.json_response(answer.body, status=answer.status, headers=dict(answer.headers))

    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        return int(runner.addresses[0][1])

    async def stop() -> None:
        await runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # answers that nobody waits for any more
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.1)  # TLS connections take a moment to say goodbye

    fake.endpoint = f"https://localhost:{loop.run_until_complete(start())}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
