"""Over HTTPS: sign-in, pages, headers, faults; and that the server outlives bad requests."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.simulator import start_simulator
from scanner.simulator.faults import Faults, load_faults

STATES = Path(__file__).parent / "states"
SUB = "/subscriptions/22222222-2222-4222-8222-222222222222"
GROUP = f"{SUB}/resourceGroups/rg-Toy"
TENANT = "11111111-1111-4111-8111-111111111111"
SCANNER = "33333333-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("tenant", "client", "secret", "status", "error", "number"),
    [
        (TENANT, SCANNER, "wrong", 401, "invalid_client", 7000215),
        (TENANT.replace("1", "9"), SCANNER, "simulated", 400, "invalid_request", 90002),
        (TENANT, SCANNER.replace("3", "9"), "simulated", 400, "unauthorized_client", 700016),
    ],
)
def test_a_wrong_sign_in_gets_entras_answer(
    browser: Any, tenant: str, client: str, secret: str, status: int, error: str, number: int
) -> None:
    answered, body = browser.token(tenant, client, secret)
    assert (answered, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "AuthenticationFailed"), ("Bearer nonsense", "InvalidAuthenticationToken"), ("Bearer a.b.simulated", "InvalidAuthenticationToken"),
     ("Basic x", "AuthenticationFailed"), ("Bearer e30.eyJvaWQiOiAieCJ9.simulated", "InvalidAuthenticationToken")],
)  # fmt: skip
def test_a_request_without_a_good_token_gets_401(browser: Any, header: str, code: str) -> None:
    status, headers, raw = browser.send("GET", f"{SUB}?api-version=1", headers={"Authorization": header} if header else {})
    assert (status, json.loads(raw)["error"]["code"]) == (401, code)
    assert headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_discovery_and_metadata_name_this_server(browser: Any) -> None:
    base = browser.simulator.endpoint
    document = json.loads(browser.send("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration")[2])
    assert document["token_endpoint"] == f"{base}/{TENANT}/oauth2/v2.0/token"
    metadata = json.loads(browser.send("GET", "/metadata/endpoints?api-version=2022-09-01")[2])
    assert (metadata["resourceManager"], metadata["authentication"]["loginEndpoint"]) == (f"{base}/", f"{base}/")


@pytest.mark.parametrize(
    ("path", "header"), [("/metadata/identity/oauth2/token", "Metadata"), ("/msi/token", "X-IDENTITY-HEADER")]
)
def test_managed_identities_get_tokens_over_http(browser: Any, path: str, header: str) -> None:
    host, _, port = browser.simulator.identity_endpoint.removeprefix("http://").partition(":")

    def ask(headers: dict[str, str], client: str = "") -> tuple[int, Any]:
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        try:
            connection.request("GET", f"{path}?resource=https://management.azure.com&client_id={client}", headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    status, body = ask({header: "true"}, SCANNER)
    assert (status, body["client_id"], body["token_type"]) == (200, SCANNER, "Bearer")
    token = {"Authorization": f"Bearer {body['access_token']}"}
    assert browser.send("GET", f"{GROUP}?api-version=1", headers=token)[0] == 200
    assert [ask({})[0], ask({header: "true"}, "nobody")[0]] == [400, 400]


def pages(browser: Any, path: str) -> list[list[str]]:
    found, link = [], path
    while link:
        _, _, body = browser.ask("GET", link)
        found.append([item["name"] for item in body["value"]])
        following = body.get("nextLink") or ""
        assert following.startswith(browser.simulator.endpoint) or not following
        link = (
            following.removeprefix(browser.simulator.endpoint)
            .replace("&api-version=2030-01-01", "")
            .replace("api-version=2030-01-01&", "")
        )
    return found


def test_lists_come_in_pages_on_the_host_that_was_asked(browser: Any) -> None:
    found = pages(browser, f"{GROUP}/resources")
    assert {len(page) for page in found[:-1]} == {3}
    named = [name for page in found for name in page]
    assert len(named) == len(set(named)) > 20


def test_pages_vary_as_recorded_answers_do(browser: Any) -> None:
    assert pages(browser, f"{SUB}/providers/Microsoft.KeyVault/vaults") == [[], ["kv-toy"]]
    assert browser.ask("GET", f"{SUB}/providers/Microsoft.Insights/components")[2]["nextLink"] is None
    assert "nextLink" not in browser.ask("GET", f"{SUB}/providers/Microsoft.Web/sites")[2]
    assert len(browser.ask("GET", f"{GROUP}/resources?$top=2")[2]["value"]) == 2
    assert [browser.ask("GET", f"{GROUP}/resources?{query}")[0] for query in ("$skiptoken=@@", "$top=x", "$skiptoken=LTE=")] == [
        400
    ] * 3


def test_answers_carry_azures_headers(browser: Any) -> None:
    _, headers, _ = browser.ask("GET", GROUP)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-ms-ratelimit-remaining-subscription-global-reads"] == "3749"
    assert {"x-ms-request-id", "x-ms-correlation-request-id"} <= set(headers)
    _, headers, _ = browser.ask("POST", "/providers/Microsoft.ResourceGraph/resources", {"query": "resources | take 1"})
    assert headers["x-ms-user-quota-remaining"] == "14"


def test_double_slashes_are_one(browser: Any) -> None:
    assert browser.ask("GET", "/" + GROUP.replace("/resourceGroups", "//resourceGroups"))[0] == 200


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[1]", b"null", b'{"properties": 7}', b'{"identity": [], "properties": {"ipConfigurations": 3}}']
)
def test_a_bad_body_never_fails_the_server(browser: Any, body: bytes) -> None:
    for path in ("Microsoft.Web/sites/odd", "Microsoft.Network/networkInterfaces/odd", "Microsoft.KeyVault/vaults/odd"):
        status, _, _ = browser.ask("PUT", f"{GROUP}/providers/{path}", body)
        assert status != 500
    assert browser.ask("GET", GROUP)[0] == 200


def test_what_was_asked_is_remembered(browser: Any) -> None:
    browser.ask("GET", f"{GROUP}/providers/Microsoft.Web/sites/none")
    assert browser.simulator.requests[-1] == ("GET", f"{GROUP}/providers/Microsoft.Web/sites/none", 404)


def test_a_taken_port_is_told(browser: Any) -> None:
    port = int(browser.simulator.endpoint.rpartition(":")[2])
    with pytest.raises(DriftlineError, match="cannot listen on port"), start_simulator(STATES / "toy.yaml", port=port):
        pass


FAULTS = """\
- {method: GET, path: "*/sites", status: 429, retry_after: 2, times: 1}
- {path: "*/vaults*", body: half}
- {path: "*/workspaces", body: not-json}
- {path: "*/registries", body: empty-object}
- {path: "*/searchservices", body: null-list}
- {path: "*/accounts", body: html}
- {path: "*/virtualnetworks", body: loop}
- {path: "*/publicipaddresses", body: other-host}
- {path: "*/networkinterfaces", after: 1, status: 503, code: Busy}
- {path: "*/privateendpoints", body: reset}
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, browse: Any) -> Any:
    path = tmp_path_factory.mktemp("faults") / "faults.yaml"
    path.write_text(FAULTS, encoding="utf-8")
    with start_simulator(STATES / "toy.yaml", faults=path) as simulator:
        yield browse(simulator)


def raw(faulty: Any, what: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"Authorization": f"Bearer {faulty.sign_in('owner')}"}
    answer = faulty.send("GET", f"{GROUP}/providers/{what}?api-version=1", headers=headers)
    assert isinstance(answer, tuple)
    return answer


def test_faults_strike_as_asked(faulty: Any) -> None:
    status, headers, _ = raw(faulty, "Microsoft.Web/sites")
    assert (status, headers["retry-after"]) == (429, "2")
    assert raw(faulty, "Microsoft.Web/sites")[0] == 200
    assert raw(faulty, "Microsoft.MachineLearningServices/workspaces")[2] == b'{"value": ['
    assert raw(faulty, "Microsoft.ContainerRegistry/registries")[2] == b"{}"
    assert raw(faulty, "Microsoft.Search/searchServices")[2] == b'{"value": null}'
    assert raw(faulty, "Microsoft.CognitiveServices/accounts")[1]["content-type"].startswith("text/html")
    assert json.loads(raw(faulty, "Microsoft.Network/virtualNetworks")[2])["nextLink"].startswith(faulty.simulator.endpoint)
    assert not json.loads(raw(faulty, "Microsoft.Network/publicIPAddresses")[2])["nextLink"].startswith(faulty.simulator.endpoint)
    busy = [raw(faulty, "Microsoft.Network/networkInterfaces") for _ in range(2)]
    assert [item[0] for item in busy] == [200, 503]
    assert json.loads(busy[1][2])["error"]["code"] == "Busy"


def test_a_truncated_body_and_a_reset_are_errors_of_the_connection(faulty: Any) -> None:
    with pytest.raises(http.client.IncompleteRead):
        raw(faulty, "Microsoft.KeyVault/vaults/kv-toy")
    with pytest.raises((ConnectionError, http.client.HTTPException, OSError)):
        raw(faulty, "Microsoft.Network/privateEndpoints")


def test_chance_is_the_same_in_every_run(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("- {probability: 0.3, status: 500}\n", encoding="utf-8")

    def struck(faults: Faults) -> list[bool]:
        return [faults.strike("GET", "/x") is not None for _ in range(200)]

    first = struck(load_faults(path))
    assert first == struck(load_faults(path))
    assert 30 < sum(first) < 90


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1", "faults.yaml:1: a faults file is a list"),
        ("- {path: x}\n- {statsu: 500}", "faults.yaml:2: statsu: Extra inputs are not permitted"),
        ("- status: 500\n  body: halb", "faults.yaml:2: body: Input should be"),
        ("- {probability: 2}", "faults.yaml:1: probability: Input should be less than or equal to 1"),
    ],
)
def test_a_faulty_faults_file_is_told_with_its_line(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_faults(path)
    (fault,) = raised.value.faults
    assert str(fault).replace(str(tmp_path) + "/", "").startswith(wanted)
