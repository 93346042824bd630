"""Which flows of a set rules let through: the first rule that matches decides, and what is in doubt is bounded both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.facts.flows.addresses import AddressSpace
from scanner.facts.flows.boxes import Box, intersect, minus, minus_all
from scanner.facts.flows.ports import PortSpace
from scanner.facts.flows.rules import SecurityRule

__all__ = ["FlowSpace", "Passage", "certain", "decide"]

#: More boxes than any rule set that people write makes; beyond, the answer is unknown instead of late.
_MOST_BOXES: Final = 20_000


@dataclass(frozen=True)
class FlowSpace:
    """What boxes are measured in: addresses and both kinds of ports, cut by everything that is mentioned."""

    addresses: AddressSpace
    source_ports: PortSpace
    ports: PortSpace

    def box(self, rule: SecurityRule) -> Box:
        """The flows that a rule matches, doubts aside."""
        return (
            rule.protocol,
            self.addresses.mask(rule.sources),
            self.source_ports.mask(rule.source_ports),
            self.addresses.mask(rule.destinations),
            self.ports.mask(rule.ports),
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """Flows that one rule decides."""

    rule: SecurityRule
    boxes: tuple[Box, ...]


class TooManyBoxesError(Exception):
    """The rules cut the flows into more parts than can be told apart in time."""


def decide(
    rules: Sequence[SecurityRule], region: Iterable[Box], space: FlowSpace, *, widest: bool
) -> tuple[list[Passage], list[Passage]]:
    """What rules admit and what they refuse of a region. Where something is in doubt, `widest` admits as much as may be admitted,
    and otherwise as little. Rules of one priority stand in either order.
    """
    admitted: list[Passage] = []
    refused: list[Passage] = []
    left = list(region)
    for rule in sorted(rules, key=lambda item: _turn(item, widest=widest)):
        if rule.doubts and rule.allow is not widest:
            continue
        box = space.box(rule)
        hits, rest = [], []
        for item in left:
            common = intersect(item, box)
            if common is None:
                rest.append(item)
            else:
                hits.append(common)
                rest.extend(minus(item, box))
        left = rest
        if hits:
            (admitted if rule.allow else refused).append(Passage(rule, tuple(hits)))
        if not left:
            break
        if len(left) > _MOST_BOXES:
            raise TooManyBoxesError
    return admitted, refused


def _turn(rule: SecurityRule, *, widest: bool) -> tuple[float, bool]:
    favoured = rule.allow is widest
    if rule.priority is None:
        return (float("-inf") if favoured else float("inf")), not favoured
    return rule.priority, not favoured


def within(passages: Iterable[Passage], cuts: Iterable[Box]) -> list[Passage]:
    """What of passages lies in any of some boxes that do not overlap."""
    wanted = list(cuts)
    shared = ((item.rule, [intersect(box, cut) for box in item.boxes for cut in wanted]) for item in passages)
    found = ((rule, tuple(box for box in boxes if box is not None)) for rule, boxes in shared)
    return [Passage(rule, boxes) for rule, boxes in found if boxes]


def without(passages: Iterable[Passage], cuts: Iterable[Box]) -> list[Passage]:
    """What of passages lies in none of some boxes."""
    boxes = list(cuts)
    found = ((item.rule, tuple(minus_all(item.boxes, boxes))) for item in passages)
    return [Passage(rule, parts) for rule, parts in found if parts]


def certain(boxes: Sequence[Box], addresses: AddressSpace) -> Box | None:
    """A box of which some flow surely exists, whatever addresses the tags stand for; None where none does for sure."""
    tell = _remembered(addresses)
    for box in boxes:
        if tell(box[1]) and tell(box[3]):
            return box
    return None if len(boxes) < 2 else _certain_together(boxes, addresses)


def _remembered(addresses: AddressSpace) -> Callable[[int], bool]:
    known: dict[int, bool] = {}

    def tell(mask: int) -> bool:
        if mask not in known:
            known[mask] = addresses.certain(mask)
        return known[mask]

    return tell


def _certain_together(boxes: Sequence[Box], addresses: AddressSpace) -> Box | None:
    """Boxes that none alone, but some together surely hold a flow: of one protocol and one pair of ports."""
    parts = addresses.certain_parts()
    for first in boxes:
        beside = [box for box in boxes if box[0] & first[0] and box[2] & first[2] and box[4] & first[4]]
        shared = (_lowest(first[0]), _lowest(first[2]), _lowest(first[4]))
        beside = [box for box in beside if box[0] & shared[0] and box[2] & shared[1] and box[4] & shared[2]]
        sources = {part for part in parts for box in beside if part & box[1]}
        destinations = {part for part in parts for box in beside if part & box[3]}
        for source in sorted(sources):
            for destination in sorted(destinations):
                whole: Box = (shared[0], source, shared[1], destination, shared[2])
                if not minus_all([whole], beside):
                    return whole
    return None


def _lowest(mask: int) -> int:
    return mask & -mask
