"""What a rule says of one resource and subject, with the evidence: the path, what was expected, what is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from scanner.model.resource_id import normalise
from scanner.model.verdict import Severity, Verdict

__all__ = ["Evidence", "Finding", "Fix", "Location", "fingerprint"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One condition leaf that decided the verdict. `actual` is null when the member is absent; `note` says what Azure
    assumes then, or why the value could not be known.
    """

    path: str
    operator: str
    expected: Any
    actual: Any
    note: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a template file a resource is declared (line 0: unknown)."""

    file: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fix:
    """What a rule offers to mend it: the kind of its first step, a title, how much it disrupts, and whom.

    The rest is known once a plan was made: `steps` says in words what it does, `text` and `choices` what it leaves to people;
    `proof` is `untried`, `proven` or `failed`, with the reason in `proof_note`.
    """

    kind: str
    title: str
    disrupts: str
    disrupts_text: str = ""
    steps: tuple[str, ...] = ()
    text: str = ""
    choices: tuple[str, ...] = ()
    proof: str = ""
    proof_note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fail, unknown or error (passes and what does not apply are listed compactly in the result)."""

    rule: str
    control: str
    subject: str
    title: str
    severity: Severity
    verdict: Verdict
    resource: str
    type: str
    component: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    consequence_of: tuple[str, ...] = ()
    location: Location | None = None
    waiver: dict[str, Any] | None = None
    fix: Fix | None = None

    @property
    def waived(self) -> bool:
        """Whether a waiver in force keeps the gate from counting it; the verdict stays."""
        return self.waiver is not None and self.waiver["state"] == "in force"

    @property
    def fingerprint(self) -> str:
        """Stable over runs: what history, waivers and SARIF agree on."""
        return fingerprint(self.rule, self.resource, self.subject)


def fingerprint(rule: str, resource_id: str, subject: str) -> str:
    """32 hex digits of SHA-256 over rule id, lower-cased resource id and subject."""
    text = "\n".join((rule, normalise(resource_id), subject))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
