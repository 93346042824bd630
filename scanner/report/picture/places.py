"""Which node of a picture each finding stands at, for the page to filter by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from scanner.model.finding import Finding
from scanner.model.graph import Holders
from scanner.model.result import Workload
from scanner.report.inert import shown
from scanner.report.picture.words import key_of

__all__ = ["Places"]


class Places:
    """The nodes of the workloads that are drawn."""

    def __init__(self, workloads: Sequence[Workload]) -> None:
        self._graphs = [item.graph for item in workloads]
        self._holders = Holders(self._graphs)

    def keys(self, finding: Finding) -> list[str]:
        """The compared ids of the nodes that hold a finding."""
        found = self._holders.of(finding.resource)
        return list(dict.fromkeys(key_of(self._graphs[at].nodes[position]) for at, position in found))

    def counted(self, findings: Iterable[Finding]) -> list[tuple[str, str, int]]:
        """Every node with findings: its compared id, its name and how many there are."""
        counts = Counter(key for finding in findings for key in self.keys(finding))
        names = {key_of(node): shown(node.name) for graph in self._graphs for node in graph.nodes}
        return sorted(((key, names[key], count) for key, count in counts.items()), key=lambda row: (row[1].lower(), row[0]))
