"""What rules see beyond one resource: relations, the baseline's parameters and tables, the workload's components, facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scanner.facts import FACTS, FactContext, Relations
from scanner.facts.components import Binding, BoundWorkload
from scanner.facts.evidence import stated_evidence
from scanner.language.scope import Related
from scanner.model.resource import Resource, canonical_type
from scanner.model.snapshot import Snapshot
from scanner.model.spellings import Spellings
from scanner.model.unknown import ABSENT, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["FactStore", "SnapshotWorld"]

Json = Any


class FactStore:
    """Fact documents of one snapshot, each type derived once and only when asked for."""

    def __init__(self, snapshot: Snapshot, baseline: Baseline, workloads: tuple[BoundWorkload, ...], now: datetime) -> None:
        self._context = FactContext(snapshot=snapshot, baseline=baseline, workloads=workloads, now=now)
        self._documents: dict[str, tuple[Resource, ...]] = {}

    def of_type(self, fact_type: str) -> tuple[Resource, ...]:
        """Every document of a fact type, in the order of resource and subject."""
        key = canonical_type(fact_type)
        if key not in self._documents:
            documents = sorted(FACTS[key].derive(self._context), key=lambda item: (item.judged_id.lower(), item.subject))
            for document in documents:
                self._context.snapshot.spellings.learn(document.body)
            self._documents[key] = tuple(documents)
        return self._documents[key]


class SnapshotWorld:
    """The world of one workload in one snapshot (no workload: components are unbound)."""

    def __init__(
        self, snapshot: Snapshot, relations: Relations, facts: FactStore, baseline: Baseline, workload: BoundWorkload | None
    ) -> None:
        self._snapshot, self._relations, self._facts, self._baseline, self._workload = (
            snapshot,
            relations,
            facts,
            baseline,
            workload,
        )

    @property
    def spellings(self) -> Spellings:
        """The snapshot's."""
        return self._snapshot.spellings

    def related(self, relation: str, resource: Resource) -> Related:
        """Resources of a relation, with why there may be more."""
        return self._relations.related(relation, resource)

    def parameter(self, name: str) -> Json:
        """A parameter of the baseline, as the workload sets it."""
        parameters: Mapping[str, Json] = self._workload.parameters if self._workload is not None else self._baseline.parameters
        if name not in parameters:
            return Unknown.because(f"the baseline has no parameter {name!r}")
        return parameters[name]

    def component(self, name: str) -> Json:
        """The body of the one resource bound to a component."""
        binding = self.binding(name)
        if binding is None or binding.status != "bound":
            return Unknown.because(_why_unbound(name, binding))
        if len(binding.resources) != 1:
            return Unknown.because(f"component {name} is bound to {len(binding.resources)} resources, one is needed here")
        return binding.resources[0].body

    def components(self, name: str) -> Json:
        """The bodies of all resources bound to a component; none where it is known to be missing; unknown where more may be."""
        binding = self.binding(name)
        if binding is None or binding.status not in ("bound", "missing"):
            return Unknown.because(_why_unbound(name, binding))
        if binding.more is not None:
            return binding.more
        return [resource.body for resource in binding.resources]

    def binding(self, name: str) -> Binding | None:
        """How a component of the baseline is bound in this workload."""
        return self._workload.components.get(name) if self._workload is not None else None

    def evidence(self, kind: str, now: datetime) -> Json:
        """The data that evidence of a kind states of the workload."""
        if self._workload is None:
            return Unknown.because(f"evidence of kind {kind}: no workload of the scan holds this resource")
        if not any(
            item.kind == kind and item.workload.lower() == self._workload.name.lower() for item in self._baseline.evidence
        ):
            return ABSENT
        stated = stated_evidence(kind, self._workload.name, self._baseline, now)
        return stated if isinstance(stated, Unknown) else stated["data"]

    def table(self, name: str, keys: tuple[str, ...]) -> Json:
        """A row of a baseline's table; keys match ignoring case; a missing row is unknown."""
        row: Json = self._baseline.tables.get(name)
        if row is None:
            return Unknown.because(f"the baseline has no table {name!r}")
        for key in keys:
            found = (
                [value for member, value in row.items() if str(member).lower() == key.lower()] if isinstance(row, Mapping) else []
            )
            if not found:
                return Unknown.because(f"table {name} has no row for {', '.join(keys)}")
            row = found[0]
        return row


def _why_unbound(name: str, binding: Binding | None) -> str:
    if binding is None:
        return f"component {name} is not bound: no workload of the scan holds it"
    return f"component {name} is {binding.status}" + (f": {binding.reason}" if binding.reason else "")
