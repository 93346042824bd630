"""The fix of a rule, held against the ARM operations there are; renderers, the simulator and the undo script share them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from scanner.language.conditions import compile_condition
from scanner.language.context import ConditionContext, compile_template
from scanner.language.expressions import is_expression
from scanner.language.paths import PathError, compile_path
from scanner.model.errors import Fault
from scanner.model.yaml_file import YamlFile
from scanner.rules.rule import RuleFix
from scanner.rules.shapes import FixShape, Shape, hold_against

__all__ = ["compile_fix"]

Json = Any
ApiVersion = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(-[a-z][a-z0-9.-]*)?$")]
_ITSELF: Final = "[field('id')]"


class SetShape(Shape):
    """Read a resource, change values at paths, write it."""

    resource: str
    api_version: ApiVersion
    values: Annotated[dict[str, Json], Field(min_length=1)]


class CreateShape(Shape):
    """Create a resource."""

    resource: str
    api_version: ApiVersion
    body: dict[str, Json]


class RemoveShape(Shape):
    """Remove a resource."""

    resource: str
    api_version: ApiVersion | None = None


class ActionShape(Shape):
    """Call an operation of a resource."""

    resource: str
    operation: str
    api_version: ApiVersion
    body: Annotated[dict[str, Json], Field(default_factory=dict)]


class ManualShape(Shape):
    """What only a person can do."""

    text: str
    choices: Annotated[list[str], Field(default_factory=list)]


_OPERATIONS: Final[dict[str, type[Shape]]] = {
    "set": SetShape, "create": CreateShape, "remove": RemoveShape, "action": ActionShape, "manual": ManualShape,
}  # fmt: skip


def compile_fix(shape: FixShape | None, file: YamlFile, faults: list[Fault], context: ConditionContext) -> RuleFix | None:
    """Hold each step against its operation, compile what it computes, and report every fault."""
    if shape is None:
        return None
    for at, step in enumerate(shape.steps):
        if len(step) != 1:
            context.fault(("fix", "steps", at), "a step is exactly one of set, create, remove, action, manual")
        for operation, data in step.items():
            _hold_step(str(operation), data, ("fix", "steps", at, str(operation)), file, faults, context)
    if not shape.steps[0]:
        return None
    return RuleFix(
        title=shape.title,
        kind=str(next(iter(shape.steps[0]))),
        disrupts=shape.disrupts.level,
        disrupts_text=shape.disrupts.text,
        steps=tuple({str(key): value for key, value in step.items()} for step in shape.steps),
        after=tuple(shape.after),
        requires=compile_condition(shape.requires, context, ("fix", "requires")) if shape.requires is not None else None,
    )


def _hold_step(
    operation: str, data: Json, at: tuple[str | int, ...], file: YamlFile, faults: list[Fault], context: ConditionContext
) -> None:
    step = hold_against(_OPERATIONS[operation], file, faults, data=data, at=at)
    if step is None:
        return
    resource = getattr(step, "resource", None)
    if resource is not None and not is_expression(resource):
        context.fault((*at, "resource"), f'a resource is named by an expression such as "{_ITSELF}"')
    for key, value in data.items():
        if isinstance(value, str | dict | list):
            compile_template(value, context, (*at, key))
    for path in step.values if isinstance(step, SetShape) else ():
        wrong = _path_fault(path, context, own=resource == _ITSELF)
        if wrong:
            context.fault((*at, "values", path), wrong)


def _path_fault(path: str, context: ConditionContext, *, own: bool) -> str:
    try:
        compile_path(path)
    except PathError as error:
        return str(error)
    return context.path_fault(context.types, path) if own else ""
