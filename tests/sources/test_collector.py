"""Carrying out a read plan, on a client that answers as told: what was not read is never taken for absent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.coverage import Gap
from scanner.model.read_plan import POLICY_STATES, ChildRead, ExtensionRead, ReadPlan, ReferenceRead
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.sources.azure.client import Listed, ReadError
from scanner.sources.azure.collector import Collector
from scanner.sources.azure.permissions import may_read

SUB = "/subscriptions/s1"
RG = f"{SUB}/resourceGroups/rg"
SITES, VAULTS = "Microsoft.Web/sites", "Microsoft.KeyVault/vaults"
SITE = f"{RG}/providers/{SITES}/app"
VAULT = f"{RG}/providers/{VAULTS}/kv"
SETTINGS = "Microsoft.Insights/diagnosticSettings"
ZONES, LINKS = "Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
ENDPOINTS = "Microsoft.Network/privateEndpoints"
HUB = f"/subscriptions/hub/resourceGroups/dns/providers/{ZONES}/z"
READER = [{"actions": ["*/read"], "notActions": []}]

REFUSED = ReadError("403 AuthorizationFailed", status=403, code="AuthorizationFailed")
NOT_FOUND = ReadError("404 ResourceNotFound", status=404, code="ResourceNotFound")
GONE = ReadError("500", status=500)


def body(resource_id: str, **properties: Any) -> dict[str, Any]:
    return {"id": resource_id, "properties": properties}


@dataclass
class Client:
    """Lists, resources by id and rows of the index; what is not named does not exist."""

    lists: Mapping[str, list[Any] | ReadError | Listed] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] | ReadError = field(default_factory=list)
    permissions: list[Any] | ReadError = field(default_factory=lambda: READER)
    asked: list[str] = field(default_factory=list)

    async def get(self, path: str, api_version: str) -> dict[str, Any]:
        self.asked.append(path)
        found = self.resources.get(path, {"id": path} if path == SUB else NOT_FOUND)
        if isinstance(found, ReadError):
            raise found
        assert api_version
        return dict(found)

    async def list_all(self, path: str, api_version: str) -> Listed:
        self.asked.append(path)
        assert api_version
        found = self.permissions if path.endswith("/Microsoft.Authorization/permissions") else self.lists.get(path, [])
        if isinstance(found, Listed):
            return found
        return Listed((), found) if isinstance(found, ReadError) else Listed(tuple(found))

    async def query(self, query: str, subscriptions: list[str]) -> tuple[dict[str, Any], ...]:
        self.asked.append(query)
        if isinstance(self.rows, ReadError):
            raise self.rows
        return tuple(self.rows)


def collected(client: Client, *, scopes: tuple[str, ...] = (SUB,), **plan: Any) -> Snapshot:
    wanted: dict[str, Any] = {name: value if name == "fresh" else frozenset(value) for name, value in plan.items()}
    collector = Collector(client, ReadPlan(**wanted), scopes, concurrency=4, progress=None)  # type: ignore[arg-type]  # a fake
    asyncio.run(collector.collect())
    return collector.snapshot()


def reason(snapshot: Snapshot, what: str, scope: str) -> str:
    found = snapshot.missing(what, scope)
    return "" if found is None else str(found)


def test_what_the_index_leaves_out_unsaid_is_listed_and_its_refusal_is_a_gap() -> None:
    client = Client(
        rows=[body(SITE), body(VAULT)],
        permissions=[{"actions": ["*/read"], "notActions": ["Microsoft.KeyVault/*"]}],
        lists={f"{SUB}/providers/{VAULTS}": REFUSED},
    )
    snapshot = collected(client, types=[SITES, VAULTS])
    assert reason(snapshot, SITES, SUB) == ""
    assert "403 AuthorizationFailed" in reason(snapshot, VAULTS, SUB)
    assert snapshot.gaps == (Gap(SUB, VAULTS, "403 AuthorizationFailed", f"{VAULTS}/read"),)
    assert snapshot.get(VAULT) is not None  # what one row shows is there, whatever else is not
    assert f"{SUB}/providers/{SITES}" not in client.asked


@pytest.mark.parametrize("trouble", [{"permissions": REFUSED}, {"permissions": []}, {"rows": REFUSED}, {"rows": GONE}])
def test_where_the_index_cannot_be_trusted_arm_lists_each_type(trouble: dict[str, Any]) -> None:
    client = Client(lists={f"{SUB}/providers/{SITES}": [body(SITE)]}, **trouble)
    snapshot = collected(client, types=[SITES, VAULTS])
    assert (reason(snapshot, SITES, SUB), reason(snapshot, VAULTS, SUB)) == ("", "")
    assert [item.via for item in snapshot.of_type(SITES)] == ["list"]


def test_nothing_readable_leaves_every_type_unknown_with_its_permission() -> None:
    paths = [SUB, f"{SUB}/resourcegroups", f"{SUB}/providers/{SITES}"]
    client = Client(lists=dict.fromkeys(paths, REFUSED), resources={SUB: REFUSED}, permissions=REFUSED)
    snapshot = collected(client, types=[SITES], children=[ChildRead(f"{SITES}/config", "web")])
    assert {gap.permission for gap in snapshot.gaps} == {
        "Microsoft.Resources/subscriptions/read", "Microsoft.Resources/subscriptions/resourceGroups/read", f"{SITES}/read",
    }  # fmt: skip
    for what in (SITES, f"{SITES}/config"):
        assert "403" in reason(snapshot, what, SUB)


def test_a_list_that_broke_off_keeps_what_came_and_is_unknown() -> None:
    client = Client(lists={f"{SUB}/providers/{SITES}": Listed((body(SITE),), GONE)})
    snapshot = collected(client, types=[SITES], fresh=True)
    assert snapshot.get(SITE) is not None
    assert "500" in reason(snapshot, SITES, SUB)
    assert snapshot.gaps == (Gap(SUB, SITES, "500", ""),)


def test_a_singleton_that_is_not_there_is_known_to_be_absent_while_its_parent_stands() -> None:
    plan: dict[str, Any] = {"types": [SITES], "children": [ChildRead(f"{SITES}/config", "web")]}
    standing = collected(Client(rows=[body(SITE)], resources={SITE: body(SITE)}), **plan)
    assert standing.look_up(f"{SITE}/config/web") is None
    vanished = collected(Client(rows=[body(SITE)]), **plan)
    assert isinstance(vanished.look_up(f"{SITE}/config/web"), Unknown)
    assert vanished.gaps == (Gap(f"{SITE}/config/web", f"{SITES}/config", "404 ResourceNotFound"),)


def test_children_of_a_parent_that_vanished_are_unknown() -> None:
    child = "Microsoft.CognitiveServices/accounts/deployments"
    account = f"{RG}/providers/Microsoft.CognitiveServices/accounts/oai"
    client = Client(rows=[body(account)], lists={f"{account}/deployments": NOT_FOUND})
    snapshot = collected(client, types=["Microsoft.CognitiveServices/accounts"], children=[ChildRead(child)])
    assert "404" in reason(snapshot, child, account)


def test_grandchildren_are_read_after_children() -> None:
    base = "Microsoft.MachineLearningServices/workspaces"
    workspace = f"{RG}/providers/{base}/w"
    endpoint, deployment = f"{workspace}/onlineEndpoints/e", f"{workspace}/onlineEndpoints/e/deployments/blue"
    client = Client(
        lists={
            f"{SUB}/providers/{base}": [body(workspace)],
            f"{workspace}/onlineEndpoints": [body(endpoint)],
            f"{endpoint}/deployments": [body(deployment)],
        }
    )
    children = [ChildRead(f"{base}/onlineEndpoints/deployments"), ChildRead(f"{base}/onlineEndpoints")]
    snapshot = collected(client, types=[base], children=children, fresh=True)
    assert snapshot.get(deployment) is not None
    assert reason(snapshot, f"{base}/onlineEndpoints/deployments", SUB) == ""


def test_a_type_without_the_extension_has_none_and_a_refusal_is_a_gap() -> None:
    unsupported = ReadError("400 ResourceTypeNotSupported", status=400, code="ResourceTypeNotSupported")
    path = f"/providers/{SETTINGS}"
    client = Client(rows=[body(SITE), body(VAULT)], lists={f"{SITE}{path}": unsupported, f"{VAULT}{path}": REFUSED})
    extensions = [ExtensionRead(SETTINGS, SITES), ExtensionRead(SETTINGS, VAULTS)]
    snapshot = collected(client, types=[SITES, VAULTS], extensions=extensions)
    assert reason(snapshot, SETTINGS, SITE) == ""
    assert snapshot.gaps == (Gap(VAULT, SETTINGS, "403 AuthorizationFailed", f"{SETTINGS}/read"),)


HUB_PLAN: dict[str, Any] = {
    "types": [SITES, ENDPOINTS],
    "children": [ChildRead(LINKS)],
    "references": [ReferenceRead(ENDPOINTS, "properties.zone")],
}
PE = f"{RG}/providers/{ENDPOINTS}/pe"


def test_what_lies_outside_is_context_with_its_children() -> None:
    link = f"{HUB}/virtualNetworkLinks/l"
    client = Client(rows=[body(PE, zone=HUB)], resources={HUB: body(HUB)}, lists={f"{HUB}/virtualNetworkLinks": [body(link)]})
    snapshot = collected(client, fresh=False, **{**HUB_PLAN, "types": [ENDPOINTS]})
    assert [(item.id, item.context) for item in snapshot.resources if item.type in (ZONES, LINKS)] == [(HUB, True), (link, True)]
    assert snapshot.audited(ZONES) == []


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (NOT_FOUND, True),
        (ReadError("404 SubscriptionNotFound", status=404, code="SubscriptionNotFound"), False),
        (REFUSED, False),
        (GONE, False),
    ],
)
def test_a_reference_that_is_not_there_is_absent_and_one_that_is_refused_is_unknown(answer: ReadError, *, known: bool) -> None:
    snapshot = collected(Client(rows=[body(PE, zone=HUB)], resources={HUB: answer}), **HUB_PLAN)
    assert (snapshot.look_up(HUB) is None) is known
    assert ([gap.scope for gap in snapshot.gaps] == [HUB]) is not known


def test_a_reference_that_a_list_covers_is_not_asked_for_again() -> None:
    missing = f"{RG}/providers/{SITES}/gone"
    client = Client(rows=[body(PE, zone=missing)])
    snapshot = collected(client, **HUB_PLAN)
    assert missing not in client.asked
    assert snapshot.look_up(missing) is None


def test_a_reference_to_another_type_than_is_meant_is_not_followed() -> None:
    client = Client(rows=[body(PE, zone=HUB)], resources={HUB: body(HUB)})
    snapshot = collected(client, types=[ENDPOINTS], references=[ReferenceRead(ENDPOINTS, "properties.zone", SITES)])
    assert (HUB in client.asked, snapshot.get(HUB)) == (False, None)


POLICY = "/providers/Microsoft.Authorization/policyDefinitions/p'q"
STATE = {"resourceId": VAULT, "COMPLIANCESTATE": "NonCompliant", "policyDefinitionId": POLICY, "isCompliant": False}


def test_what_azure_policy_finds_is_asked_of_the_index_by_the_definitions_of_the_plan() -> None:
    client = Client(rows=[{"id": "/odd", "properties": STATE}], resources={POLICY: body(POLICY)})
    snapshot = collected(client, types=[POLICY_STATES], policies=[POLICY])
    (query,) = [item for item in client.asked if item.startswith("policyresources")]
    assert "in~ ('/providers/microsoft.authorization/policydefinitions/pq')" in query
    (found,) = snapshot.of_type(POLICY_STATES)
    assert (found.context, found.body["properties"]["complianceState"]) == (True, "NonCompliant")
    assert "isCompliant" not in found.body["properties"]
    assert (reason(snapshot, POLICY_STATES, SUB), snapshot.look_up(POLICY)) == ("", snapshot.get(POLICY))


@pytest.mark.parametrize("trouble", [{"rows": REFUSED}, {"rows": GONE}, {"permissions": REFUSED}, {"permissions": []}])
def test_where_the_index_may_leave_states_out_they_are_unknown(trouble: dict[str, Any]) -> None:
    snapshot = collected(Client(**trouble), types=[POLICY_STATES], policies=[POLICY])
    assert reason(snapshot, POLICY_STATES, SUB) != ""
    assert any(gap.what == POLICY_STATES for gap in snapshot.gaps)


@pytest.mark.parametrize(
    "value", [7, None, "", "hub", {"id": HUB}, ["x"], "/providers/", "/subscriptions/x/providers/No.Such/type/n"]
)
def test_odd_references_are_never_an_exception(value: Any) -> None:
    snapshot = collected(Client(rows=[body(PE, zone=value)]), **HUB_PLAN)
    assert {gap.reason for gap in snapshot.gaps} <= {"no API version of this type is known"}


def test_an_element_without_an_id_has_the_type_and_parent_of_its_list() -> None:
    client = Client(lists={f"{SUB}/providers/{SITES}": [{"properties": {}}, {"id": 5, "type": []}]})
    snapshot = collected(client, types=[SITES], fresh=True)
    assert [item.id for item in snapshot.of_type(SITES)] == [f"{SUB}/providers/{SITES}/unidentified-{at}" for at in (0, 1)]


def test_a_resource_group_is_a_filter_of_the_index() -> None:
    client = Client(resources={RG: {"id": RG}}, rows=[body(SITE)])
    snapshot = collected(client, scopes=(RG,), types=[SITES])
    (query,) = (text for text in client.asked if text.startswith("resources |"))
    assert "| where resourceGroup =~ 'rg' |" in query
    assert reason(snapshot, SITES, RG) == ""


def test_a_resource_group_that_is_not_there_leaves_all_unknown() -> None:
    client = Client(permissions=NOT_FOUND, lists={f"{RG}/providers/{SITES}": NOT_FOUND})
    snapshot = collected(client, scopes=(RG,), types=[SITES])
    assert "404" in reason(snapshot, SITES, RG)


def test_a_subscription_is_asked_for_once_however_many_of_its_groups_are_read() -> None:
    client = Client(resources={RG: {"id": RG}, f"{RG}2": {"id": f"{RG}2"}})
    collected(client, scopes=(RG, f"{RG}2"), types=[SITES], fresh=True)
    assert client.asked.count(SUB) == 1


ALERTS = "Microsoft.Insights/metricAlerts"


def test_what_stands_beside_a_group_and_may_act_upon_it_is_context() -> None:
    inside, beside = (f"{group}/providers/{ALERTS}/a" for group in (RG.upper(), f"{RG}2"))
    listed = {f"{SUB}/providers/{ALERTS}": [body(inside), body(beside)], f"{RG}/providers/{ALERTS}": [body(inside)]}
    client = Client(lists=listed, resources={RG: {"id": RG}})
    snapshot = collected(client, scopes=(RG,), types=[ALERTS], around=[ALERTS], fresh=True)
    assert [(item.id, item.context) for item in snapshot.of_type(ALERTS)] == [(inside, False), (beside, True)]
    assert [reason(snapshot, ALERTS, scope) for scope in (RG, SUB)] == ["", ""]


def test_what_stands_beside_a_group_and_cannot_be_read_leaves_the_group_known() -> None:
    client = Client(lists={f"{SUB}/providers/{ALERTS}": REFUSED}, resources={RG: {"id": RG}})
    snapshot = collected(client, scopes=(RG,), types=[ALERTS], around=[ALERTS], fresh=True)
    assert reason(snapshot, ALERTS, RG) == ""
    assert "403" in reason(snapshot, ALERTS, SUB)


def test_a_subscription_is_not_read_twice_for_what_acts_upon_it() -> None:
    client = Client()
    collected(client, types=[ALERTS], around=[ALERTS], fresh=True)
    assert client.asked.count(f"{SUB}/providers/{ALERTS}") == 1


def test_two_collections_of_the_same_answers_are_the_same() -> None:
    def once() -> tuple[Any, ...]:
        rows = [body(SITE), body(VAULT), {"type": SITES, "properties": {}}]
        found = collected(Client(rows=rows), types=[SITES, VAULTS], extensions=[ExtensionRead(SETTINGS, SITES)])
        return found.reads, found.gaps, [(item.id, item.body) for item in found.resources]

    assert once() == once()


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from([HUB, SITE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "type", "name", "properties", "tags", "sku"]), ODD), max_size=4))
def test_whatever_azure_answers_is_a_snapshot(answer: list[dict[str, Any]]) -> None:
    lists = {f"{SUB}/providers/{SITES}": answer, f"{SITE}/config": answer}
    snapshot = collected(
        Client(rows=answer, lists=lists, permissions=answer, resources={HUB: answer[0] if answer else {}}),
        types=[SITES, ENDPOINTS, "Microsoft.Authorization/roleAssignments"], children=[ChildRead(f"{SITES}/config")],
        extensions=[ExtensionRead(SETTINGS, SITES)], references=[ReferenceRead(SITES, "properties.a"), ReferenceRead(SITES, "tags")],
    )  # fmt: skip
    assert snapshot.get(SUB) is not None


@pytest.mark.parametrize(
    ("actions", "refused", "permitted"),
    [
        (["*"], [], True),
        (["*/read"], [], True),
        (["Microsoft.KeyVault/*/read"], [], True),
        (["MICROSOFT.keyvault/VAULTS/read"], [], True),
        (["Microsoft.KeyVault/vaults/write"], [], False),
        (["*/read"], ["Microsoft.KeyVault/*"], False),
        (["*/read"], ["*/write"], True),
        ([], [], False),
        ("*", None, False),
        ([None, 5], [], False),
        (["Microsoft.KeyVault/[v]aults/read"], [], False),
    ],
)
def test_a_permission_is_what_actions_name_and_not_actions_do_not(actions: Any, refused: Any, *, permitted: bool) -> None:
    assert may_read([{"actions": actions, "notActions": refused}], VAULTS) is permitted


def test_any_role_that_permits_suffices() -> None:
    assert may_read([{"actions": []}, {"actions": ["*/read"], "notActions": [f"{VAULTS}/read"]}, {"actions": ["*"]}], VAULTS)
