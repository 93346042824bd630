"""Snapshot files: what was read is written and comes back; damage is named by line; exports of other tools are understood."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.errors import SnapshotError
from scanner.model.read_plan import ReadPlan
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.sources.redact import REMOVED, _clean, is_plain, redact
from scanner.sources.snapshot_file import SnapshotFileSource, write_snapshot

SUB = "/subscriptions/s1"
SITE = f"{SUB}/resourceGroups/rg/providers/Microsoft.Web/sites/app"
ZONE = "/subscriptions/hub/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/z"


def unit(number: int, *extra: dict[str, Any]) -> Snapshot:
    scope = f"/subscriptions/s{number}"
    bodies = [{"id": f"{scope}/resourceGroups/rg/providers/Microsoft.Web/sites/app", "properties": {"n": number}}, *extra]
    resources = [make_resource(body, via="graph", api_version="2025-03-01") for body in bodies]
    context = make_resource({"id": ZONE, "properties": {"for": number}}, via="get", context=True)
    reads = [Read("Microsoft.Web/sites", scope, "graph", "2025-03-01")]
    gaps = [Gap(scope, "Microsoft.KeyVault/vaults", "403", "Microsoft.KeyVault/vaults/read")]
    return Snapshot(scopes=[scope], resources=[*resources, context], reads=reads, gaps=gaps, collected="2026-11-01T00:00:00Z")


def load(path: Path, **options: Any) -> list[Snapshot]:
    return list(SnapshotFileSource(path, **options).snapshots(ReadPlan()))


@pytest.mark.parametrize("name", ["s.jsonl", "s.jsonl.gz"])
def test_what_is_written_comes_back_unit_by_unit(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_snapshot(path, [unit(1), unit(2)])
    first, second = load(path)
    for number, found in ((1, first), (2, second)):
        original = unit(number)
        assert (found.scopes, found.reads, found.gaps, found.collected) == (
            original.scopes,
            original.reads,
            original.gaps,
            original.collected,
        )
        assert [(item.id, item.body, item.via, item.api_version, item.context) for item in found.resources] == [
            (item.id, item.body, item.via, item.api_version, item.context) for item in original.resources
        ]


def test_writing_twice_gives_the_same_bytes_readable_by_the_owner_alone(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for path in paths:
        write_snapshot(path, [unit(1)])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_nested_children_are_written_once(tmp_path: Path) -> None:
    vnet = {
        "id": f"{SUB}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v",
        "properties": {"subnets": [{"name": "a"}]},
    }
    write_snapshot(tmp_path / "s.jsonl", [unit(1, vnet)])
    assert (tmp_path / "s.jsonl").read_text(encoding="utf-8").count('"subnets"') == 1
    (found,) = load(tmp_path / "s.jsonl")
    assert len(found.of_type("Microsoft.Network/virtualNetworks/subnets")) == 1


def test_an_incomplete_snapshot_says_so(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s.jsonl", [unit(1)], complete=lambda: False)
    assert SnapshotFileSource(tmp_path / "s.jsonl").complete is False


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"body": {"id": ', "s.jsonl:3: the line is not JSON"),
        ("[1]", "s.jsonl:3: a line holds one resource"),
        ('{"via": "get"}', "s.jsonl:3: a line holds one resource"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "s.jsonl"
    write_snapshot(path, [unit(1)])
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], line, *lines[2:]]), encoding="utf-8")
    with pytest.raises(SnapshotError, match=words.replace("[", r"\[")):
        load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"schema": "driftline.snapshot/9"}\n', "the schema 'driftline.snapshot/9' is not known"),
        (b'{"schema": "driftline.snapshot/1", "reads": [1]}\n', "the header is not as .* has it"),
        (b"", "no resource|not JSON"),
        (b"[]", "there is no resource"),
        (b"[1, 2]", "is no resource"),
        (b"\xff\xfe", "the file is empty"),
        (b"\xff\xfex", "begins as UTF-16"),
        (b'{"schema": "driftline.snapshot/1", "scopes": null}\n', "the header is not as .* has it"),
        (b"hello", "not JSON"),
    ],
)
def test_a_file_that_is_no_snapshot_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "s.jsonl").write_bytes(content)
    with pytest.raises(SnapshotError, match=words):
        load(tmp_path / "s.jsonl")


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl.gz"
    write_snapshot(path, [unit(1)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SnapshotError, match=r"damaged|not JSON"):
        load(path)


def test_a_resource_without_an_id_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    write_snapshot(path, [unit(1)])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"via": 7, "api_version": null, "body": {"type": "Microsoft.Web/sites", "properties": {}}}\n')
    (found,) = load(path)
    assert "/unidentified/line-4" in [item.key for item in found.resources]


BODY = {"id": SITE, "type": "Microsoft.Web/sites", "name": "app", "properties": {"httpsOnly": True}}
TABLE = {"data": {"columns": [{"name": "id"}, {"name": "properties"}], "rows": [[SITE, {"httpsOnly": True}]]}}
ENVELOPE = {"ResourceId": SITE, "ResourceType": "Microsoft.Web/sites", "Properties": {"httpsOnly": True}}


@pytest.mark.parametrize("export", [[BODY], BODY, {"value": [BODY]}, {"data": [BODY]}, TABLE, [ENVELOPE]])
def test_exports_of_other_tools_are_understood(tmp_path: Path, export: Any) -> None:
    (tmp_path / "export.json").write_text(json.dumps(export), encoding="utf-8")
    (found,) = load(tmp_path / "export.json")
    assert (found.scopes, [(item.id, item.body["properties"]) for item in found.resources]) == (
        (SUB,),
        [(SITE, {"httpsOnly": True})],
    )
    assert found.missing("Microsoft.Web/sites", SUB) is None
    assert found.missing("Microsoft.KeyVault/vaults", SUB) is not None


def test_an_export_says_nothing_of_extensions_unless_it_is_declared_complete(tmp_path: Path) -> None:
    setting = {"id": f"{SITE}/providers/Microsoft.Insights/diagnosticSettings/d", "properties": {}}
    (tmp_path / "e.json").write_text(json.dumps([BODY, setting]), encoding="utf-8")
    assert load(tmp_path / "e.json")[0].missing("Microsoft.Insights/diagnosticSettings", SITE) is not None
    (complete,) = load(tmp_path / "e.json", assume_complete=True)
    assert complete.reads == (Read(EVERYTHING, "/", "file"),)


def test_a_compressed_export_is_read(tmp_path: Path) -> None:
    (tmp_path / "e.json.gz").write_bytes(gzip.compress(json.dumps([BODY]).encode()))
    assert len(load(tmp_path / "e.json.gz")[0].resources) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["id", "type", "name", "properties", "tags", "x"]), JSON))
def test_any_body_survives_a_round_trip(tmp_path_factory: pytest.TempPathFactory, body: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("s") / "s.jsonl"
    clean = redact(body)
    write_snapshot(path, [Snapshot(scopes=[SUB], resources=[make_resource(clean, fallback_id="/x")], reads=[])])
    found = [item for snapshot in load(path) for item in snapshot.resources if not item.inline]
    assert [item.body for item in found] == [clean]


CANARY = "CANARY-3f9a"


@pytest.mark.parametrize(
    ("body", "resource_type", "name"),
    [
        ({"properties": {"ConnectionString": CANARY, "InstrumentationKey": CANARY}}, "Microsoft.Insights/components", "a"),
        (
            {"properties": {"osProfile": {"adminPassword": CANARY, "customData": CANARY}}},
            "Microsoft.Compute/virtualMachines",
            "a",
        ),
        ({"properties": {"value": CANARY}}, "Microsoft.KeyVault/vaults/secrets", "a"),
        ({"properties": {"siteConfig": {"appSettings": [{"name": "k", "value": CANARY}]}}}, "Microsoft.Web/sites", "a"),
        ({"properties": {"anything": CANARY}}, "Microsoft.Web/sites/config", "appsettings"),
        ({"properties": {"credentials": {"key": CANARY}}}, "Microsoft.MachineLearningServices/workspaces/connections", "a"),
        ({"PROPERTIES": {"PrimaryKey": CANARY, "x": [{"sharedAccessKey": CANARY}]}}, "A.B/c", "a"),
        ({"properties": {"identityProviders": {"x": {"clientSecret": CANARY}}}}, "Microsoft.Web/sites/config", "authsettingsV2"),
    ],
)
def test_secrets_are_removed_and_what_is_absent_stays_absent(body: Any, resource_type: str, name: str) -> None:
    clean = json.dumps(redact(body, resource_type=resource_type, name=name))
    assert CANARY not in clean
    assert REMOVED in clean


def test_what_is_no_secret_is_left_alone() -> None:
    body = {
        "tags": {"password": "shown"},
        "properties": {"password": None, "disablePasswordAuthentication": True, "keyPolicy": {"x": 1}},
    }
    assert redact(body) is body


NAMES = st.sampled_from(
    ["a", "tags", "Tags", "password", "hidden-link:x-conn-string", "key", "sslConfiguration", "appSettings", "\u00e9", "\ud800"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "x", "a=b", "?sig=x", "https://u:p@h", "\ud800", 2**600]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_body_that_is_passed_by_holds_nothing_to_remove(body: dict[str, Any]) -> None:
    if is_plain(body, set()):
        assert _clean(body, 0) is body


def test_a_body_nested_too_deep_is_not_passed_by() -> None:
    body: Any = {}
    for _ in range(200):
        body = {"a": body}
    assert not is_plain(body, set())
