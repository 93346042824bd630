"""The effect of a policy where it is assigned: what assignment, initiative, member and definition say of it together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.model.unknown import Unknown

__all__ = ["effect_of"]

Json = Any
_PARAMETER: Final = re.compile(r"\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]", re.IGNORECASE)
_BY_REFERENCE: Final = "policydefinitionreferenceid"


def effect_of(assignment: Document, initiative: Document | None, member: Document | None, definition: Document | Unknown) -> str:
    """The effect in force: of an override, else what the definition's effect comes to with the values given for its parameters.
    `initiative` and `member` where an initiative is assigned. Raises `OddShapeError` where that is not known.
    """
    overridden = _override(assignment, member)
    if overridden:
        return overridden
    if isinstance(definition, Unknown):
        raise OddShapeError(definition)
    effect = definition.text("properties.policyRule.then.effect")
    name = _parameter_name(effect)
    if not name:
        return _plain(effect)
    given = _value_given(assignment if member is None else member, name, inner=member is not None)
    if member is not None and initiative is not None and isinstance(given, str) and _parameter_name(given):
        asked = _parameter_name(given)
        given = _value_given(assignment, asked, inner=False)
        given = _default(initiative, asked) if given is None else given
    given = _default(definition, name) if given is None else given
    return _plain(given)


def _override(assignment: Document, member: Document | None) -> str:
    """The effect that overrides give to a member of an initiative, or to the one definition that is assigned; empty without."""
    found: dict[str, str] = {}
    for override in assignment.documents("properties.overrides"):
        kind = override.text("kind").lower()
        if kind not in ("policyeffect", "definitionversion"):
            raise OddShapeError(Unknown.because(f"the assignment overrides {kind or 'what it does not say'}"))
        if kind == "policyeffect" and all(_selects(item, member) for item in override.documents("selectors")):
            value = _plain(override.value("value"))
            found[value.lower()] = value
    if len(found) > 1:
        raise OddShapeError(Unknown.because("several overrides give it different effects"))
    return next(iter(found.values()), "")


def _selects(selector: Document, member: Document | None) -> bool:
    """Selectors by anything but the member choose resources, so the effect is not the same for all."""
    if selector.text("kind").lower() != _BY_REFERENCE or member is None:
        raise OddShapeError(
            Unknown.because(f"an override holds only for some, by {selector.text('kind') or 'what it does not say'}")
        )
    own = member.text("policyDefinitionReferenceId").lower()
    named = [name.lower() for name in selector.texts("in")]
    left_out = [name.lower() for name in selector.texts("notIn")]
    if not own:
        raise OddShapeError(Unknown.because("an override names members, and this one has no reference id"))
    return (not named or own in named) and own not in left_out


def _value_given(holder: Document, name: str, *, inner: bool) -> Json:
    """The value that an assignment (`properties.parameters`) or a member (`parameters`) gives; None without one."""
    entry = _entry(holder.value("parameters" if inner else "properties.parameters", default={}), name)
    return _member_of(entry, "value")


def _default(holder: Document, name: str) -> Json:
    return _member_of(_entry(holder.value("properties.parameters", default={}), name), "defaultValue")


def _entry(parameters: Json, name: str) -> Json:
    if not isinstance(parameters, Mapping):
        raise OddShapeError(Unknown.because("the parameters are no object"))
    return next((item for key, item in parameters.items() if key.lower() == name.lower()), None)


def _member_of(entry: Json, name: str) -> Json:
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise OddShapeError(entry if isinstance(entry, Unknown) else Unknown.because("a parameter is no object"))
    return next((item for key, item in entry.items() if key.lower() == name.lower()), None)


def _parameter_name(text: str) -> str:
    found = _PARAMETER.fullmatch(text.strip())
    return found[1] if found is not None else ""


def _plain(value: Json) -> str:
    """A value that must be the name of an effect by now."""
    if isinstance(value, Unknown):
        raise OddShapeError(value)
    if not isinstance(value, str) or not value.strip() or value.lstrip().startswith("["):
        raise OddShapeError(
            Unknown.because(f"its effect is not known: {value!r}" if value else "nothing says what its effect is")
        )
    return value.strip()
