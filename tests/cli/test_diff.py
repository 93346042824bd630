"""`driftline diff` on files: exit codes, formats, and words for files that cannot be compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.model.coverage import Read
from scanner.model.errors import DriftlineError
from scanner.report.result_json import render_json
from scanner.sources.snapshot_file import write_snapshot
from tests.cli.test_commands import run
from tests.diff.comparing import ALL, STORAGE, SUB, snapshot
from tests.report.test_terminal import RESULT

Json = Any


@pytest.fixture
def put(tmp_path: Path) -> Any:
    """Write a snapshot of a storage account whose version is given, or any other text; its path."""

    def write(name: str, value: str | bytes, reads: tuple[Read, ...] = ALL) -> str:
        path = tmp_path / name
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            body = {"id": STORAGE, "properties": {"minimumTlsVersion": value}}
            write_snapshot(path, [snapshot(*([body] if value else []), reads=reads)])
        return str(path)

    return write


def test_exit_codes_say_whether_anything_differs(put: Any) -> None:
    old, same, new = put("a.jsonl", "TLS1_2"), put("b.jsonl.gz", "TLS1_2"), put("c.jsonl", "TLS1_0")
    assert run("diff", old, same) == (0, "No difference; 1 resource in both\n")
    code, text = run("diff", old, new)
    assert (code, text.count("TLS1_")) == (1, 2)
    assert "  ~ properties.minimumTlsVersion: TLS1_2 -> TLS1_0\n" in text


def test_formats_go_to_stdout_or_into_a_directory(put: Any, tmp_path: Path) -> None:
    old, new = put("a.jsonl", "TLS1_2"), put("c.jsonl", "TLS1_0")
    assert json.loads(run("diff", old, new, "--format", "json")[1])["counts"]["changed"] == 1
    assert run("diff", old, new, "--format", "markdown")[1].startswith("### driftline: 1 property changed\n")
    assert run("diff", old, new, "--format", "markdown", "--output", str(tmp_path / "out"), "--quiet") == (1, "")
    assert sorted(item.name for item in (tmp_path / "out").iterdir()) == ["diff.json", "diff.md"]


def test_a_plain_export_can_be_compared(put: Any) -> None:
    export = json.dumps([{"id": STORAGE, "properties": {"minimumTlsVersion": "TLS1_0"}}]).encode()
    assert run("diff", put("a.json", export), put("c.jsonl", "TLS1_2"))[0] == 1


def test_results_are_compared_by_their_verdicts(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    fewer = replace(RESULT, findings=RESULT.findings[1:])
    old.write_bytes(render_json(fewer))
    new.write_bytes(render_json(RESULT))
    assert run("diff", str(new), str(new))[0] == 0
    code, text = run("diff", str(old), str(new))
    assert (code, text.splitlines()[0]) == (1, "1 new")
    assert json.loads(run("diff", str(old), str(new), "--format", "json")[1])["counts"]["new"] == 1
    assert run("diff", str(old), str(new), "--format", "markdown")[1].startswith("### driftline: 1 new\n")


def test_a_result_is_not_compared_with_a_snapshot(put: Any, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(render_json(RESULT))
    for pair in ((str(path), put("a.jsonl", "TLS1_2")), (put("a.jsonl", "TLS1_2"), str(path))):
        with pytest.raises(DriftlineError, match="Give two snapshots"):
            run("diff", *pair)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b'{"schema": "driftline.result/0"}', "driftline.result/0"),
        (b'{"schema": "driftline.snapshot/0", "collected": ""}\n', "driftline.snapshot/0"),
        (b'{"schema": "driftline.diff/1"}', "is itself a comparison"),
        (b'{"schema": "driftline.result/1"}', "is a result"),
        (b"", "the file is empty"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nests deeper"),
        (b'"text"', "no resource"),
    ],
)
def test_a_file_that_cannot_be_compared_is_named_with_what_is_wrong(put: Any, value: bytes, said: str) -> None:
    wrong = put("wrong.json", value)
    for pair in ((wrong, put("a.jsonl", "TLS1_2")), (put("a.jsonl", "TLS1_2"), wrong)):
        with pytest.raises(DriftlineError, match=r"wrong\.json") as caught:
            run("diff", *pair)
        assert said in str(caught.value)


TEMPLATE = """{ // what we deployed
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"version": {"type": "string", "defaultValue": "TLS1_2"}},
  "resources": [{
    "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-05-01", "name": "stchat", "location": "eastus2",
    "properties": {"minimumTlsVersion": "[parameters('version')]"}
  }]
}"""


def test_a_template_is_compared_with_what_is_there(put: Any) -> None:
    template, place = put("main.json", TEMPLATE.encode()), ("--resource-group", "rg-chat")
    body = {"id": STORAGE, "location": "East US 2", "kind": "StorageV2"}
    there, drifted = (
        put(
            f"{version}.json",
            json.dumps([{**body, "properties": {"minimumTlsVersion": version, "dnsEndpointType": "Standard"}}]).encode(),
        )
        for version in ("TLS1_2", "TLS1_0")
    )
    assert run("diff", template, there, *place)[0] == 0
    code, text = run("diff", template, drifted, *place)
    assert (code, [line for line in text.splitlines() if "~" in line]) == (
        1,
        ["  ~ properties.minimumTlsVersion: TLS1_2 -> TLS1_0"],
    )
    assert "properties.dnsEndpointType" in run("diff", template, there, *place, "--all")[1]


def test_a_template_stands_first_and_its_place_is_known(put: Any) -> None:
    template, there = put("main.json", TEMPLATE.encode()), put("a.jsonl", "TLS1_2")
    with pytest.raises(DriftlineError, match="Name it first"):
        run("diff", there, template)
    with pytest.raises(DriftlineError, match="Say it with --resource-group NAME"):
        run("diff", template, there)
    with pytest.raises(DriftlineError, match="is no template"):
        run("diff", there, there, "--resource-group", "rg-chat")


def test_a_file_that_is_not_there_is_said_to_be(put: Any, tmp_path: Path) -> None:
    with pytest.raises(DriftlineError, match="cannot be read"):
        run("diff", put("a.jsonl", "TLS1_2"), str(tmp_path / "none.jsonl"))


def test_two_files_with_nothing_in_common_cannot_be_compared(put: Any) -> None:
    with pytest.raises(DriftlineError, match="nothing in common"):
        run("diff", put("a.jsonl", "TLS1_2"), put("b.jsonl", "", reads=(Read("Microsoft.KeyVault/vaults", SUB),)))
