"""Judges one subnet in one direction: what its group lets through beyond the rows of the table, and what of theirs it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.facts.flows.addresses import EVERYTHING, Addresses, AddressSpace, Surroundings
from scanner.facts.flows.boxes import Box, intersect
from scanner.facts.flows.network import Interface
from scanner.facts.flows.passing import FlowSpace, Passage, TooManyBoxesError, certain, decide, within, without
from scanner.facts.flows.ports import ANY_PORT, ANY_PROTOCOL, Ports, PortSpace, show_protocol
from scanner.facts.flows.rows import FlowRow
from scanner.facts.flows.rules import SecurityRule
from scanner.facts.flows.tags import spelled
from scanner.model.unknown import Unknown

__all__ = ["FlowJudge", "Judged", "Segment", "judge", "open_ports", "versions"]

Json = Any
_TCP: Final = 1
_MOST_WITNESSES: Final = 8
_TAG_DOUBT: Final = "Azure does not say which addresses {} stands for, and the verdict depends on it"
_TOO_MANY: Final = Unknown.because("its rules cut the flows into more parts than can be told apart in time")


@dataclass(frozen=True)
class Segment:
    """A subnet and what stands around it. `rows` None: the table has none for it. `doubts`: why there may be more interfaces."""

    inbound: bool
    own: Addresses
    around: Surroundings
    rules: tuple[SecurityRule, ...]
    rows: tuple[FlowRow, ...] | None = None
    interfaces: Sequence[Interface] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """Flows in words, one for each rule that decides them; unknown where that hangs on what is not known."""

    excess: Json
    missing: Json
    by_default: Json


def judge(segment: Segment) -> Judged:
    """Hold a subnet against its rows, in both IP versions that it has."""
    parts = [FlowJudge(segment, version) for version in versions(segment.own)]
    asked = (FlowJudge.excess, FlowJudge.missing, FlowJudge.by_default)
    try:
        return Judged(*(_join([found for part in parts for found in ask(part)]) for ask in asked))
    except TooManyBoxesError:
        return Judged(_TOO_MANY, _TOO_MANY, _TOO_MANY)


def open_ports(segment: Segment, ports: Sequence[int]) -> Json:
    """Which TCP ports are open to the Internet, each with an example."""
    try:
        parts = [FlowJudge(segment, version, ports) for version in versions(segment.own)]
        return _join([found for part in parts for found in part.open_ports()])
    except TooManyBoxesError:
        return _TOO_MANY


def versions(own: Addresses) -> list[int]:
    """The IP versions of a subnet's addresses."""
    return [4, 6] if own.everything else sorted({item.version for item in own.ranges})


def _join(found: Sequence[Json | Unknown]) -> Json:
    """What is certain; where nothing is, why something may be."""
    sure = [item for item in found if not isinstance(item, Unknown)]
    reasons = tuple(dict.fromkeys(reason for item in found if isinstance(item, Unknown) for reason in item.reasons))
    return sure[:_MOST_WITNESSES] if sure or not reasons else Unknown(reasons)


class FlowJudge:
    """One subnet, direction and IP version."""

    def __init__(self, segment: Segment, version: int, ports: Sequence[int] = ()) -> None:
        self._segment, self._ports = segment, ports
        self._rules = [rule for rule in segment.rules if rule.inbound is segment.inbound]
        every = [
            *self._rules,
            *(rule for item in segment.interfaces if not isinstance(item.rules, Unknown) for rule in item.rules),
        ]
        rows = segment.rows or ()
        ends = [end for rule in every for end in (rule.sources, rule.destinations)]
        places = [item.addresses for item in segment.interfaces]
        self._addresses = AddressSpace(version, [segment.own, *ends, *(row.far for row in rows), *places], segment.around)
        asked: list[Ports] = [((port, port),) for port in ports]
        self.space = FlowSpace(
            self._addresses,
            PortSpace(rule.source_ports for rule in every),
            PortSpace([*asked, *(rule.ports for rule in every), *(row.ports for row in rows)]),
        )
        # Azure refuses two rules of one priority; where data holds them, either may come first.
        shared = len({rule.priority for rule in self._rules}) < len(self._rules)
        cards = [item.rules for item in segment.interfaces if isinstance(item.rules, Unknown)]
        self._hidden = [reason for rules in cards for reason in rules.reasons]
        self._doubtful = shared or bool(self._hidden) or any(rule.doubts for rule in every)
        self._admitted: dict[bool, list[Passage]] = {}

    def beyond(self) -> list[Passage]:
        """What surely passes beyond the rows, by the rule that lets it through."""
        widest = [self.box(row.far, row.ports, row.protocol) for row in self._segment.rows or ()]
        return self._surely(without(self._admit(sure=True), widest)) if self._segment.rows is not None else []

    def passing(self) -> list[Passage]:
        """What surely passes."""
        return self._admit(sure=True)

    def passing_by_default(self) -> list[Passage]:
        """What surely passes because Azure's own rules admit it."""
        return self._surely(item for item in self._left_over(sure=True) if item.rule.default)

    def excess(self) -> list[Json]:
        """What may pass beyond the rows."""
        rows = self._segment.rows
        if rows is None:
            return []
        widest = [self.box(row.far, row.ports, row.protocol) for row in rows]
        known = [self.box(row.surely, row.ports, row.protocol) for row in rows]
        reasons = [reason for row in rows for reason in row.doubts]
        return self._told(lambda sure: without(self._admit(sure=sure), widest if sure else known), reasons)

    def missing(self) -> list[Json]:
        """What is refused of the flows that rows require, by the group of the subnet or of an interface in it."""
        required = [row for row in self._segment.rows or () if row.required]
        found = [told for row in required for told in self._missing_of(row)]
        hidden = (*self._segment.doubts, *self._hidden)
        return [Unknown(hidden)] if required and hidden and not found else found

    def _missing_of(self, row: FlowRow) -> list[Json]:
        region = self.box(row.far, row.ports, row.protocol)
        told = self._told(lambda sure: self._refuse(region, sure=sure), row.doubts)
        return [Unknown(row.doubts)] if row.doubts and told else told[:1]

    def by_default(self) -> list[Json]:
        """What passes because Azure's own rules admit it: at most where those match all that they may and others in doubt
        nothing, surely where it is the other way round.
        """
        return self._told(lambda sure: [item for item in self._left_over(sure=sure) if item.rule.default])

    def _left_over(self, *, sure: bool) -> list[Passage]:
        rules = [
            replace(rule, doubts=(), priority=rule.priority or 0)
            for rule in self._rules
            if not rule.doubts or rule.default is not sure
        ]
        admitted, _ = decide(rules, [self.box(EVERYTHING, ANY_PORT, ANY_PROTOCOL)], self.space, widest=not sure)
        for item in self._segment.interfaces:
            admitted = self._past(item, admitted, sure=sure)
        return admitted

    def open_ports(self) -> list[Json]:
        """For each port asked about, an example of a flow from the Internet that passes."""
        return [told for port in self._ports for told in self._open(port)]

    def _open(self, port: int) -> list[Json]:
        region = self._between(self._addresses.public, ((port, port),), _TCP)
        return self._told(lambda sure: within(self._admit(sure=sure), [region]))[:1]

    def box(self, far: Addresses, ports: Ports, protocol: int) -> Box:
        """Flows between the subnet and a far end."""
        return self._between(self._addresses.mask(far), ports, protocol)

    def _between(self, far: int, ports: Ports, protocol: int) -> Box:
        return self._flows(self._addresses.mask(self._segment.own), far, self.space.ports.mask(ports), protocol)

    def _flows(self, own: int, far: int, ports: int, protocol: int) -> Box:
        source, destination = (far, own) if self._segment.inbound else (own, far)
        return (protocol, source, self.space.source_ports.everything, destination, ports)

    def _admit(self, *, sure: bool) -> list[Passage]:
        """What passes the group of the subnet, and of the interfaces that have one: surely, or at most."""
        sure = sure or not self._doubtful
        if sure not in self._admitted:
            whole = self.box(EVERYTHING, ANY_PORT, ANY_PROTOCOL)
            admitted, _ = decide(self._rules, [whole], self.space, widest=not sure)
            for item in self._segment.interfaces:
                admitted = self._past(item, admitted, sure=sure)
            self._admitted[sure] = admitted
        return self._admitted[sure]

    def _past(self, item: Interface, admitted: list[Passage], *, sure: bool) -> list[Passage]:
        """What is left where an interface has a group of its own; of one that was not read, nothing is sure."""
        own = self._of_interface(item)
        if isinstance(item.rules, Unknown):
            return without(admitted, [own]) if sure else admitted
        reaching = [box for passage in within(admitted, [own]) for box in passage.boxes]
        refused = [box for passage in self._refused_by(item, reaching, widest=not sure) for box in passage.boxes]
        return without(admitted, refused) if refused else admitted

    def _refuse(self, region: Box, *, sure: bool) -> list[Passage]:
        admitted, refused = decide(self._rules, [region], self.space, widest=sure)
        for item in self._segment.interfaces:
            reaching = [box for passage in within(admitted, [self._of_interface(item)]) for box in passage.boxes]
            refused = refused + self._refused_by(item, reaching, widest=sure)
        return refused

    def _refused_by(self, item: Interface, boxes: Sequence[Box], *, widest: bool) -> list[Passage]:
        rules = () if isinstance(item.rules, Unknown) else item.rules
        own = [rule for rule in rules if rule.inbound is self._segment.inbound]
        return decide(own, boxes, self.space, widest=widest)[1] if boxes else []

    def _of_interface(self, item: Interface) -> Box:
        own = self._addresses.mask(item.addresses)
        return self._flows(own, self._addresses.everything, self.space.ports.everything, ANY_PROTOCOL)

    def _told(self, ask: Callable[[bool], list[Passage]], reasons: Sequence[str] = ()) -> list[Json]:
        """A witness for each rule that surely decides some flow; without any, why one may."""
        decided = ask(True)
        sure = [(item.rule, box) for item in decided if (box := certain(item.boxes, self._addresses)) is not None]
        sure = sure or self._together(decided)
        if sure:
            sure.sort(key=lambda pair: (pair[0].priority or 0, pair[0].name))
            return [self._witness(rule, box) for rule, box in sure]
        possible = ask(False)
        if not possible:
            return []
        doubts = [doubt for rule in (*(item.rule for item in possible), *self._rules) for doubt in rule.doubts]
        return [Unknown(tuple(dict.fromkeys([*doubts, *self._hidden, *reasons])) or (self._other_doubt(possible[0]),))]

    def _together(self, decided: list[Passage]) -> list[tuple[SecurityRule, Box]]:
        """What no rule decides for sure, but several do whatever the tags stand for: told of the last of them."""
        box = certain([box for item in decided for box in item.boxes], self._addresses) if len(decided) > 1 else None
        last = [item.rule for item in decided if box is not None and any(intersect(box, own) for own in item.boxes)]
        return [(last[-1], box)] if last and box is not None else []

    def _surely(self, passages: Iterable[Passage]) -> list[Passage]:
        return [item for item in passages if certain(item.boxes, self._addresses) is not None]

    def _other_doubt(self, passage: Passage) -> str:
        if passage.rule.priority in [rule.priority for rule in self._rules if rule is not passage.rule]:
            return f"{passage.rule.name} shares its priority with another rule"
        if self._segment.around.doubts:
            return "; ".join(self._segment.around.doubts)
        tags = sorted(passage.rule.sources.tags | passage.rule.destinations.tags)
        return _TAG_DOUBT.format(", ".join(spelled(tag) for tag in tags) or "a service tag")

    def _witness(self, rule: SecurityRule, box: Box) -> Json:
        source, destination = self._end(box[1], rule.sources), self._end(box[3], rule.destinations)
        protocol, port = show_protocol(box[0]), self.space.ports.show(box[4])
        words = f"{'any protocol' if protocol == '*' else protocol} from {source} to {destination}"
        return {
            "protocol": protocol, "source": source, "sourcePort": self.space.source_ports.show(box[2]),
            "destination": destination, "port": port, "rule": rule.name, "ruleId": rule.id,
            "flow": f"{words}, {'any port' if port == '*' else 'port ' + port}, by {rule.name}",
        }  # fmt: skip

    def _end(self, mask: int, written: Addresses) -> str:
        """An address of a set; with the tag by which the rule says it, where it says one."""
        tag = self._addresses.tag_of(mask)
        if tag:
            return spelled(tag)
        address = self._addresses.show(mask)
        names = sorted(spelled(name) for name in written.tags)
        return f"{address} ({names[0]})" if len(names) == 1 and not written.ranges else address
