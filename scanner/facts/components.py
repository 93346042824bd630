"""Binds the baseline's components to resources: which one is the workspace, which the model account, which is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from scanner.facts.bare_world import BareWorld
from scanner.language.paths import compile_path
from scanner.language.scope import Scope
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Truth, Unknown
from scanner.rules.baseline import Baseline, Component
from scanner.rules.shapes import WorkloadShape

__all__ = ["Binding", "BoundWorkload", "bind_workloads"]

Json = Any
_NO_CLOCK: Final = datetime.fromtimestamp(0, UTC)  # what a component is does not depend on the time


@dataclass(frozen=True, slots=True)
class Binding:
    """What a component is bound to: `bound`, `missing`, `ambiguous` or `unknown`, with the reason and what to do.

    `more` says why a bound component may have more resources than those found; None when all are known.
    `misnamed` where driftline.yaml names a resource that is not there. `only` is the compared id of what it can only be, though
    that could not be read.
    """

    component: str
    resources: tuple[Resource, ...]
    status: str
    reason: str = ""
    more: Unknown | None = None
    misnamed: bool = False
    only: str = ""


@dataclass(frozen=True, slots=True)
class BoundWorkload:
    """A workload with its components bound and its parameters settled."""

    name: str
    scopes: tuple[str, ...]
    components: Mapping[str, Binding]
    parameters: Mapping[str, Json]
    _holders: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def component_of(self, key: str) -> str:
        """The first component that holds a resource, or what it stands in or on, by normalised id; empty without any."""
        if not self._holders:
            for name, binding in self.components.items():
                for resource in binding.resources:
                    self._holders.setdefault(resource.key, name)
            self._holders.setdefault("", "")
        while key not in self._holders:
            key = key.rpartition("/")[0]
        return self._holders[key]

    def home(self) -> str:
        """The resource that its own verdicts belong to: its one resource group, else its first scope."""
        groups = self.resource_groups()
        if len(groups) == 1:
            return groups[0]
        return self.scopes[0] if self.scopes else "/"

    def resource_groups(self) -> list[str]:
        """The resource groups that hold its components, as spelled, sorted."""
        groups: dict[str, str] = {}
        for binding in self.components.values():
            for resource in binding.resources:
                parsed = ResourceId.parse(resource.id)
                if parsed.resource_group and not resource.context:
                    group = f"/subscriptions/{parsed.subscription}/resourceGroups/{parsed.resource_group}"
                    groups.setdefault(normalise(group), group)
        return sorted(groups.values(), key=str.lower)


def bind_workloads(snapshot: Snapshot, baseline: Baseline, workloads: Sequence[WorkloadShape]) -> tuple[BoundWorkload, ...]:
    """The workloads of driftline.yaml that lie in this snapshot; without any, the audited scopes are one workload."""
    if not workloads:
        return (_bind(_default_name(snapshot), snapshot.scopes, {}, {}, snapshot, baseline, str),)
    return tuple(
        _bind(item.name, tuple(item.scopes), item.components, item.parameters, snapshot, baseline, item.origin)
        for item in workloads
        if any(
            snapshot.in_scope(scope) or is_within(normalise(own), normalise(scope))
            for scope in item.scopes
            for own in snapshot.scopes
        )
    )


def _default_name(snapshot: Snapshot) -> str:
    groups = {group.lower(): group for scope in snapshot.scopes if (group := ResourceId.parse(scope).resource_group)}
    if not groups:
        own = (item for item in snapshot.resources if not (item.context or item.inline))  # those within others lie where these do
        found = (ResourceId.parse(item.id).resource_group for item in own)
        groups = {group.lower(): group for group in found if group}
    if len(groups) == 1:
        return next(iter(groups.values()))
    return ", ".join(ResourceId.parse(scope).name for scope in snapshot.scopes)


def _bind(
    name: str,
    scopes: tuple[str, ...],
    hints: Mapping[str, str | list[str]],
    parameters: Mapping[str, Json],
    snapshot: Snapshot,
    baseline: Baseline,
    origin: Callable[[str], str],
) -> BoundWorkload:
    binder = _Binder(scopes, hints, snapshot, origin)
    components = list(baseline.components.values())
    for component in sorted(components, key=lambda item: _turn(item, baseline)):
        binder.bind(component)
    ordered = {component.name: binder.bound[component.name] for component in components}
    return BoundWorkload(name, scopes, ordered, {**baseline.parameters, **parameters})


def _turn(component: Component, baseline: Baseline) -> int:
    """When to bind a component: what names others first, then what is named, step by step, then what is left over."""
    if component.via is None:
        named = any(other.via is not None and other.via[0] == component.name for other in baseline.components.values())
        return 0 if named else len(baseline.components)
    return 1 + _turn(baseline.components[component.via[0]], baseline)


class _Binder:
    """Binds one workload's components: first those that name others, then the named ones, then what is left."""

    def __init__(
        self, scopes: Iterable[str], hints: Mapping[str, str | list[str]], snapshot: Snapshot, origin: Callable[[str], str]
    ) -> None:
        self._scopes = [normalise(scope) for scope in scopes]
        self._hints, self._snapshot, self._origin = hints, snapshot, origin
        self._world = BareWorld(snapshot.spellings)
        self._named_by_others: set[str] = set()
        self._unresolved: dict[str, str] = {}
        self.bound: dict[str, Binding] = {}

    def bind(self, component: Component) -> None:
        """Bind one component, after those that it depends on. What driftline.yaml names goes before all else."""
        if component.name in self._hints:
            binding = self._by_hint(component)
            self._named_by_others.update(resource.key for resource in binding.resources if component.via is not None)
        elif component.via is not None:
            binding = self._bind_via(component, *component.via)
            self._named_by_others.update(resource.key for resource in binding.resources)
            if binding.status == "unknown":
                self._unresolved.update(dict.fromkeys((name.lower() for name in component.types), binding.reason))
        else:
            binding = self._bind_by_type(component)
        self.bound[component.name] = binding

    def _bind_via(self, component: Component, origin: str, path_text: str) -> Binding:
        source = self.bound[origin]
        if source.status == "missing" and component.called:
            return self._bind_by_type(component)
        if source.status != "bound":
            status = "missing" if source.status == "missing" else "unknown"
            return Binding(component.name, (), status, f"{origin}, which names it, is {source.status}")
        path, found = compile_path(path_text), dict[str, Resource]()
        for resource in source.resources:
            if path.steps[0].lowered in resource.unread:
                return Binding(component.name, (), "unknown", f"{resource.id} was read without its {path.steps[0].lowered}")
            values = [value for _, value in path.expand(resource.body, self._snapshot.spellings)]
            for value in values:
                if value is ABSENT:
                    continue
                target = value if isinstance(value, Unknown) else self._snapshot.look_up(str(value))
                if isinstance(target, Unknown):
                    return Binding(component.name, (), "unknown", str(target))
                if target is not None:
                    found[target.key] = target
        if not found and component.called:
            return self._bind_by_type(component)
        return self._conclude(component, list(found.values()), [], named=True)

    def _bind_by_type(self, component: Component) -> Binding:
        candidates = [item for item in self._candidates(component) if item.key not in self._named_by_others]
        truths = [(resource, self._matches(component, resource)) for resource in candidates]
        sure = [resource for resource, truth in truths if truth is True]
        unsure = [reason for _, truth in truths if isinstance(truth, Unknown) for reason in truth.reasons]
        for name in component.types if not component.called else ():
            if name.lower() in self._unresolved:
                return Binding(component.name, tuple(sure), "unknown", self._unresolved[name.lower()])
        return self._conclude(component, sure, unsure)

    def _matches(self, component: Component, resource: Resource, *, hinted: bool = False) -> Truth:
        if component.called and not hinted and not fnmatchcase(resource.name.lower(), component.called.lower()):
            return False
        if component.where is None:
            return True
        return component.where.test(Scope(resource, resource.body, resource, _NO_CLOCK, self._world))

    def _candidates(self, component: Component) -> list[Resource]:
        return [
            resource
            for name in component.types
            for resource in self._snapshot.audited(name)
            if any(is_within(resource.key, scope) for scope in self._scopes)
        ]

    def _by_hint(self, component: Component) -> Binding:
        given, stated = self._hints[component.name], self._origin(component.name)
        candidates = [item for item in self._candidates(component) if self._matches(component, item, hinted=True) is not False]
        wanted = [given] if isinstance(given, str) else given
        chosen: list[Resource] = []
        for word in wanted:
            matching = [item for item in candidates if normalise(word) == item.key or word.lower() == item.name.lower()]
            if len(matching) > 1:
                reason = f'{stated} binds it to "{word}", the name of more than one resource: give its whole id'
                return Binding(component.name, tuple(matching), "ambiguous", reason)
            outside = self._outside(component, word) if not matching else None
            if isinstance(outside, Unknown):
                only = normalise(word) if len(wanted) == 1 else ""
                return Binding(component.name, (), "unknown", f"{outside} (driftline.yaml binds it to {word})", only=only)
            if outside is not None:
                matching = [outside]
            if not matching:
                holes = self._holes(component)
                reason = f'{stated} binds it to "{word}", which no resource of its type is called'
                return Binding(component.name, (), "unknown" if holes else "missing", "; ".join([reason, *holes]), misnamed=True)
            chosen.extend(matching)
        return self._conclude(component, chosen, [], named=True)

    def _outside(self, component: Component, word: str) -> Resource | Unknown | None:
        """What a whole id names outside of the workload: in a hub, say. It is context, bound and never judged."""
        kinds = {canonical_type(name) for name in component.types}
        if canonical_type(ResourceId.parse(word).type) not in kinds or any(is_within(normalise(word), at) for at in self._scopes):
            return None
        return self._snapshot.look_up(word)

    def _conclude(self, component: Component, sure: list[Resource], unsure: list[str], *, named: bool = False) -> Binding:
        """`named` where driftline.yaml or another component says which they are, so that there are no more."""
        found = tuple(sorted(sure, key=lambda resource: resource.key))
        if component.most is not None and len(found) > component.most:
            names = ", ".join(resource.name for resource in found[:5])
            wanted = f"at most {component.most}"
            return Binding(
                component.name,
                found,
                "ambiguous",
                f"{len(found)} resources match ({names}), {wanted} wanted: name it under components in driftline.yaml",
            )
        reasons = tuple(dict.fromkeys([*unsure, *self._holes(component)]))
        if found and len(found) >= component.least:
            open_ended = component.most is None and not named
            return Binding(component.name, found, "bound", more=Unknown(reasons) if reasons and open_ended else None)
        if reasons:
            return Binding(component.name, found, "unknown", "; ".join(reasons))
        return Binding(
            component.name, found, "missing", f"{len(found)} of at least {component.least} found" if component.least else ""
        )

    def _holes(self, component: Component) -> list[str]:
        missing = [self._snapshot.missing(name, scope) for name in component.types for scope in self._scopes]
        return [reason for item in missing if item is not None for reason in item.reasons]
