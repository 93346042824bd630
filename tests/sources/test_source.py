"""The live source over HTTPS: sign-in, what the pipeline mends and never does, management groups, units one after another."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scanner.model.errors import SourceError
from scanner.model.read_plan import ReadPlan
from scanner.model.snapshot import Snapshot
from scanner.sources.azure import AzureOptions, AzureSource
from tests.sources.fake_arm import Answer, FakeArm, fake_arm

SUB = "/subscriptions/s1"
SITES = "Microsoft.Web/sites"
PLAN = ReadPlan(types=frozenset({SITES}), fresh=True)
EMPTY = Answer({"value": []})


@pytest.fixture(autouse=True)
def signed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TENANT_ID": "t", "CLIENT_ID": "c", "CLIENT_SECRET": "x"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)


def subscription(number: int, **extra: Answer) -> dict[str, Answer]:
    scope = f"/subscriptions/s{number}"
    site = {"id": f"{scope}/resourceGroups/rg/providers/{SITES}/app{number}", "properties": {}}
    return {
        scope: Answer({"id": scope}), f"{scope}/resourcegroups": EMPTY,
        f"{scope}/providers/{SITES}": extra.get("sites", Answer({"value": [site]})),
    }  # fmt: skip


def source(fake: FakeArm, **options: Any) -> AzureSource:
    given: dict[str, Any] = {
        "subscriptions": ("s1",), "arm_endpoint": fake.endpoint, "authority": fake.endpoint, "ca_file": fake.ca_file,
    }  # fmt: skip
    return AzureSource(AzureOptions(**{**given, **options}))


def read(folder: Path, answers: Mapping[str, Answer], **options: Any) -> tuple[list[Snapshot], FakeArm, AzureSource]:
    with fake_arm(folder, answers) as fake:
        live = source(fake, **options)
        return list(live.snapshots(PLAN)), fake, live


def test_nothing_is_ever_written_to_azure(tmp_path: Path) -> None:
    """The SDK's own pipeline registers a resource provider where ARM says that it is not: a POST that changes a subscription."""
    code = "MissingSubscriptionRegistration"
    message = "The subscription is not registered to use namespace 'Microsoft.Web'."
    refused = Answer({"error": {"code": code, "message": message}}, 409)
    (snapshot,), fake, _ = read(tmp_path, subscription(1, sites=refused))
    assert {line.split()[0] for line in fake.asked} == {"GET"}
    assert [gap.reason for gap in snapshot.gaps] == [f"409 {code}"]


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    moved = Answer({}, 307, {"Location": f"{SUB}/elsewhere"})
    (snapshot,), fake, _ = read(tmp_path, subscription(1, sites=moved))
    assert f"GET {SUB}/elsewhere" not in fake.asked
    assert [gap.reason for gap in snapshot.gaps] == ["307"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_answer_that_does_not_come_is_a_gap(tmp_path: Path) -> None:
    late = Answer({"value": []}, delay=3)
    (snapshot,), _, live = read(tmp_path, subscription(1, sites=late), timeout=0.3)
    assert [(gap.what, "imeout" in gap.reason) for gap in snapshot.gaps] == [(SITES, True)]
    assert live.requests.retried > 0
    gc.collect()  # asyncio warns of TLS connections that were given up and had no time to say goodbye: here, not in another test


def test_throttling_is_obeyed_and_counted(tmp_path: Path) -> None:
    throttled = Answer({"error": {"code": "SubscriptionRequestsThrottled"}}, 429, {"Retry-After": "0.01"})
    (snapshot,), _, live = read(tmp_path, subscription(1, sites=throttled))
    assert [gap.reason for gap in snapshot.gaps] == ["429 SubscriptionRequestsThrottled"]
    assert (live.requests.retried, live.requests.throttled) == (3, 4)


DESCENDANTS = "/providers/Microsoft.Management/managementGroups/corp/descendants"


def test_the_subscriptions_below_a_management_group_are_read_one_after_another(tmp_path: Path) -> None:
    found = [
        {"name": "sub-group", "type": "Microsoft.Management/managementGroups"},
        {"name": "s1", "type": "/subscriptions"},
        {"name": "s2", "type": "Microsoft.Management/managementGroups/subscriptions"},
    ]
    answers = {DESCENDANTS: Answer({"value": found}), **subscription(1), **subscription(2)}
    with fake_arm(tmp_path, answers) as fake:
        live = source(fake, subscriptions=(), management_group="corp")
        units = live.snapshots(PLAN)
        first = next(units)
        assert not [line for line in fake.asked if "/subscriptions/s2" in line]
        second = next(units)
        assert next(units, None) is None
    assert (first.scopes, second.scopes, live.scopes) == ((SUB,), ("/subscriptions/s2",), (SUB, "/subscriptions/s2"))
    assert [item.name for item in second.of_type(SITES)] == ["app2"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"error": {"code": "AuthorizationFailed"}}, 403), "403 AuthorizationFailed"),
        (Answer({"value": []}), "no subscription to read"),
    ],
)
def test_a_management_group_that_names_no_subscription_says_what_to_do(tmp_path: Path, answer: Answer, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, {DESCENDANTS: answer}, subscriptions=(), management_group="corp")


def test_subscriptions_that_share_a_workload_are_one_unit(tmp_path: Path) -> None:
    answers = {**subscription(1), **subscription(2), **subscription(3)}
    groups = (frozenset({"S1", "s3"}),)
    snapshots, _, _ = read(tmp_path, answers, subscriptions=("s1", "s2", "s3"), groups=groups)
    assert [item.scopes for item in snapshots] == [(SUB, "/subscriptions/s3"), ("/subscriptions/s2",)]
    assert [item.name for item in snapshots[0].of_type(SITES)] == ["app1", "app3"]


def test_a_subscription_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    unknown = Answer({"error": {"code": "SubscriptionNotFound"}}, 404)
    with pytest.raises(SourceError, match="there is no subscription s1"):
        read(tmp_path, {SUB: unknown})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"authority": "http://localhost:1"}, "--authority"),
        ({"authority": "https://localhost:1"}, "cannot be reached|Cannot connect|sign you in"),
        ({"arm_endpoint": "http://localhost:1"}, "--arm-endpoint"),
        ({"arm_endpoint": "localhost"}, "--arm-endpoint"),
        ({"ca_file": Path("missing.pem")}, "--ca-file"),
        ({"ca_file": Path(__file__)}, "--ca-file"),
    ],
)
def test_a_wrong_setting_says_what_to_do(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, subscription(1), **options)


def test_a_tenant_that_cannot_be_one_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "no tenant\n")
    with pytest.raises(SourceError, match="AZURE_"):
        read(tmp_path, subscription(1))


def test_importing_the_sources_imports_no_azure_library() -> None:
    import subprocess
    import sys

    code = "import sys, scanner.sources.azure, scanner.sources.snapshot_file; print([n for n in sys.modules if n.split('.')[0] in ('azure', 'aiohttp')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
