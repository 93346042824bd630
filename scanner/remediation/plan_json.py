"""plan.json, the contract `driftline.plan/1`: every step with what it relies on, its way back, and what was proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import msgspec

from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation
from scanner.remediation.plan import PLAN_SCHEMA, Covered, Manual, Plan, Proof, Seen, Step

__all__ = ["plan_document", "render_plan"]

Json = Any


def render_plan(plan: Plan) -> bytes:
    """The bytes of plan.json: the same plan gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(plan_document(plan)), indent=2) + b"\n"


def plan_document(plan: Plan) -> dict[str, Json]:
    """The plan as a document with fixed key order."""
    scan = plan.scan
    return {
        "schema": PLAN_SCHEMA,
        "scan": {
            "id": scan.id,
            "started": scan.started,
            "baseline": {"name": scan.baseline, "environment": scan.environment},
            "scopes": list(scan.scopes),
        },
        "steps": [_step(step) for step in plan.steps],
        "manual": [_manual(item) for item in plan.manual],
        "covered": [_covered(item) for item in plan.covered],
        "foreseen": _seen(plan.foreseen),
        "left": list(plan.left),
        "proof": _proof(plan.proof) if plan.proof is not None else None,
    }


def _step(step: Step) -> dict[str, Json]:
    return {
        "id": step.id,
        "title": step.title,
        "rules": list(step.rules),
        "findings": list(step.findings),
        "disrupts": {"level": step.disrupts, "text": step.disrupts_text},
        "risky": step.risky,
        "after": list(step.after),
        "waits_for": list(step.waits_for),
        "pending": list(step.pending),
        **_operation(step.operation),
        "undo": _operation(step.undo) if step.undo is not None else None,
        "undo_note": step.undo_note,
        "proof": {"state": step.proof.value, "note": step.proof_note},
    }


def _operation(operation: Operation) -> dict[str, Json]:
    document: dict[str, Json] = {
        "operation": operation.kind.value,
        "resource": operation.resource,
        "type": operation.type,
        "api_version": operation.api_version,
    }
    if operation.kind is Kind.SET:
        document["changes"] = [_change(change) for change in operation.changes]
    if operation.kind is Kind.ACTION:
        document["action"] = operation.action
    if operation.kind in (Kind.CREATE, Kind.ACTION):
        document["body"] = operation.body
    return document


def _change(change: Change) -> dict[str, Json]:
    """A side without a member has no value there: null would be a value."""
    sides = {"before": change.before, "after": change.after}
    return {"path": change.text, **{name: value for name, value in sides.items() if value is not ABSENT}}


def _manual(item: Manual) -> dict[str, Json]:
    return {**asdict(item), "choices": list(item.choices)}


def _covered(item: Covered) -> dict[str, Json]:
    return {**asdict(item), "by": list(item.by)}


def _proof(proof: Proof) -> dict[str, Json]:
    return {
        "by": proof.by,
        "holds": proof.holds,
        "fixed": _seen(proof.fixed),
        "still_failing": _seen(proof.still_failing),
        "newly_failing": _seen(proof.newly_failing),
        "turned_unknown": _seen(proof.turned_unknown),
        "also_fixed": _seen(proof.also_fixed),
        "pending": _seen(proof.pending),
        "refused": _seen(proof.refused),
        "not_undone": _seen(proof.not_undone),
    }


def _seen(items: Iterable[Seen]) -> list[dict[str, Json]]:
    return [{name: value for name, value in asdict(item).items() if value or name in ("where", "words")} for item in items]
