"""Leaves of a condition: `field` and `value` comparisons. Equality with constants, the bulk of all rules, has a fast way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.language.context import Condition, ConditionContext, compile_template, fault, note_path, only_keys
from scanner.language.expressions import Template, is_expression
from scanner.language.operators import NEGATIONS, OPERATORS, canonical
from scanner.language.reading import Reading, bound_element
from scanner.language.scope import Pointer, Scope
from scanner.model.finding import Evidence
from scanner.model.unknown import ABSENT, Truth, Unknown, all_of

__all__ = ["FieldLeaf", "ValueLeaf", "compile_field_leaf", "compile_value_leaf", "find_operator", "plain"]

Json = Any

_EQUALITY: Final = frozenset({"equals", "notEquals", "in", "notIn"})
_SHOWN_ELEMENTS: Final = 5
_REMEMBERED: Final = 512


class FieldLeaf:
    """`{field: PATH, OP: VALUE, absent: VALUE}`."""

    def __init__(
        self, pointer: Pointer, reading: Reading, operator: str, expected: Template, absent: Template | None, *,
        absent_unknown: bool = False,
    ) -> None:  # fmt: skip
        self.pointer, self._absent_unknown = pointer, absent_unknown
        self._reading, self._operator, self._expected, self._absent = reading, operator, expected, absent
        self._compare = OPERATORS[operator]
        self.test: Callable[[Scope], Truth] = self._fast_test() or self._test

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The compared value, or for a wild path the elements that do not satisfy."""
        expected = self._expected.evaluate(scope)
        pairs = self._reading.values(scope)
        judged = [(at, value, self._truth(scope, value, expected)) for at, value in pairs]
        chosen = [item for item in judged if item[2] is not True] or judged
        return tuple(self._evidence(scope, at, value, expected, truth) for at, value, truth in chosen[:_SHOWN_ELEMENTS])

    def parts(self) -> tuple[Condition, ...]:
        """None: a leaf."""
        return ()

    def _test(self, scope: Scope) -> Truth:
        expected = self._expected.evaluate(scope)
        pairs = self._reading.values(scope)
        if len(pairs) == 1:
            return self._truth(scope, pairs[0][1], expected)
        return all_of(self._truth(scope, value, expected) for _, value in pairs)

    def _truth(self, scope: Scope, value: Json, expected: Json) -> Truth:
        if value is ABSENT and self._operator != "exists":
            value = self._assumed(scope)[0]
            if value is ABSENT and self._absent_unknown:
                return Unknown.because(
                    f"{self._reading.path.text} is not in the answer, so whether the rule applies is not known"
                )
        if value.__class__ is Unknown:
            return value
        if expected.__class__ is Unknown:
            return expected
        truth = self._compare(_comparable(self._reading, value), _comparable(self._reading, expected))
        return Unknown.because(f"{self._reading.path.text}: {truth}") if isinstance(truth, Unknown) else truth

    def _assumed(self, scope: Scope) -> tuple[Json, str]:
        if self._absent is not None:
            value = self._absent.evaluate(scope)
            return value, f"absent (taken as {plain(value)})"
        return self._reading.assume(scope)

    def _evidence(self, scope: Scope, at: str, value: Json, expected: Json, truth: Truth) -> Evidence:
        note = "; ".join(truth.reasons) if isinstance(truth, Unknown) else ""
        if value is ABSENT and self._operator != "exists":
            words = self._assumed(scope)[1]
            note = f"{words}; {note}" if note else words
        return Evidence(at, self._operator, plain(expected), plain(value), note)

    def _fast_test(self) -> Callable[[Scope], Truth] | None:
        """For equality with constants on a plain path of at most two members: each text is judged once and remembered."""
        reading = self._reading
        steps = reading.path.steps
        if self._operator not in _EQUALITY or not self._expected.is_constant or reading.element or len(steps) > 2:
            return None
        if any(step.kind != "member" for step in steps) or (
            len(steps) == 1 and steps[0].lowered in ("id", "name", "type", "location")
        ):
            return None
        slow, remembered = self._test, dict[str, bool]()

        def judge(scope: Scope, value: str) -> Truth:
            truth = slow(scope)
            if truth.__class__ is bool and len(remembered) < _REMEMBERED:
                remembered[value] = truth
            return truth

        return _fast_one(steps[0].name, remembered, judge, slow) if len(steps) == 1 else _fast_two(
            steps[0].name, steps[1].name, remembered, self._booleans(), judge, slow
        )  # fmt: skip

    def _booleans(self) -> tuple[bool, bool] | None:
        """What a JSON false and true give, where the path may hold booleans."""
        if any(kind.split(" ")[0] not in ("bool", "") for kind in self._reading.kinds):
            return None
        expected = self._expected.evaluate(None)
        accepted = {canonical(item) for item in (expected if isinstance(expected, list) else [expected])}
        return ("false" in accepted) != (self._operator in NEGATIONS), ("true" in accepted) != (self._operator in NEGATIONS)


class ValueLeaf:
    """`{value: EXPR, OP: VALUE}`."""

    def __init__(self, pointer: Pointer, text: str, value: Template, operator: str, expected: Template) -> None:
        self.pointer = pointer
        self._text, self._value, self._operator, self._expected = text, value, operator, expected
        self.test: Callable[[Scope], Truth] = self._test

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """The expression with its value."""
        value, expected = self._value.evaluate(scope), self._expected.evaluate(scope)
        note = "; ".join(value.reasons) if isinstance(value, Unknown) else ""
        return (Evidence(self._text, self._operator, plain(expected), plain(value), note),)

    def parts(self) -> tuple[Condition, ...]:
        """None: a leaf."""
        return ()

    def _test(self, scope: Scope) -> Truth:
        value, expected = self._value.evaluate(scope), self._expected.evaluate(scope)
        for side in (value, expected):
            if isinstance(side, Unknown):
                return side
        return OPERATORS[self._operator](ABSENT if value is None else value, expected)


def compile_field_leaf(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
    """Compile `{field: …}`; the path may be an expression that is constant."""
    operator = find_operator(data, {"field", "absent"}, context, pointer)
    text = _path_text(data["field"], context, (*pointer, "field"))
    if operator is None or text is None:
        return fault(context, pointer, "a field needs exactly one operator") if operator is None else fault(
            context, (*pointer, "field"), "field takes a path such as properties.sku.name"
        )  # fmt: skip
    path = note_path(text, context, (*pointer, "field"))
    expected = compile_template(data[operator], context, (*pointer, operator))
    absent = compile_template(data["absent"], context, (*pointer, "absent")) if "absent" in data else None
    if operator in ("like", "notLike") and str(data[operator]).count("*") > 1:
        context.fault((*pointer, operator), f"{operator} takes at most one *")
    if path is None or expected is None:
        from scanner.language.context import Faulty

        return Faulty(pointer)
    element, rest = bound_element(path, context.bound)
    whole = not element or element.endswith(("[*]", ".*"))  # an element that a path names has the kinds of that path
    kinds = tuple({kind for kind in (context.kind_of(name, path.text) for name in context.types) if kind}) if whole else ()
    if operator in _EQUALITY and kinds and all(kind.split(" ")[0] == "bool" for kind in kinds):
        _hold_booleans(path.text, data[operator], context, (*pointer, operator))
    reading = Reading(path, rest, element, context.default_of, kinds)
    return FieldLeaf(pointer, reading, operator, expected, absent, absent_unknown=context.absent_unknown)


def _hold_booleans(path: str, stated: Json, context: ConditionContext, pointer: Pointer) -> None:
    """A true or false that is compared with a word would never be equal: `yes` is text in YAML 1.2."""
    for value in stated if isinstance(stated, list) else [stated]:
        if isinstance(value, str) and not is_expression(value) and value.lower() not in ("true", "false"):
            meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.lower())
            context.fault(pointer, f'{path} is true or false, never "{value}"' + (f"; write {meant}" if meant else ""))


def compile_value_leaf(data: Mapping[str, Json], context: ConditionContext, pointer: Pointer) -> Condition:
    """Compile `{value: EXPR, OP: VALUE}`."""
    operator = find_operator(data, {"value"}, context, pointer)
    if operator is None:
        return fault(context, pointer, "a value needs exactly one operator")
    value = compile_template(data["value"], context, (*pointer, "value"))
    expected = compile_template(data[operator], context, (*pointer, operator))
    if value is None or expected is None:
        from scanner.language.context import Faulty

        return Faulty(pointer)
    return ValueLeaf(pointer, str(data["value"]), value, operator, expected)


def find_operator(data: Mapping[str, Json], own: set[str], context: ConditionContext, pointer: Pointer) -> str | None:
    """The one operator beside a form's own keys; other keys are faults."""
    operators = [key for key in data if key in OPERATORS]
    only_keys(data, own | set(operators), context, pointer)
    return operators[0] if len(operators) == 1 else None


def plain(value: Json) -> Json:
    """A value as evidence shows it: absent as null, unknown as null (the note has the reason)."""
    return None if value is ABSENT or isinstance(value, Unknown) else value


def _path_text(value: Json, context: ConditionContext, pointer: Pointer) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    if not is_expression(value):
        return value
    template = compile_template(value, context, pointer)
    computed = template.evaluate(None) if template is not None and template.is_constant else None
    return computed if isinstance(computed, str) else None


def _comparable(reading: Reading, value: Json) -> Json:
    """Locations are normalised: `East US` is `eastus`."""
    if reading.path.steps[-1].lowered == "location" and isinstance(value, str):
        return value.replace(" ", "")
    return value


Judge = Callable[[Scope, str], Truth]
Test = Callable[[Scope], Truth]


def _fast_one(name: str, remembered: dict[str, bool], judge: Judge, slow: Test) -> Test:
    def test(scope: Scope) -> Truth:
        value = scope.document.get(name)
        if value.__class__ is str:
            truth = remembered.get(value)
            return judge(scope, value) if truth is None else truth
        return slow(scope)

    return test


def _fast_two(
    first: str, second: str, remembered: dict[str, bool], booleans: tuple[bool, bool] | None, judge: Judge, slow: Test
) -> Test:
    def test(scope: Scope) -> Truth:
        value = scope.document.get(first)
        if value.__class__ is dict:
            value = value.get(second)
            if value.__class__ is str:
                truth = remembered.get(value)
                return judge(scope, value) if truth is None else truth
            if value.__class__ is bool and booleans is not None:
                return booleans[value]
        return slow(scope)

    return test
