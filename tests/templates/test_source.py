"""A template is scanned as if it were deployed: every verdict that depends on what only Azure knows is unknown with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.model.read_plan import ReadPlan
from scanner.sources.template import TemplateOptions, TemplateSource
from tests.templates.shapes import GROUP, NOW, nested, resource, template

Json = Any
Scan = Callable[..., tuple[int, Json]]
SEARCH = "Microsoft.Search/searchServices"
VAULT = "Microsoft.KeyVault/vaults"


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def run(data: Json, *options: str, name: str = "main.json", flag: str = "--template") -> tuple[int, Json]:
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data, indent=1), encoding="utf-8")
        arguments = [
            "scan",
            flag,
            str(path),
            "--output",
            str(tmp_path),
            "--format",
            "json",
            "--quiet",
            "--now",
            "2026-11-01",
            *options,
        ]
        outcome = CliRunner().invoke(app, arguments, standalone_mode=False)
        if outcome.exception is not None:
            raise outcome.exception
        return int(outcome.return_value), json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))

    return run


def verdicts(result: Json) -> dict[tuple[str, str], str]:
    """Verdict by rule and name of the resource."""
    found = {(item["rule"], item["resource"].rpartition("/")[2]): item["verdict"] for item in result["findings"]}
    return found | {(rule, one.rpartition("/")[2]): "pass" for rule, _, ids in result["passes"] for one in ids}


def test_what_a_template_sets_passes_or_fails_with_file_and_line(scan: Scan) -> None:
    data = template(
        resource("closed", SEARCH, properties={"publicNetworkAccess": "disabled", "disableLocalAuth": True}),
        resource("open", SEARCH, properties={"replicaCount": 1, "publicNetworkAccess": "[parameters('access')]"}),
        parameters={"access": {"type": "string", "defaultValue": "enabled"}},
    )
    code, result = scan(data, "--only", "NET-004", "--only", "KEY-003")
    assert (code, verdicts(result)) == (1, {("NET-004", "closed"): "pass", ("KEY-003", "closed"): "pass", ("NET-004", "open"): "fail", ("KEY-003", "open"): "fail"})  # fmt: skip
    (found,) = (item for item in result["findings"] if item["rule"] == "NET-004")
    lines = json.dumps(data, indent=1).splitlines()
    assert found["location"]["file"] == "main.json"
    assert "[parameters('access')]" in lines[found["location"]["line"] - 1]


def test_what_only_azure_knows_is_unknown_with_its_reason(scan: Scan) -> None:
    other = "/subscriptions/s/resourceGroups/g/providers/Contoso.X/y/z"
    data = template(resource("srch", SEARCH, properties={"publicNetworkAccess": f"[reference('{other}', '1').access]"}))
    code, result = scan(data, "--only", "NET-004")
    (found,) = result["findings"]
    assert (code, found["verdict"]) == (3, "unknown")
    assert f"reference() of {other}: only Azure knows" in found["message"]


def test_a_parameter_of_the_file_and_of_the_target_reach_the_verdict(scan: Scan, tmp_path: Path) -> None:
    data = template(
        resource("srch", SEARCH, location="[resourceGroup().location]", properties={"publicNetworkAccess": "[parameters('a')]"}),
        parameters={"a": {"type": "string"}},
    )
    with pytest.raises(ConfigurationError, match=r"for: a \(give them with --parameters FILE"):
        scan(data)
    (tmp_path / "p.json").write_text(json.dumps({"$schema": "x", "parameters": {"a": {"value": "disabled"}}}))
    subscription = GROUP.split("/")[2]
    options = [
        "--parameters",
        str(tmp_path / "p.json"),
        "--subscription",
        subscription,
        "--resource-group",
        "rg",
        "--only",
        "NET-004",
    ]
    assert scan(data, *options)[1]["passes"] == [["NET-004", "", [f"{GROUP}/providers/{SEARCH}/srch"]]]


def test_private_endpoints_make_connections_on_their_services(tmp_path: Path) -> None:
    link = {"name": "l", "properties": {"privateLinkServiceId": f"[resourceId('{VAULT}', 'kv')]", "groupIds": ["vault"]}}
    (tmp_path / "main.json").write_text(
        json.dumps(
            template(
                resource("kv", VAULT, properties={"publicNetworkAccess": "Disabled"}),
                resource("other", VAULT),
                resource("pe", "Microsoft.Network/privateEndpoints", properties={"privateLinkServiceConnections": [link]}),
            )
        )
    )
    (snapshot,) = TemplateSource(TemplateOptions(tmp_path / "main.json"), NOW).snapshots(ReadPlan())
    found = {item.name: item.body["properties"]["privateEndpointConnections"] for item in snapshot.of_type(VAULT)}
    (connection,) = found["kv"]
    assert connection["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert connection["properties"]["privateEndpoint"]["id"].endswith("/privateEndpoints/pe")
    assert found["other"] == []


def test_what_is_referred_to_as_existing_was_not_read_and_never_passes(scan: Scan) -> None:
    data = {"languageVersion": "2.0", "resources": {"s": resource("srch", SEARCH, existing=True), "n": resource("new", SEARCH, properties={"publicNetworkAccess": "disabled"})}}  # fmt: skip
    _, result = scan(data, "--only", "NET-004")
    assert verdicts(result) == {("NET-004", "new"): "pass", ("NET-004", "srch"): "unknown"}


def test_a_resource_that_may_come_to_be_is_an_unknown_and_no_silence(scan: Scan) -> None:
    data = template(resource("srch", SEARCH, condition="[equals(newGuid(), 'x')]", properties={"publicNetworkAccess": "enabled"}))
    _, result = scan(data, "--only", "NET-004")
    assert [item["verdict"] for item in result["findings"]] == ["unknown"]


def test_secure_parameters_are_written_nowhere(scan: Scan, tmp_path: Path) -> None:
    inner = template(resource("srch", SEARCH, tags={"t": "[concat('x-', parameters('p'))]"}, properties={"publicNetworkAccess": "[parameters('p')]"}), parameters={"p": {"type": "securestring"}})  # fmt: skip
    data = template(
        nested("d", inner, parameters={"p": {"value": "[parameters('p')]"}}), parameters={"p": {"type": "secureString"}}
    )
    (tmp_path / "p.json").write_text(json.dumps({"$schema": "x", "parameters": {"p": {"value": "hunter2hunter2"}}}))
    scan(data, "--parameters", str(tmp_path / "p.json"), "--format", "html", "--include-passes")
    written = [path for path in tmp_path.iterdir() if path.name not in ("p.json", "main.json")]
    assert len(written) == 2
    assert not [path.name for path in written if "hunter2" in path.read_text(encoding="utf-8")]


def test_every_template_of_the_reference_deployment_is_judged(root: Path, scan: Scan) -> None:
    for path in sorted((root / "baselines/openai-chat/deployment").glob("*.json")):
        if path.name.startswith("parameters."):
            continue
        _, result = scan(path.read_text(encoding="utf-8"), "--location", "eastus2", "--only", "NET", "--only", "AI")
        assert not [item for item in result["findings"] if item["verdict"] == "error"], path.name


def test_a_template_goes_to_one_place_and_is_one_source(scan: Scan) -> None:
    with pytest.raises(DriftlineError, match="--subscription is given 2 times"):
        scan(template(), "--subscription", "a", "--subscription", "b")
    with pytest.raises(DriftlineError, match="exclude each other"):
        scan(template(), "--simulate", "reference")
    with pytest.raises(DriftlineError, match="say how a template is deployed"):
        CliRunner().invoke(
            app, ["scan", "--simulate", "reference", "--location", "x"], standalone_mode=False, catch_exceptions=False
        )


def test_bicep_needs_its_compiler_and_is_built_by_it(scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(DriftlineError, match="no Bicep compiler here\nInstall one"):
        scan("resource x", name="main.bicep")
    (tmp_path / "bin").mkdir()
    compiler = tmp_path / "bin" / "bicep"
    compiler.write_text(f"#!/bin/sh\necho '{json.dumps(template(resource('s', SEARCH)))}'\n")
    compiler.chmod(0o755)
    assert scan("resource x", "--only", "NET-004", name="main.bicep")[0] == 1
    compiler.write_text("#!/bin/sh\necho 'main.bicep(1,1) : Error BCP018' >&2\nexit 1\n")
    with pytest.raises(DriftlineError, match=r"does not build:\n.*BCP018"):
        scan("resource x", name="main.bicep")


def what_if(*changes: Json) -> Json:
    return {"status": "Succeeded", "error": None, "changes": list(changes)}


def change(kind: str, name: str, after: Json = None, **members: Json) -> Json:
    return {"resourceId": f"{GROUP}/providers/{SEARCH}/{name}", "changeType": kind, "after": after, **members}


def test_the_state_that_azure_predicts_is_judged(scan: Scan) -> None:
    closed, opened = ({"properties": {"publicNetworkAccess": state}} for state in ("disabled", "enabled"))
    data = what_if(
        change("Create", "new", opened), change("Modify", "changed", closed, before=opened), change("NoChange", "same", closed),
        change("Ignore", "kept", None, before=opened), change("Delete", "gone", None, before=opened),
        change("Unsupported", "odd", None, unsupportedReason="its name is not known"),
        change("Modify", "unsure", {"properties": {"publicNetworkAccess": "[reference('x').y]"}}),
    )  # fmt: skip
    code, result = scan(data, "--only", "NET-004", flag="--what-if")
    names = {name: verdict for (_, name), verdict in verdicts(result).items()}
    assert (code, names) == (
        1,
        {"new": "fail", "changed": "pass", "same": "pass", "kept": "fail", "odd": "unknown", "unsure": "unknown"},
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, '"changes" is missing'),
        (what_if({"changeType": "Create"}), 'has a "resourceId"'),
        ({"error": {"code": "InvalidTemplate"}, "changes": []}, "what-if itself failed"),
        (what_if(), "predicts no resource"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_no_prediction_is_refused(scan: Scan, data: Json, words: str) -> None:
    with pytest.raises(DriftlineError, match=words):
        scan(data, flag="--what-if")
