"""Conditions in words: the tree that a rule's file holds, as nested lines of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.language.expressions import is_expression
from scanner.language.markdown import Markdown, code, escaped
from scanner.model.resource import canonical_type
from scanner.rules.rule_set import Glossary

__all__ = ["OPERATOR_WORDS", "Line", "Speaker", "nested", "value_words"]

Json = Any
#: How each operator reads between what is compared and what with.
OPERATOR_WORDS: Final[Mapping[str, str]] = {
    "equals": "is", "notEquals": "is not", "like": "is like", "notLike": "is not like", "match": "matches",
    "notMatch": "does not match", "matchInsensitively": "matches (in any letter case)",
    "notMatchInsensitively": "does not match (in any letter case)", "contains": "contains", "notContains": "does not contain",
    "in": "is one of", "notIn": "is none of", "containsKey": "has the key", "notContainsKey": "has no key",
    "less": "is less than", "lessOrEquals": "is at most", "greater": "is more than", "greaterOrEquals": "is at least",
    "exists": "is present",
}  # fmt: skip
_COMPONENTS: Final = re.compile(r"\[\s*components\('([^']+)'\)\s*\]")
_PARAMETER: Final = re.compile(r"\[\s*baseline\('([^']+)'\)\s*\]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the lines below it."""

    text: Markdown
    below: tuple[Line, ...] = ()


def nested(lines: Iterable[Line], depth: int = 0) -> Markdown:
    """Lines as nested lists."""
    written = []
    for line in lines:
        written.append(f"{'  ' * depth}- {line.text}")
        if line.below:
            written.append(nested(line.below, depth + 1))
    return Markdown("\n".join(written))


def value_words(value: Json) -> Markdown:
    """What something is compared with."""
    if isinstance(value, str) and (named := _PARAMETER.fullmatch(value)):
        return Markdown(f"the parameter {code(named[1])}")
    if isinstance(value, str) and is_expression(value):
        return code(value.strip()[1:-1])
    if isinstance(value, list):
        return Markdown(", ".join(map(value_words, value)) or "nothing")
    if value is None or value == "":
        return Markdown("absent" if value is None else "empty")
    return code(str(value).lower() if isinstance(value, bool) else value)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Puts conditions on some types into words, with what the glossary tells of names and absent properties. `element` is the
    array whose elements a count walks: what is below it is the element's own.
    """

    glossary: Glossary
    types: Sequence[str] = ()
    element: str = ""

    def lines(self, condition: Mapping[str, Json]) -> tuple[Line, ...]:
        """A condition as lines that must all hold."""
        if set(condition) == {"allOf"}:
            return tuple(line for item in condition["allOf"] for line in self.lines(item))
        return (self._line(condition),)

    def _line(self, condition: Mapping[str, Json]) -> Line:
        if "allOf" in condition:
            return Line(Markdown("all of these hold:"), self.lines(condition))
        if "anyOf" in condition:
            parts = condition["anyOf"]
            return Line(Markdown("one of these holds:"), tuple(self._one(item) for item in parts))
        if "not" in condition:
            return self._denied(condition["not"])
        if "use" in condition:
            return Line(self._named(condition))
        for form in ("count", "sum"):
            if form in condition:
                return self._counted(form, condition)
        return Line(self._compared(condition))

    def _denied(self, condition: Mapping[str, Json]) -> Line:
        if "anyOf" in condition:
            return Line(Markdown("none of these holds:"), tuple(self._one(item) for item in condition["anyOf"]))
        lines = self.lines(condition)
        return Line(Markdown("this does not hold:" if len(lines) == 1 else "these do not all hold:"), lines)

    def _one(self, condition: Mapping[str, Json]) -> Line:
        lines = self.lines(condition)
        return lines[0] if len(lines) == 1 else Line(Markdown("all of these hold:"), lines)

    def _named(self, condition: Mapping[str, Json]) -> Markdown:
        name, given = condition["use"], condition.get("with", {})
        doc = self.glossary.conditions.get(name, "")
        words = f"{code(name)} holds" + (f": {escaped(doc.rstrip('.'))}" if doc else "")
        return Markdown(words + "".join(f", with {code(key)} {value_words(value)}" for key, value in given.items()))

    def _compared(self, condition: Mapping[str, Json]) -> Markdown:
        operator = next((key for key in condition if key in OPERATOR_WORDS), "equals")
        expected = condition.get(operator)
        if "field" in condition:
            path = str(condition["field"])
            absence = self._absence(path, operator, condition)
            return Markdown(f"{self._field(path)} {_operation(operator, expected)}{absence}")
        return Markdown(f"{value_words(condition.get('value'))} {_operation(operator, expected)}")

    def _field(self, path: str) -> Markdown:
        if is_expression(path):
            return value_words(path)
        if self.element and path.lower() == self.element.lower():
            return Markdown("the element")
        own = bool(self.element) and path.lower().startswith(f"{self.element.lower()}.")
        shown = path[len(self.element) + 1 :] if own else path
        words = f"every {code(shown)}" if "*" in shown else code(shown)
        return Markdown(f"its {words}" if own and "*" not in shown else f"{words} of it" if own else words)

    def _absence(self, path: str, operator: str, condition: Mapping[str, Json]) -> str:
        if operator == "exists":
            return ""
        if "absent" in condition:
            return f" (absent counts as {value_words(condition['absent'])})"
        for name in self.types:
            default = self.glossary.defaults.get((canonical_type(name), path.lower()))
            if default is not None:
                since = f", since API version {code(default.since)}" if default.since else ""
                return f" (absent: Azure assumes {value_words(default.value)}{since})"
        return ""

    def _counted(self, form: str, condition: Mapping[str, Json]) -> Line:
        inner = condition[form]
        what = self._elements(inner)
        walking = replace(self, element=str(inner.get("field", "")), types=() if "related" in inner else self.types)
        below = walking.lines(inner["where"]) if "where" in inner else ()
        operator = next((key for key in condition if key in OPERATOR_WORDS), "equals")
        number = condition.get(operator)
        which = " for which:" if below else ""
        if form == "sum":
            words = f"the sum of {code(inner.get('of', ''))} of each {what}"
        elif "distinct" in inner:
            words = f"the number of different {code(inner['distinct'])} of each {what}"
        elif (operator, number) in (("equals", 0), ("less", 1), ("lessOrEquals", 0)):
            return Line(Markdown(f"there is no {what}{which}"), below)
        elif (operator, number) in (("greater", 0), ("greaterOrEquals", 1), ("notEquals", 0)):
            return Line(Markdown(f"there is at least one {what}{which}"), below)
        else:
            words = f"the number of {what}"
        tail = f" {_operation(operator, number)}"
        return Line(Markdown(f"{words}{tail}{', counting those for which:' if below else ''}"), below)

    def _elements(self, inner: Mapping[str, Json]) -> Markdown:
        if "related" in inner:
            *way, last = inner["related"] if isinstance(inner["related"], list) else [inner["related"]]
            if way in ([], ["parent"]):
                return self._related(last, "its parent" if way else "it")
            steps = ", then ".join(map(self._step, way))
            return Markdown(f"{self._related(last, 'that')}, by way of {steps}")
        walked = inner.get("field", inner.get("value"))
        bound = _COMPONENTS.fullmatch(str(walked))
        if bound is not None:
            return Markdown(f"component {code(bound[1])}")
        return Markdown(f"element of {code(walked) if 'field' in inner else value_words(walked)}")

    def _step(self, name: str) -> Markdown:
        """A step on the way of a relation."""
        known = name in self.glossary.relations
        return (
            Markdown(f"{code(name)} ({escaped(self.glossary.relations[name].rstrip('.'))})")
            if known
            else self._related(name, "that")
        )

    def _related(self, name: str, of: str) -> Markdown:
        """What one step of a relation leads to."""
        kind, _, argument = name.partition(":")
        if kind == "parent":
            return Markdown("parent" if of == "it" else f"parent of {of}")
        if kind in {"children", "extensions"}:
            return Markdown(f"{code(argument)} {'below' if kind == 'children' else 'on'} {of}")
        doc = self.glossary.relations.get(name, "")
        told = f" ({escaped(doc.rstrip('.'))})" if doc else ""
        return Markdown(f"resource related{' to its parent' if of == 'its parent' else ''} by {code(name)}{told}")


def _operation(operator: str, expected: Json) -> Markdown:
    if operator == "exists":
        return Markdown("is absent" if str(expected).lower() == "false" else "is present")
    if operator in {"equals", "notEquals"} and expected is None:
        return Markdown("is absent" if operator == "equals" else "is present")
    if operator in {"in", "notIn"} and not isinstance(expected, list):
        return Markdown(f"is {'' if operator == 'in' else 'not '}in {value_words(expected)}")
    return Markdown(f"{OPERATOR_WORDS[operator]} {value_words(expected)}")
