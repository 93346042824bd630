"""Who reads: the credential, the token that all requests of a scan carry, and what to say when Azure does not sign us in."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from scanner.model.errors import SourceError
from scanner.sources.azure.client import first_line, telling_line
from scanner.sources.azure.options import CLOUDS, AzureOptions

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AioHttpTransport

__all__ = ["SignIn", "claims_of", "open_credential"]

_HOW_TO: Final = "Run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or use a managed identity."
_SETTINGS: Final = "Look at --authority and at the AZURE_ variables."
#: Seconds before its end at which a token is asked for anew, as azure-core does.
_MARGIN: Final = 300
_CLAIMS: Final = re.compile(r'\bclaims="([^"]*)"')


class SignIn:
    """The token of a scan, and a new one where ARM refuses it (expired early, revoked).

    Requests that are refused together share one new token. Where a new one was refused too, more would not help: no other is
    asked for in this scan, however many reads end in a 401, save when a token comes to its end in the ordinary way.
    """

    def __init__(self, audience: str, opened: Callable[[], Awaitable[Any]]) -> None:
        self._audience, self._opened = audience, opened
        self._credential: Any = None
        self._current: Any = None
        self._helps = True
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Ask for the first token. Raises `SourceError`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

        self._credential = await self._opened()
        try:
            await self.token()
        except ClientAuthenticationError as error:
            if "certificate" in str(error).lower() and "AADSTS" not in str(error):
                raise _unreachable(error) from error
            raise SourceError(f"Azure did not sign you in: {telling_line(str(error))}", hint=_HOW_TO) from error
        except ServiceRequestError as error:
            raise _unreachable(error) from error
        except (AzureError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise SourceError(f"Azure did not sign you in: {first_line(error)}", hint=_SETTINGS) from error

    async def token(self) -> Any:
        """The token to send, asked for in time before it ends."""
        if self._is_due():
            async with self._lock:
                if self._is_due():
                    self._current = await self._credential.get_token_info(self._audience)
        return self._current

    async def renewed(self, refused: Any, claims: str) -> Any:
        """A token in place of a refused one; None where none would help. Credentials keep tokens, save where ARM's challenge
        names claims that a token must have: so a new credential is asked.
        """
        async with self._lock:
            if self._current is not refused:
                return self._current
            if not self._helps:
                return None
            self._helps = False
            credential = self._credential if claims else await self._opened()
            token = await credential.get_token_info(self._audience, options={"claims": claims} if claims else {})
            self._credential, self._current, self._helps = credential, token, True
            return token

    def refused_again(self) -> None:
        """Told that ARM refused a new token too."""
        self._helps = False

    def _is_due(self) -> bool:
        token, now = self._current, time.time()
        if token is None:
            return True
        return bool(token.expires_on - now < _MARGIN or (token.refresh_on is not None and token.refresh_on <= now))


def claims_of(challenge: str) -> str:
    """The claims that ARM asks for in a WWW-Authenticate header (continuous access evaluation); empty without a challenge."""
    found = _CLAIMS.search(challenge)
    if found is None or 'error="insufficient_claims"' not in challenge:
        return ""
    try:
        text = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
        return text if isinstance(json.loads(text), dict) else ""
    except (ValueError, RecursionError):
        return ""


def open_credential(options: AzureOptions, transport: AioHttpTransport) -> Any:
    """Whatever the environment offers to sign in with. Raises `SourceError`."""
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


def _unreachable(error: Exception) -> SourceError:
    if "certificate" in str(error).lower():
        return SourceError(
            "the certificate of the sign-in endpoint is not trusted", hint="Name the certificates to trust with --ca-file."
        )
    return SourceError(
        f"the sign-in endpoint cannot be reached: {first_line(error)}",
        hint="Look at the network, at HTTPS_PROXY, at --arm-endpoint and --authority.",
    )
