"""One ARM resource exactly as Azure returned it, or a fact document, with how it was read beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from scanner.model.resource_id import ResourceId, normalise, parent_key

__all__ = ["INLINE_CHILDREN", "Resource", "canonical_type", "is_extension", "make_resource", "promote_children"]

Json = Any

_TYPE_ALIASES = {"microsoft.resources/resourcegroups": "microsoft.resources/subscriptions/resourcegroups"}


@dataclass(frozen=True, slots=True)
class InlineChildren:
    """Where a parent's body holds children of one type; `complete` when every answer with the parent's `properties` lists
    them all (the managed network's outbound rules are also a list of their own, which may hold more).
    """

    path: tuple[str, ...]
    segment: str
    complete: bool = True


_CONNECTIONS: Final = InlineChildren(("properties", "privateEndpointConnections"), "privateEndpointConnections")

#: Children that Azure returns inside their parent, by the parent's compared type.
INLINE_CHILDREN: Final = {
    "microsoft.network/virtualnetworks": (
        InlineChildren(("properties", "subnets"), "subnets"),
        InlineChildren(("properties", "virtualNetworkPeerings"), "virtualNetworkPeerings"),
    ),
    "microsoft.network/networksecuritygroups": (
        InlineChildren(("properties", "securityRules"), "securityRules"),
        InlineChildren(("properties", "defaultSecurityRules"), "defaultSecurityRules"),
    ),
    "microsoft.network/routetables": (InlineChildren(("properties", "routes"), "routes"),),
    "microsoft.machinelearningservices/workspaces": (
        InlineChildren(("properties", "managedNetwork", "outboundRules"), "outboundRules", complete=False),
        _CONNECTIONS,
    ),
    "microsoft.cognitiveservices/accounts": (_CONNECTIONS,),
    "microsoft.containerregistry/registries": (_CONNECTIONS,),
    "microsoft.keyvault/vaults": (_CONNECTIONS,),
    "microsoft.search/searchservices": (_CONNECTIONS,),
    "microsoft.storage/storageaccounts": (_CONNECTIONS,),
}


#: How the compared types begin that stand on scopes and resources: neither Resource Graph's `resources` table nor ARM's list of
#: the resources of a scope holds them.
_EXTENSIONS: Final = (
    "microsoft.authorization/",
    "microsoft.consumption/",
    "microsoft.insights/diagnosticsettings",
    "microsoft.insights/metrics",
    "microsoft.policyinsights/",
)


def is_extension(resource_type: str) -> bool:
    """Whether resources of a type stand on a scope or resource (locks, assignments, budgets) rather than in a group."""
    return canonical_type(resource_type).startswith(_EXTENSIONS)


@lru_cache(maxsize=4096)
def canonical_type(resource_type: str) -> str:
    """The lower-case form under which types are compared; resource groups have two names in Azure."""
    lowered = resource_type.lower()
    return _TYPE_ALIASES.get(lowered, lowered)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource or fact document.

    `key` and `type_key` are the compared forms of id and type. `parent_key` is what it belongs to: for a child that was
    nested in its parent that parent, whatever its own id says. `unread` lists top-level members this answer does not
    hold (a generic list omits `properties`). `context` resources were read for reference and are never audited. A fact
    document names the resource its verdict belongs to (`judged_id`) and its `subject`.
    """

    id: str
    key: str
    type: str
    type_key: str
    body: dict[str, Json]
    via: str = ""
    api_version: str = ""
    context: bool = False
    parent_key: str = ""
    unread: tuple[str, ...] = ()
    inline: bool = False
    subject: str = ""
    judged_id: str = ""

    @property
    def name(self) -> str:
        """The last segment of the id, as spelled."""
        return self.id.rpartition("/")[2]


def make_resource(
    body: dict[str, Json], *, via: str = "", api_version: str = "", context: bool = False, fallback_id: str = ""
) -> Resource:
    """A resource from an ARM body. The id decides the type where it names one: Azure's `type` member is sometimes wrong
    (`workspace/outboundRules`) and Resource Graph's is lower-cased. `fallback_id` names a body without a usable id.
    """
    raw_id = body.get("id")
    text = raw_id if isinstance(raw_id, str) and raw_id.strip() else fallback_id
    parsed = ResourceId.parse(text)
    stated = body.get("type")
    resource_type = parsed.type or (stated if isinstance(stated, str) else "")
    if isinstance(stated, str) and stated.lower() == resource_type.lower() and stated != stated.lower():
        resource_type = stated
    unread = () if _holds_properties(body) or not _has_properties(resource_type) else ("properties",)
    return Resource(
        id=text, key=parsed.key, type=resource_type, type_key=canonical_type(resource_type), body=body, via=via,
        api_version=api_version, context=context, parent_key=parent_key(parsed.key), unread=unread,
    )  # fmt: skip


def _holds_properties(body: dict[str, Json]) -> bool:
    return isinstance(body.get("properties"), dict) or isinstance(_member(body, "properties"), dict)


def _has_properties(resource_type: str) -> bool:
    return canonical_type(resource_type) not in (
        "microsoft.resources/subscriptions",
        "microsoft.resources/subscriptions/resourcegroups",
    )


def promote_children(parent: Resource) -> Iterator[Resource]:
    """The children nested in a parent's body, each with an id below that parent and `name` as last segment."""
    for children in INLINE_CHILDREN.get(parent.type_key, ()):
        value: Json = parent.body
        for member in children.path:
            value = _member(value, member)
        child_type = f"{parent.type}/{children.segment}"
        for position, (name, body) in enumerate(_named(value)):
            text = f"{parent.id}/{children.segment}/{name or position}"
            yield Resource(
                id=text, key=normalise(text), type=child_type, type_key=canonical_type(child_type), body=body, via=parent.via,
                api_version=parent.api_version, context=parent.context, parent_key=parent.key,
                unread=() if _holds_properties(body) else ("properties",), inline=True,
            )  # fmt: skip


def _member(value: Json, name: str) -> Json:
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    return next((item for key, item in value.items() if key.lower() == name.lower()), None)


def _named(value: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                name, own_id = _member(item, "name"), _member(item, "id")
                last = own_id.rstrip("/").rpartition("/")[2] if isinstance(own_id, str) else ""
                yield (name if isinstance(name, str) and name else last), item
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, dict):
                # A map entry holds what the child resource holds under `properties`.
                yield name, item if "properties" in item else {"name": name, "properties": item}
