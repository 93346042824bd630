"""What conditions are compiled against, and the pieces that every form shares: faults, templates, paths, did-you-mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, Protocol

from scanner.language.expressions import ExpressionError, Template, compile_value
from scanner.language.functions import FunctionTable
from scanner.language.operators import OPERATORS
from scanner.language.paths import Path, PathError, compile_path
from scanner.language.scope import Default, Pointer, Scope, Uses
from scanner.model.finding import Evidence
from scanner.model.unknown import Truth, Unknown

__all__ = [
    "MAX_DEPTH",
    "Condition",
    "ConditionContext",
    "Faulty",
    "compile_template",
    "did_you_mean",
    "fault",
    "note_path",
    "note_relation",
    "only_keys",
]

Json = Any
MAX_DEPTH: Final = 40
_BUILT_IN: Final = ("parent", "children:", "extensions:")


class Condition(Protocol):
    """A compiled condition. `test` may be replaced on a leaf, to learn whether the leaf ever changes a verdict."""

    test: Callable[[Scope], Truth]
    pointer: Pointer

    def explain(self, scope: Scope) -> tuple[Evidence, ...]: ...
    def parts(self) -> tuple[Condition, ...]: ...


@dataclass(frozen=True)
class ConditionContext:
    """What a condition is compiled against. `types` are what `field` reads; `kinds_of(type, path)` gives the path table's
    kind (empty when unlisted) and `path_fault(types, path)` the words for a path that does not exist (empty when it does).
    With `absent_unknown` a comparison with a member that is absent, and for which no default is known, is unknown.
    """

    functions: FunctionTable
    types: tuple[str, ...]
    named: Mapping[str, Json]
    relations: Mapping[str, tuple[str, ...]]
    default_of: Callable[[str, str], Default | None]
    fault: Callable[[Pointer, str], None]
    kind_of: Callable[[str, str], str] = lambda type_key, path: ""
    path_fault: Callable[[tuple[str, ...], str], str] = lambda types, path: ""
    uses: Uses = field(default_factory=Uses)
    bound: tuple[tuple[str, Path], ...] = ()
    names: frozenset[str] = frozenset()
    expanding: tuple[str, ...] = ()
    absent_unknown: bool = False


class Faulty:
    """Stands in for a condition that did not compile: never true, never false."""

    def __init__(self, pointer: Pointer) -> None:
        self.pointer = pointer
        self.test: Callable[[Scope], Truth] = lambda scope: Unknown.because("the rule has a fault")

    def explain(self, scope: Scope) -> tuple[Evidence, ...]:
        """Nothing: a rule set with faults is not run."""
        return ()

    def parts(self) -> tuple[Condition, ...]:
        """None."""
        return ()


def compile_template(value: Json, context: ConditionContext, pointer: Pointer = ()) -> Template | None:
    """Compile the expressions in any JSON value and note what they use; None after a fault."""
    try:
        template = compile_value(value, context.functions)
    except ExpressionError as error:
        context.fault(pointer, str(error))
        return None
    for call in template.calls:
        _note_call(call.name.lower(), call.literals, context, pointer)
    return template


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """`; did you mean "equals"?`, or nothing when no known word is near."""
    near = get_close_matches(str(word), [str(item) for item in known], n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def note_relation(name: str, context: ConditionContext, pointer: Pointer) -> bool:
    """Note that a relation is followed; false after a fault, where there is none of this name."""
    if name not in context.relations and not name.startswith(_BUILT_IN):
        context.fault(pointer, f'unknown relation "{name}"{did_you_mean(name, (*context.relations, *_BUILT_IN))}')
        return False
    context.uses.relations.add(name)
    return True


def note_path(text: str, context: ConditionContext, pointer: Pointer) -> Path | None:
    """Compile a path, hold it against the path table and note that it is read; None after a fault."""
    try:
        path = compile_path(text)
    except PathError as error:
        context.fault(pointer, str(error))
        return None
    fault = context.path_fault(context.types, text)
    if fault:
        context.fault(pointer, fault)
    context.uses.paths.update((type_name, text) for type_name in context.types)
    return path


def only_keys(data: Mapping[str, Json], allowed: set[str], context: ConditionContext, pointer: Pointer) -> None:
    """Report every key that a form does not take."""
    for key in data:
        if key not in allowed:
            known = allowed | set(OPERATORS)
            context.fault((*pointer, key), f'unknown key "{key}"{did_you_mean(key, known)}')


def fault(context: ConditionContext, pointer: Pointer, message: str) -> Faulty:
    """Report a fault and stand in for the condition."""
    context.fault(pointer, message)
    return Faulty(pointer)


def _note_call(name: str, literals: tuple[Json, ...], context: ConditionContext, pointer: Pointer) -> None:
    first = literals[0] if literals else None
    if not isinstance(first, str):
        return
    uses = context.uses
    known = {"baseline": uses.parameters, "component": uses.components, "components": uses.components, "table": uses.tables}
    known["evidence"] = uses.evidence
    if name in known:
        known[name].add(first)
    elif name == "related":
        for relation in literals:
            note_relation(str(relation), context, pointer)
    elif name == "field" and not context.bound:
        note_path(first, context, pointer)
    elif (
        name == "current"
        and first
        and first not in context.names
        and not any(first.lower().startswith(n.lower()) for n, _ in context.bound)
    ):
        near = did_you_mean(first, context.names)
        context.fault(pointer, f"current('{first}') names no count around it{near} (the element of each is current())")
