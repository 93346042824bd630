"""Tells each node of a graph its verdicts: those of its resource, of what belongs to it, and of what stands in or on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from scanner.model.finding import Finding
from scanner.model.graph import Holders, Node
from scanner.model.result import Judged, Workload
from scanner.model.verdict import Severity, Verdict

__all__ = ["coloured"]

#: Which verdict a node is known by where it has several.
_WORST_FIRST: Final = tuple(item.value for item in (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN, Verdict.PASS))
_PASS: Final = Verdict.PASS.value


def coloured(workloads: Sequence[Workload], findings: Iterable[Finding], passes: Iterable[Judged]) -> tuple[Workload, ...]:
    """The workloads with the verdicts of the nodes of their graphs."""
    holders = Holders(item.graph for item in workloads)
    counts: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    severities: dict[tuple[int, int], Severity] = {}
    for finding in findings:
        for place in holders.of(finding.resource):
            _count(counts[place], finding.verdict.value)
            if finding.verdict is Verdict.FAIL:
                severities[place] = min(severities.get(place, finding.severity), finding.severity, key=_rank)
    for judged in passes:
        for resource_id in judged.resources:
            for place in holders.of(resource_id):
                _count(counts[place], _PASS)
    return tuple(
        replace(workload, graph=replace(workload.graph, nodes=tuple(
            _told(node, counts.get((at, position), {}), severities.get((at, position)))
            for position, node in enumerate(workload.graph.nodes)
        )))
        for at, workload in enumerate(workloads)
    )  # fmt: skip


def _count(counts: dict[str, int], verdict: str) -> None:
    counts[verdict] = counts.get(verdict, 0) + 1


def _told(node: Node, counts: dict[str, int], severity: Severity | None) -> Node:
    told = {verdict: counts[verdict] for verdict in _WORST_FIRST if verdict in counts}
    return replace(node, worst=next(iter(told), ""), severity=severity.value if severity is not None else "", counts=told)


def _rank(severity: Severity) -> int:
    return severity.rank
