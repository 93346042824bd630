"""`driftline/contentFilter`: one document per model deployment: the filters that act on its prompts and completions.

A policy inherits from its base policy what it does not state itself. Names vary in case, blanks and underscores; the strictness
was called `allowedContentLevel` in two preview versions of the API. A filter protects only when it is enabled and blocks;
enabled alone, it annotates.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.model.read_plan import ChildRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["CONTENT_FILTER"]

Json = Any

_TYPE: Final = "driftline/contentFilter"
_DEPLOYMENT: Final = "Microsoft.CognitiveServices/accounts/deployments"
_POLICY: Final = "Microsoft.CognitiveServices/accounts/raiPolicies"
_SOURCES: Final = ("Prompt", "Completion")
_HARMS: Final = ("hate", "sexual", "selfharm", "violence")
#: Other filters that rules ask for, with the sources where they can act.
_OTHERS: Final = {
    "jailbreak": ("jailbreak", ("Prompt",)),
    "indirectAttack": ("indirect_attack", ("Prompt",)),
    "profanity": ("profanity", _SOURCES),
}
_LEVELS: Final = {"low": "Low", "medium": "Medium", "high": "High"}
_MOST_BASES: Final = 5
_FILTER: Final = {
    "name": "string",
    "category": "string",
    "source": "string",
    "protects": "bool",
    "threshold": "string",
    "policy": "string",
}
_LISTS: Final = ("harms", *_OTHERS, "blocklists")
_PATHS: Final = {
    "resourceId": "string", "resourceName": "string", "resourceType": "string", "policy": "string", "mode": "string",
    **dict.fromkeys(_LISTS, "array"),
    **{f"{name}[*].{path}": kind for name in _LISTS for path, kind in _FILTER.items()},
}  # fmt: skip
Filters = dict[tuple[str, str], tuple[Document, str]]


def _needs(_: Baseline) -> Needs:
    return Needs(children=frozenset({ChildRead(_DEPLOYMENT), ChildRead(_POLICY)}))


def _derive(context: FactContext) -> Iterator[Resource]:
    for deployment in context.snapshot.audited(_DEPLOYMENT):
        yield document(_TYPE, deployment.id, "", {"resourceType": _DEPLOYMENT, **_filters_of(deployment, context)})
    for where, reason in holes(context.snapshot, _DEPLOYMENT):
        yield document(_TYPE, where, "", {"resourceType": _DEPLOYMENT, **_all(reason)})


def _all(reason: Unknown) -> dict[str, Json]:
    return dict.fromkeys(("policy", "mode", *_LISTS), reason)


def _filters_of(deployment: Resource, context: FactContext) -> dict[str, Json]:
    if "properties" in deployment.unread:
        return _all(Unknown.because(f"{deployment.id} was read without its properties"))
    body = Document(deployment.body, context.snapshot.spellings, deployment.id)
    name = known(body.text, "properties.raiPolicyName")
    if isinstance(name, Unknown):
        return _all(name)
    if not name:
        return _all(Unknown.because("the deployment names no content filter, so it has the one that Azure chooses"))
    try:
        return {"policy": name, **_Policies(ResourceId.parse(deployment.id).parent, name, context).members()}
    except OddShapeError as odd:
        return _all(odd.unknown)


class _Policies:
    """A policy with those it inherits from, nearest first. `rest` says why more may be inherited than is known."""

    def __init__(self, account_id: str, name: str, context: FactContext) -> None:
        self._chain: list[tuple[Document, str]] = []
        self._rest: Unknown | None = None
        while name and len(self._chain) < _MOST_BASES and name not in [known_name for _, known_name in self._chain]:
            found = context.snapshot.look_up(f"{account_id}/raiPolicies/{name}")
            if not isinstance(found, Resource) or "properties" in found.unread:
                reason = found if isinstance(found, Unknown) else Unknown.because(f"the account lists no content filter {name}")
                if not self._chain:
                    raise OddShapeError(reason)
                self._rest = reason
                return
            policy = Document(found.body, context.snapshot.spellings, found.id)
            self._chain.append((policy, name))
            name = policy.text("properties.basePolicyName")

    def members(self) -> dict[str, Json]:
        """What the document says: mode, harms, further filters, blocklists that block."""
        own = self._chain[0][0]
        others = {member: known(self._listed, (category,), sources) for member, (category, sources) in _OTHERS.items()}
        members = {
            "mode": known(own.text, "properties.mode"),
            "harms": known(self._listed, _HARMS, _SOURCES),
            **others,
            "blocklists": known(_blocklists, own),
        }
        return {key: value for key, value in members.items() if value != ""}

    def _listed(self, categories: tuple[str, ...], sources: tuple[str, ...]) -> list[Json]:
        return [self._filter(category, source) for category in categories for source in sources]

    def _filter(self, category: str, source: str) -> Json:
        named = {"name": f"{category} {source}", "category": category, "source": source}
        for policy, name in self._chain:
            for item in policy.documents("properties.contentFilters"):
                same = _plain(item.text("name")) == _plain(category)
                if same and item.text("source").lower() == source.lower():
                    return {**named, "policy": name, **_strictness(item)}
        return {**named, "protects": False} if self._rest is None else {**named, "protects": self._rest, "threshold": self._rest}


def _strictness(item: Document) -> dict[str, Json]:
    protects = known(lambda: item.truth("enabled", default=False) and item.truth("blocking", default=False))
    level = known(_level, item)
    return {"protects": protects, **({"threshold": level} if level != "" else {})}


def _level(item: Document) -> str:
    stated = item.text("severityThreshold") or item.text("allowedContentLevel")
    if stated and stated.lower() not in _LEVELS:
        raise OddShapeError(Unknown.because(f"{stated!r:.40} is no strictness that is known: Low, Medium or High"))
    return _LEVELS.get(stated.lower(), "")


def _blocklists(policy: Document) -> list[Json]:
    """Blocklists that block, by what they act on."""
    attached = [item for item in policy.documents("properties.customBlocklists") if item.truth("blocking", default=False)]
    return [{"name": item.text("blocklistName"), "source": item.text("source")} for item in attached]


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """A category as Azure's spellings agree on it: `Protected Material Text` is protected_material_text."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


CONTENT_FILTER: Final = Fact(_TYPE, _PATHS, _needs, _derive, one_per="model deployment")
