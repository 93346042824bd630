"""`driftline/gatewayListener`: one document per listener of an application gateway: what it accepts, which TLS it asks for, the
web application firewall in force on each of its routes, and how it goes on to backends.

A path rule's firewall policy is in force over the listener's, that over the gateway's. The TLS policy of a listener's own profile
is in force over the gateway's; without either, Azure names the default that the gateway was made with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["GATEWAY_LISTENER"]

Json = Any

_TYPE: Final = "driftline/gatewayListener"
_GATEWAY: Final = "Microsoft.Network/applicationGateways"
_POLICY: Final = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
_POLICY_IDS: Final = (
    "properties.firewallPolicy.id",
    "properties.httpListeners[*].properties.firewallPolicy.id",
    "properties.urlPathMaps[*].properties.pathRules[*].properties.firewallPolicy.id",
)
_MANAGED: Final = ("owasp", "microsoft_defaultruleset")
_FIREWALL: Final = {
    "route": "string", "policy": "string", "policyId": "string", "state": "string", "mode": "string", "managed": "bool",
    "ruleSets": "array", "ruleSets[*].ruleSetType": "string", "ruleSets[*].ruleSetVersion": "string",
    "disabledRules": "array", "disabledRules[*]": "string", "exclusions": "int", "allowRules": "array", "allowRules[*]": "string",
}  # fmt: skip
_BACKEND: Final = {"setting": "string", "protocol": "string", "validatesChain": "bool", "validatesName": "bool"}
_PATHS: Final = {
    "resourceId": "string", "resourceName": "string", "resourceType": "string",
    "listener": "string", "protocol": "string", "tier": "string",
    "redirects": "bool", "minimumTls": "string",
    "firewalls": "array", **{f"firewalls[*].{path}": kind for path, kind in _FIREWALL.items()},
    "backends": "array", **{f"backends[*].{path}": kind for path, kind in _BACKEND.items()},
}  # fmt: skip


def _needs(_: Baseline) -> Needs:
    return Needs(
        types=frozenset({_GATEWAY, _POLICY}), references=frozenset(ReferenceRead(_GATEWAY, path) for path in _POLICY_IDS)
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    for gateway in context.snapshot.audited(_GATEWAY):
        try:
            yield from _Gateway(gateway, context).listeners()
        except OddShapeError as odd:
            yield _unread(gateway.id, odd.unknown)
    for where, reason in holes(context.snapshot, _GATEWAY):
        yield _unread(where, reason)


def _unread(where: str, reason: Unknown) -> Resource:
    names = ("listener", "protocol", "tier", "redirects", "minimumTls", "firewalls", "backends")
    return document(_TYPE, where, "", {"resourceType": _GATEWAY, **dict.fromkeys(names, reason)})


class _Gateway:
    """One gateway with its parts by name. Raises `OddShapeError` where its parts cannot be told apart."""

    def __init__(self, gateway: Resource, context: FactContext) -> None:
        if "properties" in gateway.unread:
            raise OddShapeError(Unknown.because(f"{gateway.id} was read without its properties"))
        self._id, self._context = gateway.id, context
        self._body = Document(gateway.body, context.snapshot.spellings, gateway.id)
        self._http = self._body.named("properties.httpListeners")
        self._plain = self._body.named("properties.listeners")
        if not self._http and not self._plain:
            raise OddShapeError(Unknown.because(f"the answer lists no listener of {gateway.id}, and a gateway has one at least"))

    def listeners(self) -> Iterator[Resource]:
        """A document for each listener, of HTTP and of plain TCP or TLS."""
        for name, listener in [*self._http.items(), *self._plain.items()]:
            spelled = listener.name()
            http = name in self._http
            body = {
                "resourceType": _GATEWAY,
                "listener": spelled,
                "tier": known(self._body.text, "properties.sku.tier"),
                "protocol": known(listener.text, "properties.protocol"),
                "redirects": known(self._redirects, name),
                "minimumTls": known(self._minimum_tls, listener),
                "firewalls": known(self._firewalls, name, listener) if http else [],
                "backends": known(self._backends, name, http=http),
            }
            yield document(_TYPE, self._id, spelled, {key: value for key, value in body.items() if value != ""})

    def _routes(self, listener: str) -> Iterator[tuple[str, Document, str]]:
        """The routes behind an HTTP listener: name, where they are written, prefix of the members there."""
        maps = self._body.named("properties.urlPathMaps")
        for rule in self._body.documents("properties.requestRoutingRules"):
            if rule.reference("properties.httpListener.id") != listener:
                continue
            path_map = rule.reference("properties.urlPathMap.id")
            if not path_map:
                yield "", rule, "properties."
            elif path_map not in maps:
                raise OddShapeError(Unknown.because(f"{self._id} has no URL path map {path_map}, which a routing rule names"))
            else:
                yield "", maps[path_map], "properties.default"
                for path_rule in maps[path_map].documents("properties.pathRules"):
                    yield path_rule.name(), path_rule, "properties."

    def _redirects(self, listener: str) -> bool:
        """Whether all that the listener does is to send callers to HTTPS."""
        routes = list(self._routes(listener))
        return bool(routes) and all(
            self._leads_to_https(_member(route, prefix, "redirectConfiguration.id")) for _, route, prefix in routes
        )

    def _leads_to_https(self, redirect: str) -> bool:
        found = self._body.named("properties.redirectConfigurations").get(redirect)
        if found is None:
            return False
        target = self._http.get(found.reference("properties.targetListener.id"))
        if target is not None:
            return target.text("properties.protocol").lower() == "https"
        return found.text("properties.targetUrl").lower().startswith("https://")

    def _minimum_tls(self, listener: Document) -> str:
        profile = listener.reference("properties.sslProfile.id")
        profiles = self._body.named("properties.sslProfiles")
        if profile and profile not in profiles:
            raise OddShapeError(Unknown.because(f"{self._id} has no TLS profile {profile}, which a listener names"))
        own = profiles[profile] if profile else None
        if own is not None and own.value("properties.sslPolicy") is not None:
            return self._minimum_of(own)
        if self._body.value("properties.sslPolicy") is not None:
            return self._minimum_of(self._body)
        predefined = self._body.text("properties.defaultPredefinedSslPolicy")
        if not predefined:
            raise OddShapeError(
                Unknown.because("the gateway states no TLS policy, and its answer does not name Azure's default for it")
            )
        return self._predefined(predefined)

    def _minimum_of(self, holder: Document) -> str:
        minimum, name = holder.text("properties.sslPolicy.minProtocolVersion"), holder.text("properties.sslPolicy.policyName")
        if not minimum and not name:
            raise OddShapeError(Unknown.because("the TLS policy states neither a name nor a least version"))
        return minimum or self._predefined(name)

    def _predefined(self, name: str) -> str:
        table = self._context.baseline.tables.get("tls-policies") or {}
        found = next((version for policy, version in table.items() if policy.lower() == name.lower()), None)
        if found is None:
            raise OddShapeError(Unknown.because(f"table tls-policies has no row for {name}"))
        return str(found)

    def _firewalls(self, name: str, listener: Document) -> list[Json]:
        over_all = listener.text("properties.firewallPolicy.id") or self._body.text("properties.firewallPolicy.id")
        found = {"": over_all}
        for route, written, prefix in self._routes(name):
            own = written.text("properties.firewallPolicy.id") if prefix == "properties." and route else ""
            if own:
                found[route] = own
        return [self._firewall(route, policy) for route, policy in found.items()]

    def _firewall(self, route: str, policy_id: str) -> Json:
        if not policy_id:
            return {"route": route}
        found = self._context.snapshot.look_up(policy_id)
        if isinstance(found, Unknown):
            return {"route": route, "policy": policy_id, **dict.fromkeys(("state", "mode", "managed"), found)}
        if found is None:
            return {"route": route, "policy": f"{policy_id} (which is gone)"}
        return {"route": route, "policy": found.name, "policyId": found.id, **_posture(found, self._context)}

    def _backends(self, name: str, *, http: bool) -> list[Json]:
        if http:
            used = [_member(route, prefix, "backendHttpSettings.id") for _, route, prefix in self._routes(name)]
            settings = self._body.named("properties.backendHttpSettingsCollection")
        else:
            rules = self._body.documents("properties.routingRules")
            used = [
                rule.reference("properties.backendSettings.id")
                for rule in rules
                if rule.reference("properties.listener.id") == name
            ]
            settings = self._body.named("properties.backendSettingsCollection")
        missing = [setting for setting in used if setting and setting not in settings]
        if missing:
            raise OddShapeError(Unknown.because(f"{self._id} has no backend setting {missing[0]}, which a rule names"))
        return [_backend(settings[setting]) for setting in dict.fromkeys(used) if setting]


def _member(route: Document, prefix: str, name: str) -> str:
    return route.reference(f"{prefix}{name if prefix.endswith('.') else name[0].upper() + name[1:]}")


def _backend(setting: Document) -> Json:
    """Certificates are validated unless a setting says otherwise (azure-mgmt-network: both default to true)."""
    return {
        "setting": setting.name(),
        "protocol": known(setting.text, "properties.protocol"),
        "validatesChain": known(setting.truth, "properties.validateCertChainAndExpiry", default=True),
        "validatesName": known(setting.truth, "properties.validateSNI", default=True),
    }


def _posture(policy: Resource, context: FactContext) -> dict[str, Json]:
    """What a firewall policy does: state, mode, whether managed rules are on, and what weakens it."""
    if "properties" in policy.unread:
        return dict.fromkeys(("state", "mode", "managed"), Unknown.because(f"{policy.id} was read without its properties"))
    body = Document(policy.body, context.snapshot.spellings, policy.id)
    members = {
        "state": known(body.text, "properties.policySettings.state"),
        "mode": known(body.text, "properties.policySettings.mode"),
        "managed": known(_has_managed_rules, body),
        "ruleSets": known(_written_rule_sets, body),
        "disabledRules": known(_disabled, body),
        "exclusions": known(_count, body, "properties.managedRules.exclusions"),
        "allowRules": known(_allowing, body),
    }
    return {key: value for key, value in members.items() if value != ""}


def _rule_sets(body: Document) -> list[Document]:
    return body.documents("properties.managedRules.managedRuleSets")


def _written_rule_sets(body: Document) -> Json:
    return body.value("properties.managedRules.managedRuleSets") or []


def _has_managed_rules(body: Document) -> bool:
    return any(rule_set.text("ruleSetType").lower() in _MANAGED for rule_set in _rule_sets(body))


def _count(body: Document, path: str) -> int:
    return len(body.documents(path))


def _disabled(body: Document) -> list[str]:
    """Ids of managed rules that are off. An override without a state disables its rule (azure-mgmt-network)."""
    groups = [group for rule_set in _rule_sets(body) for group in rule_set.documents("ruleGroupOverrides")]
    rules = [rule for group in groups for rule in group.documents("rules")]
    return [str(rule.value("ruleId")) for rule in rules if rule.text("state", default="Disabled").lower() == "disabled"]


def _allowing(body: Document) -> list[str]:
    """Names of custom rules that let requests by unseen."""
    rules = [rule for rule in body.documents("properties.customRules") if rule.text("action").lower() == "allow"]
    return [rule.text("name") for rule in rules if rule.text("state", default="Enabled").lower() == "enabled"]


GATEWAY_LISTENER: Final = Fact(
    _TYPE, _PATHS, _needs, _derive, one_per="listener of an application gateway", tables=("tls-policies",)
)
