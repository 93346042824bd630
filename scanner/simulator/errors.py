"""ARM's error bodies, as Azure words them."""

from __future__ import annotations

from typing import Any

from scanner.model.resource_id import ResourceId

__all__ = ["ArmError", "group_not_found", "not_found", "parent_not_found", "refused", "subscription_not_found"]


class ArmError(Exception):
    """An answer that is an error: status, code, message, and whether it comes in the `error` wrapper (some providers' do not)."""

    def __init__(
        self, status: int, code: str, message: str, *, wrapped: bool = True, details: tuple[dict[str, Any], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.wrapped, self.details = status, code, message, wrapped, details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        inner: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            inner["details"] = list(self.details)
        return {"error": inner} if self.wrapped else inner


def not_found(resource_id: ResourceId) -> ArmError:
    """ARM's answer for a resource that is not there (recorded wording; providers' own 404 codes are not known well enough)."""
    segments = [segment for segment in resource_id.text.split("/") if segment]
    lowered = [segment.lower() for segment in segments]
    path = "/".join(segments[len(lowered) - lowered[::-1].index("providers") :]) if "providers" in lowered else resource_id.text
    group = resource_id.resource_group
    return ArmError(404, "ResourceNotFound", f"The Resource '{path}' under resource group '{group or '<null>'}' was not found.")


def parent_not_found(parent: ResourceId) -> ArmError:
    """ARM's answer for writing below a resource that is not there (documented wording)."""
    message = f"Can not perform requested operation on nested resource. Parent resource '{parent.name}' not found."
    return ArmError(404, "ParentResourceNotFound", message)


def group_not_found(name: str) -> ArmError:
    """ARM's answer for a resource group that is not there."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def subscription_not_found(subscription: str) -> ArmError:
    """ARM's answer for a subscription that is not there."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def refused(client: str, principal: str, action: str, scope: str) -> ArmError:
    """ARM's answer for an action that no role grants (documented wording)."""
    return ArmError(
        403, "AuthorizationFailed",
        f"The client '{client}' with object id '{principal}' does not have authorization to perform action '{action}' over scope "
        f"'{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
    )  # fmt: skip
