"""The plan: steps in the order in which they are to be run, what is left to people, and what was proven of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scanner.model.result import ScanInfo
from scanner.remediation.operations import Operation

__all__ = ["PLAN_SCHEMA", "RISKS", "Covered", "Manual", "Plan", "Proof", "ProofState", "Seen", "Step"]

PLAN_SCHEMA: Final = "driftline.plan/1"
#: How much a step may disrupt, least first, as fixes say it.
RISKS: Final = ("none", "possible", "yes")


class ProofState(StrEnum):
    """Whether a step was tried: not at all, as promised, or not as promised."""

    UNTRIED = "untried"
    PROVEN = "proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation with what it mends: `findings` are fingerprints, `rules` their rules.

    `after` are the ids of steps that must be done before; `waits_for` says in words what a person has to do first; `pending`
    are rules that cannot be judged for a while afterwards. `undo` is None where there is no way back, and `undo_note` says why.
    `proof_note` says what went otherwise than promised.
    """

    id: str
    title: str
    operation: Operation
    rules: tuple[str, ...]
    findings: tuple[str, ...]
    disrupts: str
    disrupts_text: str = ""
    after: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    undo: Operation | None = None
    undo_note: str = ""
    proof: ProofState = ProofState.UNTRIED
    proof_note: str = ""
    pending: tuple[str, ...] = ()

    @property
    def risky(self) -> bool:
        """Whether it may disrupt somebody."""
        return self.disrupts != RISKS[0]


@dataclass(frozen=True, slots=True)
class Manual:
    """What a person decides or does: for which finding, what, between which choices, and why no step does it."""

    rule: str
    finding: str
    resource: str
    title: str
    text: str
    choices: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """A finding that follows from others of the plan and has no step of its own: `by` are rules or step ids."""

    rule: str
    finding: str
    resource: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rehearsal showed of one finding, by fingerprint; or, without a rule, of a step or resource."""

    where: str
    words: str
    rule: str = ""
    subject: str = ""
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a rehearsal of the plan showed: `by` says what ran it (`simulator` or `az`).

    `fixed` are promised failures that are gone, `still_failing` promised ones that are not, `newly_failing` and `turned_unknown`
    what became worse, `also_fixed` what nobody promised; `pending` what cannot be judged until Azure has looked again, as fixes
    say; `refused` the steps that ARM refused, `not_undone` the resources that differ after the undo.
    """

    by: str
    fixed: tuple[Seen, ...] = ()
    still_failing: tuple[Seen, ...] = ()
    newly_failing: tuple[Seen, ...] = ()
    turned_unknown: tuple[Seen, ...] = ()
    also_fixed: tuple[Seen, ...] = ()
    refused: tuple[Seen, ...] = ()
    not_undone: tuple[Seen, ...] = ()
    pending: tuple[Seen, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything went as promised, and the undo led back."""
        worse = (self.still_failing, self.newly_failing, self.turned_unknown, self.refused, self.not_undone)
        return not any(worse)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to be done about a scan. `left` are failing findings that waivers accept or options left out; `foreseen`
    what steps would make fail that does not fail now, and other steps or people see to.
    """

    scan: ScanInfo
    steps: tuple[Step, ...]
    manual: tuple[Manual, ...] = ()
    covered: tuple[Covered, ...] = ()
    left: tuple[str, ...] = ()
    proof: Proof | None = None
    foreseen: tuple[Seen, ...] = ()

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The ids of subscriptions that steps change something in, sorted."""
        return tuple(sorted({step.operation.subscription for step in self.steps if step.operation.subscription}))
