"""Sign-in: Entra's token endpoint for client secrets, managed identity endpoints, bearer tokens with a word for a signature."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from scanner.simulator.access import Principal
from scanner.simulator.errors import ArmError

__all__ = ["EntraError", "managed_identity", "openid_configuration", "principal_of", "sign_in"]

Json = Any
_LIFETIME = 3600
_SIGNATURE = "simulated"


class EntraError(ArmError):
    """An answer of the token endpoint, which has a shape of its own."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(status, error, f"AADSTS{number}: {message}")
        self.number = number

    @property
    def body(self) -> dict[str, Json]:
        """Entra's JSON."""
        return {
            "error": self.code, "error_description": self.message, "error_codes": [self.number],
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ"), "trace_id": str(uuid.uuid4()),
            "correlation_id": str(uuid.uuid4()),
        }  # fmt: skip


def openid_configuration(base: str, tenant: str, known: str) -> dict[str, Json]:
    """The discovery document of a tenant."""
    _require_tenant(tenant, known)
    return {
        "issuer": f"{base}/{tenant}/v2.0", "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize", "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "device_authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/devicecode",
    }  # fmt: skip


def sign_in(form: Mapping[str, str], tenant: str, known: str, principals: Iterable[Principal], issued: int) -> dict[str, Json]:
    """The token answer for a client secret or a federated assertion; raises what Entra answers otherwise."""
    _require_tenant(tenant, known)
    client = form.get("client_id", "")
    principal = next((item for item in principals if item.client_id.lower() == client.lower()), None)
    if form.get("grant_type") != "client_credentials":
        raise EntraError(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if principal is None:
        message = f"Application with identifier '{client}' was not found in the directory '{known}'."
        raise EntraError(400, "unauthorized_client", 700016, message)
    if not form.get("client_assertion") and form.get("client_secret") != principal.secret:
        raise EntraError(
            401, "invalid_client", 7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
            f"client secret ID, for a secret added to app '{client}'.",
        )  # fmt: skip
    token = _issue(principal, known, issued)
    return {"token_type": "Bearer", "expires_in": _LIFETIME, "ext_expires_in": _LIFETIME, "access_token": token}


def managed_identity(query: Mapping[str, str], tenant: str, principals: tuple[Principal, ...], issued: int) -> dict[str, Json]:
    """The answer of the identity endpoints: the principal asked for by client id, else the state's first."""
    wanted = query.get("client_id", "").lower()
    principal = next((item for item in principals if wanted in ("", item.client_id.lower())), None)
    if principal is None:
        raise EntraError(400, "invalid_request", 700016, "Identity not found.")
    return {
        "access_token": _issue(principal, tenant, issued), "client_id": principal.client_id, "expires_in": str(_LIFETIME),
        "expires_on": str(issued + _LIFETIME), "ext_expires_in": str(_LIFETIME), "not_before": str(issued),
        "resource": query.get("resource", ""), "token_type": "Bearer",
    }  # fmt: skip


def principal_of(header: str, principals: Iterable[Principal]) -> Principal:
    """Who sent a request; raises ARM's 401 without a token of this server."""
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    parts = token.split(".")
    claims = _claims(parts[1]) if len(parts) == 3 and parts[2] == _SIGNATURE else {}
    for principal in principals:
        if claims.get("oid") == principal.object_id:
            return principal
    raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")


def _require_tenant(tenant: str, known: str) -> None:
    if tenant.lower() != known.lower():
        message = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        raise EntraError(400, "invalid_request", 90002, message)


def _issue(principal: Principal, tenant: str, issued: int) -> str:
    claims = {
        "aud": "https://management.azure.com", "iss": f"https://sts.windows.net/{tenant}/", "iat": issued, "nbf": issued,
        "exp": issued + _LIFETIME, "appid": principal.client_id, "oid": principal.object_id, "sub": principal.object_id,
        "tid": tenant, "ver": "1.0",
    }  # fmt: skip
    parts = [{"typ": "JWT", "alg": "none"}, claims]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), _SIGNATURE])


def _claims(part: str) -> dict[str, Json]:
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
