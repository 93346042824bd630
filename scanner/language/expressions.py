"""ARM expressions, parsed once and compiled to closures; what cannot be evaluated is unknown with its reason, no exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from scanner.language.functions import EvaluationError, Function, FunctionTable
from scanner.language.functions.values import Lambda
from scanner.language.grammar import Access, CallNode, ExpressionError, Literal, Node, parse
from scanner.language.kinds import kind_of
from scanner.model.unknown import ABSENT, Partial, Unknown

__all__ = ["Call", "Expression", "ExpressionError", "Template", "compile_expression", "compile_value", "is_expression"]

Json = Any
Thunk = Callable[[Any], Json]

_MAX_VALUE_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Call:
    """A function call as written: `literals` are its arguments where literal, None where computed; for static analysis."""

    name: str
    literals: tuple[Json, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled value: an expression, or JSON with expressions inside. `evaluate(scope)` never raises."""

    text: str
    evaluate: Thunk
    calls: tuple[Call, ...]
    is_constant: bool


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled `[...]`. `evaluate` gives unknown where evaluation fails, `strict` raises `EvaluationError` instead."""

    text: str
    evaluate: Thunk
    strict: Thunk
    calls: tuple[Call, ...]
    is_constant: bool


def is_expression(text: str) -> bool:
    """Whether a string is an expression: `[...]`, but not `[[...`, which is an escaped literal."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[") and len(text) > 1


@lru_cache(maxsize=4096)
def compile_expression(text: str, functions: FunctionTable) -> Expression:
    """Parse and compile; raises `ExpressionError` for bad syntax, unknown functions and wrong numbers of arguments."""
    node = parse(text)
    calls = tuple(_calls_of(node))
    for call in calls:
        _hold_against(text, call, functions)
    thunk, constant = _compile(node, functions)

    def strict(scope: Any) -> Json:
        try:
            value = thunk(scope)
        except (RecursionError, OverflowError, MemoryError) as error:
            raise EvaluationError(type(error).__name__) from error
        if value.__class__ is Lambda:
            raise EvaluationError("a lambda is no value: it stands only as the argument of a function")
        return value

    def evaluate(scope: Any) -> Json:
        try:
            return strict(scope)
        except EvaluationError as error:
            return Unknown.because(f"{error} in {_short(text)}")

    if constant:
        value = evaluate(None)
        return Expression(text, lambda scope: value, strict, calls, is_constant=True)
    return Expression(text, evaluate, strict, calls, is_constant=False)


def compile_value(value: Json, functions: FunctionTable) -> Template:
    """Compile any JSON value whose strings may be expressions; constant parts are shared, not copied."""
    thunk, calls, constant = _compile_json(value, functions, 0)
    text = value if isinstance(value, str) else ""
    if constant:
        result = thunk(None)
        return Template(text, lambda scope: result, calls, is_constant=True)
    return Template(text, thunk, calls, is_constant=False)


def _compile_json(value: Json, functions: FunctionTable, depth: int) -> tuple[Thunk, tuple[Call, ...], bool]:
    if depth > _MAX_VALUE_DEPTH:
        raise ExpressionError("…", 0, f"the value nests deeper than {_MAX_VALUE_DEPTH}")
    if isinstance(value, str):
        if is_expression(value):
            expression = compile_expression(value, functions)
            return expression.evaluate, expression.calls, expression.is_constant
        plain = value[1:] if value.startswith("[[") else value
        return lambda scope: plain, (), True
    if isinstance(value, Mapping):
        keys = [_compile_json(str(key), functions, depth + 1) for key in value]
        items = [_compile_json(item, functions, depth + 1) for item in value.values()]
        calls = tuple(call for part in (*keys, *items) for call in part[1])
        pairs = [(key[0], item[0]) for key, item in zip(keys, items, strict=True)]
        if all(part[2] for part in (*keys, *items)):
            fixed = _object_of(pairs, None)
            return lambda scope: fixed, calls, True
        return lambda scope: _object_of(pairs, scope), calls, False
    if isinstance(value, list):
        parts = [_compile_json(item, functions, depth + 1) for item in value]
        calls = tuple(call for part in parts for call in part[1])
        if all(part[2] for part in parts):
            fixed_list = [part[0](None) for part in parts]
            return lambda scope: fixed_list, calls, True
        return lambda scope: [_null(part[0](scope)) for part in parts], calls, False
    return lambda scope: value, (), True


def _object_of(pairs: list[tuple[Thunk, Thunk]], scope: Any) -> Json:
    """The object of computed names and values; unknown as a whole where a name is, as no member of it can then be told."""
    result: dict[str, Json] = {}
    for key, item in pairs:
        name = key(scope)
        if isinstance(name, Unknown):
            return name
        if not isinstance(name, str):
            return Unknown.because(f"the name of a member must be text, not {kind_of(name)}")
        result[name] = _null(item(scope))
    return result


def _compile(node: Node, functions: FunctionTable) -> tuple[Thunk, bool]:
    """A closure and whether its value depends on nothing but itself."""
    if isinstance(node, Literal):
        value = node.value
        return lambda scope: value, True
    if isinstance(node, Access):
        return _compile_access(node, functions)
    function = functions.get(node.name)
    assert function is not None, "names were looked up before"
    parts = [_compile(argument, functions) for argument in node.arguments]
    thunks = tuple(part[0] for part in parts)
    constant = all(part[1] for part in parts) and not function.takes_scope and not function.lazy
    thunk = _compile_call(function, thunks)
    if not constant:
        return thunk, all(part[1] for part in parts) and function.lazy and not function.takes_scope
    return thunk, True


def _compile_call(function: Function, thunks: tuple[Thunk, ...]) -> Thunk:
    call, name, deep, holds = function.call, function.name, not function.structural, function.holds_unknown
    if function.lazy:
        return lambda scope: call(scope, *thunks)

    def eager(scope: Any) -> Json:
        values = [thunk(scope) for thunk in thunks]
        reasons = [] if holds else [reason for value in values for reason in _reasons(value, deep=deep)]
        if reasons:
            return Unknown(tuple(dict.fromkeys(reasons)))
        values = [None if value is ABSENT else value for value in values]
        if not function.takes_lambdas and any(value.__class__ is Lambda for value in values):
            raise EvaluationError(f"{name} takes no lambda")
        try:
            return call(scope, *values) if function.takes_scope else call(*values)
        except EvaluationError as error:
            raise EvaluationError(f"{name}: {error}" if not str(error).startswith(f"{name}:") else str(error)) from None
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
            raise EvaluationError(f"{name} cannot work with these arguments ({error})") from error

    return eager


def _compile_access(node: Access, functions: FunctionTable) -> tuple[Thunk, bool]:
    subject, constant = _compile(node.subject, functions)
    key, constant_key = _compile(node.key, functions)

    def access(scope: Any) -> Json:
        value, at = subject(scope), key(scope)
        for part in (value, at):
            if part.__class__ is Unknown:
                return part
        return member_of(value, at)

    return access, constant and constant_key


def member_of(value: Json, key: Json) -> Json:
    """A member by name, ignoring case, or an element by index; `EvaluationError` where there is none."""
    if isinstance(value, Mapping):
        if isinstance(key, str):
            if key in value:
                return value[key]
            for name, item in value.items():
                if name.lower() == key.lower():
                    return item
            if value.__class__ is Partial:
                return value.rest
        raise EvaluationError(f"there is no member {key!r}")
    if isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < len(value):
            return value[key]
        raise EvaluationError(f"index {key} is outside of {len(value)} elements")
    raise EvaluationError(f"{kind_of(value)} has no member {key!r}")


def _reasons(value: Json, *, deep: bool) -> tuple[str, ...]:
    """Why an argument is unknown: itself, an object of which only a part is known, or, looked at `deep`, anything inside."""
    kind = value.__class__
    if kind is Unknown:
        return tuple(value.reasons)
    if kind is Partial:
        return tuple(value.rest.reasons)
    if deep and value and (kind is list or kind is dict):
        inside = value.values() if kind is dict else value
        return tuple(reason for item in inside for reason in _reasons(item, deep=True))
    return ()


def _calls_of(node: Node) -> Iterator[Call]:
    pending: list[Node] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, CallNode):
            literals = tuple(item.value if isinstance(item, Literal) else None for item in current.arguments)
            yield Call(current.name, literals, current.position)
            pending.extend(current.arguments)
        elif isinstance(current, Access):
            pending.extend((current.subject, current.key))


def _hold_against(text: str, call: Call, functions: FunctionTable) -> None:
    function = functions.get(call.name)
    if function is None:
        near = functions.suggest(call.name)
        hint = f'; did you mean "{near}"?' if near else ""
        raise ExpressionError(text, call.position, f'unknown function "{call.name}"{hint}')
    given = len(call.literals)
    if given < function.least or (function.most is not None and given > function.most):
        raise ExpressionError(text, call.position, f"{function.name} takes {_wanted(function)}, not {given}")


def _wanted(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return f"{least} or more arguments"
    count = str(least) if least == most else f"{least} to {most}"
    return f"{count} argument" if most == 1 else f"{count} arguments"


def _null(value: Json) -> Json:
    return None if value is ABSENT else value


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}…"
