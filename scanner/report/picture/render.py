"""Pictures as an SVG file of their own, with its own style, and as views for the page."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scanner.model.graph import NodeKind
from scanner.model.packaged import packaged
from scanner.model.result import Result, Workload
from scanner.model.verdict import Verdict
from scanner.report.inert import shown
from scanner.report.picture.drawing import drawing_view
from scanner.report.picture.layout import lay_out
from scanner.report.picture.legend import legend
from scanner.report.picture.words import label, link_words, spoken

__all__ = ["drawn_workloads", "picture_views", "render_svg"]

View = dict[str, Any]
_MARGIN: Final = 28.0
_HEADING: Final = 64.0
#: More pictures than this make no page better; those with most failures are drawn.
_MOST: Final = 12


def render_svg(result: Result) -> bytes:
    """One SVG with the picture of every workload, one below the other."""
    pictures, y, width = [], _MARGIN, 0.0
    for workload in drawn_workloads(result):
        drawing = _drawing(workload)
        pictures.append({"x": _MARGIN, "y": y, "title": shown(workload.name), "subtitle": _subtitle(result), "drawing": drawing})
        y += _HEADING + drawing["height"] + _MARGIN
        width = max(width, drawing["width"])
    text = _environment().get_template("architecture.svg").render(
        pictures=pictures, width=width + 2 * _MARGIN, height=max(y, 2 * _MARGIN), style=_style(),
        title=shown(f"Architecture: {result.scan.baseline}, {result.scan.environment}"),
        description=" ".join(label(workload.graph) for workload in drawn_workloads(result)) or "No workload was found.",
    )  # fmt: skip
    return text.encode("utf-8", "replace")


def picture_views(result: Result) -> list[View]:
    """For each workload its name, its drawing, what it shows in words, and every node and link as text."""
    return [
        {
            "name": shown(workload.name),
            "drawing": _drawing(workload),
            "label": label(workload.graph),
            "nodes": [spoken(node) for node in workload.graph.nodes if node.kind is not NodeKind.INTERNET],
            "links": list(link_words(workload.graph)),
        }
        for workload in drawn_workloads(result)
    ]


def drawn_workloads(result: Result) -> list[Workload]:
    """The workloads to draw, in their order: all of them, or of very many those with most failures."""
    with_nodes = [item for item in result.workloads if item.graph.nodes]
    worst = sorted(with_nodes, key=lambda item: -sum(node.counts.get(Verdict.FAIL, 0) for node in item.graph.nodes))[:_MOST]
    return [item for item in with_nodes if any(item is one for one in worst)]


def _drawing(workload: Workload) -> View:
    picture = lay_out(workload)
    view = drawing_view(picture, workload.graph)
    view["legend"], view["height"] = legend({line["look"] for line in view["lines"]}, picture.height, picture.width)
    return view


def _subtitle(result: Result) -> str:
    counts = ", ".join(f"{result.count(verdict)} {verdict.value}" for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS))
    when = result.scan.finished.replace("T", " ").replace("Z", " UTC")
    return shown(f"{result.scan.baseline} {result.scan.environment} · {when} · {counts}")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(packaged("reports", "html")), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def _style() -> str:
    return "".join(packaged("reports", "html", name).read_text(encoding="utf-8") for name in ("colours.css", "picture.css"))
