"""Live scan of a subscription of about 500 resources on a simulator that takes 50 ms for every answer.

The subscription holds the reference's resource group several times over. What counts as a resource is a row of Resource Graph's
table `resources`: no extension, and of children few. `python -m benchmarks.live` is the simulator.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.measured import Measured
from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.rules import load_baseline, load_rules
from scanner.simulator import start_simulator
from scanner.simulator.faults import FaultEntry
from scanner.simulator.graph import is_indexed
from scanner.simulator.store import Store
from scanner.sources.azure import AzureOptions, AzureSource

__all__ = ["measure_live"]

GROUPS = 6
LATENCY = 0.05
RUNS = 3
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def measure_live() -> list[Measured]:
    """Requests per resource, which those are, and the wall time against what so many requests take at that latency."""
    with _simulator() as told:
        options = AzureOptions(
            subscriptions=tuple(told["subscriptions"]), arm_endpoint=told["endpoint"], authority=told["endpoint"],
            ca_file=Path(told["ca_file"]),
        )  # fmt: skip
        baseline = load_baseline("openai-chat", "prod")
        rule_set = load_rules([], baseline, fact_paths=FACT_PATHS)
        times = []
        with patch.dict(os.environ, told["environment"]):
            for _ in range(RUNS + 1):  # the first imports Azure's clients
                begun = time.perf_counter()
                run_scan(AzureSource(options), rule_set, baseline, now=NOW)
                times.append(time.perf_counter() - begun)
        requests = told["requests"]()
    requests = requests[: len(requests) // len(times)]
    taken, resources, floor = sorted(times[1:])[RUNS // 2], told["resources"], len(requests) * LATENCY / options.concurrency
    return [
        Measured(
            f"live scan of {resources} resources", f"{len(requests)} requests",
            f"{len(requests) / resources:.2f} per resource", "at most 0.6",
        ),
        Measured(
            "its wall time at 50 ms an answer", f"{taken:.2f} s",
            f"{taken / floor:.2f} x requests x 50 ms / {options.concurrency}", "at most 1.5 x",
        ),
        *(Measured(f"  {kind}", str(count), "", "") for kind, count in _by_kind(requests)),
    ]  # fmt: skip


def serve() -> None:
    """The simulator in a process of its own, so that it takes no processor time from the scan: until stdin ends."""
    with start_simulator("reference", now=NOW, page_size=1000) as simulator:
        store = simulator.deployed.store
        for copy in range(1, GROUPS):
            _copy_group(store, f"c{copy}")
        simulator.server._faults.entries.append(FaultEntry(delay=LATENCY))  # noqa: SLF001  # a faults file would do the same
        told = {
            "endpoint": simulator.endpoint, "ca_file": str(simulator.ca_file), "environment": simulator.environment(),
            "subscriptions": simulator.subscriptions, "resources": sum(map(is_indexed, store.everything())),
        }  # fmt: skip
        print(json.dumps(told), flush=True)
        sys.stdin.read(1)
        print(json.dumps(simulator.requests), flush=True)


@contextmanager
def _simulator() -> Iterator[dict[str, Any]]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        out, into = process.stdout, process.stdin

        def requests() -> Any:
            into.write("\n")
            into.flush()
            return json.loads(out.readline())

        yield {**json.loads(out.readline()), "requests": requests}


def _copy_group(store: Store, name: str) -> None:
    """The reference's resource group once more, with `name` for `chat` in every name."""
    for item in list(store.everything()):
        if "/resourcegroups/rg-chat-prod" in item.id.key:
            text = json.dumps([item.id.text, item.body]).replace("chat", name)
            resource_id, body = json.loads(text)
            store.put(resource_id, body)


def _by_kind(requests: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
    """Requests by what they ask for, most first."""
    kinds = Counter(f"{method} {_kind(path)}" for method, path, _ in requests)
    return sorted(kinds.items(), key=lambda item: (-item[1], item[0]))


def _kind(path: str) -> str:
    """An address without names: `Microsoft.KeyVault/vaults/secrets`."""
    if "/providers/" not in path:
        return "sign-in" if "/oauth2/" in path else re.sub(r"(?<=/subscriptions/)[^/]+", "ID", path)
    namespace, *rest = re.split(r"(?i)/providers/", path)[-1].split("/")
    return "/".join([namespace, *rest[::2]])


if __name__ == "__main__":
    serve()
