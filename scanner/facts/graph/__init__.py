"""The architecture of a workload as it was found: nodes and links, derived from what is bound and read. Nothing here judges."""

from scanner.facts.graph.build import draw_graphs

__all__ = ["draw_graphs"]
