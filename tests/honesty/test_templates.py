"""Templates are held to the same promise: what only Azure knows is never taken for a pass, nor for a failure."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.engine.scan import run_scan
from scanner.model.errors import ConfigurationError
from scanner.model.packaged import packaged
from scanner.model.resource_id import is_within, normalise
from scanner.model.result import Result
from scanner.model.verdict import Verdict
from scanner.sources.template import TemplateOptions, TemplateSource
from tests.honesty.invariants import passes, verdicts
from tests.honesty.snapshots import NOW, bodies, judge, judging, reads

Json = Any
FOLDER = packaged("baselines", "openai-chat", "deployment")
SUBSCRIPTION = "5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
ONLY_AZURE = "[reference('/subscriptions/s/resourceGroups/g/providers/Contoso.X/y/z', '2024-01-01').p]"


def scanned(path: Path) -> Result:
    baseline, rule_set = judging()
    options = TemplateOptions(path, FOLDER / "parameters.prod.json", SUBSCRIPTION, "rg-chat-prod", "", "eastus2")
    return run_scan(TemplateSource(options, NOW), rule_set, baseline, now=NOW, pinned=True)


@cache
def main() -> Json:
    return json.loads((FOLDER / "main.json").read_text(encoding="utf-8"))


@cache
def whole() -> Result:
    return scanned(FOLDER / "main.json")


def test_a_template_and_what_it_deploys_never_contradict_each_other() -> None:
    """What a template passes, or fails, that passes, or fails, live; the rest is unknown before deployment."""
    live = judge(bodies("reference"), reads("reference"), [])
    assert passes(whole()) - passes(live) == set()
    assert verdicts(whole(), Verdict.FAIL) - verdicts(live, Verdict.FAIL) == set()
    assert verdicts(whole(), Verdict.ERROR) == set()
    assert len(passes(whole())) > 240


@cache
def places() -> tuple[tuple[Any, ...], ...]:
    """Every value of every resource of the parts, but for what tells which resource it is."""
    found = []
    for part, nested in enumerate(main()["resources"]):
        for at, resource in enumerate(nested["properties"]["template"]["resources"]):
            base = ("resources", part, "properties", "template", "resources", at)
            found += [(*base, *path) for path in _walk(resource, ()) if path[0] not in _TOLD_APART_BY and "copy" not in path]
            found.append((*base, "condition"))
    return tuple(found)


_TOLD_APART_BY = ("type", "apiVersion", "name", "scope", "dependsOn", "copy")


def _walk(value: Json, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*at, key)
        yield from _walk(item, (*at, key))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sets(st.integers(0, 100_000), min_size=1, max_size=6))
def test_what_only_azure_knows_never_becomes_a_pass_nor_a_failure(tmp_path: Path, chosen: set[int]) -> None:
    changed = copy.deepcopy(main())
    for number in chosen:
        _hide(changed, places()[number % len(places())])
    path = tmp_path / "main.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        after = scanned(path)
    except ConfigurationError:
        return  # a value without which the template cannot be expanded
    assert passes(after) - passes(whole()) == set()
    assert verdicts(after, Verdict.FAIL) - verdicts(whole(), Verdict.FAIL) == set()
    assert verdicts(after, Verdict.ERROR) == set()
    assert _silent(after) == set()


def _hide(template: Json, path: tuple[Any, ...]) -> None:
    holder = template
    for key in path[:-1]:
        if not isinstance(holder, dict | list):
            return  # something around it is hidden already
        holder = holder[key]
    if isinstance(holder, dict | list):
        holder[path[-1]] = ONLY_AZURE if path[-1] != "condition" else f"[equals({ONLY_AZURE[1:-1]}, 'x')]"


def _silent(after: Result) -> set[tuple[str, str, str]]:
    """What passed and is no longer judged, with no finding of its control at, above or below its place, nor that of a component."""
    controls = {rule.id: rule.control for rule in after.rules}
    told: dict[str, set[str]] = {}
    for item in after.findings:
        told.setdefault(item.control, set()).add(normalise(item.resource))
    judged = passes(after) | {(item.rule, item.subject, normalise(item.resource)) for item in after.findings}
    judged |= verdicts(after, Verdict.NOT_APPLICABLE)
    missing = told.get("GOV-004", set())
    return {
        item
        for item in passes(whole()) - judged
        if not any(is_within(item[2], at) or is_within(at, item[2]) for at in (*told.get(controls[item[0]], ()), *missing))
    }


def test_a_template_that_is_changed_beyond_reading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text(json.dumps({**main(), "resources": "[variables('none')]"}), encoding="utf-8")
    with pytest.raises(ConfigurationError):
        scanned(path)
