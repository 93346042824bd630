"""A rule as the engine runs it: its words, its target, its compiled conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.language.conditions import Condition
from scanner.language.expressions import Template
from scanner.language.messages import Message
from scanner.language.paths import Path
from scanner.language.scope import EachElement, Scope, Uses
from scanner.model.unknown import ABSENT, Unknown
from scanner.model.verdict import Severity

__all__ = ["Each", "FixStep", "Rule", "RuleFix", "Target", "UnknownWhen"]

Json = Any
#: By which member an element is told apart, the first that it has.
_NAMING = ("name", "key", "id", "fqdn", "ipaddress")


@dataclass(frozen=True, slots=True)
class Each:
    """One verdict per element of an array path or of an expression's list; an element's key is the subject."""

    text: str
    path: Path | None
    template: Template | None

    def elements(self, scope: Scope) -> list[EachElement] | Unknown:
        """The elements, each with its key: its name, key, id or address, else its own text, else its position."""
        if self.path is not None:
            if self.path.steps[0].lowered in scope.resource.unread:
                return Unknown.because(f"{scope.resource.id} was read without its {self.path.steps[0].lowered}")
            values = [value for _, value in self.path.expand(scope.document, scope.world.spellings)]
            reasons = [reason for value in values if isinstance(value, Unknown) for reason in value.reasons]
            if reasons:
                return Unknown(tuple(reasons))
            if not values and self._is_absent(scope):
                return Unknown.because(f"{self.text} is not in the answer, so what it holds is not known")
        else:
            assert self.template is not None
            values = self.template.evaluate(scope)
            if isinstance(values, Unknown):
                return values
            if not isinstance(values, list):
                return Unknown.because(f"{self.text} is no list")
        return [EachElement(_key_of(value, at), value) for at, value in enumerate(values) if value is not ABSENT]

    def _is_absent(self, scope: Scope) -> bool:
        """Whether an array on the way is missing, which is not the same as empty."""
        assert self.path is not None
        document, spellings = scope.document, scope.world.spellings
        ends = [at for at, step in enumerate(self.path.steps) if step.kind in ("elements", "values")]
        arrays = (Path(self.text, self.path.steps[:end], wild=end != ends[0]) for end in ends)
        return any(value is ABSENT for array in arrays for _, value in array.expand(document, spellings))


def _key_of(value: Json, at: int) -> str:
    if isinstance(value, Mapping):
        members = {key.lower(): item for key, item in value.items()}
        named = next((members[key] for key in _NAMING if isinstance(members.get(key), str)), None)
        return named if named is not None else str(at)
    return value if isinstance(value, str) else str(at)


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule judges; what `where` rejects is not applicable, `component` takes only what the baseline binds to it, `name`
    only the child of that name (a singleton such as sites/config `web`).
    """

    types: tuple[str, ...]
    where: Condition | None = None
    component: str = ""
    each: Each | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class UnknownWhen:
    """A condition under which the rule cannot know, with the reason."""

    condition: Condition
    reason: Message


@dataclass(frozen=True, slots=True)
class FixStep:
    """One step of a fix, compiled: `operation` is set, create, remove, action or manual; what it does not take is empty.

    With `each`, an expression of a list, it is one step per element; without `when` it always counts. `irreversible` says why
    there is no way back.
    """

    operation: str
    resource: Template | None = None
    api_version: str = ""
    values: tuple[tuple[Path, Template], ...] = ()
    body: Template | None = None
    action: str = ""
    text: Message | None = None
    choices: tuple[Message | Template, ...] = ()
    each: Template | None = None
    when: Condition | None = None
    irreversible: str = ""


@dataclass(frozen=True, slots=True)
class RuleFix:
    """What mends a finding: ARM operations in order, or what a person decides. `requires` is without what it mends nothing;
    `pending` are rules that cannot be judged for a while, until Azure has looked again.
    """

    title: str
    kind: str
    disrupts: str
    disrupts_text: str
    steps: tuple[FixStep, ...]
    after: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    requires: Condition | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, compiled once; `written` is what its file says, for documents."""

    id: str
    control: str
    name: str
    title: str
    severity: Severity
    family: str
    pillar: str
    section: str
    rationale: str
    help: str
    frameworks: dict[str, list[str]]
    target: Target
    unknown_when: tuple[UnknownWhen, ...]
    assertion: Condition
    message: Message
    consequence_of: tuple[str, ...]
    fix: RuleFix | None
    file: str
    uses: Uses = field(default_factory=Uses)
    written: Mapping[str, Json] = field(default_factory=dict)
