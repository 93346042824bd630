"""Sign-in: Entra's token endpoint for client secrets, managed identity endpoints, bearer tokens without a real signature."""

from __future__ import annotations

import base64
import json
from typing import Any

from scanner.simulator.access import Principal
from scanner.simulator.errors import ArmError
from scanner.simulator.states import Deployed

__all__ = ["issue", "principal_of", "sign_in"]

Json = Any
_LIFETIME = 3600


def sign_in(form: dict[str, str], tenant: str, deployed: Deployed, issued: int) -> dict[str, Json]:
    """The token answer for a client secret; raises what Entra answers otherwise (documented AADSTS codes)."""
    if tenant.lower() != deployed.tenant.lower():
        raise _entra(
            400,
            "invalid_request",
            f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.",
        )
    client = form.get("client_id", "")
    known = next((item for item in deployed.principals if item.client_id.lower() == client.lower()), None)
    if known is None:
        raise _entra(
            400, "unauthorized_client", f"AADSTS700016: Application with identifier '{client}' was not found in the directory."
        )
    if "client_assertion" not in form and form.get("client_secret") != known.secret:
        raise _entra(401, "invalid_client", f"AADSTS7000215: Invalid client secret provided for app '{client}'.")
    return {
        "token_type": "Bearer",
        "expires_in": _LIFETIME,
        "ext_expires_in": _LIFETIME,
        "access_token": issue(known, deployed, issued),
    }


def issue(principal: Principal, deployed: Deployed, issued: int) -> str:
    """A token that says who one is; the signature is a word, for nobody but this server reads it."""
    claims = {
        "aud": "https://management.azure.com",
        "iss": f"https://sts.windows.net/{deployed.tenant}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + _LIFETIME,
        "appid": principal.client_id,
        "oid": principal.object_id,
        "tid": deployed.tenant,
    }
    parts = [{"typ": "JWT", "alg": "none"}, claims]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "simulated"])


def principal_of(header: str, deployed: Deployed) -> Principal:
    """Who sent a request; raises ARM's 401 without a token of this server."""
    kind, _, token = header.partition(" ")
    parts = token.split(".")
    if kind.lower() == "bearer" and len(parts) == 3:
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except ValueError:
            claims = {}
        for principal in deployed.principals:
            if isinstance(claims, dict) and claims.get("oid") == principal.object_id:
                return principal
        raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")
    raise ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")


class EntraError(ArmError):
    """An answer of the token endpoint, which has a shape of its own."""

    @property
    def body(self) -> dict[str, Any]:
        """Entra's JSON."""
        return {"error": self.code, "error_description": self.message, "error_codes": []}


def _entra(status: int, code: str, message: str) -> ArmError:
    return EntraError(status, code, message)
