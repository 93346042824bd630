"""The listeners of a gateway: redirects, the TLS policy and firewall in force on each route, and what goes on to backends."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import Gap
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
GATEWAY = rid("Microsoft.Network/applicationGateways", "agw")
POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
POLICY, STRICT = rid(POLICIES, "waf"), rid(POLICIES, "waf-strict")
HUB = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/hub"


def part(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{GATEWAY.upper()}/{kind}/{name}"}


def listener(name: str = "https", protocol: str = "Https", **more: Json) -> Json:
    return {"name": name, "properties": {"protocol": protocol, **more}}


def rule(to: str = "https", **more: Json) -> Json:
    return {"name": f"rule-{to}", "properties": {"httpListener": part("httpListeners", to), **more}}


def setting(name: str = "chat", **more: Json) -> Json:
    return {"name": name, "properties": {"protocol": "Https", **more}}


BASIC = rule(backendHttpSettings=part("backendHttpSettingsCollection", "CHAT"))


def gateway(**members: Json) -> Json:
    given = {"sku": {"tier": "WAF_v2"}, "httpListeners": [listener()], "requestRoutingRules": [BASIC]}
    return {**given, "backendHttpSettingsCollection": [setting()], **members}


def policy(policy_id: str = POLICY, **properties: Json) -> Json:
    managed = {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]}
    settings = {"state": "Enabled", "mode": "Prevention"}
    return resource(policy_id, {"policySettings": settings, "managedRules": managed, **properties})


def listeners(properties: Json, *others: Json, **how: Json) -> dict[str, Resource]:
    found = derive("gatewayListener", snapshot(resource(GATEWAY, properties), *others, **how))
    return {item.subject: item for item in found}


def one(properties: Json, *others: Json, **how: Json) -> dict[str, Json]:
    (found,) = listeners(properties, *others, **how).values()
    return dict(found.body)


IN_FORCE = {
    "state": "Enabled", "mode": "Prevention", "managed": True, "ruleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}],
    "disabledRules": [], "exclusions": 0, "allowRules": [],
}  # fmt: skip


def test_a_plain_listener_says_what_it_accepts_and_where_it_leads() -> None:
    assert one(gateway(firewallPolicy={"id": POLICY}, sslPolicy={"policyName": "appgwsslpolicy20220101"}), policy()) == {
        "resourceId": GATEWAY, "resourceName": "agw", "resourceType": "Microsoft.Network/applicationGateways",
        "listener": "https", "tier": "WAF_v2", "protocol": "Https", "redirects": False, "minimumTls": "TLSv1_2",
        "firewalls": [{"route": "", "policy": "waf", "policyId": POLICY, **IN_FORCE}],
        "backends": [{"setting": "chat", "protocol": "Https", "validatesChain": True, "validatesName": True}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"sslPolicy": {"policyType": "Custom", "minProtocolVersion": "TLSv1_3"}}, "TLSv1_3"),
        ({"sslPolicy": {"policyName": "AppGwSslPolicy20150501"}}, "TLSv1_0"),
        ({"defaultPredefinedSslPolicy": "AppGwSslPolicy20170401"}, "TLSv1_1"),
        ({"sslPolicy": {"policyName": "AppGwSslPolicy20220101"}, "sslProfiles": [{"name": "old", "properties": {"sslPolicy": {"minProtocolVersion": "TLSv1_0"}}}],
          "httpListeners": [listener(sslProfile=part("sslProfiles", "Old"))]}, "TLSv1_0"),
        ({"sslPolicy": {"policyName": "AppGwSslPolicy20220101"}, "sslProfiles": [{"name": "mtls", "properties": {}}],
          "httpListeners": [listener(sslProfile=part("sslProfiles", "mtls"))]}, "TLSv1_2"),
    ],
)  # fmt: skip
def test_the_tls_policy_in_force_is_the_nearest(members: Json, expected: str) -> None:
    assert one(gateway(**members))["minimumTls"] == expected


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "does not name Azure's default"),
        ({"sslPolicy": {"policyName": "AppGwSslPolicy2040"}}, "table tls-policies has no row for AppGwSslPolicy2040"),
        ({"sslPolicy": {"policyType": "Predefined"}}, "neither a name nor a least version"),
        ({"sslPolicy": 3}, "sslPolicy"),
        ({"httpListeners": [listener(sslProfile=part("sslProfiles", "gone"))]}, "has no TLS profile gone"),
    ],
)
def test_a_tls_policy_that_cannot_be_told_is_unknown(members: Json, reason: str) -> None:
    found = one(gateway(**members))["minimumTls"]
    assert isinstance(found, Unknown)
    assert reason in str(found)


def redirect(**properties: Json) -> Json:
    return {"redirectConfigurations": [{"name": "up", "properties": properties}]}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (redirect(targetListener=part("httpListeners", "https")), True),
        (redirect(targetListener=part("httpListeners", "http")), False),
        (redirect(targetUrl="https://chat.example.com"), True),
        (redirect(targetUrl="http://chat.example.com"), False),
        ({}, False),
    ],
)
def test_a_listener_redirects_where_all_it_does_is_lead_to_https(members: Json, expected: bool) -> None:  # noqa: FBT001
    rules = [BASIC, rule("http", redirectConfiguration=part("redirectConfigurations", "up"))]
    found = listeners(gateway(httpListeners=[listener(), listener("http", "Http")], requestRoutingRules=rules, **members))
    assert (found["http"].body["redirects"], found["http"].body["backends"], found["https"].body["redirects"]) == (
        expected,
        [],
        False,
    )


def test_a_listener_without_a_rule_redirects_nothing() -> None:
    assert one(gateway(requestRoutingRules=[]))["redirects"] is False


def path_map(**more: Json) -> Json:
    rules = [
        {"name": "admin", "properties": {"firewallPolicy": {"id": STRICT}, "backendHttpSettings": part("x", "plain")}},
        {"name": "old", "properties": {"redirectConfiguration": part("redirectConfigurations", "up")}},
    ]
    default = {"defaultBackendHttpSettings": part("x", "chat"), "pathRules": rules, **more}
    return {
        "requestRoutingRules": [rule(urlPathMap=part("urlPathMaps", "paths"))],
        "urlPathMaps": [{"name": "paths", "properties": default}],
        "backendHttpSettingsCollection": [setting(), setting("plain", protocol="Http"), setting("idle", protocol="Http")],
    }


def test_path_rules_have_firewalls_and_backends_of_their_own() -> None:
    found = one(
        gateway(firewallPolicy={"id": POLICY}, **path_map()), policy(), policy(STRICT, policySettings={"state": "Disabled"})
    )
    assert [(item["route"], item["policy"], item["state"]) for item in found["firewalls"]] == [
        ("", "waf", "Enabled"), ("admin", "waf-strict", "Disabled"),
    ]  # fmt: skip
    assert [(item["setting"], item["protocol"]) for item in found["backends"]] == [("chat", "Https"), ("plain", "Http")]
    assert found["redirects"] is False


def test_a_listeners_own_firewall_is_in_force_over_the_gateways() -> None:
    properties = gateway(firewallPolicy={"id": POLICY}, httpListeners=[listener(firewallPolicy={"id": STRICT})])
    assert [item["policy"] for item in one(properties, policy(), policy(STRICT))["firewalls"]] == ["waf-strict"]


def test_what_weakens_a_firewall_is_listed() -> None:
    overrides = [{"ruleGroupName": "SQLI", "rules": [{"ruleId": "942100"}, {"ruleId": "942110", "state": "Enabled"}]}]
    managed = {
        "managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleGroupOverrides": overrides}],
        "exclusions": [{}, {}],
    }
    custom = [
        {"name": "partner", "action": "Allow"},
        {"name": "off", "action": "Allow", "state": "Disabled"},
        {"name": "no", "action": "Block"},
    ]
    (found,) = one(gateway(firewallPolicy={"id": POLICY}), policy(managedRules=managed, customRules=custom))["firewalls"]
    assert {name: found[name] for name in ("managed", "disabledRules", "exclusions", "allowRules")} == {
        "managed": True, "disabledRules": ["942100"], "exclusions": 2, "allowRules": ["partner"],
    }  # fmt: skip


def test_a_bot_rule_set_alone_is_no_managed_protection() -> None:
    managed = {"managedRuleSets": [{"ruleSetType": "Microsoft_BotManagerRuleSet"}]}
    assert one(gateway(firewallPolicy={"id": POLICY}), policy(managedRules=managed))["firewalls"][0]["managed"] is False


def test_no_firewall_and_one_that_is_gone_have_no_state() -> None:
    assert one(gateway())["firewalls"] == [{"route": ""}]
    gone = one(gateway(firewallPolicy={"id": POLICY}))["firewalls"]
    assert gone == [{"route": "", "policy": f"{POLICY} (which is gone)"}]


def test_a_firewall_policy_that_could_not_be_read_is_unknown() -> None:
    refused = [Gap(f"{HUB}/providers/{POLICIES}/waf", POLICIES, DENIED, f"{POLICIES}/read")]
    (found,) = one(gateway(firewallPolicy={"id": f"{HUB}/providers/{POLICIES}/waf"}), gaps=refused)["firewalls"]
    assert isinstance(found["state"], Unknown)
    (bare,) = one(gateway(firewallPolicy={"id": POLICY}), resource(POLICY))["firewalls"]
    assert isinstance(bare["managed"], Unknown)


def test_certificates_are_validated_unless_a_setting_says_otherwise() -> None:
    found = one(gateway(backendHttpSettingsCollection=[setting(validateCertChainAndExpiry=False, validateSNI="False")]))[
        "backends"
    ]
    assert [(item["validatesChain"], item["validatesName"]) for item in found] == [(False, False)]


def test_listeners_of_plain_tcp_are_listed_with_their_backends() -> None:
    tcp = {"name": "sql", "properties": {"protocol": "Tcp"}}
    routing = {"name": "r", "properties": {"listener": part("listeners", "sql"), "backendSettings": part("x", "raw")}}
    found = listeners(
        gateway(listeners=[tcp], routingRules=[routing], backendSettingsCollection=[setting("raw", protocol="Tcp")])
    )
    assert {name: (item.body["protocol"], item.body["backends"][0]["setting"]) for name, item in found.items()} == {
        "https": ("Https", "chat"), "sql": ("Tcp", "raw"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"requestRoutingRules": [rule(backendHttpSettings=part("x", "gone"))]}, "backends"),
        ({"requestRoutingRules": [rule(urlPathMap=part("urlPathMaps", "gone"))]}, "backends"),
        ({"requestRoutingRules": {}}, "redirects"),
        ({"firewallPolicy": {"id": 5}}, "firewalls"),
        ({"sku": "WAF_v2"}, "tier"),
        ({"httpListeners": [{"name": "https", "properties": {"protocol": 5}}]}, "protocol"),
    ],
)
def test_an_odd_part_is_unknown_and_the_rest_is_told(members: Json, member: str) -> None:
    found = one(gateway(**members))
    assert isinstance(found[member], Unknown)
    assert found["listener"] == "https"


@pytest.mark.parametrize(
    "properties", [None, {"httpListeners": 5}, {"httpListeners": [5]}, {"httpListeners": [{"properties": {}}, {"name": 5}]}]
)
def test_a_gateway_whose_listeners_cannot_be_told_apart_is_unknown_as_a_whole(properties: Json) -> None:
    found = one(properties)
    assert all(
        isinstance(found[name], Unknown) for name in ("listener", "protocol", "tier", "firewalls", "backends", "minimumTls")
    )


def test_a_refused_list_of_gateways_is_one_unknown() -> None:
    found = derive(
        "gatewayListener",
        snapshot(resource(GROUP), gaps=[Gap(SUBSCRIPTION, "Microsoft.Network/applicationGateways", DENIED, "")]),
    )
    assert [isinstance(item.body["protocol"], Unknown) for item in found] == [True]
