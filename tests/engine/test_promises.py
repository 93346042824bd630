"""What a scan promises whatever the data: no false pass, no defect from odd data, one verdict each, the same bytes twice."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.engine.scan import run_scan
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.read_plan import INVENTORY
from scanner.model.resource import make_resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.result import Result
from scanner.model.verdict import Verdict
from scanner.report.result_json import as_document, render_json
from scanner.report.schemas import schemas
from scanner.sources.snapshot_file import SnapshotFileSource
from tests.honesty.snapshots import NOW, Fixed, judging
from tests.honesty.snapshots import bodies as deployed
from tests.honesty.snapshots import reads as collected

Json = Any


def _scope() -> str:
    return str(deployed("reference")[0]["id"])


def scanned(bodies: list[Json], reads: list[Read] | None = None, gaps: list[Gap] | None = None) -> Result:
    baseline, rule_set = judging()
    source = Fixed(bodies, [Read(EVERYTHING, "/")] if reads is None else reads, gaps or [], _scope())
    return run_scan(source, rule_set, baseline, now=NOW, pinned=True)


def passes(result: Result) -> set[tuple[str, str, str]]:
    return {(item.rule, item.subject, one.lower()) for item in result.passes for one in item.resources}


def _reads() -> list[Read]:
    """The reads that a collection of the reference would hold."""
    return collected("reference")


def test_the_reference_passes_under_the_reads_that_a_collection_holds() -> None:
    assert (scanned(deployed("reference"), _reads()).findings, passes(scanned(deployed("reference"), _reads()))) == (
        (),
        passes(scanned(deployed("reference"))),
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from(["reference", "drifted"]), st.booleans())
def test_what_is_taken_away_never_becomes_a_pass(seed: int, state: str, told: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
    """Resources, members and reads are removed at random, with the matching gaps or without a word."""
    chance = random.Random(seed)  # noqa: S311  # test data
    before = passes(scanned(deployed(state), _reads()))
    unread = {read for read in _reads() if chance.random() < 0.1}
    gone = {body["id"] for body in deployed(state) if chance.random() < 0.05}
    reads = [read for read in _reads() if read not in unread and not _concerns(read, gone)]
    gaps = [Gap(read.scope, read.what, "403 AuthorizationFailed", "") for read in _reads() if read not in reads] if told else []
    bodies = [_thinned(body, chance) for body in deployed(state) if body["id"] not in gone]
    after = scanned(bodies, reads, gaps)
    assert passes(after) - before == set()
    assert _silenced(scanned(deployed(state), _reads()), after) == set()


def _silenced(before: Result, after: Result) -> set[tuple[str, str, str]]:
    """What was judged before and is no longer judged, with no unknown of its rule at or above its place to say why."""
    unknown: dict[str, set[str]] = {}
    for item in after.findings:
        if item.verdict is Verdict.UNKNOWN:
            unknown.setdefault(item.rule, set()).add(normalise(item.resource))
    judged = _judged(after)
    return {
        (rule, subject, resource)
        for rule, subject, resource in _judged(before) - judged
        if not any(is_within(resource, place) for place in unknown.get(rule, ()))
    }


def _judged(result: Result) -> set[tuple[str, str, str]]:
    found = {(item.rule, item.subject, normalise(item.resource)) for item in result.findings}
    return found | {(item.rule, item.subject, normalise(one)) for item in result.passes for one in item.resources}


def _concerns(read: Read, gone: set[str]) -> bool:
    """A resource can only be missing from a snapshot when the read that covers its type did not succeed."""
    return any(read.what in (INVENTORY, make_resource({"id": item}).type) for item in gone)


def _thinned(body: Json, chance: random.Random) -> Json:
    """A body as a list answer might hold it: sometimes without its properties."""
    return {key: value for key, value in body.items() if key != "properties"} if chance.random() < 0.05 else body


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.lists(ODD, min_size=1, max_size=6))
def test_odd_data_is_never_a_defect(seed: int, odd: list[Json]) -> None:
    chance = random.Random(seed)  # noqa: S311  # test data
    bodies = [_twisted(body, chance, odd) if chance.random() < 0.3 else body for body in deployed("reference")]
    result = scanned([body for body in bodies if isinstance(body, dict)])
    assert [item.message for item in result.findings if item.verdict is Verdict.ERROR] == []
    jsonschema.validate(as_document(result), schemas()["result"])


def _twisted(value: Json, chance: random.Random, odd: list[Json]) -> Json:
    """A value in which some members are replaced by others of any type."""
    if isinstance(value, dict) and value:
        return {key: _twisted(item, chance, odd) if chance.random() < 0.7 else chance.choice(odd) for key, item in value.items()}
    if isinstance(value, list) and value:
        return [_twisted(item, chance, odd) for item in value]
    return value if chance.random() < 0.8 else chance.choice(odd)


def test_every_rule_resource_and_subject_has_one_verdict_even_when_an_export_holds_ids_twice() -> None:
    doubled = [*deployed("drifted"), *(body for body in deployed("reference") if body["id"] != _scope())]
    result = scanned(doubled)
    keys = [(item.rule, item.resource.lower(), item.subject) for item in result.findings]
    keys += [
        (item.rule, one.lower(), item.subject)
        for table in (result.passes, result.not_applicable)
        for item in table
        for one in item.resources
    ]
    assert len(keys) == len(set(keys))
    assert sum(result.count(verdict) for verdict in Verdict) == len(keys)


def test_the_same_input_gives_the_same_bytes() -> None:
    reversed_order = list(reversed(deployed("drifted")))
    assert render_json(scanned(deployed("drifted"))) == render_json(scanned(deployed("drifted")))
    first, second = (json.loads(render_json(scanned(bodies))) for bodies in (deployed("drifted"), reversed_order))
    assert (first["findings"], first["passes"]) == (second["findings"], second["passes"])


def test_results_hold_to_their_schema() -> None:
    for state in ("reference", "drifted"):
        jsonschema.validate(json.loads(render_json(scanned(deployed(state)), include_passes=True)), schemas()["result"])


def test_real_answers_scan_without_a_defect(shared: Path, tmp_path: Path) -> None:
    """Every body of the recorded and documented ARM answers, in one snapshot."""
    bodies = []
    for file in sorted((shared / "arm-examples").glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8")).get("body")
        items = body["value"] if isinstance(body, dict) and isinstance(body.get("value"), list) else [body]
        bodies += [item for item in items if isinstance(item, dict)]
    (tmp_path / "real.json").write_text(json.dumps(bodies), encoding="utf-8")
    baseline, rule_set = judging()
    result = run_scan(SnapshotFileSource(tmp_path / "real.json"), rule_set, baseline, now=NOW)
    assert len(bodies) > 200
    assert result.count(Verdict.ERROR) == 0
    assert {item.rule for item in result.findings if item.verdict is Verdict.FAIL} >= {
        "NET-001",
        "NET-003",
        "NET-005a",
        "AI-001",
        "KEY-009a",
    }
    jsonschema.validate(as_document(result), schemas()["result"])


@pytest.mark.parametrize("state", ["reference", "drifted"])
def test_nothing_read_is_nothing_passed(state: str) -> None:
    result = scanned(deployed(state), reads=[])
    # What was handed over can be judged by its own body; all that rests on completeness is unknown.
    assert {item.rule for item in result.findings if item.verdict is Verdict.UNKNOWN} >= {
        "NET-002",
        "AI-001",
        "REL-001",
        "KEY-009b",
    }
