"""`count` and `sum` over array paths, computed lists and related resources. A count is an interval, decided only when every
value in it agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.language.context import (
    Condition,
    ConditionContext,
    Faulty,
    compile_template,
    did_you_mean,
    fault,
    note_path,
    note_relation,
)
from scanner.language.expressions import Template
from scanner.language.kinds import kind_of
from scanner.language.leaves import find_operator, plain
from scanner.language.operators import OPERATORS, canonical
from scanner.language.paths import Path, PathError, compile_path
from scanner.language.reading import Reading, bound_element
from scanner.language.scope import Pointer, Scope
from scanner.model.finding import Evidence
from scanner.model.unknown import ABSENT, Truth, Unknown

__all__ = ["CountLeaf", "compile_count"]

Json = Any
CompileWhere = Callable[[Json, ConditionContext, Pointer], Condition]

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Element:
    """One thing counted: the scope in which `where` is judged, its value, its name in evidence."""

    scope: Scope
    value: Json
    label: str


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a count walks over: `elements(scope)` gives them and why there may be more; `words` names it in evidence."""

    words: str
    elements: Callable[[Scope], tuple[list[_Element], tuple[str, ...]]]


class CountLeaf:
    """`{count|sum: {field|value|related: …, where: …}, OP: N}`."""

    def __init__(
        self, pointer: Pointer, counted: _Counted, where: Condition | None, operator: str, expected: Template,
        measured: Path | Template | None, *, distinct: bool,
    ) -> None:  # fmt: skip
        self.pointer = pointer
        self._counted, self._where, self._operator, self._expected = counted, where, operator, expected
        self._measured, self._distinct = measured, distinct
        self.test: Callable[[Scope], Truth] = self._test

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The count itself, then up to three elements: those that count, or else why the others do not."""
        low, high, reasons = self._interval(scope)
        expected = self._expected.evaluate(scope)
        actual = low if low == high else f"{low} to {high if high is not None else 'unknown'}"
        own = Evidence(self._counted.words, self._operator, plain(expected), actual, "; ".join(dict.fromkeys(reasons))[:600])
        elements, _ = self._counted.elements(scope)
        counting = [item for item in elements if self._truth(item) is True]
        if counting or self._where is None:
            return (own, *(Evidence(item.label, "counts", None, _brief(item.value)) for item in counting[:_SHOWN] if item.label))
        detail = [evidence for item in elements[:_SHOWN] for evidence in _labelled(item.label, self._where.explain(item.scope))]
        return (own, *detail)

    def parts(self) -> tuple[Condition, ...]:
        """The `where`, if any."""
        return (self._where,) if self._where is not None else ()

    def _truth(self, element: _Element) -> Truth:
        return True if self._where is None else self._where.test(element.scope)

    def _test(self, scope: Scope) -> Truth:
        expected = self._expected.evaluate(scope)
        if isinstance(expected, Unknown):
            return expected
        low, high, reasons = self._interval(scope)
        truths = {
            bool(truth)
            for truth in map(lambda n: OPERATORS[self._operator](n, expected), _samples(low, high, expected))
            if truth.__class__ is bool
        }
        if len(truths) == 1:
            return truths.pop()
        return Unknown(tuple(dict.fromkeys(reasons))) if reasons else Unknown.because(f"{self._counted.words} cannot be compared")

    def _interval(self, scope: Scope) -> tuple[Any, Any, list[str]]:
        elements, more = self._counted.elements(scope)
        sure: list[_Element] = []
        unsure: list[_Element] = []
        reasons = list(more)
        for element in elements:
            truth = self._truth(element)
            if isinstance(truth, Unknown):
                unsure.append(element)
                reasons.extend(truth.reasons)
            elif truth:
                sure.append(element)
        if self._measured is None:
            return len(sure), None if more else len(sure) + len(unsure), reasons
        return self._measure(sure, unsure, reasons, more=bool(more))

    def _measure(
        self, sure: list[_Element], unsure: list[_Element], reasons: list[str], *, more: bool
    ) -> tuple[Any, Any, list[str]]:
        values = [self._value_of(element) for element in sure]
        reasons.extend(reason for value in values if isinstance(value, Unknown) for reason in value.reasons)
        known = [value for value in values if not isinstance(value, Unknown) and value is not ABSENT]
        open_ended = more or bool(unsure) or any(isinstance(value, Unknown) for value in values)
        if self._distinct:
            low = len({canonical(value) for value in known})
            return low, (None if more else low + len(unsure) + len(values) - len(known)) if open_ended else low, reasons
        numbers = [value for value in known if value.__class__ in (int, float)]
        if len(numbers) != len(known):
            reasons.append(f"{self._counted.words}: a value to add is not a number")
            return 0, None, reasons
        return (0, None, reasons) if open_ended else (sum(numbers), sum(numbers), reasons)

    def _value_of(self, element: _Element) -> Json:
        assert self._measured is not None
        if isinstance(self._measured, Path):
            value = self._measured.read(element.value, element.scope.world.spellings)
        else:
            value = self._measured.evaluate(element.scope)
        if isinstance(value, list | Mapping):
            return Unknown.because(f"{self._counted.words}: {kind_of(value)} stands where a plain value is due")
        return value


def compile_count(
    data: Mapping[str, Json], context: ConditionContext, pointer: Pointer, compile_where: CompileWhere
) -> Condition:
    """Compile a count or sum with its three forms."""
    form = "count" if "count" in data else "sum"
    spec, at = data[form], (*pointer, form)
    operator = find_operator(data, {form}, context, pointer)
    if operator is None:
        return fault(context, pointer, f"a {form} needs exactly one operator")
    if not isinstance(spec, Mapping):
        return fault(context, at, f"{form} takes a mapping with field, value or related")
    allowed = {"field", "value", "related", "name", "where", "of" if form == "sum" else "distinct"}
    for key in spec:
        if key not in allowed:
            context.fault((*at, key), f'unknown key "{key}"{did_you_mean(key, allowed)}')
    found = _counted(spec, replace(context, absent_unknown=False), at)
    expected = compile_template(data[operator], context, (*pointer, operator))
    if found is None or expected is None:
        return Faulty(pointer)
    counted, inner = found
    where = compile_where(spec["where"], inner, (*at, "where")) if "where" in spec else None
    measured = _compile_measured(spec, inner, form, at)
    if isinstance(measured, Faulty):
        return measured
    return CountLeaf(pointer, counted, where, operator, expected, measured, distinct="distinct" in spec)


def _compile_measured(
    spec: Mapping[str, Json], context: ConditionContext, form: str, at: Pointer
) -> Path | Template | Faulty | None:
    key = "of" if form == "sum" else "distinct"
    if key not in spec:
        return fault(context, at, 'a sum needs "of": the path or expression to add up') if form == "sum" else None
    text = spec[key]
    if isinstance(text, str) and not text.startswith("["):
        try:
            path = compile_path(text)
        except PathError as error:
            return fault(context, (*at, key), str(error))
        element, rest = bound_element(path, context.bound)
        return rest if element else path
    return compile_template(text, context, (*at, key)) or Faulty(at)


def _counted(spec: Mapping[str, Json], context: ConditionContext, at: Pointer) -> tuple[_Counted, ConditionContext] | None:
    forms = [key for key in ("field", "value", "related") if key in spec]
    if len(forms) != 1:
        context.fault(at, "a count walks exactly one of field, value or related")
        return None
    name = spec.get("name", "")
    if not isinstance(name, str):
        context.fault((*at, "name"), "name is a word")
        return None
    return {"field": _over_field, "value": _over_value, "related": _over_related}[forms[0]](
        spec[forms[0]], name, context, (*at, forms[0])
    )


def _over_field(text: Json, name: str, context: ConditionContext, at: Pointer) -> tuple[_Counted, ConditionContext] | None:
    path = note_path(text, context, at) if isinstance(text, str) else None
    if path is None or not path.wild:
        context.fault(at, "a field count walks an array path that ends in [*] (or .*)")
        return None
    element, rest = bound_element(path, context.bound)
    reading = Reading(path, rest, element, context.default_of, ())
    key = path.text.lower()

    def elements(scope: Scope) -> tuple[list[_Element], tuple[str, ...]]:
        found: list[_Element] = []
        more: list[str] = []
        for where, value in reading.values(scope):
            if isinstance(value, Unknown):
                more.extend(value.reasons)
            elif value is not ABSENT:
                inner = scope.inside(key, value)
                found.append(_Element(inner.inside(name, value) if name else inner, value, where))
        return found, tuple(more)

    inner = replace(context, bound=(*context.bound, (key, path)), names=context.names | {name} if name else context.names)
    return _Counted(f"count of {path.text}", elements), inner


def _over_value(items: Json, name: str, context: ConditionContext, at: Pointer) -> tuple[_Counted, ConditionContext] | None:
    template = compile_template(items, context, at)
    if template is None:
        return None

    def elements(scope: Scope) -> tuple[list[_Element], tuple[str, ...]]:
        values = template.evaluate(scope)
        if isinstance(values, Unknown):
            return [], values.reasons
        if not isinstance(values, list):
            return [], (f"{items}: a count walks a list",)
        return [_Element(scope.inside(name, value), value, _label(value)) for value in values], ()

    words = f"count of {items}" if isinstance(items, str) else "count of the listed values"
    return _Counted(words, elements), replace(context, names=context.names | {name})


def _label(value: Json) -> str:
    """How an element of a computed list is called in evidence: a resource by its id."""
    if isinstance(value, Mapping):
        return next((value[key] for key in ("id", "name") if isinstance(value.get(key), str)), "element")
    return str(value)[:80]


def _over_related(relations: Json, name: str, context: ConditionContext, at: Pointer) -> tuple[_Counted, ConditionContext] | None:
    chain = [relations] if isinstance(relations, str) else relations
    if not isinstance(chain, list) or not chain or not all(isinstance(item, str) for item in chain):
        context.fault(at, "related takes the name of a relation, or a list of names to follow one after the other")
        return None
    for relation in chain:
        if not note_relation(relation, context, at):
            return None

    def elements(scope: Scope) -> tuple[list[_Element], tuple[str, ...]]:
        found = scope.follow(chain)
        more = found.missing.reasons if found.missing is not None else ()
        return [_Element(scope.on(item, name), item.body, item.id) for item in found.items], more

    return _Counted(f"count of related {' → '.join(chain)}", elements), replace(
        context, types=_related_types(chain[-1], context), bound=(), names=context.names | {name}
    )


def _related_types(relation: str, context: ConditionContext) -> tuple[str, ...]:
    kind, colon, type_name = relation.partition(":")
    if colon and kind in ("children", "extensions"):
        return (type_name,)
    return tuple(name for name in context.relations.get(relation, ()) if name != "*")


def _samples(low: Any, high: Any, expected: Json) -> Iterator[Any]:
    """Values of the interval between which no operator can change its answer: its ends, and those around each limit."""
    limits = [n for n in (expected if isinstance(expected, list) else [expected]) if n.__class__ in (int, float)]
    if high is None:
        high = max([low, *limits]) + 2
    candidates = {low, high, *(n + step for n in limits for step in (-1, 0, 1))}
    yield from sorted(n for n in candidates if low <= n <= high)


def _labelled(label: str, evidence: tuple[Evidence, ...]) -> Iterator[Evidence]:
    for item in evidence:
        yield replace(item, path=item.path if not label or item.path.startswith(label) else f"{label}: {item.path}")


def _brief(value: Json) -> Json:
    if isinstance(value, dict):
        return next((value[key] for key in ("name", "key", "id") if isinstance(value.get(key), str)), None)
    return None if isinstance(value, list) else value
