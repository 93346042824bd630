"""Resource Graph: what it indexes, its query language, its paging, its quirks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.simulator.kql import QueryError, Rows, parse_query

GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-Toy"


def ids(answer: Any) -> list[str]:
    return [row["id"].rpartition("/providers/")[2] for row in answer["data"]]


def test_a_row_has_lower_case_type_and_group_and_keeps_the_id(azure: Any) -> None:
    answer = azure.graph("Resources | where type =~ 'Microsoft.KeyVault/vaults'")
    (row,) = answer.pop("data")
    body = azure.get("Microsoft.KeyVault/vaults/kv-toy")
    assert answer == {"totalRecords": 1, "count": 1, "facets": [], "resultTruncated": "false"}
    assert (row["id"], row["type"], row["resourceGroup"]) == (body["id"], "microsoft.keyvault/vaults", "rg-toy")
    assert {key: row[key] for key in ("properties", "location", "tags", "sku", "kind")} == {
        "properties": body["properties"], "location": "eastus2", "tags": None, "sku": None, "kind": "",
    }  # fmt: skip
    assert (row["tenantId"], row["subscriptionId"]) == (
        "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222",
    )  # fmt: skip


def test_only_indexed_types_have_rows(azure: Any) -> None:
    types = {row["type"] for row in azure.graph("resources | project id, type", top=1000)["data"]}
    assert types == {
        "microsoft.cognitiveservices/accounts", "microsoft.compute/virtualmachines", "microsoft.containerregistry/registries",
        "microsoft.insights/components", "microsoft.keyvault/vaults", "microsoft.machinelearningservices/workspaces",
        "microsoft.machinelearningservices/workspaces/onlineendpoints", "microsoft.network/applicationgateways",
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments", "microsoft.network/ddosprotectionplans",
        "microsoft.managedidentity/userassignedidentities", "microsoft.network/networkinterfaces",
        "microsoft.network/networksecuritygroups", "microsoft.network/privatednszones", "microsoft.network/privateendpoints",
        "microsoft.network/privatednszones/virtualnetworklinks", "microsoft.network/publicipaddresses",
        "microsoft.network/virtualnetworks", "microsoft.operationalinsights/workspaces", "microsoft.search/searchservices",
        "microsoft.storage/storageaccounts", "microsoft.web/serverfarms", "microsoft.web/sites",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "types"),
    [
        ("resourcecontainers", {"microsoft.resources/subscriptions", "microsoft.resources/subscriptions/resourcegroups"}),
        ("AuthorizationResources", {"microsoft.authorization/roleassignments", "microsoft.authorization/roledefinitions"}),
        ("dnsresources", {"microsoft.network/privatednszones/a"}),
        ("appserviceresources", {"microsoft.web/sites/config"}),
        ("policyresources", set()),
    ],
)
def test_other_tables_hold_their_types(azure: Any, table: str, types: set[str]) -> None:
    assert {row["type"] for row in azure.graph(f"{table} | project id, type", top=1000)["data"]} == types


def test_pages_end_and_hold_every_row_once(azure: Any) -> None:
    query = "resources | project id | order by id asc"
    everything = ids(azure.graph(query, top=1000))
    found, options = [], {"top": 7}
    while True:
        answer = azure.graph(query, **options)
        assert (answer["count"], answer["totalRecords"], answer["resultTruncated"]) == (
            len(answer["data"]), len(everything), "false",
        )  # fmt: skip
        found += ids(answer)
        if "$skipToken" not in answer:
            break
        options = {"top": 7, "skipToken": answer["$skipToken"]}
    assert found == everything == sorted(everything, key=str.lower)


def test_without_the_id_there_is_no_next_page_and_the_answer_says_so(azure: Any) -> None:
    answer = azure.graph("resources | project name", top=5)
    assert (answer["resultTruncated"], "$skipToken" in answer, answer["count"]) == ("true", False, 5)
    assert azure.graph("resources | project id | take 3", top=5)["resultTruncated"] == "true"


def test_a_token_of_another_query_is_refused(azure: Any) -> None:
    token = azure.graph("resources | project id", top=1)["$skipToken"]
    answer = azure.graph("resources | project id, name", top=1, skipToken=token)
    assert answer["error"]["code"] == "BadRequest"


def test_a_table_answer_has_columns_and_rows(azure: Any) -> None:
    answer = azure.graph("resources | where name == 'kv-toy' | project name, properties", resultFormat="table")
    assert answer["data"]["columns"] == [{"name": "name", "type": "string"}, {"name": "properties", "type": "object"}]
    assert answer["data"]["rows"] == [["kv-toy", azure.get("Microsoft.KeyVault/vaults/kv-toy")["properties"]]]


def test_rows_that_one_may_not_read_are_missing_without_a_word(azure: Any) -> None:
    query = "resources | where type in~ ('microsoft.keyvault/vaults', 'microsoft.storage/storageaccounts') | project id"
    assert {who: ids(azure.graph(query, who)) for who in ("owner", "partial", "nobody")} == {
        "owner": ["Microsoft.Storage/storageAccounts/sttoy", "Microsoft.KeyVault/vaults/kv-toy"],
        "partial": ["Microsoft.Storage/storageAccounts/sttoy"],
        "nobody": [],
    }


def test_a_change_shows_at_once(azure: Any) -> None:
    query = "resources | where id =~ '" + f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttoy".upper() + "'"
    azure.ask("PATCH", "Microsoft.Storage/storageAccounts/sttoy", {"tags": {"new": "tag"}})
    assert azure.graph(query)["data"][0]["tags"] == {"new": "tag"}


ROWS = [
    {"id": "/A", "name": "one", "type": "t/x", "n": 1, "properties": {"on": True, "list": [{"k": "v"}]}, "tags": None},
    {
        "id": "/b",
        "name": "Two",
        "type": "t/y",
        "n": 2,
        "properties": {"on": False, "deep": {"er": "x"}},
        "tags": {"cost center": "7"},
    },
    {"id": "/C", "name": "", "type": "t/y", "n": 3, "properties": None, "tags": {}},
]


def run(text: str) -> list[Any]:
    result = parse_query(text, {"t"}).run(Rows(ROWS, tuple(ROWS[0])))
    return (
        [row["id"] for row in result.rows]
        if "id" in result.columns
        else [[row[name] for name in result.columns] for row in result.rows]
    )


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ("where name == 'one'", ["/A"]),
        ("where name =~ 'TWO' or name == \"one\"", ["/A", "/b"]),
        ("where name != 'one' and type == 't/y'", ["/b", "/C"]),
        ("where not(type == 't/y')", ["/A"]),
        ("where (name == 'one' or type == 't/y') and n == 3", ["/C"]),
        ("where type in ('t/x', 'T/Y')", ["/A"]),
        ("where type in~ ('t/x', 'T/Y')", ["/A", "/b", "/C"]),
        ("where type !in~ ('T/Y')", ["/A"]),
        ("where id startswith '/B' | where name contains 'w'", ["/b"]),
        ("where isempty(name)", ["/C"]),
        ("where isnotempty(properties) and properties.on == true", ["/A"]),
        ("where properties.deep.er =~ 'X'", ["/b"]),
        ("where properties.list[0].k == 'v'", ["/A"]),
        ("where tags['cost center'] == '7'", ["/b"]),
        ("where tolower(name) == 'two' // a comment | where false", ["/b"]),
        ("order by name asc", ["/C", "/A", "/b"]),
        ("order by type, name asc", ["/C", "/b", "/A"]),
        ("sort by id desc | take 2", ["/C", "/b"]),
        ("project a = tolower(id), n", [["/a", 1], ["/b", 2], ["/c", 3]]),
        ("project properties.on", [[True], [False], [None]]),
        ("extend m = properties.deep.er | where m == 'x'", ["/b"]),
        ("where n == 2 | count", [[1]]),
    ],
)
def test_queries_mean_what_kusto_means(steps: str, wanted: list[Any]) -> None:
    assert run(f"T | {steps}") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "", "other | where a == 1", "t |", "t | where", "t | where name =", "t | where name === 'x'", "t | summarize count() by type",
        "t | join kind=inner (t) on id", "t | where name == 'open", "t | where Name == 'one'", "t | project missing", "t | take many",
        "t | where name in ()", "t | where (name == 'one'", "t where", "t | order id", "t; t", "t | where name in~ ('a' 'b')",
    ],
)  # fmt: skip
def test_what_is_not_supported_is_an_error_and_never_all_rows(text: str) -> None:
    with pytest.raises(QueryError):
        run(text)


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    try:
        parse_query(text, {"t"}).run(Rows(ROWS, tuple(ROWS[0])))
    except QueryError as error:
        assert str(error)


def test_a_query_in_error_answers_400_with_details(azure: Any) -> None:
    error = azure.graph("resources | summarize count()")["error"]
    assert (error["code"], [item["code"] for item in error["details"]]) == ("BadRequest", ["InvalidQuery", "ParserFailure"])
