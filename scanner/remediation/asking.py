"""What the fixes of rules ask for: the steps of each failing outcome, evaluated where it was judged, or a person's decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.engine.evaluate import Outcome
from scanner.language.messages import Message
from scanner.language.paths import Path, compile_path
from scanner.language.scope import Default, Scope
from scanner.model.arm_types import arm_type
from scanner.model.finding import Finding
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Truth, Unknown
from scanner.remediation.operations import Change, Kind, Operation, changed, leaves, spelled, value_at, writable
from scanner.remediation.plan import Manual
from scanner.rules.rule import FixStep, Rule
from scanner.sources.redact import is_removed

__all__ = ["Asked", "Failure", "UndecidableError", "as_remove", "as_set", "ask"]

Json = Any
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing finding with the outcome that it explains and the snapshot it was judged in; `defaults` are what Azure assumes
    for absent members, by compared type and lower-case path.
    """

    finding: Finding
    outcome: Outcome
    snapshot: Snapshot
    defaults: Mapping[tuple[str, str], Default] = field(default_factory=dict, repr=False)

    @property
    def rule(self) -> Rule:
        """The rule that fails."""
        return self.outcome.rule


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation that a fix asks for. `irreversible` says why there is no way back."""

    failure: Failure
    operation: Operation
    irreversible: str = ""


class UndecidableError(Exception):
    """What a step needs is not known, or not there."""


def ask(failure: Failure) -> tuple[list[Asked], list[Manual]]:
    """The operations that mend a finding, and what is left to a person: both, where a fix has steps of both kinds.

    Where any operation cannot be told, there is none at all: half a fix is no fix.
    """
    fix = failure.rule.fix
    if fix is None:
        return [], [_manual(failure, failure.finding.title, reason="its rule has no fix")]
    scope = failure.outcome.scope
    if fix.requires is not None:
        holds = fix.requires.test(scope)
        if holds is not True:
            return [], [_manual(failure, fix.title, reason=_not_offered(holds))]
    asked: list[Asked] = []
    manual: list[Manual] = []
    try:
        for step in fix.steps:
            for place in _places(step, scope):
                if step.operation == "manual":
                    manual.append(_told(failure, step, place))
                else:
                    asked.append(Asked(failure, _operation(step, place, failure), step.irreversible))
    except UndecidableError as error:
        return [], [_manual(failure, fix.title, reason=str(error)), *manual]
    if not asked and not manual:
        manual.append(_manual(failure, fix.title, reason="no step of its fix applies here"))
    return asked, manual


def _not_offered(holds: Truth) -> str:
    return f"whether a script can do it is not known: {holds}" if isinstance(holds, Unknown) else "it needs a decision here"


def _manual(failure: Failure, title: str, *, text: str = "", choices: tuple[str, ...] = (), reason: str = "") -> Manual:
    finding = failure.finding
    return Manual(finding.rule, finding.fingerprint, finding.resource, title, text or title, choices, reason)


def _told(failure: Failure, step: FixStep, scope: Scope) -> Manual:
    assert step.text is not None and failure.rule.fix is not None, "the shape of a manual step"  # noqa: PT018  # one promise
    choices: list[str] = []
    for choice in step.choices:
        if isinstance(choice, Message):
            choices.append(choice.render(scope))
            continue
        found = choice.evaluate(scope)
        choices.extend(str(item) for item in (found if isinstance(found, list) else [found]) if not isinstance(item, Unknown))
    return _manual(failure, failure.rule.fix.title, text=step.text.render(scope), choices=tuple(choices))


def _places(step: FixStep, scope: Scope) -> Iterator[Scope]:
    """Where a step is evaluated: once, or once per element of its `each`; nowhere where its `when` does not hold."""
    places = [scope]
    if step.each is not None:
        elements = _known(step.each.evaluate(scope), "what its fix goes through")
        if not isinstance(elements, list):
            raise UndecidableError("what its fix goes through is no list")
        places = [scope.inside("", element) for element in elements]
    for place in places:
        holds = True if step.when is None else step.when.test(place)
        if isinstance(holds, Unknown):
            raise UndecidableError(f"whether a step is needed is not known: {holds}")
        if holds:
            yield place


def _operation(step: FixStep, scope: Scope, failure: Failure) -> Operation:
    assert step.resource is not None, "the shape of an operation"
    resource = _known(step.resource.evaluate(scope), "which resource")
    if not isinstance(resource, str) or not resource.startswith("/") or not ResourceId.parse(resource).type:
        raise UndecidableError(f"{resource!r} is not the id of a resource")
    resource = resource.rstrip("/")
    version = step.api_version or _newest(resource)
    body = _known(step.body.evaluate(scope), "what to write") if step.body is not None else None
    if step.operation == "set":
        return _set(step, resource, version, scope, failure)
    if step.operation == "create":
        return _create(resource, version, body, failure.snapshot)
    if step.operation == "remove":
        return _remove(resource, version, failure.snapshot)
    return Operation(Kind.ACTION, resource, version, body=body or {}, action=step.action)


def _newest(resource: str) -> str:
    known = arm_type(ResourceId.parse(resource).type)
    if known is None or not known.api_version:
        raise UndecidableError(f"no API version of {ResourceId.parse(resource).type} is known")
    return known.api_version


def _set(step: FixStep, resource: str, version: str, scope: Scope, failure: Failure) -> Operation:
    there = _there(resource, failure.snapshot)
    changes: list[Change] = []
    for path, template in step.values:
        value = template.evaluate(scope)
        after = ABSENT if value is None or value is ABSENT else _known(value, path.text)
        for steps in _concrete(path, there, failure.snapshot):
            if steps[0] in there.unread:
                raise UndecidableError(f"{there.id} was read without its {steps[0]}")
            before = value_at(there.body, steps)
            _known(before, path.text)
            if not _alike(before, after):
                changes.append(Change(steps, before, after, _assumed(there, steps, failure.defaults)))
    return as_set(there, version, changes)


def _assumed(there: Resource, steps: Steps, defaults: Mapping[tuple[str, str], Default]) -> Json:
    """What Azure assumes where a member is absent; nothing where that hangs on the API version."""
    path = "".join("[*]" if isinstance(step, int) else f".{step.lower()}" for step in steps).removeprefix(".")
    default = defaults.get((there.type_key, path))
    return default.value if default is not None and not default.since else ABSENT


def as_set(there: Resource, version: str, changes: list[Change]) -> Operation:
    """A set of a resource that was read. Raises `UndecidableError` where nothing would change."""
    if not changes:
        raise UndecidableError(f"{there.name} has these values already")
    try:
        whole = changed(there.body, changes)
    except ValueError as error:
        raise UndecidableError(f"{there.name} is not as its fix expects: {error}") from error
    return Operation(Kind.SET, there.id, version, tuple(changes), whole=whole)


def _concrete(path: Path, there: Resource, snapshot: Snapshot) -> list[Steps]:
    """The places that a path names in a body, as spelled there; every element where it is wild."""
    texts = [text for text, _ in path.expand(there.body, snapshot.spellings)] if path.wild else [path.text]
    return [_spelled(compile_path(text), there.body) for text in texts if not text.endswith(("[*]", ".*"))]


def _spelled(path: Path, body: Json) -> Steps:
    steps: list[str | int] = []
    for step in path.steps:
        steps.append(step.index if step.kind == "index" else spelled(body, step.name) if isinstance(body, Mapping) else step.name)
        body = value_at(body, (steps[-1],))
    return tuple(steps)


def _create(resource: str, version: str, body: Json, snapshot: Snapshot) -> Operation:
    found = snapshot.look_up(resource)
    if isinstance(found, Resource):
        return _brought_to(found, version, body)
    if isinstance(found, Unknown) and not _made_by_us(resource):
        raise UndecidableError(f"whether {resource} is there already is not known: {found}")
    return Operation(Kind.CREATE, resource, version, body=body)


def _made_by_us(resource: str) -> bool:
    """Names that no one else gives: whether such a resource is there, the script asks before it writes."""
    return ResourceId.parse(resource).name.lower().startswith("driftline")


def _brought_to(there: Resource, version: str, body: Json) -> Operation:
    """What is there already is changed to what was to be created."""
    changes = []
    for steps, after in leaves(body):
        place = _spelled_steps(steps, there.body)
        before = value_at(there.body, place)
        if not _alike(before, after):
            changes.append(Change(place, before, after))
    return as_set(there, version, changes)


def _spelled_steps(steps: Steps, body: Json) -> Steps:
    found: list[str | int] = []
    for step in steps:
        found.append(spelled(body, step) if isinstance(step, str) and isinstance(body, Mapping) else step)
        body = value_at(body, (found[-1],))
    return tuple(found)


def _remove(resource: str, version: str, snapshot: Snapshot) -> Operation:
    return as_remove(_there(resource, snapshot), version)


def as_remove(there: Resource, version: str) -> Operation:
    """A remove of a resource that was read, with what was read of it where that is all that a request can say."""
    body = writable(there.type, there.body)
    complete = not there.unread and not any(_is_removed(value) for _, value in leaves(body))
    return Operation(Kind.REMOVE, there.id, version, body=body if complete else None)


def _is_removed(value: Json) -> bool:
    return isinstance(value, Unknown) or is_removed(value)


def _there(resource: str, snapshot: Snapshot) -> Resource:
    found = snapshot.look_up(resource)
    if isinstance(found, Resource):
        if snapshot.holds_twice(resource):
            raise UndecidableError(f"the snapshot holds {found.name} twice, and they may differ")
        return replace(found, id=f"/{found.id.strip('/')}")  # settings of a subscription lack the first slash
    why = f": {found}" if isinstance(found, Unknown) else ""
    raise UndecidableError(f"{resource} was not read{why}" if why else f"{resource} is not there")


def _alike(before: Json, after: Json) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        return before.lower() == after.lower()
    return type(before) is type(after) and bool(before == after)


def _known(value: Json, what: str) -> Json:
    """A value in which everything is known, absent members left out. Raises `UndecidableError`."""
    if isinstance(value, Unknown):
        raise UndecidableError(f"{what} is not known: {value}")
    if isinstance(value, Mapping):
        return {name: _known(item, f"{what}.{name}") for name, item in value.items() if item is not ABSENT}
    if isinstance(value, list):
        return [_known(item, what) for item in value if item is not ABSENT]
    return value
