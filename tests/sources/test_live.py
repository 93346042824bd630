"""The live source against a misbehaving Azure: every failure is a gap and unknown, never an exception and never a pass."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from scanner.engine.plan import plan_reads
from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.model.errors import SourceError
from scanner.model.read_plan import POLICY_STATES
from scanner.model.resource import is_extension
from scanner.model.result import Result
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.rules import load_baseline, load_rules
from scanner.simulator import Simulator, start_simulator
from scanner.sources.azure import AzureOptions, AzureSource
from tests.stated import with_shipped_evidence

BASELINE = with_shipped_evidence(load_baseline("openai-chat"))
RULES = load_rules([], BASELINE, fact_paths=FACT_PATHS)
POLICIES = "*/raiPolicies"


@contextmanager
def azure(tmp_path: Path, faults: str = "", **options: Any) -> Iterator[tuple[AzureSource, Simulator]]:
    """A source on a simulator of the reference with faults."""
    file = None
    if faults:
        file = tmp_path / "faults.yaml"
        file.write_text(faults, encoding="utf-8")
    with start_simulator("reference", faults=file) as simulator, patch.dict(os.environ, simulator.environment()):
        given: dict[str, Any] = {
            "subscriptions": simulator.subscriptions, "arm_endpoint": simulator.endpoint, "authority": simulator.authority,
            "ca_file": simulator.ca_file,
        }  # fmt: skip
        yield AzureSource(AzureOptions(**{**given, **options})), simulator


def scanned(tmp_path: Path, faults: str = "", **options: Any) -> Result:
    with azure(tmp_path, faults, **options) as (source, _):
        return run_scan(source, RULES, BASELINE, now=datetime.now(UTC))


def unknown(result: Result) -> set[str]:
    return {item.rule for item in result.findings if item.verdict is Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("status: 403", "403 AuthorizationFailed"),
        ("status: 404", "404 ServerError"),
        ("status: 400", "400 ServerError"),
        ("status: 401", "401 InvalidAuthenticationToken"),
        ("status: 503, retry_after: 0.01", "503 ServerError"),
        ("status: 500, retry_after: 0.01", "500 ServerError"),
        ("status: 429, retry_after: 0.01", "429 TooManyRequests"),
        ("body: not-json", ""),
        ("body: empty-object", "a list answer without a list"),
        ("body: null-list", "a list answer without a list"),
        ("body: html", ""),
        ("body: other-host", "the next page lies on another host (example.invalid) and was not followed"),
        ("body: loop", "the list repeats a page without end"),
    ],
)
def test_a_failing_read_is_a_gap_with_its_reason_and_unknown(tmp_path: Path, fault: str, reason: str) -> None:
    result = scanned(tmp_path, f'- {{path: "{POLICIES}", {fault}}}')
    assert unknown(result) == {"AI-001", "AI-002", "AI-003a", "AI-004", "AI-012"}
    assert [gap.what for gap in result.gaps] == ["Microsoft.CognitiveServices/accounts/raiPolicies"]
    assert reason in result.gaps[0].reason
    assert not [item for item in result.findings if item.verdict in (Verdict.FAIL, Verdict.ERROR)]


@pytest.mark.parametrize(
    "fault", ["status: 503, retry_after: 0.01", "status: 429, retry_after: 0.01", "body: half", "body: reset", "delay: 0.05"]
)
def test_what_passes_when_asked_again_is_read(tmp_path: Path, fault: str) -> None:
    result = scanned(tmp_path, f'- {{path: "{POLICIES}", {fault}, times: 1}}')
    assert (unknown(result), result.gaps) == (set(), ())
    if "reset" not in fault:  # aiohttp itself asks again on a connection that was reset
        assert result.requests.retried == (0 if "delay" in fault else 1)
    assert result.requests.throttled == (1 if "429" in fault else 0)


def test_where_the_index_is_refused_arm_is_asked_for_each_type(tmp_path: Path) -> None:
    with azure(tmp_path, '- {path: "*ResourceGraph*", status: 403}') as (source, simulator):
        result = run_scan(source, RULES, BASELINE, now=datetime.now(UTC))
        listed = {path for method, path, status in simulator.requests if method == "GET" and status == 200}
    # Only the index tells what Azure Policy finds.
    assert (unknown(result), [item for item in result.findings if item.verdict is Verdict.FAIL]) == ({"GOV-002"}, [])
    assert any(path.endswith("/providers/Microsoft.Storage/storageAccounts") for path in listed)


def test_the_index_and_then_only_what_it_lacks_is_asked(tmp_path: Path) -> None:
    with azure(tmp_path) as (source, simulator):
        list(source.snapshots(plan_reads(RULES, BASELINE)))
        posts = [path for method, path, _ in simulator.requests if method == "POST" and "ResourceGraph" in path]
        asked = [
            path
            for method, path, _ in simulator.requests
            if method == "GET" and not path.endswith(("/resources", "/values", "/metrics"))
        ]
    assert len(posts) == 2, "one of them for what Azure Policy finds"
    # Everything that exists comes in pages, the activity log by provider, metrics by name: each at one path. The first request, which finds out whether anything can be asked at all, is for the subscription.
    assert sorted(asked) == sorted([asked[0], *set(asked)])
    assert asked[0] == f"/subscriptions/{simulator.subscriptions[0]}"
    assert not [path for path in asked if "listkeys" in path.lower() or path.lower().endswith("/config/appsettings/list")]


def test_a_resource_group_is_read_directly_and_alone(tmp_path: Path) -> None:
    with azure(tmp_path, resource_groups=("rg-chat-prod",)) as (source, _):
        (snapshot,) = source.snapshots(plan_reads(RULES, BASELINE, fresh=True))
    assert all("/resourcegroups/rg-chat-prod" in item.key or item.type_key.startswith("microsoft.resources/") or is_extension(item.type)
               for item in snapshot.resources if not item.context)  # fmt: skip
    assert {read.via for read in snapshot.reads if read.what != POLICY_STATES} == {"list", "get"}


def test_what_acts_on_a_resource_group_from_beside_it_is_read_and_unknown_where_that_is_refused(tmp_path: Path) -> None:
    subscription = "5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
    refused = "\n".join(
        f'- {{path: "/subscriptions/{subscription}/providers/{name}", status: 403}}'
        for name in ("Microsoft.Insights/diagnosticSettings", "Microsoft.Consumption/budgets", "Microsoft.Insights/metricAlerts")
    )
    groups: dict[str, Any] = {"resource_groups": ("rg-chat-prod",), "subscriptions": (subscription,)}
    assert unknown(scanned(tmp_path, **groups)) & {"MON-004", "MON-005", "COST-001"} == set()
    result = scanned(tmp_path, refused, **groups)
    said = {
        item.rule: (item.resource.rpartition("/")[2], item.message) for item in result.findings if item.verdict is Verdict.UNKNOWN
    }
    assert {name: place for name, (place, _) in said.items()} == {
        "MON-005": subscription,
        "COST-001": "rg-chat-prod",
    }
    assert all("403 AuthorizationFailed" in message for _, message in said.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AZURE_CLIENT_SECRET": "wrong"}, "AADSTS7000215"),
        ({"AZURE_TENANT_ID": "00000000-0000-0000-0000-00000000dead"}, "AADSTS90002"),
    ],
)
def test_a_bad_sign_in_says_what_to_do(tmp_path: Path, change: dict[str, str], words: str) -> None:
    with azure(tmp_path) as (source, _), patch.dict(os.environ, change), pytest.raises(SourceError, match=words) as caught:
        list(source.snapshots(plan_reads(RULES, BASELINE)))
    assert "AZURE_CLIENT_SECRET" in str(caught.value)
    assert "wrong" not in str(caught.value).replace("wrong tenant", "")


def test_an_untrusted_certificate_says_what_to_do(tmp_path: Path) -> None:
    with azure(tmp_path, ca_file=None) as (source, _), pytest.raises(SourceError, match="certificate") as caught:
        list(source.snapshots(plan_reads(RULES, BASELINE)))
    assert "--ca-file" in str(caught.value)


def test_an_unreachable_endpoint_says_what_to_do(tmp_path: Path) -> None:
    with (
        azure(tmp_path, arm_endpoint="https://localhost:9") as (source, _),
        pytest.raises(SourceError, match="cannot be reached"),
    ):
        list(source.snapshots(plan_reads(RULES, BASELINE)))


def test_an_unknown_subscription_says_what_to_do(tmp_path: Path) -> None:
    missing = ("00000000-0000-0000-0000-00000000dead",)
    with azure(tmp_path, subscriptions=missing) as (source, _), pytest.raises(SourceError, match="there is no subscription"):
        list(source.snapshots(plan_reads(RULES, BASELINE)))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as a terminal sets it: what a script starts with `&` ignores it, and asyncio then does too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def interrupted_after(simulator: Simulator, path: str) -> Iterator[None]:
    """Ctrl-C as soon as the simulator has answered a path, and never once the block has ended."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            if any(asked.endswith(path) for _, asked, _ in simulator.requests):
                os.kill(os.getpid(), signal.SIGINT)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_keeps_what_was_read_and_passes_nothing_else(tmp_path: Path) -> None:
    """Ctrl-C while children are read: the snapshot is there, what was not read by then is unknown."""
    complete = scanned(tmp_path)
    faults = '- {path: "*/diagnosticSettings", delay: 20}'
    with azure(tmp_path, faults) as (source, simulator):
        kept: list[Snapshot] = []
        with interrupted_after(simulator, "/raiPolicies"):
            result = run_scan(source, RULES, BASELINE, now=datetime.now(UTC), keep=kept.append)
    assert (source.complete, result.scan.complete, len(kept)) == (False, False, 1)
    assert "MON-001" in unknown(result)
    assert {(item.rule, item.subject, one) for item in result.passes for one in item.resources} <= {
        (item.rule, item.subject, one) for item in complete.passes for one in item.resources
    }


def test_a_default_credential_also_signs_in_with_a_managed_identity(tmp_path: Path) -> None:
    with azure(tmp_path) as (source, simulator):
        variables = dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "")
        identity = {"IDENTITY_ENDPOINT": f"{simulator.identity_endpoint}/msi/token", "IDENTITY_HEADER": "x"}
        with patch.dict(os.environ, {**identity, **variables}):
            for name in variables:
                del os.environ[name]
            (snapshot,) = source.snapshots(plan_reads(RULES, BASELINE))
    assert snapshot.gaps == ()
