"""ARM's error bodies, as Azure words them."""

from __future__ import annotations

from typing import Any

__all__ = ["ArmError", "not_found", "refused"]


class ArmError(Exception):
    """An answer that is an error: status, code, message, and whether it comes in the `error` wrapper (some providers' do not)."""

    def __init__(self, status: int, code: str, message: str, *, wrapped: bool = True) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.wrapped = status, code, message, wrapped

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        inner = {"code": self.code, "message": self.message}
        return {"error": inner} if self.wrapped else inner


def not_found(resource_type: str, name: str, group: str) -> ArmError:
    """ARM's answer for a resource that is not there (recorded wording)."""
    message = f"The Resource '{resource_type}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    return ArmError(404, "ResourceNotFound", message)


def refused(client: str, principal: str, action: str, scope: str) -> ArmError:
    """ARM's answer for an action that no role grants (documented wording)."""
    return ArmError(
        403, "AuthorizationFailed",
        f"The client '{client}' with object id '{principal}' does not have authorization to perform action '{action}' over scope "
        f"'{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
    )  # fmt: skip
