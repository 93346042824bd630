"""What a terminal shows of a plan: steps in their order, what is left to people, and what was proven. No control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

import msgspec

from scanner.language.messages import printable
from scanner.model.resource import is_extension
from scanner.model.resource_id import ResourceId, parent_type
from scanner.remediation.operations import Kind
from scanner.remediation.plan import Plan, Proof, ProofState, Step

__all__ = ["place", "step_words", "summarise"]

_MOST_STEPS: Final = 40
_MOST_PEOPLE: Final = 12
_MARKS: Final = {ProofState.PROVEN: "proven", ProofState.FAILED: "FAILED", ProofState.UNTRIED: ""}


def summarise(plan: Plan, *, width: int = 80) -> str:
    """The summary, each line at most `width` long."""
    lines = [f"{len(plan.steps)} steps" + (", in this order" if len(plan.steps) > 1 else "")]
    for step in plan.steps[:_MOST_STEPS]:
        lines += _step(step, width)
    if len(plan.steps) > _MOST_STEPS:
        lines.append(f"  and {len(plan.steps) - _MOST_STEPS} more in plan.json")
    lines += _left(plan, width)
    if plan.proof is not None:
        lines += ["", *_proof(plan.proof, width)]
    elif plan.steps:
        lines += [
            "",
            *_wrapped(
                "Nothing was tried: --prove rehearses the plan. Scripts run unproven steps with --force alone.", width, "  "
            ),
        ]
    return "\n".join(lines) + "\n"


def _step(step: Step, width: int) -> Iterator[str]:
    risk = {"none": "", "possible": "may disrupt", "yes": "disrupts"}[step.disrupts]
    marks = ", ".join(mark for mark in (*step.rules, risk, _MARKS[step.proof]) if mark)
    yield from _wrapped(f"  {step.id} {printable(step.title)}: {place(step)} ({marks})", width, "           ")
    for what in step.waits_for:
        yield from _wrapped(f"           first, by a person: {printable(what)}", width, "             ")
    if step.proof is ProofState.FAILED:
        yield from _wrapped(f"           {printable(step.proof_note, longest=400)}", width, "             ")


def place(step: Step) -> str:
    """Where a step does something, in a few words: the resource, or what it stands on or in."""
    own = ResourceId.parse(step.operation.resource)
    around = ResourceId.parse(own.parent).name if own.parent else ""
    name, upon = printable(own.name, longest=40), printable(around, longest=40)
    if is_extension(own.type) or "/providers/" in own.scope.lower():
        return upon
    return f"{name} of {upon}" if parent_type(own.type) else name


def step_words(step: Step) -> str:
    """What a step does, in one line: `step-004: vault: properties.x Enabled → Disabled`."""
    operation = step.operation
    if operation.kind is Kind.SET:
        changes = (f"{change.text} {_value(change.before)} → {_value(change.after)}" for change in operation.changes)
        return f"{step.id}: {place(step)}: {'; '.join(changes)}"
    words = {
        Kind.CREATE: f"create {operation.type.rpartition('/')[2]}",
        Kind.REMOVE: f"remove {operation.type.rpartition('/')[2]}",
        Kind.ACTION: f"call {operation.action}",
    }
    return f"{step.id}: {place(step)}: {words[operation.kind]} {printable(ResourceId.parse(operation.resource).name)}"


def _value(value: object) -> str:
    if isinstance(value, dict | list):
        return printable(msgspec.json.encode(value).decode(), longest=80)
    return printable(value)


def _left(plan: Plan, width: int) -> Iterator[str]:
    if plan.manual:
        yield ""
        yield f"{len(plan.manual)} left to people"
    by_text: dict[tuple[str, str], list[str]] = {}
    for item in plan.manual:
        by_text.setdefault((item.rule, item.title), []).append(item.resource.rpartition("/")[2])
    for at, ((rule, title), names) in enumerate(by_text.items()):
        if at == _MOST_PEOPLE:
            yield f"  and {len(by_text) - at} more in README.md"
            break
        told = ", ".join(printable(name, longest=32) for name in dict.fromkeys(names))
        yield from _wrapped(f"  {rule} {printable(title)}: {told}", width, "    ")
    if plan.covered:
        yield f"{len(plan.covered)} mended by steps for others"
    if plan.foreseen:
        yield f"{len(plan.foreseen)} that steps would make fail are mended too"


def _proof(proof: Proof, width: int) -> Iterator[str]:
    word = "The proof holds" if proof.holds else "The proof FAILED"
    by = "by the real az on a simulator" if proof.by == "az" else "on a simulator of the snapshot"
    yield from (
        _wrapped(f"{word}: tried {by}, {len(proof.fixed)} findings are fixed, and the undo leads back.", width, "  ")
        if (proof.holds)
        else _wrapped(f"{word}, tried {by}: {len(proof.fixed)} findings are fixed.", width, "  ")
    )
    for title, items in (
        ("still failing", proof.still_failing),
        ("newly failing", proof.newly_failing),
        ("turned unknown", proof.turned_unknown),
        ("until Azure looks again", proof.pending),
        ("refused", proof.refused),
        ("not undone", proof.not_undone),
    ):
        for item in items[:_MOST_PEOPLE]:
            where = printable(item.where.rpartition("/")[2], longest=40)
            yield from _wrapped(f"  {title}: {item.rule or where}: {printable(item.words, longest=300)}", width, "    ")


def _wrapped(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False) or [line]
