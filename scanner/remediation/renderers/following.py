"""What becomes of steps that come after one that a file leaves out, or after one that is done only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scanner.remediation.operations import Operation
from scanner.remediation.plan import Plan, Step
from scanner.remediation.renderers.telling import held

__all__ = ["Turn", "fixes", "settled", "undos"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One operation in the order of a file: that of a step, or its undo. `after` are the ids of steps whose turns come before;
    `held` ones are done only when they are asked for; `why_not` says why one is left out, where it is.
    """

    step: Step
    operation: Operation | None
    after: tuple[str, ...]
    held: bool = False
    why_not: str = ""


def fixes(plan: Plan) -> list[Turn]:
    """The steps, first to last."""
    return [Turn(step, step.operation, step.after, bool(held(step))) for step in plan.steps]


def undos(plan: Plan) -> list[Turn]:
    """The ways back, last to first; a step is undone after those that came after it."""
    found = []
    for step in reversed(plan.steps):
        later = tuple(other.id for other in plan.steps if step.id in other.after and other.undo is not None)
        why_not = "" if step.undo is not None else step.undo_note or "there is no way back"
        found.append(Turn(step, step.undo, later, why_not=why_not))
    return found


def settled(turns: Iterable[Turn]) -> list[Turn]:
    """The turns, of which those that come after one that is left out are so too, and those after a held one are held."""
    done: dict[str, Turn] = {}
    for turn in turns:
        before: Sequence[Turn] = [done[name] for name in turn.after]
        missing = [item.step.id for item in before if item.why_not]
        if missing and not turn.why_not:
            turn = replace(turn, why_not=f"it comes after {', '.join(missing)}, which is left out")
        done[turn.step.id] = replace(turn, held=turn.held or any(item.held for item in before))
    return list(done.values())
