"""`driftline/contentFilter`: one document per model deployment: the filters that act on its prompts and completions.

A policy inherits from its base policy what it does not state itself. Names vary in case, blanks and underscores; the strictness
was called `allowedContentLevel` in two preview versions of the API. A filter protects only when it is enabled and blocks;
enabled alone, it annotates. `mended` is what the policy would have to state to hold what the baseline asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.model.read_plan import ChildRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
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
    **dict.fromkeys(("resourceId", "resourceName", "resourceType", "policy", "policyId", "mode"), "string"),
    **dict.fromkeys((*_LISTS, "mended"), "array"),
    **{f"{name}[*].{path}": kind for name in _LISTS for path, kind in _FILTER.items()},
    **{f"mended[*].{name}": "string" for name in ("name", "source", "severityThreshold")},
    **dict.fromkeys(("mended[*].enabled", "mended[*].blocking"), "bool"),
}
Filters = dict[tuple[str, str], tuple[Document, str]]


def _needs(_: Baseline) -> Needs:
    return Needs(children=frozenset({ChildRead(_DEPLOYMENT), ChildRead(_POLICY)}))


def _derive(context: FactContext) -> Iterator[Resource]:
    for deployment in context.snapshot.audited(_DEPLOYMENT):
        yield document(_TYPE, deployment.id, "", {"resourceType": _DEPLOYMENT, **_filters_of(deployment, context)})
    for where, reason in holes(context.snapshot, _DEPLOYMENT):
        yield document(_TYPE, where, "", {"resourceType": _DEPLOYMENT, **_all(reason)})


def _all(reason: Unknown) -> dict[str, Json]:
    return dict.fromkeys(("policy", "policyId", "mode", *_LISTS, "mended"), reason)


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
        policies = _Policies(ResourceId.parse(deployment.id).parent, name, context)
        return {"policy": name, **policies.members(), "mended": known(policies.mended, _parameters(deployment, context))}
    except OddShapeError as odd:
        return _all(odd.unknown)


def _parameters(deployment: Resource, context: FactContext) -> Mapping[str, Json]:
    """The parameters of the workload that a deployment lies in; those of the baseline where it lies in none."""
    inside = (item for item in context.workloads if any(is_within(deployment.key, normalise(scope)) for scope in item.scopes))
    workload = next(inside, None)
    return workload.parameters if workload is not None else context.baseline.parameters


class _Policies:
    """A policy with those it inherits from, nearest first. `rest` says why more may be inherited than is known."""

    def __init__(self, account_id: str, name: str, context: FactContext) -> None:
        self._chain: list[tuple[Document, str]] = []
        self._rest: Unknown | None = None
        self.own_id = ""
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
            self.own_id = self.own_id or found.id
            name = policy.text("properties.basePolicyName")

    def members(self) -> dict[str, Json]:
        """What the document says: mode, harms, further filters, blocklists that block."""
        own = self._chain[0][0]
        others = {member: known(self._listed, (category,), sources) for member, (category, sources) in _OTHERS.items()}
        members = {
            "policyId": self.own_id,
            "mode": known(own.text, "properties.mode"),
            "harms": known(self._listed, _HARMS, _SOURCES),
            **others,
            "blocklists": known(_blocklists, own),
        }
        return {key: value for key, value in members.items() if value != ""}

    def mended(self, parameters: Mapping[str, Json]) -> list[Json]:
        """The filters of the policy itself, with the least that is missing changed or added."""
        own = self._chain[0][0]
        own.documents("properties.contentFilters")  # of which each is an object
        found = [dict(item) for item in own.value("properties.contentFilters", default=[])]
        for category, source in self._demanded(parameters):
            wanted = str(parameters.get("harmThreshold")) if category in _HARMS else ""
            if self._holds(category, source, wanted):
                continue
            at = self._position(category, source)
            entry = _agreed(found[at] if at is not None else {"name": category, "source": source}, wanted)
            found = [*found, entry] if at is None else [*found[:at], entry, *found[at + 1 :]]
        return found

    def _demanded(self, parameters: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
        """What the baseline asks of a policy; blocklists on both sources stand for the filter of profanity."""
        listed = {str(item["source"]).lower() for item in _blocklists(self._chain[0][0])}
        for category, sources in (*((harm, _SOURCES) for harm in _HARMS), *_OTHERS.values()):
            left_out = (category == "indirect_attack" and parameters.get("indirectAttackRequired") is not True) or (
                category == "profanity" and listed >= {source.lower() for source in _SOURCES}
            )
            yield from () if left_out else ((category, source) for source in sources)

    def _holds(self, category: str, source: str, wanted: str) -> bool:
        """Whether what is in force protects, and is as strict as wanted or stricter."""
        found = self._filter(category, source)
        for value in found.values():
            if isinstance(value, Unknown):
                raise OddShapeError(value)
        levels = list(_LEVELS.values())
        strict = not wanted or found.get("threshold") in levels[: levels.index(wanted) + 1 if wanted in levels else 0]
        return bool(found["protects"]) and strict

    def _position(self, category: str, source: str) -> int | None:
        """Where the policy itself states a filter."""
        for at, item in enumerate(self._chain[0][0].documents("properties.contentFilters")):
            if _plain(item.text("name")) == _plain(category) and item.text("source").lower() == source.lower():
                return at
        return None

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


def _agreed(entry: dict[str, Json], threshold: str) -> dict[str, Json]:
    """A filter that protects. Where one says what it does in another way too (`action`), that is for a person to change."""
    said = {name.lower(): name for name in entry}
    if "action" in said:
        raise OddShapeError(Unknown.because(f"the filter {entry[said['name']]} states an action, which is not judged"))
    old = ("enabled", "blocking", "severitythreshold", "allowedcontentlevel")
    kept = {name: value for name, value in entry.items() if name.lower() not in old}
    return {**kept, "enabled": True, "blocking": True, **({"severityThreshold": threshold} if threshold else {})}


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


CONTENT_FILTER: Final = Fact(
    _TYPE, _PATHS, _needs, _derive, one_per="model deployment", parameters=("harmThreshold", "indirectAttackRequired")
)
