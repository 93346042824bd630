"""Sends messages over HTTPS: signed where a secret is given, retried where the receiver is busy. Addresses are secrets."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final
from urllib.parse import urlsplit

from scanner.model.errors import DriftlineError

__all__ = ["SIGNATURE", "TIMESTAMP", "send", "sign"]

Json = Any
#: Headers of a signed message: the time, in seconds since 1970, and `sha256=` with the HMAC of `TIME.BODY` in hexadecimal.
TIMESTAMP, SIGNATURE = "X-Driftline-Timestamp", "X-Driftline-Signature-256"
_TRIES: Final = 3
_SECONDS: Final = 15
_BUSY: Final = (429, 500, 502, 503, 504)


def sign(secret: str, moment: int, body: bytes) -> str:
    """The signature of a body: who knows the secret can tell that it came from here, and when."""
    signed = f"{moment}.".encode() + body
    return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def send(url: str, message: Json, *, secret: str = "", moment: int = 0, wait: float = 1.0) -> None:
    """Post a message. Raises `DriftlineError`, which never tells the address beyond its host, where it is not taken."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    _hold_address(url)
    body = json.dumps(message, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "driftline"}
    if secret:
        headers |= {TIMESTAMP: str(moment), SIGNATURE: sign(secret, moment, body)}
    retry = Retry(
        _TRIES, backoff_factor=wait, status_forcelist=_BUSY, allowed_methods=["POST"], redirect=0, raise_on_status=False,
        respect_retry_after_header=True,
    )  # fmt: skip
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retry))
        session.mount("http://", HTTPAdapter(max_retries=retry))
        try:
            answer = session.post(url, data=body, headers=headers, timeout=_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise DriftlineError(f"{_host(url)} could not be told: {type(error).__name__}") from None
    if not 200 <= answer.status_code < 300:
        raise DriftlineError(f"{_host(url)} did not take the message: HTTP {answer.status_code}")


def _hold_address(url: str) -> None:
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise DriftlineError("the address to notify is no https address", hint="Only this machine itself may be told by http.")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the receiver"
