"""result.json read back: the same result, or an error that names the place in the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from scanner.model.coverage import Gap
from scanner.model.errors import DriftlineError
from scanner.model.finding import Finding
from scanner.model.graph import Graph, Link, LinkKind, Node
from scanner.model.result import Judged, Result, RuleInfo, ScanInfo, Since, TrendPoint, WaiverUse, Workload
from scanner.model.source import RequestCounts
from scanner.model.verdict import Verdict

__all__ = ["parse_result", "read_result"]

_HINT = "Give a result.json as `driftline scan --format json` writes it, unedited."


class _Baseline(msgspec.Struct):
    name: str
    environment: str


class _Source(msgspec.Struct):
    kind: str
    scopes: tuple[str, ...]


class _Scan(msgspec.Struct):
    id: str
    started: str
    finished: str
    version: str
    baseline: _Baseline
    source: _Source
    complete: bool
    rules_hash: str
    baseline_hash: str


class _Coverage(msgspec.Struct):
    resources: int
    gaps: tuple[Gap, ...]
    requests: RequestCounts


class _Link(msgspec.Struct, rename={"source": "from", "target": "to"}):
    source: str
    target: str
    kind: LinkKind
    name: str = ""
    state: str = ""


class _Graph(msgspec.Struct):
    nodes: tuple[Node, ...]
    links: tuple[_Link, ...]


class _Workload(msgspec.Struct):
    name: str
    components: dict[str, tuple[str, ...]]
    graph: _Graph


class _Document(msgspec.Struct, rename={"not_applicable": "notApplicable"}):
    """The contract's keys; others are passed over, for a newer driftline may add some."""

    schema: Literal["driftline.result/1"]
    scan: _Scan
    rules: tuple[RuleInfo, ...]
    coverage: _Coverage
    workloads: tuple[_Workload, ...]
    passes: tuple[tuple[str, str, tuple[str, ...]], ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    not_applicable: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    since: Since | None = None
    trend: tuple[TrendPoint, ...] = ()


def read_result(path: Path) -> Result:
    """The result that a file holds. Passes written out as findings count once, as passes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DriftlineError(f"{path} cannot be read: {error.strerror}") from error
    return parse_result(data, str(path))


def parse_result(data: bytes, name: str) -> Result:
    """The same of bytes; errors call them by `name`."""
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DriftlineError(f"{name} is no result of driftline: {error}", hint=_HINT) from error
    _hold_rules(name, document)
    return _result(document)


def _hold_rules(name: str, document: _Document) -> None:
    """Every rule that is spoken of is described."""
    known = {rule.id for rule in document.rules}
    named: list[tuple[str, str]] = [(f"$.findings[{at}].rule", item.rule) for at, item in enumerate(document.findings)]
    named += [(f"$.passes[{at}][0]", item[0]) for at, item in enumerate(document.passes)]
    named += [(f"$.notApplicable[{at}][0]", item[0]) for at, item in enumerate(document.not_applicable)]
    for place, rule in named:
        if rule not in known:
            raise DriftlineError(
                f'{name} is no result of driftline: rule "{rule}" is not among $.rules - at `{place}`', hint=_HINT
            )


def _result(document: _Document) -> Result:
    scan: dict[str, Any] = msgspec.structs.asdict(document.scan)
    baseline, source = scan.pop("baseline"), scan.pop("source")
    return Result(
        scan=ScanInfo(
            **scan, baseline=baseline.name, environment=baseline.environment, source_kind=source.kind, scopes=source.scopes
        ),
        rules=document.rules,
        resources=document.coverage.resources,
        findings=tuple(item for item in document.findings if item.verdict not in {Verdict.PASS, Verdict.NOT_APPLICABLE}),
        passes=tuple(Judged(*item) for item in document.passes),
        not_applicable=tuple(Judged(*item) for item in document.not_applicable),
        gaps=document.coverage.gaps,
        requests=document.coverage.requests,
        workloads=tuple(map(_workload, document.workloads)),
        notes=document.notes,
        waivers=document.waivers,
        since=document.since,
        trend=document.trend,
    )


def _workload(item: _Workload) -> Workload:
    links = tuple(Link(**msgspec.structs.asdict(link)) for link in item.graph.links)
    return Workload(item.name, item.components, Graph(item.graph.nodes, links))
