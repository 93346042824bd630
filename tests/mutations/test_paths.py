"""Every property path that a rule or fact reads, changed on the reference: a verdict changes, or the path is declared harmless.

What is read is noted while each rule is judged, so that new rules and facts are held to this without a word here. A path is
changed in every resource of its type at once. It is removed, given other values and values of impossible types; in other letter
case, of text or of its name, no verdict may change. On an impossible type nothing passes that did not pass before, and no verdict
passes that rests on the path, which is: that changes when the path is removed or has another value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from scanner.engine import unit
from scanner.engine.settle import settle
from scanner.engine.unit import judge_unit
from scanner.facts import FACT_PATHS, bind_workloads
from scanner.language.leaves import FieldLeaf
from scanner.model.resource import make_resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.model.yaml_file import load_yaml
from scanner.rules import Baseline, RuleSet, load_baseline, load_rules
from tests.honesty.snapshots import NOW, bodies, reads
from tests.mutations.changing import KINDS, Change, changed, changes_of, is_present, shown, values_at, without_unread
from tests.mutations.reading import PropertyPath, Recorder

Json = Any
Verdicts = dict[tuple[str, str, str], Verdict]
#: By what a resource is known: another one would be another resource.
_IDENTITY = (("id",), ("name",), ("type",))
#: Tests among which the paths are divided.
_PARTS = 8


@dataclass(frozen=True)
class Harmless:
    """A row of harmless-paths.yaml: paths of a type, what may be done to them without a change of verdicts, and why."""

    type: str
    paths: tuple[str, ...]
    changes: tuple[str, ...]
    reason: str


@cache
def harmless() -> dict[tuple[str, str], frozenset[str]]:
    """What may be done to a path by compared type and path."""
    file = load_yaml(Path(__file__).parent / "harmless-paths.yaml", [])
    assert file is not None
    declared: dict[tuple[str, str], frozenset[str]] = {}
    for row in (Harmless(**item) for item in file.data):
        assert row.reason, row
        assert set(row.changes) <= set(KINDS), row
        for path in row.paths:
            at = (row.type.lower(), path.lower())
            declared[at] = declared.get(at, frozenset()) | frozenset(row.changes)
    return declared


@cache
def judging() -> tuple[Baseline, RuleSet]:
    """Without evidence, which would stand in for what Azure says."""
    baseline = load_baseline("openai-chat")
    return baseline, load_rules([], baseline, fact_paths=FACT_PATHS)


@cache
def rules_by_path() -> dict[PropertyPath, frozenset[str]]:
    """Every path that is read and that the reference has, with the rules that a change of it may concern."""
    of, baseline = snapshot(bodies("reference")), judging()[0]
    # Comparisons with constants have a way of their own past what is wrapped, and remember what they saw.
    with patch.object(FieldLeaf, "_fast_test", return_value=None):
        rule_set = load_rules([], baseline, fact_paths=FACT_PATHS)
    recorder = Recorder(resource for resource in of.resources if not resource.inline)
    with recorder.listening() as binding:
        bind_workloads(of, baseline, ())
    found = {"": frozenset(binding)}
    for rule in rule_set.rules:
        # The picture reads too, and decides no verdict.
        with recorder.listening() as seen, patch.object(unit, "draw_graphs", return_value=()):
            judge_unit(of, rule_set.just(rule), baseline, (), NOW)
        found[rule.id] = frozenset(seen - binding)
    paths = sorted({path for seen in found.values() for path in seen if is_there(path)})
    everything = frozenset(found) - {""}
    concerned = {path: {name for name, seen in found.items() if concerns(path, seen)} for path in paths}
    return {path: everything if "" in names else frozenset(names) for path, names in concerned.items()}


def is_there(path: PropertyPath) -> bool:
    of_type = (body for body in bodies("reference") if make_resource(body).type_key == path[0])
    return path[1] not in _IDENTITY and any(is_present(body, path[1]) for body in of_type)


def concerns(path: PropertyPath, seen: frozenset[PropertyPath]) -> bool:
    """Whether it is among what is read, on the way to it, or in a part that is taken as a whole."""
    if any(kind == path[0] and steps[: len(path[1])] == path[1] for kind, steps in seen):
        return True
    above = [(path[0], path[1][:at]) for at in range(1, len(path[1])) if (path[0], path[1][:at]) in seen]
    return bool(above) and not any(kind == path[0] and steps[:-1] == above[-1][1] for kind, steps in seen)


def snapshot(given: list[Json]) -> Snapshot:
    resources = [make_resource(body, via="get", fallback_id=f"/odd/{at}") for at, body in enumerate(given)]
    return Snapshot(scopes=(bodies("reference")[0]["id"],), resources=resources, reads=reads("reference"))


def verdicts(given: list[Json], rule_set: RuleSet) -> Verdicts:
    """Every verdict; subjects and ids ignoring letter case."""
    judged = judge_unit(snapshot(given), rule_set, judging()[0], (), NOW)
    found = {
        (item.rule, item.subject.lower(), normalise(item.resource)): item.verdict
        for item in settle(judged.findings, judged.judgement)
    }
    for verdict, table in ((Verdict.PASS, judged.judgement.passed), (Verdict.NOT_APPLICABLE, judged.judgement.not_applicable)):
        found |= {(rule, subject.lower(), normalise(one)): verdict for (rule, subject), ids in table.items() for one in ids}
    return found


@cache
def rule_set_of(names: frozenset[str]) -> RuleSet:
    return judging()[1].select(only=sorted(names))


@cache
def before(names: frozenset[str]) -> Verdicts:
    return verdicts(bodies("reference"), rule_set_of(names))


def faults_of(path: PropertyPath, note: Callable[[str, bool], None]) -> list[str]:
    """What the changes of one path bring to light. `note` takes each kind of change with whether a verdict changed."""
    names = rules_by_path()[path]
    reference = before(names)
    after = {
        change: verdicts(changed(bodies("reference"), path, change), rule_set_of(names))
        for change in changes_of(path, values_at(bodies("reference"), path))
    }
    declared = harmless().get((path[0], shown(path)), frozenset())
    faults = [f"{change.words}: {key} is an error" for change, found in after.items() for key in errors(found)]
    for kind in KINDS:
        outcomes = [(change, found) for change, found in after.items() if change.kind == kind]
        if outcomes:
            matters = _matters(kind, outcomes, reference)
            note(kind, matters)
            faults += _judged(kind, matters=matters, declared=kind in declared)
    if "type" not in declared:
        faults += _passing_on_odd_types(after, reference)
    return faults


def _matters(kind: str, outcomes: list[tuple[Change, Verdicts]], reference: Verdicts) -> bool:
    """Whether verdicts change: by one of several other values, by each impossible type."""
    differs = [found != reference for _, found in outcomes]
    return all(differs) if kind == "type" else any(differs)


def _judged(kind: str, *, matters: bool, declared: bool) -> list[str]:
    if kind in ("letters", "name"):
        return ["a verdict changes with the letter case of the " + kind] if matters and not declared else []
    if declared:
        return [f"{kind} is declared harmless and changes a verdict"] if matters else []
    return [] if matters else [f"{kind}: no verdict changes"]


def _passing_on_odd_types(after: dict[Change, Verdicts], reference: Verdicts) -> list[str]:
    resting = {
        key
        for change, found in after.items()
        if change.kind in ("remove", "flip")
        for key, verdict in reference.items()
        if verdict is Verdict.PASS and found.get(key) is not Verdict.PASS
    }
    faults = []
    for change, found in after.items():
        if change.kind == "type":
            passing = {key for key, verdict in found.items() if verdict is Verdict.PASS}
            new = {key for key in passing if reference.get(key) is not Verdict.PASS}
            faults += [f"{change.words}: {key} passes" for key in sorted(new | (passing & resting))]
    return faults


def errors(found: Verdicts) -> list[tuple[str, str, str]]:
    return [key for key, verdict in found.items() if verdict is Verdict.ERROR]


def test_what_no_rule_reads_may_be_anything() -> None:
    """Else what is read is not noted in full, and the paths below are too few."""
    read = frozenset(rules_by_path())
    everything = frozenset(rule.id for rule in judging()[1].rules)
    odd = [without_unread(body, read) for body in bodies("reference")]
    assert verdicts(odd, rule_set_of(everything)) == before(everything)


def test_what_is_declared_harmless_is_read() -> None:
    assert set(harmless()) - {(path[0], shown(path)) for path in rules_by_path()} == set()


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_path_that_is_read_matters_and_passes_on_no_odd_type(
    part: int, record_property: Callable[[str, object], None]
) -> None:
    faults: list[str] = []
    for path in list(rules_by_path())[part::_PARTS]:
        faults += [f"{path[0]} {shown(path)}: {fault}" for fault in faults_of(path, record_property)]
    assert faults == []
