"""The fix of a rule, held against the ARM operations there are; renderers, the simulator and the undo script share them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from scanner.language.conditions import compile_condition
from scanner.language.context import ConditionContext, compile_template
from scanner.language.expressions import Template, is_expression
from scanner.language.messages import Message, compile_message
from scanner.language.paths import Path, PathError, compile_path
from scanner.model.errors import Fault
from scanner.model.yaml_file import YamlFile
from scanner.rules.rule import FixStep, RuleFix
from scanner.rules.shapes import FixShape, Shape, hold_against

__all__ = ["compile_fix"]

Json = Any
Pointer = tuple[str | int, ...]
ApiVersion = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(-[a-z][a-z0-9.-]*)?$")]
_ITSELF: Final = "[field('id')]"
#: What a person is to do names ids whole, so that they can be copied.
_WHOLE: Final = 1000


class StepShape(Shape):
    """What every step takes: `each` an expression of a list, one step per element, which is `current()`; `when` a condition
    without which the step is left out; `irreversible` why there is no way back.
    """

    each: str = ""
    when: dict[str, Json] | None = None


class OperationShape(StepShape):
    """A step that changes something."""

    resource: str
    irreversible: str = ""


class SetShape(OperationShape):
    """Read a resource, change values at paths, write it. The value null takes a member away."""

    api_version: ApiVersion
    values: Annotated[dict[str, Json], Field(min_length=1)]


class CreateShape(OperationShape):
    """Create a resource."""

    api_version: ApiVersion
    body: dict[str, Json]


class RemoveShape(OperationShape):
    """Remove a resource."""

    api_version: ApiVersion | None = None


class ActionShape(OperationShape):
    """Call an operation of a resource. None can be undone."""

    operation: str
    api_version: ApiVersion
    body: Annotated[dict[str, Json], Field(default_factory=dict)]


class ManualShape(StepShape):
    """What only a person can do. A choice that is an expression of a list stands for each of its elements."""

    text: str
    choices: Annotated[list[str], Field(default_factory=list)]


_OPERATIONS: Final[dict[str, type[StepShape]]] = {
    "set": SetShape, "create": CreateShape, "remove": RemoveShape, "action": ActionShape, "manual": ManualShape,
}  # fmt: skip


def compile_fix(shape: FixShape | None, file: YamlFile, faults: list[Fault], context: ConditionContext) -> RuleFix | None:
    """Hold each step against its operation, compile what it computes, and report every fault."""
    if shape is None:
        return None
    steps = []
    for at, written in enumerate(shape.steps):
        if len(written) != 1:
            context.fault(("fix", "steps", at), "a step is exactly one of set, create, remove, action, manual")
        for operation, data in written.items():
            steps.append(_Step(str(operation), ("fix", "steps", at, str(operation)), context).compile(data, file, faults))
    compiled = tuple(step for step in steps if step is not None)
    if not compiled:
        return None
    return RuleFix(
        title=shape.title,
        kind=compiled[0].operation,
        disrupts=shape.disrupts.level,
        disrupts_text=shape.disrupts.text,
        steps=compiled,
        after=tuple(shape.after),
        pending=tuple(shape.pending),
        requires=compile_condition(shape.requires, context, ("fix", "requires")) if shape.requires is not None else None,
    )


class _Step:
    """One step while it is compiled."""

    def __init__(self, operation: str, at: Pointer, context: ConditionContext) -> None:
        self._operation, self._at, self._context = operation, at, context

    def compile(self, data: Json, file: YamlFile, faults: list[Fault]) -> FixStep | None:
        """The step, or None after a fault."""
        step = hold_against(_OPERATIONS[self._operation], file, faults, data=data, at=self._at)
        if step is None:
            return None
        if isinstance(step, OperationShape) and not is_expression(step.resource):
            self._fault("resource", f'a resource is named by an expression such as "{_ITSELF}"')
        if step.each and not is_expression(step.each):
            self._fault("each", "each is an expression of a list")
        return FixStep(
            operation=self._operation,
            resource=self._template(step, "resource"),
            api_version=getattr(step, "api_version", None) or "",
            values=tuple(self._values(step)) if isinstance(step, SetShape) else (),
            body=self._template(step, "body"),
            action=str(getattr(step, "operation", "")),
            text=self._message(step, "text"),
            choices=tuple(self._choices(step)) if isinstance(step, ManualShape) else (),
            each=self._template(step, "each"),
            when=compile_condition(step.when, self._context, (*self._at, "when")) if step.when is not None else None,
            irreversible=getattr(step, "irreversible", ""),
        )

    def _template(self, step: StepShape, key: str) -> Template | None:
        value = getattr(step, key, None)
        return None if value in (None, "") else compile_template(value, self._context, (*self._at, key))

    def _message(self, step: StepShape, key: str) -> Message | None:
        value = getattr(step, key, None)
        return compile_message(value, self._context, (*self._at, key), longest=_WHOLE) if value is not None else None

    def _choices(self, step: ManualShape) -> list[Message | Template]:
        found: list[Message | Template] = []
        for at, choice in enumerate(step.choices):
            pointer = (*self._at, "choices", at)
            if not is_expression(choice):
                found.append(compile_message(choice, self._context, pointer, longest=_WHOLE))
            elif (template := compile_template(choice, self._context, pointer)) is not None:
                found.append(template)
        return found

    def _values(self, step: SetShape) -> list[tuple[Path, Template]]:
        found = []
        for path, value in step.values.items():
            wrong = _path_fault(path, self._context, own=step.resource == _ITSELF)
            if wrong:
                self._fault("values", wrong, path)
                continue
            template = compile_template(value, self._context, (*self._at, "values", path))
            if template is not None:
                found.append((compile_path(path), template))
        return found

    def _fault(self, key: str, message: str, *more: str) -> None:
        self._context.fault((*self._at, key, *more), message)


def _path_fault(path: str, context: ConditionContext, *, own: bool) -> str:
    try:
        compile_path(path)
    except PathError as error:
        return str(error)
    return context.path_fault(context.types, path) if own else ""
