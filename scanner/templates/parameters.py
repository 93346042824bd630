"""Parameters of a template: what it declares held against what is given, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scanner.model.errors import ConfigurationError, Fault
from scanner.model.unknown import Unknown
from scanner.templates.evaluation import Scope, evaluate, unknown_in
from scanner.templates.files import Pointer, TemplateFile, read_template

__all__ = ["Declared", "declared_parameters", "given_parameters", "is_secure", "read_parameters"]

Json = Any

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,), "securestring": (str,), "int": (int,), "bool": (bool,),
    "object": (dict,), "secureobject": (dict,), "array": (list,),
}  # fmt: skip
_MOST_REFERENCES: Final = 20


@dataclass(frozen=True, slots=True)
class Declared:
    """One parameter as declared, references to definitions followed; `at` is where it stands."""

    name: str
    shape: Mapping[str, Json]
    at: Pointer

    @property
    def kind(self) -> str:
        """Its type in lower case."""
        return str(self.shape.get("type", "")).lower()


def is_secure(shape: Mapping[str, Json]) -> bool:
    """Whether a declaration is of a type whose values are never shown."""
    return str(shape.get("type", "")).lower() in ("securestring", "secureobject")


def read_parameters(path: Path) -> dict[str, Json]:
    """The values of a parameter file; a reference to a vault is unknown. Raises `ConfigurationError`."""
    file = read_template(path, what="parameter file")
    values = file.data.get("parameters", {} if "$schema" in file.data else file.data)
    if not isinstance(values, dict):
        raise ConfigurationError([file.fault(("parameters",), '"parameters" is an object')])
    faults = [
        file.fault(("parameters", name), 'a parameter is an object with "value" or "reference"')
        for name, entry in values.items()
        if not isinstance(entry, dict) or not {"value", "reference", "expression"} & set(entry)
    ]
    if faults:
        raise ConfigurationError(faults)
    return {name: _value_of(name, entry) for name, entry in values.items()}


def _value_of(name: str, entry: dict[str, Json]) -> Json:
    if "value" in entry:
        return entry["value"]
    return Unknown.because(f"the value of the parameter {name} lies in a vault, where it was not read")


def declared_parameters(file: TemplateFile, at: Pointer, template: Mapping[str, Json]) -> dict[str, Declared]:
    """What a template declares, by lower-case name. Raises `ConfigurationError`."""
    declared = template.get("parameters") or {}
    if not isinstance(declared, dict):
        raise ConfigurationError([file.fault((*at, "parameters"), '"parameters" is an object')])
    definitions = template.get("definitions") or {}
    found, faults = dict[str, Declared](), list[Fault]()
    for name, shape in declared.items():
        here = (*at, "parameters", name)
        resolved = _resolved(shape, definitions)
        if isinstance(resolved, str):
            faults.append(file.fault(here, resolved))
        elif str(resolved.get("type", "")).lower() not in _KINDS:
            kinds = "string, securestring, int, bool, object, secureObject and array"
            faults.append(file.fault((*here, "type"), f"{resolved.get('type')!r} is no type of a parameter: known are {kinds}"))
        else:
            found[name.lower()] = Declared(name, resolved, here)
    if faults:
        raise ConfigurationError(faults)
    return found


def given_parameters(
    declared: Mapping[str, Declared], given: Mapping[str, Json], file: TemplateFile, at: Pointer, *, told: str
) -> dict[str, Json]:
    """The given values by lower-case name. All that are missing, unknown to the template or do not fit are told at once;
    `told` says where values are given. Raises `ConfigurationError`.
    """
    lowered = {name.lower(): value for name, value in given.items()}
    missing = [item.name for key, item in declared.items() if lowered.get(key) is None and not _may_lack(item)]
    faults: list[Fault] = []
    if missing:
        names = ", ".join(sorted(missing))
        faults.append(
            file.fault(
                (*at, "parameters"), f"no value is given, and there is no default, for: {names} ({told}; ARM: InvalidTemplate)"
            )
        )
    for name, value in given.items():
        item = declared.get(name.lower())
        if item is None:
            known = ", ".join(sorted(one.name for one in declared.values())) or "none"
            faults.append(
                file.fault(
                    (*at, "parameters"), f"the template declares no parameter {name!r} (it has: {known}) (ARM: InvalidTemplate)"
                )
            )
        elif value is not None:
            lowered[name.lower()] = _converted(item, value)
            faults.extend(file.fault(item.at, words) for words in misfits(item, lowered[name.lower()]))
    if faults:
        raise ConfigurationError(faults)
    return {key: lowered[key] for key in declared if lowered.get(key) is not None}


def default_of(item: Declared, scope: Scope, file: TemplateFile) -> Json:
    """The default of a parameter that was not given, null where it may lack. Raises `ConfigurationError`."""
    if "defaultValue" not in item.shape:
        return None
    value = evaluate(item.shape["defaultValue"], scope, file, (*item.at, "defaultValue"))
    value = _converted(item, value)
    if value is not None and unknown_in(value) is None and not _is_of_kind(item, value):
        words = f"{item.name} is of type {item.kind}, and its default is not (ARM: InvalidTemplate)"
        raise ConfigurationError([file.fault((*item.at, "defaultValue"), words)])
    return value


def misfits(item: Declared, value: Json) -> Iterator[str]:
    """What is wrong with a value, in words that never show one that is secure."""
    if unknown_in(value) is not None:
        return
    shape, shown = item.shape, "the value" if is_secure(item.shape) else repr(value)[:80]
    if not _is_of_kind(item, value):
        yield f"{item.name} is of type {item.kind}, and {shown} is not (ARM: InvalidTemplate)"
        return
    allowed = shape.get("allowedValues")
    if isinstance(allowed, list) and not _allows(allowed, value):
        known = ", ".join(map(str, allowed))[:200]
        yield f"{shown} is not among the allowed values of {item.name}: {known} (ARM: InvalidTemplate)"
    size = value if item.kind == "int" else len(value) if isinstance(value, str | list) else None
    least, most = (shape.get(f"{end}{'Value' if item.kind == 'int' else 'Length'}") for end in ("min", "max"))
    if isinstance(size, int) and isinstance(least, int) and size < least:
        yield f"{item.name} is at least {least}{'' if item.kind == 'int' else ' long'}, and {shown} is not (ARM: InvalidTemplate)"
    if isinstance(size, int) and isinstance(most, int) and size > most:
        yield f"{item.name} is at most {most}{'' if item.kind == 'int' else ' long'}, and {shown} is not (ARM: InvalidTemplate)"


def _is_of_kind(item: Declared, value: Json) -> bool:
    return isinstance(value, _KINDS[item.kind]) and (item.kind == "bool" or not isinstance(value, bool))


def _converted(item: Declared, value: Json) -> Json:
    """A text that spells a number or a truth value, where one is declared: ARM takes both."""
    if not isinstance(value, str):
        return value
    if item.kind == "int" and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if item.kind == "bool" and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return value


def _may_lack(item: Declared) -> bool:
    return "defaultValue" in item.shape or item.shape.get("nullable") is True


def _allows(allowed: list[Json], value: Json) -> bool:
    """An array fits where each of its elements is allowed."""
    return value in allowed or (isinstance(value, list) and all(item in allowed for item in value))


def _resolved(shape: Json, definitions: Json) -> Mapping[str, Json] | str:
    """A declaration with the definition that it refers to, its own members first; or what is wrong."""
    if not isinstance(shape, dict):
        return "a parameter is declared by an object"
    merged, followed = dict(shape), 0
    while "$ref" in merged:
        reference = merged.pop("$ref")
        name = str(reference).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        definition = definitions.get(name) if isinstance(definitions, dict) else None
        followed += 1
        if not isinstance(definition, dict) or followed > _MOST_REFERENCES:
            return f"there is no definition {reference!r}, or it leads back to itself"
        merged = {**definition, **merged}
    return merged
