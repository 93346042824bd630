"""ARM resource ids: parsed once, compared without case, with the odd forms that Azure really returns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["ResourceId", "are_related", "is_within", "normalise", "parent_key", "parent_type", "type_name"]

_PROVIDERS = "providers"
#: Lists below what is a path and no resource: by compared type, the way from the parent. The references of
#: a site's settings to vaults are children of the site; `sites/config/configreferences` by itself does not exist.
_LISTED_FROM = {"microsoft.web/sites/config/appsettings": "config/configreferences/appsettings"}
_NO_RESOURCES = tuple(f"/{way.rpartition('/')[0]}" for way in _LISTED_FROM.values())


@lru_cache(maxsize=16384)
def normalise(text: str) -> str:
    """The form in which ids are compared: lower case, one leading slash, no empty segments, no trailing slash.

    Azure spells ids with other case, doubled slashes and, for budgets and alert scopes, without the leading slash.
    """
    return "/" + "/".join(segment for segment in text.strip().lower().split("/") if segment)


def is_within(resource_id: str, scope: str) -> bool:
    """Whether a normalised id lies at or below a normalised scope (`/` is the tenant root)."""
    return scope == "/" or resource_id == scope or resource_id.startswith(scope + "/")


def are_related(left: str, right: str) -> bool:
    """Whether one of two normalised ids lies at or below the other."""
    return is_within(left, right) or is_within(right, left)


def parent_key(key: str) -> str:
    """The normalised id one level up: the parent or extended resource, the group, the subscription; empty at the root."""
    parent = key.rpartition("/")[0].rpartition("/")[0]
    if parent.endswith(_NO_RESOURCES):
        return parent_key(parent)
    above = parent.rpartition("/")[0]
    return above.removesuffix("/providers") if above.endswith("/providers") else parent


def parent_type(resource_type: str) -> str:
    """`Microsoft.Web/sites` of `Microsoft.Web/sites/config`; empty for a top-level type."""
    parent = resource_type.rpartition("/")[0]
    if resource_type.lower() in _LISTED_FROM:
        return parent_type(parent)
    return parent if "/" in parent else ""


def type_name(resource_type: str) -> str:
    """What leads from a parent to the list of a type, the last segment: `config` of `Microsoft.Web/sites/config`."""
    return _LISTED_FROM.get(resource_type.lower()) or resource_type.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ResourceId:
    """A parsed id. `text` keeps Azure's spelling, `key` is what equality and joins use.

    `scope` is what the last `/providers/` stands on: a subscription or group for plain resources, another resource for
    extension resources such as role assignments and diagnostic settings.
    """

    text: str
    key: str
    type: str
    name: str
    scope: str

    @classmethod
    @lru_cache(maxsize=16384)
    def parse(cls, text: str) -> ResourceId:
        """Parse any id; what is not an id gets an empty type, never an exception."""
        segments = [segment for segment in text.strip().split("/") if segment]
        lowered = [segment.lower() for segment in segments]
        name = segments[-1] if segments else ""
        key = normalise(text)
        if _PROVIDERS in lowered:
            at = len(lowered) - 1 - lowered[::-1].index(_PROVIDERS)
            tail = segments[at + 1 :]
            resource_type = "/".join([*tail[:1], *tail[1::2]])
            if len(tail) > 1:
                return cls(text, key, resource_type, name, "/" + "/".join(segments[:at]))
            return cls(text, key, "", name, "/" + "/".join(segments[:at]))
        return cls(text, key, _container_type(lowered), name, _container_scope(segments))

    @property
    def parent(self) -> str:
        """The id one level up: the parent resource, the extended resource, the group, the subscription; empty at the root."""
        segments = self.text.strip("/").split("/")
        if _PROVIDERS not in (segment.lower() for segment in segments):
            return self.scope if self.scope != "/" else ""
        shorter = segments[:-2]
        if len(shorter) >= 2 and shorter[-2].lower() == _PROVIDERS:
            shorter = shorter[:-2]
        return "/" + "/".join(shorter) if shorter else ""

    @property
    def subscription(self) -> str:
        """The subscription's guid in lower case, or empty for tenant-level ids."""
        segments = self.key.split("/")
        return segments[2] if len(segments) > 2 and segments[1] == "subscriptions" else ""

    @property
    def resource_group(self) -> str:
        """The resource group's name as spelled, or empty."""
        segments = [segment for segment in self.text.split("/") if segment]
        return segments[3] if len(segments) > 3 and segments[2].lower() == "resourcegroups" else ""


def _container_type(lowered: list[str]) -> str:
    match lowered:
        case ["subscriptions", _]:
            return "Microsoft.Resources/subscriptions"
        case ["subscriptions", _, "resourcegroups", _]:
            return "Microsoft.Resources/subscriptions/resourceGroups"
        case _:
            return ""


def _container_scope(segments: list[str]) -> str:
    return "/" + "/".join(segments[:-2]) if len(segments) > 2 else "/"
