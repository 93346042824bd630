"""Security rules read strictly: what a rule matches, and why it may match something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.facts.flows.addresses import EVERYTHING, NOWHERE, Addresses, parse_address
from scanner.facts.flows.ports import ANY_PORT, ANY_PROTOCOL, Ports, parse_ports, parse_protocol
from scanner.facts.flows.tags import SERVICE_TAGS
from scanner.model.unknown import Unknown

__all__ = ["OPEN", "GroupAddresses", "SecurityRule", "read_rules"]

Json = Any

#: The addresses of an application security group by its id, and why there may be more.
GroupAddresses = Callable[[str], tuple[Addresses, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule of a network security group. `doubts` say why it may match less than its members hold, down to nothing: their
    text is malformed, or a tag or member of a group is not known. `priority` None: not known.
    """

    name: str
    id: str
    priority: int | None
    inbound: bool
    allow: bool
    protocol: int
    sources: Addresses
    source_ports: Ports
    destinations: Addresses
    ports: Ports
    default: bool = False
    doubts: tuple[str, ...] = ()


def _default(name: str, priority: int, source: str, destination: str, *, inbound: bool, allow: bool) -> SecurityRule:
    return SecurityRule(
        name,
        "",
        priority,
        inbound,
        allow,
        ANY_PROTOCOL,
        _written(source),
        ANY_PORT,
        _written(destination),
        ANY_PORT,
        default=True,
    )


def _written(text: str) -> Addresses:
    return parse_address(text) or NOWHERE


#: Azure's own rules, which stand in every group; for groups of which an export left them out.
_DEFAULTS: Final = (
    _default("AllowVnetInBound", 65000, "VirtualNetwork", "VirtualNetwork", inbound=True, allow=True),
    _default("AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", "*", inbound=True, allow=True),
    _default("DenyAllInBound", 65500, "*", "*", inbound=True, allow=False),
    _default("AllowVnetOutBound", 65000, "VirtualNetwork", "VirtualNetwork", inbound=False, allow=True),
    _default("AllowInternetOutBound", 65001, "*", "Internet", inbound=False, allow=True),
    _default("DenyAllOutBound", 65500, "*", "*", inbound=False, allow=False),
)
#: What stands for a subnet without a group: everything passes.
OPEN: Final = (
    replace(_DEFAULTS[2], name="no network security group", allow=True, default=False),
    replace(_DEFAULTS[5], name="no network security group", allow=True, default=False),
)


def read_rules(group: Document, members: GroupAddresses) -> tuple[SecurityRule, ...]:
    """The rules of a group with Azure's own; those whose direction or effect is not known stand for each that it may be.
    Raises `OddShapeError` where the group holds no list of rules.
    """
    if group.value("properties.securityRules") is None:
        raise OddShapeError(Unknown.because("its group was read without its rules"))
    own = [rule for item in group.documents("properties.securityRules") for rule in _read_rule(item, members, default=False)]
    stated = [
        rule for item in group.documents("properties.defaultSecurityRules") for rule in _read_rule(item, members, default=True)
    ]
    return (*own, *(stated or _DEFAULTS))


def _read_rule(item: Document, members: GroupAddresses, *, default: bool) -> Iterator[SecurityRule]:
    reader = _Reader(item)
    name = reader.text("name") or "a rule without a name"
    body = reader.inner("properties")
    directions = body.choice("direction", {"inbound": True, "outbound": False})
    effects = body.choice("access", {"allow": True, "deny": False})
    rule = SecurityRule(
        name=name, id=reader.text("id"), priority=body.priority(), inbound=True, allow=True, protocol=body.protocol(),
        sources=body.addresses("source", members), source_ports=body.ports("source"),
        destinations=body.addresses("destination", members), ports=body.ports("destination"), default=default,
        doubts=tuple(f"{name}: {doubt}" for doubt in (*reader.doubts, *body.doubts)),
    )  # fmt: skip
    for inbound in directions:
        for allow in effects:
            yield replace(rule, inbound=inbound, allow=allow)


class _Reader:
    """Reads the members of one rule; whatever is odd becomes a doubt and the widest value."""

    def __init__(self, item: Document | None) -> None:
        self._item = item
        self.doubts: list[str] = []

    def inner(self, path: str) -> _Reader:
        found = self.value(path)
        if not isinstance(found, Mapping):
            self.doubts.append(f"{path} was not read")
            return _Reader(None)
        return _Reader(self._item.below(path) if self._item is not None else None)

    def value(self, path: str) -> Json:
        if self._item is None:
            return None
        try:
            return self._item.value(path)
        except OddShapeError as odd:
            self.doubts.append(str(odd))
            return None

    def text(self, path: str) -> str:
        found = self.value(path)
        return found if isinstance(found, str) else ""

    def choice(self, path: str, words: Mapping[str, bool]) -> tuple[bool, ...]:
        found = self.text(path).lower()
        if found in words:
            return (words[found],)
        self.doubts.append(f"its {path} is not known")
        return tuple(words.values())

    def priority(self) -> int | None:
        found = self.value("priority")
        if isinstance(found, int) and not isinstance(found, bool):
            return found
        self.doubts.append("its priority is not known")
        return None

    def protocol(self) -> int:
        parsed = parse_protocol(self.text("protocol"))
        if parsed is None:
            self.doubts.append("its protocol is not known")
        return ANY_PROTOCOL if parsed is None else parsed

    def ports(self, side: str) -> Ports:
        words = self._words(f"{side}PortRange", f"{side}PortRanges")
        parsed = [parse_ports(word) for word in words]
        if not words or None in parsed:
            self.doubts.append(f"its {side} ports are not known")
            return ANY_PORT
        return tuple(pair for ports in parsed for pair in ports or ())

    def addresses(self, side: str, members: GroupAddresses) -> Addresses:
        words = self._words(f"{side}AddressPrefix", f"{side}AddressPrefixes")
        groups = self.value(f"{side}ApplicationSecurityGroups") or []
        found = NOWHERE
        for group in groups if isinstance(groups, list) else [groups]:
            group_id = (
                next((item for key, item in group.items() if key.lower() == "id"), None) if isinstance(group, Mapping) else None
            )
            inside, doubts = (
                members(group_id) if isinstance(group_id, str) else (EVERYTHING, ("an application security group has no id",))
            )
            self.doubts.extend(doubts)
            found = found | (EVERYTHING if doubts else inside)
        for word in words:
            parsed = parse_address(word)
            if parsed is None or any(name.partition(".")[0] not in SERVICE_TAGS for name in parsed.tags):
                self.doubts.append(f"{word!r} is no address or service tag that is known here")
                parsed = EVERYTHING
            found = found | parsed
        if not words and not groups:
            self.doubts.append(f"its {side} addresses are not known")
            return EVERYTHING
        return found

    def _words(self, singular: str, plural: str) -> list[str]:
        one, many = self.value(singular), self.value(plural)
        found = [] if one in (None, "") else [one]
        found += many if isinstance(many, list) else []
        if all(isinstance(word, str) and word for word in found) and isinstance(many, list | None):
            return found
        self.doubts.append(f"{singular} or {plural} is not what it should be")
        return ["*"]
