"""The picture: the architecture of each workload as SVG, drawn from its own graph; alone, or in the page."""

from scanner.report.picture.places import Places
from scanner.report.picture.render import drawn_workloads, picture_views, render_svg

__all__ = ["Places", "drawn_workloads", "picture_views", "render_svg"]
