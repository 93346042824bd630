"""result.json, the contract `driftline.result/1`: a result as a document with fixed key order, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, Final

import msgspec

from scanner.model.finding import Evidence, Finding, Fix
from scanner.model.graph import Graph, Node
from scanner.model.result import RESULT_SCHEMA, Judged, Result
from scanner.model.verdict import Verdict
from scanner.report.passes import passing

__all__ = ["as_document", "render_json"]

Json = Any
_NODE_MEMBERS: Final = tuple(member.name for member in fields(Node))


def render_json(result: Result, *, include_passes: bool = False) -> bytes:
    """The bytes of result.json: the same result gives the same bytes."""
    text = bytearray(_encoded(_frame(result)))
    assert text.endswith(b"[]\n}"), "findings come last"
    del text[-4:]
    # Findings are many, so each is encoded by itself, two levels in, and its document dropped.
    before = b"[\n    "
    for item in _findings(result, include_passes=include_passes):
        text += before
        text += _encoded(item).replace(b"\n", b"\n    ")
        before = b",\n    "
    text += b"\n  ]\n}\n" if before.startswith(b",") else b"[]\n}\n"
    return bytes(text)


def as_document(result: Result, *, include_passes: bool = False) -> dict[str, Json]:
    """The document; `include_passes` writes passes out as findings too."""
    return {**_frame(result), "findings": list(_findings(result, include_passes=include_passes))}


def _encoded(document: Json) -> bytes:
    # Two hashes begin a command where the agent of a pipeline reads along; escaped, the value is the same.
    return msgspec.json.format(msgspec.json.encode(document), indent=2).replace(b"##", b"#\\u0023")


def _frame(result: Result) -> dict[str, Json]:
    """The document without its findings, which come last."""
    scan = result.scan
    return {
        "schema": RESULT_SCHEMA,
        "scan": {
            "id": scan.id,
            "started": scan.started,
            "finished": scan.finished,
            "version": scan.version,
            "baseline": {"name": scan.baseline, "environment": scan.environment},
            "source": {"kind": scan.source_kind, "scopes": list(scan.scopes)},
            "complete": scan.complete,
            "rules_hash": scan.rules_hash,
            "baseline_hash": scan.baseline_hash,
        },
        "rules": [{**asdict(rule), "severity": rule.severity.value} for rule in result.rules],
        "coverage": {
            "resources": result.resources,
            "rules": len(result.rules),
            "verdicts": {verdict.value: result.count(verdict) for verdict in Verdict},
            "gaps": [asdict(gap) for gap in result.gaps],
            "requests": asdict(result.requests),
        },
        "workloads": [
            {
                "name": item.name,
                "components": {name: list(ids) for name, ids in item.components.items()},
                "graph": _graph(item.graph),
            }
            for item in result.workloads
        ],
        "notes": list(result.notes),
        "waivers": [asdict(item) for item in result.waivers],
        **_history(result),
        "passes": [_compact(item) for item in result.passes],
        "notApplicable": [_compact(item) for item in result.not_applicable],
        "findings": [],
    }


def _graph(graph: Graph) -> dict[str, Json]:
    """Nodes and links, without members that say nothing."""
    links = [
        {"from": link.source, "to": link.target, "kind": link.kind.value, "name": link.name, "state": link.state}
        for link in graph.links
    ]
    nodes = [{name: getattr(node, name) for name in _NODE_MEMBERS} for node in graph.nodes]
    return {"nodes": list(map(_telling, nodes)), "links": list(map(_telling, links))}


def _telling(members: dict[str, Json]) -> dict[str, Json]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in members.items() if value}


def _history(result: Result) -> dict[str, Json]:
    """What is known of earlier scans."""
    document: dict[str, Json] = {}
    if result.since is not None:
        document["since"] = asdict(result.since)
    if result.trend:
        document["trend"] = [asdict(item) for item in result.trend]
    return document


def _findings(result: Result, *, include_passes: bool) -> Iterator[dict[str, Json]]:
    yield from map(_finding, result.findings)
    if include_passes:
        yield from map(_finding, passing(result))


def _compact(judged: Judged) -> list[Json]:
    return [judged.rule, judged.subject, list(judged.resources)]


def _finding(finding: Finding) -> dict[str, Json]:
    document: dict[str, Json] = {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "control": finding.control,
        "subject": finding.subject,
        "title": finding.title,
        "severity": finding.severity.value,
        "verdict": finding.verdict.value,
        "resource": finding.resource,
        "type": finding.type,
        "component": finding.component,
        "message": finding.message,
    }
    if finding.location is not None:
        document["location"] = asdict(finding.location)
    return {
        **document,
        "consequence_of": list(finding.consequence_of),
        "evidence": [_evidence(item) for item in finding.evidence],
        "waiver": finding.waiver,
        "fix": _fix(finding.fix) if finding.fix is not None else None,
    }


def _evidence(item: Evidence) -> dict[str, Json]:
    """Written out, as asdict, which copies deeply, takes most of the time that writing many findings takes."""
    return {
        "path": item.path,
        "operator": item.operator,
        "expected": item.expected,
        "actual": item.actual,
        "note": item.note,
    }


def _fix(fix: Fix) -> dict[str, Json]:
    """What no plan has said yet is left out."""
    document: dict[str, Json] = {"kind": fix.kind, "title": fix.title, "disrupts": fix.disrupts}
    planned = {
        "disrupts_text": fix.disrupts_text,
        "steps": list(fix.steps),
        "text": fix.text,
        "choices": list(fix.choices),
        "proof": fix.proof,
        "proof_note": fix.proof_note,
    }
    return document | {name: value for name, value in planned.items() if value}
