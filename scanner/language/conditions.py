"""Azure Policy conditions, compiled once: `test` gives three-valued truth, `explain` the leaves that decided it.

`compile_condition` reports every fault with a pointer into the data; the loader turns pointers into lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from scanner.language.context import (
    MAX_DEPTH,
    Condition,
    ConditionContext,
    Faulty,
    compile_template,
    did_you_mean,
    fault,
    only_keys,
)
from scanner.language.counts import CountLeaf, compile_count
from scanner.language.leaves import compile_field_leaf, compile_value_leaf
from scanner.language.scope import Pointer, Scope
from scanner.model.finding import Evidence
from scanner.model.unknown import Truth, Unknown, all_of, any_of, negate

__all__ = ["AllOf", "AnyOf", "Condition", "ConditionContext", "Faulty", "Not", "compile_condition", "compile_template", "leaves"]

Json = Any


class AllOf:
    """True when every part is."""

    def __init__(self, pointer: Pointer, conditions: tuple[Condition, ...]) -> None:
        self.pointer, self._conditions = pointer, conditions
        self.test: Callable[[Scope], Truth] = lambda scope: all_of(condition.test(scope) for condition in conditions)

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The parts that decided: the false ones, else the unknown ones, else all."""
        return _deciding(self._conditions, scope, decisive=False)

    def parts(self) -> tuple[Condition, ...]:
        """The conditions joined."""
        return self._conditions


class AnyOf:
    """True when some part is."""

    def __init__(self, pointer: Pointer, conditions: tuple[Condition, ...]) -> None:
        self.pointer, self._conditions = pointer, conditions
        self.test: Callable[[Scope], Truth] = lambda scope: any_of(condition.test(scope) for condition in conditions)

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The parts that decided: the true ones, else the unknown ones, else all."""
        return _deciding(self._conditions, scope, decisive=True)

    def parts(self) -> tuple[Condition, ...]:
        """The conditions joined."""
        return self._conditions


class Not:
    """The contrary of one condition."""

    def __init__(self, pointer: Pointer, condition: Condition) -> None:
        self.pointer, self._condition = pointer, condition
        self.test: Callable[[Scope], Truth] = lambda scope: negate(condition.test(scope))

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The part's own evidence, said to be the contrary of what is wanted."""
        return tuple(replace(item, operator=f"not {item.operator}") for item in self._condition.explain(scope))

    def parts(self) -> tuple[Condition, ...]:
        """The one condition."""
        return (self._condition,)


def leaves(condition: Condition) -> Iterator[Condition]:
    """Every leaf below a condition, the `where` of counts included; a count is a leaf itself too."""
    parts = condition.parts()
    if not parts or isinstance(condition, CountLeaf):
        yield condition
    for part in parts:
        yield from leaves(part)


def compile_condition(data: Json, context: ConditionContext, pointer: Pointer = ()) -> Condition:
    """Compile one condition; faults go to `context.fault` and leave a `Faulty` in their place."""
    if not isinstance(data, Mapping):
        return fault(context, pointer, f"a condition is a mapping such as {{field: …, equals: …}}, not {type(data).__name__}")
    if len(pointer) > MAX_DEPTH:
        return fault(context, pointer, f"conditions nest deeper than {MAX_DEPTH}")
    form = next((key for key in data if key in _FORMS), None)
    if form is None:
        return fault(context, pointer, _no_form(data))
    return _FORMS[form](data, context, pointer)


def _deciding(conditions: tuple[Condition, ...], scope: Scope, *, decisive: bool) -> tuple[Evidence, ...]:
    truths = [(condition, condition.test(scope)) for condition in conditions]
    chosen = [condition for condition, truth in truths if truth is decisive]
    chosen = chosen or [condition for condition, truth in truths if isinstance(truth, Unknown)] or list(conditions)
    return tuple(evidence for condition in chosen for evidence in condition.explain(scope))


def _compile_list(form: str, make: type[AllOf | AnyOf]) -> Callable[[Mapping[str, Json], ConditionContext, Pointer], Condition]:
    def build(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
        only_keys(data, {form}, context, pointer)
        items = data[form]
        if not isinstance(items, list) or not items:
            return fault(context, (*pointer, form), f"{form} takes a list of at least one condition")
        return make(pointer, tuple(compile_condition(item, context, (*pointer, form, at)) for at, item in enumerate(items)))

    return build


def _compile_not(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
    only_keys(data, {"not"}, context, pointer)
    return Not(pointer, compile_condition(data["not"], context, (*pointer, "not")))


def _compile_use(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
    only_keys(data, {"use", "with"}, context, pointer)
    name, given = data["use"], data.get("with", {})
    named = context.named.get(name) if isinstance(name, str) else None
    if named is None:
        return fault(context, (*pointer, "use"), f'unknown condition "{name}"{did_you_mean(name, context.named)}')
    if name in context.expanding:
        return fault(context, (*pointer, "use"), f'condition "{name}" uses itself: {" → ".join((*context.expanding, name))}')
    wanted = set(named.get("parameters", ()))
    if not isinstance(given, Mapping) or set(given) != wanted:
        return fault(
            context, (*pointer, "use"), f'condition "{name}" takes exactly: {", ".join(sorted(wanted)) or "no parameters"}'
        )
    inner = replace(
        context, expanding=(*context.expanding, name), fault=lambda _, message: context.fault((*pointer, "use"), message)
    )
    condition = compile_condition(_fill(named["condition"], given), inner)
    _repoint(condition, pointer)
    return condition


def _repoint(condition: Condition, pointer: Pointer) -> None:
    condition.pointer = (*pointer, *condition.pointer)
    for part in condition.parts():
        _repoint(part, pointer)


def _fill(value: Json, given: Mapping[str, Json]) -> Json:
    if isinstance(value, str):
        for name, replacement in given.items():
            if value == f"[parameters('{name}')]":
                return replacement
        return value
    if isinstance(value, Mapping):
        return {key: _fill(item, given) for key, item in value.items()}
    return [_fill(item, given) for item in value] if isinstance(value, list) else value


def _compile_count(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
    return compile_count(data, context, pointer, compile_condition)


_FORMS: Final[dict[str, Callable[[Mapping[str, Json], ConditionContext, Pointer], Condition]]] = {
    "allOf": _compile_list("allOf", AllOf), "anyOf": _compile_list("anyOf", AnyOf), "not": _compile_not, "use": _compile_use,
    "field": compile_field_leaf, "value": compile_value_leaf, "count": _compile_count, "sum": _compile_count,
}  # fmt: skip


def _no_form(data: Mapping[str, Json]) -> str:
    for key in data:
        near = did_you_mean(key, _FORMS)
        if near:
            return f'unknown key "{key}"{near}'
    return f"a condition has one of {', '.join(_FORMS)}"
