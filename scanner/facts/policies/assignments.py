"""Policy assignments with what they assign, each definition alone or as a member of an initiative, and whether it is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import FactContext
from scanner.facts.policies.effects import effect_of
from scanner.facts.policies.exclusions import Ground, exempted, kept_out, left_out, reaches
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Truth, Unknown

__all__ = ["ASSIGNMENTS", "DEFINITIONS", "SETS", "Link", "Standing", "lapse_of", "links_at", "standing_of"]

Json = Any
ASSIGNMENTS: Final = "Microsoft.Authorization/policyAssignments"
DEFINITIONS: Final = "Microsoft.Authorization/policyDefinitions"
SETS: Final = "Microsoft.Authorization/policySetDefinitions"


@dataclass(frozen=True, slots=True)
class Link:
    """A definition that an assignment assigns, alone or as a member of an initiative. `definition` is its compared id; unknown
    where it may be any.
    """

    resource: Resource
    read: Document | None
    definition: str | Unknown
    initiative: Document | None = None
    member: Document | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a link is in force at a scope with an effect that counts, else why not."""

    in_force: Truth
    assignment_id: str
    definition: str
    effect: str | Unknown
    why: str = ""


def links_at(context: FactContext) -> list[Link]:
    """What all assignments of the snapshot assign."""
    return [link for item in context.snapshot.of_type(ASSIGNMENTS) for link in _links(item, context)]


def _links(item: Resource, context: FactContext) -> Iterator[Link]:
    if "properties" in item.unread:
        yield Link(item, None, Unknown.because(f"{item.id} was read without its properties"))
        return
    read = Document(item.body, context.snapshot.spellings, item.id)
    named = known(read.text, "properties.policyDefinitionId")
    kind = canonical_type(ResourceId.parse(named).type) if isinstance(named, str) else ""
    if kind == canonical_type(DEFINITIONS):
        yield Link(item, read, normalise(named))
    elif kind == canonical_type(SETS):
        yield from _members(item, read, named, context)
    else:
        reason = named if isinstance(named, Unknown) else Unknown.because(f"{item.id} does not say what it assigns: {named!r}")
        yield Link(item, read, reason)


def _members(item: Resource, read: Document, set_id: str, context: FactContext) -> Iterator[Link]:
    try:
        initiative = _document(set_id, context)
        members = initiative.documents("properties.policyDefinitions")
    except OddShapeError as odd:
        yield Link(item, read, odd.unknown)
        return
    for member in members:
        named = known(member.text, "policyDefinitionId")
        whole = isinstance(named, Unknown) or not ResourceId.parse(named).type
        doubt = named if isinstance(named, Unknown) else Unknown.because(f"a member of {set_id} names no definition")
        yield Link(item, read, doubt if whole else normalise(named), initiative, member)


def _document(resource_id: str, context: FactContext) -> Document:
    """What an id names. That something is not there is no knowledge: what an export holds says nothing of the tenant's own."""
    found = context.snapshot.look_up(resource_id)
    if isinstance(found, Unknown):
        raise OddShapeError(found)
    if found is None or "properties" in found.unread:
        how = "was not found" if found is None else "was read without its properties"
        raise OddShapeError(Unknown.because(f"{resource_id} {how}"))
    return Document(found.body, context.snapshot.spellings, found.id)


def standing_of(link: Link, ground: Ground, effects: frozenset[str], context: FactContext) -> Standing:
    """How a link stands at an audited scope."""
    definition = link.definition if isinstance(link.definition, str) else ""
    told = partial(Standing, assignment_id=link.resource.id, definition=definition)
    at = ResourceId.parse(link.resource.id).scope
    reach = reaches(at, ground)
    name = link.resource.name
    if reach is False:
        part = f"{name} is assigned below, at {at}" if is_within(normalise(at), ground.key) else ""
        return told(in_force=False, effect="", why=part)
    if link.read is None or isinstance(link.definition, Unknown):
        reason = link.definition if isinstance(link.definition, Unknown) else Unknown.because(f"{link.resource.id} was not read")
        return told(in_force=reason, effect=reason)
    hindered = known(_hindrance, link, link.read, ground, context)
    if isinstance(hindered, str) and hindered:
        return told(in_force=False, effect="", why=f"{name} {hindered}")
    effect = known(_effect, link, link.read, context)
    if isinstance(effect, str) and effect.lower() not in effects:
        return told(in_force=False, effect=effect, why=f"{name} gives it the effect {effect}")
    doubts = [item for item in (reach, hindered, effect) if isinstance(item, Unknown)]
    reasons = tuple(dict.fromkeys(reason for doubt in doubts for reason in doubt.reasons))
    return told(in_force=Unknown(reasons) if reasons else True, effect=effect)


def lapse_of(link: Link, ground: Ground, effects: frozenset[str], context: FactContext) -> dict[str, Json] | None:
    """What makes an assignment hold at a scope again that is only not enforced there, or leaves it out: its mode and `notScopes`
    as they have to be, where it states them. None for every other link.
    """
    above = reaches(ResourceId.parse(link.resource.id).scope, ground)
    if link.read is None or isinstance(link.definition, Unknown) or above is not True:
        return None
    try:
        return _lapse(link, link.read, ground, context) if _effect(link, link.read, context).lower() in effects else None
    except OddShapeError:
        return None


def _lapse(link: Link, read: Document, ground: Ground, context: FactContext) -> dict[str, Json] | None:
    mode = read.text("properties.enforcementMode")
    reference = link.member.text("policyDefinitionReferenceId") if link.member is not None else ""
    lapsed = mode.lower() == "donotenforce" or left_out(read, ground) is True
    otherwise = (
        read.documents("properties.resourceSelectors") or exempted(link.resource.key, reference, ground, context) is not False
    )
    if not lapsed or otherwise:
        return None
    wanted: dict[str, Json] = {"assignmentId": link.resource.id}
    if mode:
        wanted["enforcementMode"] = "Default"
    if read.value("properties.notScopes") is not None:
        wanted["notScopes"] = kept_out(read, ground)
    return wanted


def _hindrance(link: Link, read: Document, ground: Ground, context: FactContext) -> str:
    """Why an assignment is not in force at a scope, in words after its name; empty where it is."""
    mode = read.text("properties.enforcementMode", default="Default")
    if mode.lower() == "donotenforce":
        return "is not enforced (DoNotEnforce)"
    reference = link.member.text("policyDefinitionReferenceId") if link.member is not None else ""
    out = left_out(read, ground)
    if out is True:
        return "leaves the scope out (notScopes)"
    exempt = exempted(link.resource.key, reference, ground, context)
    if exempt is True:
        return "has an exemption here"
    doubts = [item for item in (out, exempt) if isinstance(item, Unknown)]
    if mode.lower() != "default":
        doubts.append(
            Unknown.because(f"{link.resource.id} has the enforcement mode {mode or 'empty'}, of which nothing is known here")
        )
    if read.documents("properties.resourceSelectors"):
        doubts.append(Unknown.because(f"{link.resource.id} holds only for some resources, by selectors"))
    if doubts:
        raise OddShapeError(Unknown(tuple(reason for doubt in doubts for reason in doubt.reasons)))
    return ""


def _effect(link: Link, read: Document, context: FactContext) -> str:
    assert isinstance(link.definition, str), "a link in force names its definition"
    definition = known(_document, link.definition, context)
    try:
        return effect_of(read, link.initiative, link.member, definition)
    except OddShapeError as odd:
        raise OddShapeError(Unknown(tuple(f"{link.resource.id}: {reason}" for reason in odd.unknown.reasons))) from odd
