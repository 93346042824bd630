"""What would have to change in a group so that a subnet lets through what its rows hold: rules to remove, to narrow and to add.

Nothing passes afterwards that neither passed before nor is required, and nothing that rows hold stops. What came of it is judged
again: where that is not clean, there is no repair, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from scanner.facts.flows.addresses import EVERYTHING, Addresses, write_addresses
from scanner.facts.flows.boxes import Box, minus_all
from scanner.facts.flows.passing import TooManyBoxesError, decide, within
from scanner.facts.flows.ports import ANY_PORT, ANY_PROTOCOL, PROTOCOLS, shared_ports, write_ports
from scanner.facts.flows.rows import FlowRow
from scanner.facts.flows.rules import SecurityRule
from scanner.facts.flows.subnets import FlowJudge, Segment, judge, versions

__all__ = ["repair"]

Json = Any
#: The properties of a rule of the group as they were read, by its name.
Written = Callable[[str], Mapping[str, Json] | None]
#: Azure's first and last priority of a rule that people write.
_FIRST, _LAST = 100, 4096
_DENY: Final = "driftline-deny"


class _NoRepairError(Exception):
    """A person has to decide."""


def repair(segment: Segment, group: str, written: Written) -> Json | None:
    """The changes to a group, by its id; None where none are needed, or a person has to decide."""
    known = versions(segment.own)
    if len(known) != 1 or any(rule.doubts for rule in segment.rules) or any(row.doubts for row in segment.rows or ()):
        return None
    try:
        return _Repair(segment, FlowJudge(segment, known[0])).changes(group, written)
    except (TooManyBoxesError, _NoRepairError):
        return None


@dataclass(slots=True)
class _Repair:
    """One subnet and direction while its rules are mended. `rules` are those that stay or are new."""

    segment: Segment
    judge: FlowJudge
    rules: list[SecurityRule] = field(default_factory=list)
    removed: list[SecurityRule] = field(default_factory=list)
    narrowed: list[tuple[SecurityRule, SecurityRule]] = field(default_factory=list)
    added: list[SecurityRule] = field(default_factory=list)

    def changes(self, group: str, written: Written) -> Json | None:
        """All of it in words of ARM, once it is known to mend."""
        own = [rule for rule in self.segment.rules if rule.inbound is self.segment.inbound]
        beyond = {item.rule for item in self.judge.beyond()}
        self.rules = [rule for rule in own if rule not in beyond or rule.default]
        for rule in sorted(beyond, key=_turn):
            if not rule.default:
                self._shrink(rule)
        if self._opens_by_default(beyond):
            self._close([*own, *self.added])
        for row in self.segment.rows or ():
            if row.required:
                self._require(row)
        if not (self.removed or self.narrowed or self.added) or not self._mends(
            closed=any(not rule.allow for rule in self.added)
        ):
            return None
        return {
            "remove": [f"{group}/securityRules/{rule.name}" for rule in self.removed],
            "narrow": [
                {"ruleId": f"{group}/securityRules/{new.name}", "properties": _narrow(old, new, written(old.name))}
                for old, new in self.narrowed
            ],
            "add": [{"name": rule.name, "properties": _properties(rule)} for rule in self.added],
        }

    def _opens_by_default(self, beyond: set[SecurityRule]) -> bool:
        """Whether Azure's own rules let through what nobody decided, or would once other rules do not. Where they pass only what
        rows hold, and a flow is missing, that is none of it: Azure wants no refusal behind some gateways.
        """
        if any(rule.default for rule in beyond):
            return True
        if not beyond:
            return not (self.segment.rows and self.judge.missing()) and bool(self.judge.passing_by_default())
        after = FlowJudge(replace(self.segment, rules=tuple(self.rules)), versions(self.segment.own)[0])
        return bool(after.passing_by_default())

    def _shrink(self, rule: SecurityRule) -> None:
        """Take from a rule what no row holds; what rows hold and nothing else lets through stays."""
        kept = [self._common(rule, row) for row in self._lost(rule)]
        if not kept:
            self.removed.append(rule)
            return
        self.rules.append(kept[0])
        self.narrowed.append((rule, kept[0]))
        for more in kept[1:]:
            priority = self._free(above=self._before(rule), below=min(self._after(rule), _LAST))
            self._add(replace(more, priority=priority, name=self._name(priority), id=""))

    def _lost(self, rule: SecurityRule) -> list[FlowRow]:
        """The rows of which a rule lets something through that the explicit rules that stay do not."""
        passing = [item for item in self.judge.passing() if item.rule == rule]
        staying = [item for item in self.rules if not item.default]
        found: list[FlowRow] = []
        for row in self.segment.rows or ():
            part = [box for item in within(passing, [self._box(row)]) for box in item.boxes]
            if self._refused(staying, part):
                found.append(row)
                staying.append(self._common(rule, row))
        return found

    def _close(self, own: Sequence[SecurityRule]) -> None:
        """Refuse what Azure's own rules let through, but for what rows hold, after all rules that there are."""
        last = max((rule.priority or 0 for rule in own if not rule.default), default=_FIRST - 1)
        priority = self._free(above=last)
        for default in (rule for rule in own if rule.default and rule.allow):
            for row in self._lost(default):
                at = self._free(above=last, below=priority)
                new = _between(self._common(default, row), own=self.segment.own)
                self._add(replace(new, priority=at, name=self._name(at), id="", default=False))
        name = f"{_DENY}-{'inbound' if self.segment.inbound else 'outbound'}"
        self._add(self._rule(name, priority, EVERYTHING, row=None))

    def _require(self, row: FlowRow) -> None:
        """Let through what a row requires, before the rules that refuse it."""
        _, refused = decide(self.rules, [self._box(row)], self.judge.space, widest=False)
        if not refused:
            return
        limit = min(item.rule.priority or 0 for item in refused)
        priority = self._free(below=min(limit, _LAST))
        self._add(self._rule(self._name(priority), priority, self.segment.own, row))

    def _rule(self, name: str, priority: int, own: Addresses, row: FlowRow | None) -> SecurityRule:
        """A rule that lets through what a row holds; without a row, one that refuses everything."""
        far, protocol, ports = (row.far, row.protocol, row.ports) if row else (EVERYTHING, ANY_PROTOCOL, ANY_PORT)
        sources, destinations = (far, own) if self.segment.inbound else (own, far)
        return SecurityRule(
            name=name, id="", priority=priority, inbound=self.segment.inbound, allow=row is not None, protocol=protocol,
            sources=sources, source_ports=ANY_PORT, destinations=destinations, ports=ports,
        )  # fmt: skip

    def _add(self, rule: SecurityRule) -> None:
        self.rules.append(rule)
        self.added.append(rule)

    def _mends(self, *, closed: bool) -> bool:
        others = [rule for rule in self.segment.rules if rule.inbound is not self.segment.inbound]
        judged = judge(replace(self.segment, rules=(*self.rules, *others)))
        return judged.excess == [] and judged.missing == [] and (not closed or judged.by_default == [])

    def _common(self, rule: SecurityRule, row: FlowRow) -> SecurityRule:
        """What of a rule a row holds, as a rule."""
        far = rule.sources if rule.inbound else rule.destinations
        wide, narrow = self.judge.space.addresses.mask(far), self.judge.space.addresses.mask(row.far)
        if narrow & ~wide and wide & ~narrow:
            raise _NoRepairError
        within_row = far if not wide & ~narrow else row.far
        shared = _between(rule, far=within_row)
        return replace(shared, ports=shared_ports(rule.ports, row.ports), protocol=rule.protocol & row.protocol)

    def _box(self, row: FlowRow) -> Box:
        return self.judge.box(row.far, row.ports, row.protocol)

    def _refused(self, rules: Sequence[SecurityRule], boxes: Sequence[Box]) -> list[Box]:
        admitted, _ = decide(rules, boxes, self.judge.space, widest=False)
        return minus_all(boxes, [box for item in admitted for box in item.boxes])

    def _free(self, *, above: int = _FIRST - 1, below: int = _LAST + 1) -> int:
        """The last priority between two that no rule has or had."""
        taken = {rule.priority for rule in (*self.segment.rules, *self.added) if rule.inbound is self.segment.inbound}
        found = next((number for number in range(below - 1, above, -1) if number not in taken), None)
        if found is None:
            raise _NoRepairError
        return found

    def _before(self, rule: SecurityRule) -> int:
        """The priority of the last refusal before a rule."""
        return max((at for at in self._refusals if at < (rule.priority or 0)), default=_FIRST - 1)

    def _after(self, rule: SecurityRule) -> int:
        """The priority of the first refusal after a rule."""
        return min((at for at in self._refusals if at > (rule.priority or 0)), default=_LAST + 1)

    @property
    def _refusals(self) -> list[int]:
        return [rule.priority or 0 for rule in self.rules if not rule.allow and not rule.default]

    def _name(self, priority: int) -> str:
        return f"driftline-allow-{'inbound' if self.segment.inbound else 'outbound'}-{priority}"


def _turn(rule: SecurityRule) -> tuple[int, str]:
    return rule.priority or 0, rule.name


def _between(rule: SecurityRule, *, far: Addresses | None = None, own: Addresses | None = None) -> SecurityRule:
    """A rule with another end, or two."""
    sources, destinations = (far, own) if rule.inbound else (own, far)
    return replace(rule, sources=sources or rule.sources, destinations=destinations or rule.destinations)


def _properties(rule: SecurityRule) -> dict[str, Json]:
    """A rule that is new, as ARM writes it."""
    return {
        "priority": rule.priority, "direction": "Inbound" if rule.inbound else "Outbound",
        "access": "Allow" if rule.allow else "Deny", "protocol": _protocol(rule.protocol),
        **_words("sourceAddressPrefix", write_addresses(rule.sources)),
        **_words("sourcePortRange", write_ports(rule.source_ports)),
        **_words("destinationAddressPrefix", write_addresses(rule.destinations)),
        **_words("destinationPortRange", write_ports(rule.ports)),
    }  # fmt: skip


def _narrow(old: SecurityRule, new: SecurityRule, read: Mapping[str, Json] | None) -> dict[str, Json]:
    """The properties of a rule that stays, with what changes of them: far end, ports, protocol."""
    if read is None:
        raise _NoRepairError
    words: dict[str, Json] = {"protocol": _protocol(new.protocol)}
    gone = {"protocol"}
    side, far, before = (
        ("source", new.sources, old.sources) if new.inbound else ("destination", new.destinations, old.destinations)
    )
    if far != before:
        words |= _words(f"{side}AddressPrefix", write_addresses(far))
        gone |= {f"{side}addressprefix", f"{side}addressprefixes", f"{side}applicationsecuritygroups"}
    if new.ports != old.ports:
        words |= _words("destinationPortRange", write_ports(new.ports))
        gone |= {"destinationportrange", "destinationportranges"}
    empty: dict[str, Json] = {name: [] for name in read if name.lower() in gone and name.lower().endswith("s")}
    return {**{name: value for name, value in read.items() if name.lower() not in gone}, **empty, **words}


def _words(singular: str, values: Sequence[str]) -> dict[str, Json]:
    plural = f"{singular}es" if singular.endswith("Prefix") else f"{singular}s"
    return {singular: values[0]} if len(values) == 1 else {plural: list(values)}


def _protocol(mask: int) -> str:
    if mask == ANY_PROTOCOL:
        return "*"
    named = [name for at, name in enumerate(PROTOCOLS[:-1]) if mask == 1 << at]
    if not named:
        raise _NoRepairError
    return named[0]
