"""The picture: everything has its place, nothing lies on anything else, texts fit, names are inert."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from scanner.model.graph import INTERNET, Graph, Link, LinkKind, Node, NodeKind
from scanner.model.result import Result, Workload
from scanner.report.html import render_html
from scanner.report.picture import picture_views, render_svg
from scanner.report.picture.drawing import drawing_view
from scanner.report.picture.layout import lay_out
from scanner.report.picture.shapes import Box, Picture
from scanner.report.picture.text import fitted, width_of
from tests.honesty.snapshots import bodies, judge, reads
from tests.report.crowds import GROUP, crowd
from tests.report.test_html import HOSTILE, LOADING, Page
from tests.report.test_terminal import RESULT

SIZES: dict[str, dict[str, int]] = {
    "fifteen": {"services": 4, "machines": 1, "networks": 1, "workspaces": 0, "addresses": 2},
    "eighty": {"services": 20, "machines": 6, "networks": 1, "workspaces": 1, "addresses": 4},
    "crowd": {},
    "no network": {"networks": 0, "machines": 0, "addresses": 0},
    "many addresses": {"services": 3, "addresses": 15, "machines": 12, "workspaces": 0},
    "many machines": {"services": 2, "machines": 40, "networks": 1, "workspaces": 1},
    "three networks": {"services": 30, "networks": 3, "workspaces": 3},
}  # fmt: skip


def results() -> list[Any]:
    states = [pytest.param(state, id=state) for state in ("reference", "drifted", "enterprise")]
    return [*states, *(pytest.param(name, id=name) for name in SIZES)]


def result_of(name: str) -> Result:
    return crowd(**SIZES[name]) if name in SIZES else judge(bodies(name), reads(name), [])


def laid_out(name: str) -> tuple[Picture, Graph]:
    (workload,) = result_of(name).workloads
    return lay_out(workload), workload.graph


def solid(picture: Picture) -> dict[str, Box]:
    """What nothing else may lie on: services, chips and doors."""
    boxes = {item.node.id: item.box for item in picture.drawn if item.look in ("node", "chip")}
    return boxes | {f"door {at}": door.box for at, door in enumerate(picture.doors)}


@pytest.mark.parametrize("name", results())
def test_every_node_is_drawn_once_within_the_picture(name: str) -> None:
    picture, graph = laid_out(name)
    drawn = [item.node.id for item in picture.drawn] + [door.node.id for door in picture.doors if door.node is not None]
    assert sorted(drawn) == sorted(node.id for node in graph.nodes if node.kind is not NodeKind.INTERNET)
    whole = Box(0, 0, picture.width, picture.height)
    assert [item.node.id for item in picture.drawn if not whole.holds(item.box)] == []
    assert all(whole.holds(door.box) for door in picture.doors)
    assert all(0 <= x <= picture.width and 0 <= y <= picture.height for line in picture.lines for x, y in line.corners)


@pytest.mark.parametrize("name", results())
def test_nothing_lies_on_anything_else(name: str) -> None:
    picture, _ = laid_out(name)
    boxes = solid(picture)
    assert [(one, other) for one, other in itertools.combinations(boxes, 2) if boxes[one].meets(boxes[other])] == []
    for look in ("frame", "segment"):
        frames = [item for item in picture.drawn if item.look == look]
        assert [one.node.id for one, other in itertools.combinations(frames, 2) if one.box.meets(other.box)] == []


@pytest.mark.parametrize("name", results())
def test_everything_stands_inside_of_its_parent(name: str) -> None:
    picture, _ = laid_out(name)
    frames = {item.node.id: item.box for item in picture.drawn if item.look in ("frame", "segment")}
    strays = [
        item.node.id for item in picture.drawn if item.node.parent in frames and not frames[item.node.parent].holds(item.box)
    ]
    assert strays == []
    others = [
        (item.node.id, frame)
        for item in picture.drawn
        for frame, box in frames.items()
        if item.look in ("node", "chip") and box.meets(item.box) and not box.holds(item.box)
    ]
    assert others == []


@pytest.mark.parametrize("name", results())
def test_lines_run_straight_and_through_no_box(name: str) -> None:
    picture, _ = laid_out(name)
    boxes = solid(picture)
    doors = {door.node.id if door.node is not None else "": f"door {at}" for at, door in enumerate(picture.doors)}
    crossed = []
    for line in picture.lines:
        ends = {line.link.source, line.link.target, doors.get(line.link.target), doors.get(line.link.source), doors.get("")}
        for (x, y), (to_x, to_y) in itertools.pairwise(line.corners):
            assert x == to_x or y == to_y
            way = Box(min(x, to_x), min(y, to_y), abs(to_x - x) or 0.1, abs(to_y - y) or 0.1)
            crossed += [
                (line.link.source, line.link.target, key) for key, box in boxes.items() if key not in ends and box.meets(way)
            ]
    assert crossed == []


@pytest.mark.parametrize("name", results())
def test_lines_end_at_what_they_link(name: str) -> None:
    picture, _ = laid_out(name)
    boxes = {item.node.id: item.box for item in picture.drawn} | {
        door.node.id: door.box for door in picture.doors if door.node is not None
    }
    for line in picture.lines:
        if line.link.target in boxes and line.link.source != INTERNET:
            (x, y), box = line.corners[-1], boxes[line.link.target]
            assert box.x <= x <= box.right
            assert box.y <= y <= box.bottom
            assert x in (box.x, box.right) or y in (box.y, box.bottom)


@pytest.mark.parametrize("name", results())
def test_texts_fit_their_boxes_beside_the_badges(name: str) -> None:
    picture, graph = laid_out(name)
    view = drawing_view(picture, graph)
    for item in view["nodes"] + view["frames"]:
        roomy = item["look"] not in ("chip", "chip door")
        on_line = item["badges"] if item["look"] != "node" else []
        end = min([badge["x"] for badge in on_line], default=item["x"] + item["width"])
        assert item["left"] + width_of(item["name"], 13 if roomy else 12, bold=roomy) <= end + 0.2
        beside = item["badges"] if item["look"] == "node" else []
        end = min([badge["x"] for badge in beside], default=item["x"] + item["width"])
        assert item["left"] + width_of(item["second"], 11) <= end + 0.2
        assert all(
            item["x"] <= badge["x"] and badge["x"] + badge["width"] <= item["x"] + item["width"] for badge in item["badges"]
        )


def test_an_endpoint_and_its_service_share_a_row() -> None:
    picture, _ = laid_out("drifted")
    straight = [line for line in picture.lines if line.link.kind is LinkKind.PRIVATE_ENDPOINT and len(line.corners) == 2]
    assert len(straight) == sum(line.link.kind is LinkKind.PRIVATE_ENDPOINT for line in picture.lines) == 16


def test_a_long_name_keeps_its_beginning_and_end() -> None:
    cut = fitted("pe-keyvault-chat-production-eastus2-001", 12, 120)
    assert cut.startswith("pe-keyv")
    assert cut.endswith("2-001")
    assert width_of(cut, 12) <= 120
    assert (fitted("short", 12, 120), fitted("名" * 50, 12, 30), fitted("", 12, 0), fitted("wide", 12, 1)) == (
        "short",
        "…",
        "",
        "…",
    )


def parsed(result: Result) -> ET.Element:
    return ET.fromstring(render_svg(result))  # noqa: S314  # our own


def texts(root: ET.Element) -> set[str]:
    return {text for item in root.iter() if item.tag.endswith(("text", "title")) and (text := item.text)}


def test_the_file_is_whole_and_the_same_for_the_same_result() -> None:
    result = judge(bodies("drifted"), reads("drifted"), [])
    root = parsed(result)
    assert render_svg(result) == render_svg(result)
    assert {"Internet", "agw-chat-prod", "vnet-chat", "Managed network", "public access: 4", "not there"} <= texts(root)
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title description")
    assert not [item.tag for item in root.iter() if item.tag.endswith(("script", "foreignObject", "image", "use", "}a"))]
    assert "prefers-color-scheme: dark" in render_svg(result).decode()


def test_a_result_without_workloads_has_an_empty_picture() -> None:
    assert "No workload was found." in render_svg(replace(RESULT, workloads=())).decode()
    assert picture_views(replace(RESULT, workloads=())) == []
    assert 'id="picture"' not in render_html(replace(RESULT, workloads=())).decode()


def hostile(text: str) -> Result:
    """One of each, named by this text."""
    network, subnet, service = f"{GROUP}/vnet/{text}", f"{GROUP}/vnet/{text}/subnets/{text}", f"{GROUP}/providers/a/b/{text}"
    told: dict[str, Any] = {
        "name": text,
        "type": text,
        "component": text,
        "detail": text,
        "note": text,
        "counts": {"fail": 1},
        "worst": "fail",
    }
    nodes = (
        Node(INTERNET, NodeKind.INTERNET, "Internet"), Node(GROUP, NodeKind.SCOPE, **told, severity="high"), Node(network, NodeKind.NETWORK, **told, severity="low"),
        Node(subnet, NodeKind.SUBNET, parent=network, **told, severity="low"), Node(f"{subnet}/pe", NodeKind.ENDPOINT, parent=subnet, **told, severity="low"),
        Node(service, NodeKind.SERVICE, **told, severity="critical"), Node(f"{service}/pip", NodeKind.ADDRESS, **told, severity="high"),
        Node(f"{service}/missing", NodeKind.MISSING, **told),
    )  # fmt: skip
    links = (
        Link(f"{subnet}/pe", service, LinkKind.PRIVATE_ENDPOINT, text, text), Link(INTERNET, service, LinkKind.EXPOSED, text, text),
        Link(INTERNET, f"{service}/pip", LinkKind.EXPOSED), Link(f"{service}/pip", service, LinkKind.PUBLISHES),
    )  # fmt: skip
    finding = replace(RESULT.findings[0], resource=service)
    return replace(RESULT, findings=(finding,), workloads=(Workload(text, {text: (service,)}, Graph(nodes, links)),))


@pytest.mark.parametrize("text", [*HOSTILE, "a\u202eb\x00\ufffe\ud800"])
def test_names_are_text_and_nothing_else(text: str) -> None:
    plain, odd = parsed(hostile("plain")), parsed(hostile(text))
    assert [item.tag for item in odd.iter()] == [item.tag for item in plain.iter()]
    assert [sorted(item.attrib) for item in odd.iter()] == [sorted(item.attrib) for item in plain.iter()]
    pages = [Page(render_html(hostile(one)).decode()) for one in ("plain", text)]
    assert [tag for tag, _ in pages[1].tags] == [tag for tag, _ in pages[0].tags]
    assert [sorted(attributes) for _, attributes in pages[1].tags] == [sorted(attributes) for _, attributes in pages[0].tags]
    for written in (render_svg(hostile(text)), render_html(hostile(text))):
        assert not re.search("[\x00\x1b\u202e]", written.decode())


def test_the_page_loads_nothing_for_the_picture_and_links_stay_within() -> None:
    found = Page(render_html(replace(crowd(), findings=RESULT.findings[:3])).decode())
    assert not [
        (tag, name)
        for tag, attributes in found.tags
        for name in attributes
        if name in LOADING or name.startswith("on") or name == "style"
    ]
    assert all(str(attributes["href"]).startswith("#") for _, attributes in found.tags if "href" in attributes)
    ids = [str(attributes["id"]) for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_each_finding_names_the_nodes_that_it_stands_at_and_each_node_with_findings_leads_to_them() -> None:
    result = judge(bodies("drifted"), reads("drifted"), [])
    tags = Page(render_html(result).decode()).tags
    chosen = {
        str(attributes["value"])
        for tag, attributes in tags
        if tag == "option" and str(attributes.get("value", "")).startswith("/")
    }
    named = {name for _, attributes in tags if "data-n" in attributes for name in str(attributes["data-n"]).split("\n")}
    linked = {str(attributes["href"]) for tag, attributes in tags if tag == "a" and str(attributes.get("href")).startswith("#n=")}
    assert named == chosen
    assert linked == {f"#n={name}" for name in named}


def test_the_picture_is_told_in_words() -> None:
    (view,) = picture_views(judge(bodies("drifted"), reads("drifted"), []))
    assert "Internet reaches oai-chat-prod, from selected networks" in view["links"]
    assert "pe-oai leads privately to oai-chat-prod" in view["links"]
    assert "openai oai-chat-prod: 17 fail, worst critical" in view["nodes"]
    assert any(words.startswith("bastion (bastion hosts), not there") for words in view["nodes"])
    assert view["label"].startswith("1 network, 8 subnets, ")


def test_what_could_not_be_listed_is_said_where_it_would_stand() -> None:
    (workload,) = crowd(services=1, machines=1, networks=1, workspaces=0, addresses=1).workloads
    nodes = tuple(
        replace(node, note="not read: private endpoints") if node.kind is NodeKind.SCOPE else node
        for node in workload.graph.nodes
    )
    result = replace(RESULT, workloads=(replace(workload, graph=replace(workload.graph, nodes=nodes)),))
    assert "Around it · not read: private endpoints" in texts(parsed(result))


def test_the_legend_explains_the_lines_that_are_there() -> None:
    assert {"private endpoint that is not approved", "perhaps open: not read"} <= texts(parsed(crowd()))
    assert "open to the Internet" not in texts(parsed(judge(bodies("reference"), reads("reference"), [])))


def test_of_very_many_workloads_those_with_most_failures_are_drawn() -> None:
    (workload,) = crowd(services=1, machines=1, networks=1, workspaces=0, addresses=1).workloads
    quiet = Graph(tuple(replace(node, counts={}, worst="") for node in workload.graph.nodes), workload.graph.links)
    many = [replace(workload, name=f"w{at}", graph=workload.graph if at == 30 else quiet) for at in range(40)]
    names = [view["name"] for view in picture_views(replace(RESULT, workloads=tuple(many)))]
    assert len(names) == 12
    assert names[-1] == "w30"
