"""`driftline/evidence`: one document per kind of evidence and workload. What is missing, expired or of another workload is
unknown, never a pass and never a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline
from scanner.rules.evidence_kinds import EVIDENCE_KINDS, evidence_paths

__all__ = ["EVIDENCE", "stated_evidence"]

Json = Any
#: Clocks differ a little; what is issued later than that is not from our time.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "kind", "workload", "owner", "issued", "expires"), "string"),
    "data": "object",
    **evidence_paths(),
}


def stated_evidence(kind: str, workload: str, baseline: Baseline, now: datetime) -> dict[str, Json] | Unknown:
    """What holds of a kind for a workload: the newest piece that is in force, with its owner and times; or why there is none."""
    own = [item for item in baseline.evidence if item.kind == kind and item.workload.lower() == workload.lower()]
    in_force = [item for item in own if item.issued <= now + _CLOCKS_DIFFER and now < item.expires]
    if in_force:
        newest = max(in_force, key=lambda item: (item.issued, item.file))
        times = {"issued": newest.issued.isoformat(), "expires": newest.expires.isoformat()}
        return {"owner": newest.owner, **times, "data": newest.data}
    if any(item.issued > now + _CLOCKS_DIFFER for item in own):
        return Unknown.because(f"the evidence {kind} of {workload} is issued in the future")
    if own:
        last = max(item.expires for item in own)
        return Unknown.because(f"the evidence {kind} of {workload} expired on {last:%Y-%m-%d}")
    others = sorted({item.workload for item in baseline.evidence if item.kind == kind})
    beside = f"; there is some of {', '.join(others)}" if others else ""
    return Unknown.because(f"no evidence of kind {kind} is given for the workload {workload}{beside}: docs/evidence.md shows how")


def _needs(baseline: Baseline) -> Needs:
    return Needs()


def _derive(context: FactContext) -> Iterator[Resource]:
    for workload in context.workloads:
        for kind in EVIDENCE_KINDS:
            stated = stated_evidence(kind, workload.name, context.baseline, context.now)
            body: dict[str, Json] = {"kind": kind, "workload": workload.name}
            body |= {"data": stated} if isinstance(stated, Unknown) else stated
            yield document("driftline/evidence", workload.home(), kind, body)


EVIDENCE: Final = Fact("driftline/evidence", _PATHS, _needs, _derive, one_per="kind of evidence and workload")
