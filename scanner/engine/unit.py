"""Judges one scan unit, and many of them: one after the other, or in processes of their own with the same outcome."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from scanner.engine.evaluate import evaluate
from scanner.engine.explain import explain
from scanner.engine.judgement import Judgement
from scanner.facts import FACTS
from scanner.facts.components import BoundWorkload, bind_workloads
from scanner.facts.graph import draw_graphs
from scanner.model.coverage import Gap
from scanner.model.errors import DriftlineError
from scanner.model.finding import Finding
from scanner.model.graph import Graph
from scanner.model.resource import canonical_type
from scanner.model.result import Workload
from scanner.model.snapshot import Snapshot
from scanner.rules.baseline import Baseline
from scanner.rules.rule_set import RuleSet

__all__ = ["JudgedUnit", "judge_in_processes", "judge_unit", "worthwhile_processes"]

#: Fewer units than this are judged before other processes are up.
_LEAST_UNITS: Final = 16


@dataclass(frozen=True, slots=True)
class JudgedUnit:
    """What is left of a unit once its snapshot is dropped. `digest` tells its content, `audited` counts its resources."""

    findings: list[Finding]
    judgement: Judgement
    digest: bytes
    gaps: tuple[Gap, ...]
    workloads: tuple[Workload, ...]
    notes: tuple[str, ...]
    audited: int


def judge_unit(snapshot: Snapshot, rule_set: RuleSet, baseline: Baseline, workloads: Sequence[Any], now: datetime) -> JudgedUnit:
    """Judge all rules on a snapshot."""
    bound = bind_workloads(snapshot, baseline, workloads)
    judged = Judgement()
    evaluate(snapshot, rule_set, baseline, bound, now, judged)
    findings = list(map(explain, judged.outcomes))
    judged.outcomes.clear()
    graphs = draw_graphs(snapshot, baseline, bound, rule_set.glossary.defaults)
    return JudgedUnit(
        findings=findings, judgement=judged, digest=_digest(snapshot), gaps=snapshot.gaps,
        workloads=tuple(map(_workload, bound, graphs)),
        notes=tuple(_notes(bound, _asked_for(rule_set))), audited=sum(not resource.context for resource in snapshot.resources),
    )  # fmt: skip


def worthwhile_processes(units: int) -> int:
    """How many processes to judge in. A copy of this process is cheap on Linux alone, and safe while it has one thread."""
    if sys.platform != "linux" or units < _LEAST_UNITS or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), units)


def judge_in_processes(
    units: Sequence[Callable[[], Snapshot]], judge: Callable[[Snapshot], JudgedUnit], processes: int
) -> Iterator[JudgedUnit]:
    """Every unit read and judged in one of several processes, in the order given."""
    context = multiprocessing.get_context("fork")  # what is loaded by now need not be loaded again
    # A few units travel at once; chunks stay small enough that processes end at about the same time.
    size = max(1, min(16, len(units) // (processes * 8)))
    with ProcessPoolExecutor(processes, context, _begin_worker, (units, judge)) as pool:
        try:
            yield from pool.map(_judge_at, range(len(units)), chunksize=size)
        except BrokenProcessPool as error:
            raise DriftlineError("a process that judged a part of the file was killed", hint="Is there enough memory?") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """What a worker process was started with."""

    units: Sequence[Callable[[], Snapshot]]
    judge: Callable[[Snapshot], JudgedUnit]


def _begin_worker(units: Sequence[Callable[[], Snapshot]], judge: Callable[[Snapshot], JudgedUnit]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    gc.disable()  # as in the process that waits
    _Worker.units, _Worker.judge = units, staticmethod(judge)


def _judge_at(at: int) -> JudgedUnit:
    return _Worker.judge(_Worker.units[at]())


def _digest(snapshot: Snapshot) -> bytes:
    """Of all that was read; what was promoted out of a parent stands in the parent."""
    encode = msgspec.json.Encoder(order="sorted").encode
    digest = hashlib.sha256(encode([snapshot.scopes, snapshot.reads, snapshot.gaps]))
    for resource in snapshot.resources:
        if not resource.inline:
            digest.update(encode([resource.id, resource.context, resource.body]))
    return digest.digest()


def _workload(bound: BoundWorkload, graph: Graph) -> Workload:
    components = {
        name: tuple(item.id for item in binding.resources) for name, binding in bound.components.items() if binding.resources
    }
    return Workload(name=bound.name, components=components, graph=graph)


def _asked_for(rule_set: RuleSet) -> frozenset[str] | None:
    """The components that rules ask for; None where a fact may ask for any."""
    if any(canonical_type(name) in FACTS for rule in rule_set.rules for name in rule.target.types):
        return None
    return frozenset(name for rule in rule_set.rules for name in (rule.target.component, *rule.uses.components) if name)


def _notes(bound: tuple[BoundWorkload, ...], asked: frozenset[str] | None) -> Iterator[str]:
    """What to say of components that are not told, where some rule asks for them, or a hint is at fault."""
    for workload in bound:
        for name, binding in workload.components.items():
            if asked is not None and name not in asked and not binding.misnamed:
                continue
            if binding.reason and (binding.misnamed or binding.status in ("ambiguous", "unknown")):
                yield f"{workload.name}: component {name} is {binding.status}: {binding.reason}"
