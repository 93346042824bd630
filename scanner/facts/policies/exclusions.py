"""What an assignment leaves out: its `notScopes`, and the exemptions granted from it.

What is left out below an audited scope unmakes coverage where it holds a resource group of a workload; other parts do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.facts.fact import FactContext
from scanner.language.functions.dates import parse_date
from scanner.language.functions.table import EvaluationError
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Truth, Unknown

__all__ = ["EXEMPTIONS", "Ground", "exempted", "ground_of", "kept_out", "left_out", "reaches"]

Json = Any
EXEMPTIONS: Final = "Microsoft.Authorization/policyExemptions"
_MANAGEMENT_GROUPS: Final = "/providers/microsoft.management/managementgroups/"


@dataclass(frozen=True, slots=True)
class Ground:
    """An audited scope with the resource groups of its workloads; `doubt` why there may be more of these."""

    key: str
    homes: tuple[str, ...]
    doubt: Unknown | None
    only_subscription: bool


def ground_of(scope: str, context: FactContext) -> Ground:
    """The ground of an audited scope."""
    key = normalise(scope)
    homes: dict[str, None] = {}
    reasons: list[str] = []
    for workload in context.workloads:
        homes |= dict.fromkeys(group for name in workload.resource_groups() if is_within(group := normalise(name), key))
        for binding in workload.components.values():
            if binding.status in ("unknown", "ambiguous"):
                reasons.append(f"component {binding.component} is {binding.status}: {binding.reason}")
            elif binding.more is not None:
                reasons.extend(binding.more.reasons)
    audited = {ResourceId.parse(item).subscription for item in context.snapshot.scopes}
    doubt = Unknown(tuple(dict.fromkeys(reasons))) if reasons else None
    return Ground(key, tuple(homes), doubt, audited == {ResourceId.parse(scope).subscription})


def reaches(at: str, ground: Ground) -> Truth:
    """Whether what is set at one scope holds at the audited one. What Azure lists of a subscription's management groups is above
    it; with several subscriptions in one snapshot the answer does not say above which.
    """
    key = normalise(at)
    if not key.startswith(_MANAGEMENT_GROUPS):
        return is_within(ground.key, key)
    return True if ground.only_subscription else Unknown.because(f"whether {at} is above {ground.key} is not known")


def left_out(assignment: Document, ground: Ground) -> Truth:
    """Whether `notScopes` take the audited scope out, or a resource group of its workloads."""
    found: list[str] = []
    for place in assignment.texts("properties.notScopes"):
        key = normalise(place)
        if key.startswith(_MANAGEMENT_GROUPS):
            # Which groups stand above a subscription only the directory of management groups tells.
            found.append(f"whether {place}, which the assignment leaves out, is above {ground.key} is not known")
            continue
        unmade = _unmakes(key, ground)
        if unmade is True:
            return True
        if isinstance(unmade, Unknown):
            found.extend(unmade.reasons)
    return Unknown(tuple(found)) if found else False


def _unmakes(key: str, ground: Ground) -> Truth:
    if is_within(ground.key, key) or any(is_within(home, key) for home in ground.homes):
        return True
    below = is_within(key, ground.key) and "/providers/" not in key
    return ground.doubt if below and ground.doubt is not None else False


def kept_out(assignment: Document, ground: Ground) -> list[str]:
    """The `notScopes` that may stay where an assignment is to hold at a ground; an odd shape where that is not known."""
    places = {place: normalise(place) for place in assignment.texts("properties.notScopes")}
    unmade = {place: None if key.startswith(_MANAGEMENT_GROUPS) else _unmakes(key, ground) for place, key in places.items()}
    for place, truth in unmade.items():
        if truth is None or isinstance(truth, Unknown):
            raise OddShapeError(Unknown.because(f"whether {place} holds a part of the workload is not known"))
    return [place for place, truth in unmade.items() if truth is False]


def exempted(assignment_key: str, reference: str, ground: Ground, context: FactContext) -> Truth:
    """Whether exemptions in force take the audited scope out of an assignment, or of the member of this reference id."""
    reasons: list[str] = []
    for truth in _exemptions(assignment_key, reference, ground, context):
        if truth is True:
            return True
        if isinstance(truth, Unknown):
            reasons.extend(truth.reasons)
    unread = context.snapshot.missing(EXEMPTIONS, ground.key)
    reasons.extend(unread.reasons if unread is not None else ())
    return Unknown(tuple(dict.fromkeys(reasons))) if reasons else False


def _exemptions(assignment_key: str, reference: str, ground: Ground, context: FactContext) -> Iterator[Truth]:
    for item in context.snapshot.of_type(EXEMPTIONS):
        try:
            yield _exempts(item, assignment_key, reference, ground, context)
        except OddShapeError as odd:
            yield odd.unknown


def _exempts(item: Resource, assignment_key: str, reference: str, ground: Ground, context: FactContext) -> Truth:
    at = normalise(ResourceId.parse(item.id).scope)
    placed = reaches(at, ground)
    placed = _unmakes(at, ground) if placed is False else placed
    if placed is False:
        return False
    if "properties" in item.unread:
        return Unknown.because(f"{item.id} was read without its properties")
    read = Document(item.body, context.snapshot.spellings, item.id)
    named = read.text("properties.policyAssignmentId")
    if not named:
        return Unknown.because(f"{item.id} does not say from which assignment it exempts")
    members = [name.lower() for name in read.texts("properties.policyDefinitionReferenceIds")]
    if normalise(named) != assignment_key or (members and reference.lower() not in members):
        return False
    if not _in_force(read, context.now):
        return False
    if read.documents("properties.resourceSelectors"):
        return Unknown.because(f"{item.id} exempts only some resources, by selectors")
    return placed


def _in_force(read: Document, now: datetime) -> bool:
    text = read.text("properties.expiresOn")
    try:
        return not text or now < parse_date(text)
    except EvaluationError as error:
        raise OddShapeError(Unknown.because(f"expiresOn of an exemption cannot be read: {error}")) from error
