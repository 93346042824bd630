"""Templates: microseconds a resource for expanding and scanning one of 1,000 resources, beside parsing the same bytes.

`python -m benchmarks.templates DIR` expands every template below a directory instead, with the parameters beside it or invented
ones, and prints a table: resources, values that only Azure knows and the reason met most often, seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measured import Measured
from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.model.errors import ConfigurationError
from scanner.model.unknown import Unknown
from scanner.rules import load_baseline, load_rules
from scanner.sources.template import TemplateOptions, TemplateSource
from scanner.templates import Frame, Target, TemplateFile, expand, read_parameters, read_template

__all__ = ["measure_templates"]

Json = Any
NOW = datetime(2026, 11, 1, tzinfo=UTC)
RUNS = 5
_CLAIM = "at most 100 µs"
#: The reference deployment, this many times over in groups of its own, makes about a thousand resources.
COPIES = 7
DEPLOYMENT = Path(__file__).parent.parent / "baselines" / "openai-chat" / "deployment"


def measure_templates() -> list[Measured]:
    """The median of expanding and of both, a resource; the floor is `orjson.loads` of the file."""
    baseline = load_baseline("openai-chat")
    rule_set = load_rules([], baseline, fact_paths=FACT_PATHS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.json"
        path.write_text(json.dumps(_many()), encoding="utf-8")
        target = Target(subscription="00000000-0000-0000-0000-000000000001")
        count = len(_expanded(path, target))
        raw = path.read_bytes()
        floor = _median(lambda: orjson.loads(raw))
        alone = _median(lambda: _expanded(path, target))
        both = _median(lambda: run_scan(TemplateSource(TemplateOptions(path), NOW), rule_set, baseline, now=NOW))
    micro = 1e6 / count
    return [
        Measured(f"orjson.loads of a template of {count:,} resources", f"{floor * micro:.1f} µs a resource", "the floor", ""),
        Measured("expanding it", f"{alone * micro:.0f} µs a resource", f"{alone / floor:.0f} x the floor", ""),
        Measured(
            "expanding and scanning it", f"{both * micro:.0f} µs a resource", f"{both / floor:.0f} x the floor", "at most 100 µs"
        ),
    ]


def _many() -> Json:
    """A subscription template that makes groups and deploys main.json into each."""
    main = json.loads((DEPLOYMENT / "main.json").read_text(encoding="utf-8"))
    main["resources"] = [item for item in main["resources"] if item["name"] != "subscription"]
    group = {
        "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2025-04-01", "name": "[concat('rg-', copyIndex())]",
        "location": "eastus2", "copy": {"name": "groups", "count": COPIES},
    }  # fmt: skip
    nested = {
        "type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "[concat('main-', copyIndex())]",
        "resourceGroup": "[concat('rg-', copyIndex())]", "copy": {"name": "mains", "count": COPIES}, "dependsOn": ["groups"],
        "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": main},
    }  # fmt: skip
    schema = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": [group, nested]}


def _expanded(path: Path, target: Target) -> tuple[Any, ...]:
    return expand(read_template(path), {}, target, now=NOW, frame=Frame(location="eastus2")).resources


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[RUNS // 2]


def print_table(folder: Path) -> None:
    """One line for each template below a folder."""
    expanded = total = 0
    for path in sorted(folder.rglob("*.json")):
        try:
            file = read_template(path)
        except ConfigurationError:
            continue
        if not isinstance(file.data.get("resources"), list | dict):
            continue
        total += 1
        line, good = _line(file, path)
        expanded += good
        print(f"{path.parent.name[:44]:<44}  {line}")
    print(f"{expanded} of {total} expand to the end")


def _line(file: TemplateFile, path: Path) -> tuple[str, bool]:
    begun = time.perf_counter()
    try:
        found = expand(file, _given(file, path), _target(file), now=NOW, frame=Frame(location="eastus2"))
    except ConfigurationError as error:
        return f"refused: {str(error).splitlines()[0][:110]}", False
    reasons = Counter(reason for item in found.resources for reason in _reasons(item.body()))
    common = reasons.most_common(1)[0][0][:50] if reasons else ""
    seconds = time.perf_counter() - begun
    counts = f"{len(found.resources):4} resources {len(found.holes):3} holes {reasons.total():4} unresolved"
    return f"{counts} {seconds:5.2f} s  {common}", True


def _reasons(value: Json) -> Iterator[str]:
    if isinstance(value, Unknown):
        yield from value.reasons
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _reasons(item)


def _target(file: TemplateFile) -> Target:
    schema, subscription = str(file.data.get("$schema", "")).lower(), "00000000-0000-0000-0000-000000000001"
    if "tenantdeploymenttemplate" in schema:
        return Target()
    if "managementgroupdeploymenttemplate" in schema:
        return Target(management_group="group")
    return Target(subscription=subscription, group="" if "subscriptiondeploymenttemplate" in schema else "rg", location="eastus2")


def _given(file: TemplateFile, path: Path) -> dict[str, Json]:
    """The values beside the template, and invented ones for what has no default."""
    declared = file.data.get("parameters") or {}
    given = {name: value for name, shape in declared.items() if (value := _invented(shape, file)) is not None}
    beside = path.with_name(f"{path.stem}.parameters.json")
    if beside.is_file():
        known = {name.lower() for name in declared}
        stated = read_parameters(beside).items()
        given |= {name: value for name, value in stated if name.lower() in known and "GEN-" not in str(value)}
    return given


def _invented(shape: Json, file: TemplateFile) -> Json:
    if "$ref" in shape:
        shape = {**(file.data.get("definitions") or {}).get(shape["$ref"].rpartition("/")[2], {}), **shape}
    if "defaultValue" in shape or shape.get("nullable") is True:
        return None
    if shape.get("allowedValues"):
        return shape["allowedValues"][0]
    size = max(shape.get("minLength", 1), min(6, shape.get("maxLength", 6)))
    return {"int": shape.get("minValue", 1), "bool": True, "array": [], "object": {}, "secureobject": {}}.get(
        str(shape.get("type", "")).lower(), "x" * size
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print_table(Path(sys.argv[1]))
    else:
        for row in measure_templates():
            print("  ".join(row.cells))
