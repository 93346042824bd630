"""The context in which a file's conditions compile: its faults' lines, the path table, defaults, named conditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.language.context import ConditionContext
from scanner.language.rule_functions import RULE_FUNCTIONS
from scanner.language.scope import Default, Pointer, Uses
from scanner.model.arm_types import arm_type, closest_type
from scanner.model.errors import Fault
from scanner.model.resource import canonical_type
from scanner.model.yaml_file import YamlFile

__all__ = ["FactPaths", "Knowledge", "kind_fault", "type_fault"]

Json = Any
#: Kinds by path by compared fact type: what facts declare, handed down by whoever knows them.
FactPaths = Mapping[str, Mapping[str, str]]
_JSON_OF: Final[dict[str, tuple[type, str]]] = {
    "bool": (bool, "true or false"), "int": (int, "a number"), "string": (str, "text"), "enum": (str, "text"),
    "array": (list, "a list"), "object": (dict, "a mapping"),
}  # fmt: skip


@dataclass(frozen=True)
class Knowledge:
    """What every rule is compiled against."""

    defaults: Mapping[tuple[str, str], Default]
    conditions: Mapping[str, Json]
    relation_types: Mapping[str, tuple[str, ...]]
    fact_paths: FactPaths

    def context(
        self,
        file: YamlFile,
        faults: list[Fault],
        types: tuple[str, ...],
        *,
        at: Pointer = (),
        checked: bool = True,
        defaults: bool = True,
    ) -> ConditionContext:
        """The context of one part of a file, the pointers of faults counting from `at`."""

        def fault(pointer: Pointer, message: str) -> None:
            faults.append(file.fault((*at, *pointer), message))

        return ConditionContext(
            functions=RULE_FUNCTIONS, types=types, named=self.conditions, relations=self.relation_types,
            default_of=self.default_of if defaults else _no_default, fault=fault, kind_of=self.kind_of,
            path_fault=self.path_fault if checked else _no_fault, uses=Uses(),
        )  # fmt: skip

    def default_of(self, type_key: str, path: str) -> Default | None:
        """What Azure assumes for an absent property."""
        return self.defaults.get((type_key, path.lower()))

    def kind_of(self, type_name: str, path: str) -> str:
        """The kind of a path in the path table or of a fact; empty when unlisted."""
        facts = self.fact_paths.get(canonical_type(type_name))
        if facts is not None:
            return facts.get(path, "")
        known = arm_type(type_name)
        return known.kind(path) if known is not None else ""

    def path_fault(self, types: tuple[str, ...], path: str) -> str:
        """Words for a path that no type of the target has; empty when one has it."""
        if not types or any(self._has_path(name, path) for name in types):
            return ""
        name = types[0]
        facts = self.fact_paths.get(canonical_type(name))
        known = arm_type(name)
        near = _nearest(path, facts) if facts is not None else known.closest(path) if known is not None else ""
        return f'{name} has no property "{path}"' + (f'; did you mean "{near}"?' if near else "")

    def _has_path(self, name: str, path: str) -> bool:
        facts = self.fact_paths.get(canonical_type(name))
        if facts is not None:
            return path.lower() in _prefixes(tuple(facts))
        known = arm_type(name)
        return known is None or known.spelled(_generic(path)) is not None or _below_open(known.paths, _generic(path))


def type_fault(name: str, fact_paths: FactPaths, *, exemptible: bool = True) -> str:
    """Words for a type that neither the path table nor any fact has; empty when one has it."""
    if canonical_type(name) in fact_paths or arm_type(name) is not None:
        return ""
    near = closest_type(name)
    hint = f'; did you mean "{near}"?' if near else '; add "paths: unchecked" if it is right' if exemptible else ""
    return f'unknown resource type "{name}"{hint}'


def kind_fault(path: str, kind: str, value: Json) -> str:
    """Words for a value that a property of the path table's kind cannot have; empty when it can."""
    due = _JSON_OF.get(kind.split(" ", maxsplit=1)[0].split("[", maxsplit=1)[0])
    if due is None or value is None or (isinstance(value, due[0]) and (due[0] is bool or not isinstance(value, bool))):
        return ""
    return f"{path} is {due[1]}, not {json.dumps(value, ensure_ascii=False)}"


def _generic(path: str) -> str:
    """A path with indexes as `[*]` and quoted members plain, as the table spells them."""
    import re

    return re.sub(r"\['((?:[^']|'')*)'\]", r".\1", re.sub(r"\[\d+\]", "[*]", path)).lstrip(".")


def _below_open(paths: Mapping[str, str], path: str) -> bool:
    """Whether the path runs below a map (`tags.*`), an `any`, an object or an array that the table does not open up."""
    lowered = path.lower()
    for known, kind in paths.items():
        stem = known.lower().removesuffix(".*")
        if known.endswith(".*") and lowered.startswith(stem + "."):
            return True
        if kind.split(" ")[0] in ("any", "object") and lowered.startswith((known.lower() + ".", known.lower() + "[")):
            return True
    return lowered.startswith("tags.")


def _prefixes(paths: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        while path:
            found.add(path.lower())
            path = path.removesuffix("[*]") if path.endswith("[*]") else path.rpartition(".")[0]
    return found


def _nearest(path: str, facts: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(path, facts, n=1, cutoff=0.6)
    return near[0] if near else ""


def _no_default(type_key: str, path: str) -> Default | None:
    return None


def _no_fault(types: tuple[str, ...], path: str) -> str:
    return ""
