"""Tells each node of a graph its verdicts: those of its resource, of what belongs to it, and of what stands in or on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from scanner.model.finding import Finding
from scanner.model.graph import Holders, Node
from scanner.model.result import Judged, Workload
from scanner.model.verdict import Severity, Verdict

__all__ = ["coloured"]

#: Which verdict a node is known by where it has several.
_WORST_FIRST: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.UNKNOWN, Verdict.PASS)


def coloured(workloads: Sequence[Workload], findings: Iterable[Finding], passes: Iterable[Judged]) -> tuple[Workload, ...]:
    """The workloads with the verdicts of the nodes of their graphs."""
    holders = Holders(item.graph for item in workloads)
    counts: dict[tuple[int, int], Counter[Verdict]] = {}
    severities: dict[tuple[int, int], Severity] = {}
    for finding in findings:
        for place in holders.of(finding.resource):
            counts.setdefault(place, Counter())[finding.verdict] += 1
            if finding.verdict is Verdict.FAIL:
                severities[place] = min(severities.get(place, finding.severity), finding.severity, key=_rank)
    for judged in passes:
        for resource_id in judged.resources:
            for place in holders.of(resource_id):
                counts.setdefault(place, Counter())[Verdict.PASS] += 1
    return tuple(
        replace(workload, graph=replace(workload.graph, nodes=tuple(
            _told(node, counts.get((at, position), Counter()), severities.get((at, position)))
            for position, node in enumerate(workload.graph.nodes)
        )))
        for at, workload in enumerate(workloads)
    )  # fmt: skip


def _told(node: Node, counts: Counter[Verdict], severity: Severity | None) -> Node:
    worst = next((verdict.value for verdict in _WORST_FIRST if counts[verdict]), "")
    told = {verdict.value: counts[verdict] for verdict in _WORST_FIRST if counts[verdict]}
    return replace(node, worst=worst, severity=severity.value if severity is not None else "", counts=told)


def _rank(severity: Severity) -> int:
    return severity.rank
