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

from scanner.engine.settle import settle
from scanner.engine.unit import judge_unit
from scanner.facts import FACT_PATHS, bind_workloads
from scanner.language.leaves import FieldLeaf
from scanner.model.resource import make_resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.model.yaml_file import load_yaml
from scanner.rules import RuleSet, load_rules
from tests.honesty.snapshots import NOW, bodies, judging, reads
from tests.mutations.changing import KINDS, Change, changed, changes_of, is_present, shown, values_at, without_unread
from tests.mutations.reading import PropertyPath, Recorder

Json = Any
Verdicts = dict[tuple[str, str, str], Verdict]
#: By what a resource is known: another one would be another resource.
_IDENTITY = (("id",), ("name",), ("type",))


@dataclass(frozen=True)
class Harmless:
    """A row of harmless-paths.yaml: a path, what may be done to it without a change of verdicts, and why."""

    type: str
    path: str
    changes: tuple[str, ...]
    reason: str


@cache
def harmless() -> dict[tuple[str, str], Harmless]:
    file = load_yaml(Path(__file__).parent / "harmless-paths.yaml", [])
    assert file is not None
    rows = [Harmless(row["type"], row["path"], tuple(row["changes"]), row["reason"]) for row in file.data]
    return {(row.type.lower(), row.path.lower()): row for row in rows}


@cache
def rules_by_path() -> dict[PropertyPath, frozenset[str]]:
    """The rules that read a path, themselves, through facts or by asking what components are bound to, as the reference has it."""
    baseline = judging()[0]
    # Comparisons with constants have a way of their own past what is wrapped, and remember what they saw.
    with patch.object(FieldLeaf, "_fast_test", return_value=None):
        rule_set = load_rules([], baseline, fact_paths=FACT_PATHS)
    of = snapshot(bodies("reference"))
    recorder = Recorder(resource for resource in of.resources if not resource.inline)
    with recorder.listening() as binding:
        bind_workloads(of, baseline, ())
    found: dict[PropertyPath, set[str]] = {path: {rule.id for rule in rule_set.rules} for path in binding}
    for rule in rule_set.rules:
        with recorder.listening() as seen:
            judge_unit(of, rule_set.just(rule), baseline, (), NOW)
        for path in seen:
            found.setdefault(path, set()).add(rule.id)
    present = {
        path
        for path in found
        if path[1] not in _IDENTITY
        if any(make_resource(body).type_key == path[0] and is_present(body, path[1]) for body in bodies("reference"))
    }
    return {path: frozenset(found[path]) for path in sorted(present)}


def snapshot(given: list[Json]) -> Snapshot:
    resources = [make_resource(body, via="get", fallback_id=f"/odd/{at}") for at, body in enumerate(given)]
    return Snapshot(scopes=(bodies("reference")[0]["id"],), resources=resources, reads=reads("reference"))


def verdicts(given: list[Json], rule_set: RuleSet) -> Verdicts:
    """Every verdict; subjects and ids ignoring letter case."""
    unit = judge_unit(snapshot(given), rule_set, judging()[0], (), NOW)
    found = {
        (item.rule, item.subject.lower(), normalise(item.resource)): item.verdict
        for item in settle(unit.findings, unit.judgement)
    }
    for verdict, table in ((Verdict.PASS, unit.judgement.passed), (Verdict.NOT_APPLICABLE, unit.judgement.not_applicable)):
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
    row = harmless().get((path[0], shown(path)))
    declared = row.changes if row is not None else ()
    faults = [f"{change.words}: {key} is an error" for change, found in after.items() for key in errors(found)]
    for kind in KINDS:
        outcomes = [(change, found) for change, found in after.items() if change.kind == kind]
        if outcomes:
            matters = _matters(kind, outcomes, reference)
            note(kind, matters)
            faults += _judged(kind, matters, declared=kind in declared)
    if "type" not in declared:
        faults += _passing_on_odd_types(after, reference)
    return faults


def _matters(kind: str, outcomes: list[tuple[Change, Verdicts]], reference: Verdicts) -> bool:
    """Whether verdicts change: by one of several other values, by each impossible type."""
    differs = [found != reference for _, found in outcomes]
    return all(differs) if kind == "type" else any(differs)


def _judged(kind: str, matters: bool, *, declared: bool) -> list[str]:
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


@pytest.mark.parametrize("resource_type", sorted({path[0] for path in rules_by_path()}))
def test_every_path_that_is_read_matters_and_passes_on_no_odd_type(
    resource_type: str, record_property: Callable[[str, object], None]
) -> None:
    faults: list[str] = []
    for path in rules_by_path():
        if path[0] == resource_type:
            faults += [f"{shown(path)}: {fault}" for fault in faults_of(path, lambda kind, matters: record_property(kind, matters))]
    assert faults == []
