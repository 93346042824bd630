"""What every rendered file says of a step, in lines of plain text, and why a step cannot be written at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.language.messages import printable
from scanner.model.unknown import ABSENT, Unknown
from scanner.remediation.operations import Change, Kind, Operation, leaves
from scanner.remediation.plan import Plan, ProofState, Step
from scanner.sources.redact import is_removed

__all__ = [
    "about",
    "about_undo",
    "change_line",
    "held",
    "plain",
    "proof_words",
    "scan_line",
    "shown",
    "unsendable",
    "unwritable",
    "written",
]

Json = Any
_LONGEST: Final = 400
_LONGEST_VALUE: Final = 90
_VERBS: Final = {Kind.SET: "Changes", Kind.CREATE: "Creates", Kind.REMOVE: "Removes", Kind.ACTION: "Calls"}
_PROOF: Final = {
    ProofState.PROVEN: "proven on a simulator",
    ProofState.UNTRIED: "not proven: it was not tried",
    ProofState.FAILED: "not proven: it was tried and did not go as promised",
}


def plain(text: object) -> str:
    """Text on one line without control characters, so that a comment ends where its line ends."""
    return printable(" ".join(str(text).split()), longest=_LONGEST)


def scan_line(plan: Plan) -> str:
    """Which scan a file was made of."""
    return plain(f"scan {plan.scan.id} of {plan.scan.started}, baseline {plan.scan.baseline} ({plan.scan.environment})")


def about(step: Step) -> list[str]:
    """What is done to what, why, at what risk, after what, and whether it is proven."""
    return [plain(line) for line in _about(step)]


def _about(step: Step) -> Iterator[str]:
    operation = step.operation
    yield f"{step.id}: {step.title}"
    yield f"{_VERBS[operation.kind]} {operation.path}"
    for change in operation.changes:
        yield change_line(change)
    yield f"Rules: {', '.join(step.rules)}"
    if step.risky:
        yield f"Disrupts: {step.disrupts}{f', {step.disrupts_text}' if step.disrupts_text else ''}"
    if step.after:
        yield f"After: {', '.join(step.after)}"
    for words in step.waits_for:
        yield f"Waits for a person: {words}"
    yield f"Proof: {proof_words(step)}"


def about_undo(step: Step) -> list[str]:
    """What its undo does to what."""
    if step.undo is None:
        return [plain(f"{step.id}: {step.title}")]
    told = [f"{step.id}, back: {step.title}", f"{_VERBS[step.undo.kind]} {step.undo.path}", *map(change_line, step.undo.changes)]
    return [plain(line) for line in told]


def proof_words(step: Step) -> str:
    """Whether a step is proven, and what went otherwise."""
    return f"{_PROOF[step.proof]}{f' ({step.proof_note})' if step.proof_note else ''}"


def change_line(change: Change) -> str:
    """What was scanned and what it becomes."""
    return f"{change.text}: {shown(change.before)} becomes {shown(change.after)}"


def held(step: Step) -> str:
    """Why a step is done only when it is asked for; empty where it is not held."""
    if step.proof is not ProofState.PROVEN:
        return proof_words(step)
    return f"it waits for a person: {'; '.join(step.waits_for)}" if step.waits_for else ""


def shown(value: Json) -> str:
    """A value on one line, shortened."""
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return printable(value, longest=_LONGEST_VALUE)


def unwritable(value: Json) -> str:
    """Why a value cannot be written; empty where it can."""
    for _, leaf in leaves(value):
        if isinstance(leaf, Unknown):
            return f"it holds what is not known: {leaf}"
        if is_removed(leaf):
            return "it holds what was never read (secrets are removed when they are read)"
    return ""


def unsendable(operation: Operation) -> str:
    """Why a script that reads before it writes cannot do an operation; empty where it can."""
    if {".", ".."} & set(operation.path.split("/")):
        return "its id would become another one in a URL"
    return unwritable(written(operation))


def written(operation: Operation) -> Json:
    """What a script that reads before it writes has to know of a body: the new values, or all of it."""
    if operation.kind is Kind.SET:
        return [change.after for change in operation.changes if change.after is not ABSENT]
    return operation.body if operation.kind in (Kind.CREATE, Kind.ACTION) else None
