"""Where a template is deployed: tenant, management group, subscription or resource group; and ids of what it deploys there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from scanner.language.functions import EvaluationError
from scanner.model.unknown import Unknown

__all__ = ["NOBODY", "Target", "resource_path", "split_names"]

Json = Any

#: The subscription of a template that is deployed nowhere yet.
NOBODY: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Target:
    """A place of deployment; empty members lie below it. `location` is that of the resource group, where it is known."""

    tenant: Json = field(default_factory=lambda: Unknown.because("the tenant is not known before deployment"))
    management_group: str = ""
    subscription: str = ""
    group: str = ""
    location: Json = field(default_factory=lambda: Unknown.because("the location of the resource group is not known"))
    subscription_name: str = ""

    @property
    def scope(self) -> str:
        """The id of the place, empty for the tenant."""
        if self.group:
            return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        if self.subscription:
            return f"/subscriptions/{self.subscription}"
        if self.management_group:
            return f"/providers/Microsoft.Management/managementGroups/{self.management_group}"
        return ""


def resource_path(resource_type: str, names: str) -> str:
    """`Microsoft.Web/sites` and `config` named `app/web` are `Microsoft.Web/sites/app/config/web`. Raises `EvaluationError`."""
    provider, *segments = resource_type.strip("/").split("/")
    parts = names.split("/")
    if len(parts) != len(segments) or not all(parts):
        raise EvaluationError(
            f"the name {names!r} has {len(parts)} segments, and the type {resource_type} takes {len(segments)}: "
            "a name has one segment less than its type"
        )
    return "/".join([provider, *(part for pair in zip(segments, parts, strict=True) for part in pair)])


def split_names(parts: tuple[Json, ...], most: int) -> tuple[list[str], str, str]:
    """Arguments of the resourceId family: what stands before the type, the type, and the names joined."""
    if not all(isinstance(part, str | int) for part in parts):
        raise EvaluationError("takes texts")
    parts = tuple(map(str, parts))
    at = next((index for index, part in enumerate(parts) if "/" in part), None)
    if at is None or at > most:
        raise EvaluationError("a resource type such as 'Microsoft.Web/sites' is missing")
    return list(parts[:at]), parts[at].strip("/"), "/".join(parts[at + 1 :])
