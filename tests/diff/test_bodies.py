"""Two bodies of one resource: one line for each property that differs, none for what is Azure's own or says the same."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.diff.change import ChangeKind
from scanner.model.resource import make_resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.sources.redact import REMOVED
from tests.diff.comparing import ALL, GROUP, NETWORK, STORAGE, SUB, VAULT, bodies, compared, lines, snapshot

Json = Any
SITE = f"{GROUP}/providers/Microsoft.Web/sites/app-chat"
ROLE = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
DIAGNOSTICS = f"{STORAGE}/providers/Microsoft.Insights/diagnosticSettings/to-log"


def p(**properties: Json) -> Json:
    return {"properties": properties}


SAME = {
    "letter case of an id": (p(subnetId=f"{GROUP}/x"), p(subnetId=f"{GROUP.upper()}/X".replace("/SUBSCRIPTIONS", "/subscriptions"))),
    "a trailing slash of an id": (p(subnetId=f"{GROUP}/x"), p(subnetId=f"{GROUP}/x/")),
    "a role with and without the subscription": (p(roleDefinitionId=ROLE), p(roleDefinitionId=f"{SUB}{ROLE}")),
    "spelling of a location": ({"location": "East US 2", **p()}, {"location": "eastus2", **p()}),
    "letter case of a choice": (p(minimumTlsVersion="TLS1_2"), p(minimumTlsVersion="tls1_2")),
    "letter case of a member": (p(allowBlobPublicAccess=False), p(AllowBlobPublicAccess=False)),
    "null and absent": (p(allowBlobPublicAccess=None), p()),
    "an object of nulls and absent": (p(networkAcls={"bypass": None}), p()),
    "what Azure assumes": (p(), p(minimumTlsVersion="TLS1_0", publicNetworkAccess="Enabled")),
    "a read-only member": (p(primaryEndpoints={"blob": "https://a"}), p(primaryEndpoints={"blob": "https://b"})),
    "marks of a version, states and times": (
        {"etag": "1", "systemData": {"createdBy": "a"}, **p(provisioningState="Updating", resourceGuid="1")},
        {"etag": "2", "systemData": {"createdBy": "b"}, **p(provisioningState="Succeeded", resourceGuid="2")},
    ),
    "a set of texts in other order": (p(networkAcls={"resourceAccessRules": ["a", "b"]}), p(networkAcls={"resourceAccessRules": ["b", "a"]})),
    "named elements in other order": (p(xs=[{"name": "a", "v": 1}, {"name": "b", "v": 2}]), p(xs=[{"name": "b", "v": 2}, {"name": "a", "v": 1}])),
    "elements by id in other order": (p(xs=[{"id": f"{SUB}/a"}, {"id": f"{SUB}/b"}]), p(xs=[{"id": f"{SUB}/B/"}, {"id": f"{SUB}/A"}])),
    "nameless elements in other order": (p(xs=[{"v": [1]}, {"v": [2, 3]}]), p(xs=[{"v": [3, 2]}, {"v": [1], "etag": "x"}])),
    "columns of Resource Graph": ({"kind": "", "managedBy": "", "resourceGroup": "rg-chat", **p()}, p()),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_says_the_same_is_no_difference(old: Json, new: Json) -> None:
    assert lines(bodies(old, new)) == []
    assert lines(bodies(new, old)) == []


ONE = {
    "a value": (p(minimumTlsVersion="TLS1_2"), p(minimumTlsVersion="TLS1_0"), ("changed", "properties.minimumTlsVersion", "TLS1_2", "TLS1_0")),
    "absent, which is not the default": (p(minimumTlsVersion="TLS1_2"), p(), ("removed", "properties.minimumTlsVersion", "TLS1_2", None)),
    "a truth is no number": (p(v=True), p(v=1), ("changed", "properties.v", True, 1)),
    "a text is no number": (p(v="1"), p(v=1), ("changed", "properties.v", "1", 1)),
    "case of a free text": (p(v="Chat"), p(v="chat"), ("changed", "properties.v", "Chat", "chat")),
    "a text for an object": (p(v={"a": 1}), p(v="x"), ("changed", "properties.v", {"a": 1}, "x")),
    "an object that is gone": (p(v={"a": 1, "etag": "x"}), p(), ("removed", "properties.v", {"a": 1}, None)),
    "one more in a set": (p(v=["a", "b"]), p(v=["c", "b", "a"]), ("changed", "properties.v", ["a", "b"], ["c", "b", "a"])),
    "the order of name servers": (p(dnsServers=["a", "b"]), p(dnsServers=["b", "a"]), ("changed", "properties.dnsServers", ["a", "b"], ["b", "a"])),
    "within a named element": (
        p(xs=[{"name": "a", "v": 1}, {"name": "b", "v": 2}]), p(xs=[{"name": "b", "v": 3}, {"name": "a", "v": 1}]),
        ("changed", "properties.xs[b].v", 2, 3),
    ),
    "an element that is gone": (p(xs=[{"name": "a"}, {"name": "b"}]), p(xs=[{"name": "b"}]), ("removed", "properties.xs[a]", {"name": "a"}, None)),
    "within a nameless element": (p(xs=[{"v": 1}, {"v": 2}]), p(xs=[{"v": 2}, {"v": 3}]), ("changed", "properties.xs[0].v", 1, 3)),
    "a name that is like a path": ({"tags": {"a.b['": "x"}, **p()}, {"tags": {"a.b['": "y"}, **p()}, ("changed", r"tags['a.b[\'']", "x", "y")),
    "a tag called like a mark": ({"tags": {"etag": "x"}, **p()}, {"tags": {"etag": "y"}, **p()}, ("changed", "tags.etag", "x", "y")),
    "an identity, though all of it is read-only": (
        {"identity": {"userAssignedIdentities": {f"{SUB}/a": {"clientId": "1"}}}, **p()}, {"identity": {"userAssignedIdentities": {}}, **p()},
        ("removed", f"identity.userAssignedIdentities['{SUB}/a']", {}, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), ONE.values(), ids=ONE)
def test_one_property_that_differs_is_one_line(old: Json, new: Json, line: Json) -> None:
    assert lines(bodies(old, new)) == [line]
    backwards = {"removed": "added", "added": "removed"}
    kind, _, before, after = line
    assert [(kind, old_value, new_value) for kind, _, old_value, new_value in lines(bodies(new, old))] == [
        (backwards.get(kind, kind), after, before)
    ]


def test_what_was_left_out_is_counted_and_shown_when_asked_for() -> None:
    old, new = p(provisioningState="Updating", primaryLocation="a"), p(provisioningState="Succeeded", primaryLocation="b")
    assert bodies(old, new).left_out == 2
    assert [path for _, path, *_ in lines(bodies(old, new, everything=True))] == [
        "properties.primaryLocation", "properties.provisioningState",
    ]  # fmt: skip


def test_a_secret_is_never_shown_and_never_taken_for_equal() -> None:
    diff = bodies(p(v={"password": "one"}), p(v={"password": "two"}))
    assert (lines(diff), [item.path for item in diff.uncompared]) == ([], ["properties.v.password"])
    assert lines(bodies(p(v={"password": "one", "a": 1}), p(v={"a": 1}))) == [("removed", "properties.v.password", REMOVED, None)]
    again = bodies(p(v={"password": "one"}), p(v={"password": "one"}))
    assert [item.path for item in again.uncompared] == ["properties.v.password"]


@pytest.mark.parametrize("value", [[{"password": "one"}, {"v": 1}], ["password=one"], [["password=one"], [1]]])
def test_a_secret_within_a_list_is_never_taken_for_equal(value: Json) -> None:
    diff = bodies(p(v=value), p(v=value))
    assert diff.changes == ()
    assert len(diff.uncompared) == 1


def test_what_only_azure_knows_is_not_compared_and_says_why() -> None:
    body = {"id": STORAGE, **p(a=Unknown.because("generated by Azure"), b=[Unknown.because("listed by Azure")], c=1)}
    old = Snapshot(scopes=[SUB], resources=[make_resource(body)], reads=ALL)
    new = Snapshot(scopes=[SUB], resources=[make_resource({"id": STORAGE, **p(a="x", b=["y"], c=2)})], reads=ALL)
    diff = compared(old, new, deployed=True)
    assert lines(diff) == [("changed", "properties.c", 1, 2)]
    assert [(item.path, item.reason) for item in diff.uncompared] == [
        ("properties.a", "generated by Azure"), ("properties.b", "listed by Azure"),
    ]  # fmt: skip
    assert [item.path for item in compared(old, old).uncompared] == ["properties.a", "properties.b"]


def test_of_unknown_elements_only_what_must_differ_does() -> None:
    def of(*values: Json) -> Snapshot:
        return Snapshot(scopes=[SUB], resources=[make_resource({"id": STORAGE, **p(v=list(values))})], reads=ALL)

    unknown = Unknown.because("x")
    assert lines(compared(of("a", unknown), of("a", "b"))) == []
    assert [item[0] for item in lines(compared(of("a", unknown), of("b", "c")))] == ["changed"]
    assert [item[0] for item in lines(compared(of("a", unknown), of("a")))] == ["changed"]


class TestOfWhatWasDeployed:
    def test_members_that_were_never_set_are_azures(self) -> None:
        old, new = (
            p(minimumTlsVersion="TLS1_2"),
            p(minimumTlsVersion="TLS1_2", dnsEndpointType="Standard", networkAcls={"bypass": "None"}),
        )
        diff = bodies(old, new, deployed=True)
        assert (lines(diff), diff.left_out) == ([], 2)
        assert [path for _, path, *_ in lines(bodies(old, new, deployed=True, everything=True))] == [
            "properties.dnsEndpointType", "properties.networkAcls",
        ]  # fmt: skip

    def test_members_that_were_set_are_not(self) -> None:
        diff = bodies(p(allowSharedKeyAccess=False, v=1), p(v=2), deployed=True)
        assert lines(diff) == [("removed", "properties.allowSharedKeyAccess", False, None), ("changed", "properties.v", 1, 2)]

    def test_a_set_that_was_set_has_no_more_elements(self) -> None:
        old, new = p(networkAcls={"ipRules": [{"value": "1.1.1.1"}]}), p(networkAcls={"ipRules": [{"value": "2.2.2.2", "action": "Allow"}, {"value": "1.1.1.1", "action": "Allow"}]})  # fmt: skip
        assert lines(bodies(old, new, deployed=True)) == [
            ("added", "properties.networkAcls.ipRules[2.2.2.2]", None, {"value": "2.2.2.2", "action": "Allow"})
        ]

    def test_nameless_elements_are_found_though_azure_adds_to_them_and_sorts(self) -> None:
        old, new = p(xs=[{"v": 1}, {"v": 2}]), p(xs=[{"v": 2, "more": 1}, {"v": 1, "more": 1}])
        assert lines(bodies(old, new, deployed=True)) == []

    def test_a_tag_more_is_somebodys_doing_but_not_a_hidden_link(self) -> None:
        old, new = {"tags": {"a": "1"}, **p()}, {"tags": {"a": "1", "b": "2", "hidden-title": "x"}, **p()}
        assert lines(bodies(old, new, deployed=True)) == [("added", "tags.b", None, "2")]

    def test_the_configuration_of_a_site_is_compared_where_azure_returns_it(self) -> None:
        config = {"ftpsState": "Disabled", "appSettings": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
        site = {"id": SITE, **p(httpsOnly=True, siteConfig=config)}
        web = {"id": f"{SITE}/config/web", **p(ftpsState="AllAllowed", http20Enabled=True)}
        settings = {"id": f"{SITE}/config/appsettings", **p(A="1", C="3")}
        live = snapshot({"id": SITE, **p(httpsOnly=True, siteConfig=None)}, web, settings)
        diff = compared(snapshot(site), live, deployed=True)
        assert [(item.kind.value, item.resource.rpartition("/")[2], item.path) for item in diff.changes] == [
            ("removed", "appsettings", "properties.B"),
            ("added", "appsettings", "properties.C"),
            ("changed", "web", "properties.ftpsState"),
        ]
        assert [item.path for item in diff.uncompared] == ["properties.A"]

    def test_what_the_template_sets_of_a_configuration_by_itself_goes_first(self) -> None:
        site = {"id": SITE, **p(siteConfig={"ftpsState": "Disabled", "http20Enabled": True})}
        own, live = ({"id": f"{SITE}/config/web", **p(ftpsState=state, http20Enabled=True)} for state in ("FtpsOnly", "FtpsOnly"))
        assert lines(compared(snapshot(site, own), snapshot({"id": SITE, **p()}, live), deployed=True)) == []

    def test_a_resource_without_properties_sets_none(self) -> None:
        diff = bodies({"location": "a"}, {"location": "a", **p(v=1)}, deployed=True)
        assert (lines(diff), diff.uncompared) == ([], ())

    def test_a_secret_that_azure_does_not_return_is_not_removed(self) -> None:
        diff = bodies(p(v={"password": "one"}), p(v={}), deployed=True)
        assert (lines(diff), [item.path for item in diff.uncompared]) == ([], ["properties.v.password"])


def test_a_child_in_its_parent_and_by_itself_is_one_line() -> None:
    def subnet(prefix: str) -> Json:
        return {"name": "snet-a", "properties": {"addressPrefix": prefix}}

    for new in ([subnet("10.0.1.0/24")], []):
        separate = {"id": f"{NETWORK}/subnets/snet-a", **subnet("10.0.1.0/24")}
        old = Snapshot(scopes=[SUB], resources=[make_resource({"id": NETWORK, **p(subnets=[subnet("10.0.0.0/24")])})], reads=ALL)
        later = Snapshot(
            scopes=[SUB], resources=[make_resource({"id": NETWORK, **p(subnets=new)}), make_resource(separate)], reads=ALL
        )
        diff = compared(old, later)
        assert lines(diff) == [("changed", "properties.addressPrefix", "10.0.0.0/24", "10.0.1.0/24")]
        assert diff.changes[0].resource == f"{NETWORK}/subnets/snet-a"


def test_categories_name_the_logs_of_a_diagnostic_setting() -> None:
    old = p(logs=[{"categoryGroup": "audit", "enabled": True}, {"category": "Read", "enabled": True}])
    new = p(logs=[{"category": "Read", "enabled": True}, {"categoryGroup": "audit", "enabled": False}])
    assert lines(bodies(old, new, DIAGNOSTICS)) == [("changed", "properties.logs[audit].enabled", True, False)]


def test_the_configuration_that_lists_of_sites_leave_out_is_not_gone() -> None:
    diff = bodies(p(siteConfig={"ftpsState": "Disabled"}), p(siteConfig=None), SITE)
    assert (lines(diff), [item.path for item in diff.uncompared]) == ([], ["properties.siteConfig"])


def test_an_answer_without_properties_is_not_compared() -> None:
    diff = bodies({"location": "a", "tags": {"a": "1"}}, {"location": "a", "tags": {"a": "2"}, **p(v=1)}, VAULT)
    assert lines(diff) == [("changed", "tags.a", "1", "2")]
    assert [(item.path, item.reason) for item in diff.uncompared] == [("properties", "listed without its properties in OLD")]
    assert diff.changes[0].kind is ChangeKind.CHANGED
