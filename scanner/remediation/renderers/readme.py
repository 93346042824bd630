"""Renders README.md, which a reviewer reads before a plan is run: what, why, at what risk, how, what was shown and what stays.

Names and values come from Azure and may be hostile: all of them are escaped for their place in Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from scanner.language.markdown import Markdown, code, escaped
from scanner.remediation.operations import Change, Kind
from scanner.remediation.plan import Manual, Plan, Proof, ProofState, Seen, Step
from scanner.remediation.renderers import arm, terraform
from scanner.remediation.renderers.layouts import layout
from scanner.remediation.renderers.telling import scan_line, shown, unsendable
from scanner.remediation.summary import place

__all__ = ["render_readme"]

Json = Any
View = dict[str, Json]

#: How many rows a table or list shows; plan.json has all.
_MOST: Final = 60
_FIRST: Final = 12
_PROOF: Final = {ProofState.PROVEN: "proven", ProofState.UNTRIED: "not tried", ProofState.FAILED: "**failed**"}
_RISKS: Final = {"none": "", "possible": "may", "yes": "**yes**"}


def render_readme(plan: Plan, formats: Sequence[str]) -> dict[str, bytes]:
    """The file by name. `formats` are those that the plan is rendered in beside it."""
    filters = {"text": escaped, "code": code}
    text = layout("readme", "README.md", filters).render(
        scan=scan_line(plan), scopes=list(plan.scan.scopes), formats=list(formats), most=_MOST, **_counts(plan),
        steps=[_row(step) for step in plan.steps[:_MOST]], details=[_detail(step) for step in plan.steps[:_MOST]],
        risks=_risks(plan), waiting=[step for step in plan.steps if step.waits_for], no_undo=_no_undo(plan),
        proof=plan.proof and _proof(plan.proof), manual=[_manual(item) for item in plan.manual[:_MOST]],
        covered=_covered(plan)[:_MOST], foreseen=plan.foreseen[:_MOST], left_out=_left_out(plan, formats),
    )  # fmt: skip
    return {"README.md": text.encode()}


def _counts(plan: Plan) -> View:
    promised = {finding for step in plan.steps for finding in step.findings}
    return {
        "subscriptions": list(plan.subscriptions),
        "counts": {
            "steps": len(plan.steps),
            "findings": len(promised),
            "risky": sum(step.risky for step in plan.steps),
            "unproven": sum(step.proof is not ProofState.PROVEN for step in plan.steps),
            "manual": len(plan.manual),
            "covered": len(plan.covered),
            "left": len(plan.left),
        },
    }


def _row(step: Step) -> View:
    return {
        "id": step.id, "title": step.title, "place": place(step), "rules": ", ".join(step.rules), "after": ", ".join(step.after),
        "risk": Markdown(_RISKS[step.disrupts]), "proof": Markdown(_PROOF[step.proof]),
    }  # fmt: skip


def _detail(step: Step) -> View:
    operation = step.operation
    said = {
        Kind.SET: [_change(change) for change in operation.changes],
        Kind.CREATE: [Markdown(f"is created: {code(shown(operation.body))}")],
        Kind.REMOVE: [Markdown("is removed")],
        Kind.ACTION: [Markdown(f"{code(operation.action)} is called")],
    }
    return {"id": step.id, "resource": operation.resource, "said": Markdown("<br>".join(said[operation.kind]))}


def _change(change: Change) -> Markdown:
    return Markdown(f"{code(change.text)}: {code(shown(change.before))} becomes {code(shown(change.after))}")


def _gathered(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Words with the ids of all steps that they are told of."""
    found: dict[str, list[str]] = {}
    for step_id, words in told:
        found.setdefault(words, []).append(step_id)
    return [(words, ", ".join(ids)) for words, ids in found.items()]


def _risks(plan: Plan) -> list[tuple[str, str]]:
    """Whom or what steps disrupt."""
    return _gathered((step.id, step.disrupts_text or "It is not known whom") for step in plan.steps if step.risky)


def _no_undo(plan: Plan) -> list[tuple[str, str]]:
    """Why steps have no way back."""
    found = []
    for step in plan.steps:
        why = unsendable(step.undo) if step.undo is not None else step.undo_note or "there is no way back"
        found += [(step.id, why)] if why else []
    return _gathered(found)


def _covered(plan: Plan) -> list[tuple[str, str, str]]:
    """Each rule and resource once."""
    return list(dict.fromkeys((item.rule, item.resource, ", ".join(item.by)) for item in plan.covered))


def _left_out(plan: Plan, formats: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Why the files of a format leave steps out."""
    scripts = {step.id: why for step in plan.steps if (why := unsendable(step.operation))}
    by_format = {"arm": arm.left_out, "terraform": terraform.left_out}
    found = [(name, by_format[name](plan) if name in by_format else scripts) for name in formats]
    return [(name, _gathered(left.items())) for name, left in found if left]


def _proof(proof: Proof) -> View:
    return {
        "by": "the real az on a simulator of the snapshot" if proof.by == "az" else "a simulator of the snapshot",
        "holds": proof.holds,
        "fixed": len(proof.fixed),
        "also_fixed": len(proof.also_fixed),
        "worse": [(title, [_seen(item) for item in items[:_FIRST]], len(items)) for title, items in _worse(proof) if items],
    }


def _worse(proof: Proof) -> Iterator[tuple[str, Sequence[Seen]]]:
    yield "Still failing", proof.still_failing
    yield "Newly failing", proof.newly_failing
    yield "No longer known", proof.turned_unknown
    yield "Not known until Azure has looked again", proof.pending
    yield "Refused by ARM", proof.refused
    yield "Different after the undo", proof.not_undone


def _seen(item: Seen) -> Markdown:
    rule = f"{escaped(item.rule)}: " if item.rule else ""
    return Markdown(f"{rule}{escaped(item.words)} ({code(item.where)})")


def _manual(item: Manual) -> View:
    return {
        "rule": item.rule, "title": item.title, "resource": item.resource, "text": item.text.rstrip(" .:"),
        "choices": item.choices[:_FIRST], "reason": item.reason,
    }  # fmt: skip
