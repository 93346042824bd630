"""The rows of the table `nsg`: which flows a subnet may let through at most, and which it must."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.flows.addresses import EVERYTHING, NOWHERE, Addresses, parse_address
from scanner.facts.flows.ports import ANY_PORT, ANY_PROTOCOL, Ports, parse_ports, parse_protocol
from scanner.model.unknown import Unknown

__all__ = ["FlowRow", "read_rows"]

Json = Any
_SIDES: Final = {"inbound": "from", "outbound": "to"}


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row: the far end, ports and protocol of flows. `doubts` say why the far end is not known."""

    far: Addresses
    ports: Ports
    protocol: int
    required: bool
    doubts: tuple[str, ...] = ()

    @property
    def surely(self) -> Addresses:
        """The far end as far as it is known."""
        return NOWHERE if self.doubts else self.far


def read_rows(
    table: Json, direction: str, evaluate: Callable[[Json], Json], prefixes: Callable[[str], Addresses | Unknown]
) -> tuple[FlowRow, ...]:
    """The rows of a subnet in the table. `evaluate` gives the value of an expression, `prefixes` the addresses of a subnet by
    component. Rows whose `when` does not hold are left out; what is malformed is in doubt.
    """
    found = (table or {}).get(direction) or []
    return tuple(row for item in found for row in _read_row(item, _SIDES[direction], evaluate, prefixes))


def _read_row(
    item: Mapping[str, Json], side: str, evaluate: Callable[[Json], Json], prefixes: Callable[[str], Addresses | Unknown]
) -> Iterable[FlowRow]:
    when = evaluate(item.get("when", True))
    if when is False:
        return
    doubts = list(when.reasons) if isinstance(when, Unknown) else []
    ports = _ports(evaluate(item.get("ports", ["*"])), doubts)
    protocol = _protocol(str(item.get("protocol", "*")), doubts)
    required = bool(item.get("required", False))
    for word in _listed(evaluate(item[side])):
        if isinstance(word, Mapping):
            yield from _read_row({**word, "required": False}, side, evaluate, prefixes)
            continue
        own = list(doubts)
        far = _far(word, own, prefixes)
        yield FlowRow(far, ports, protocol, required, tuple(own))


def _far(word: Json, doubts: list[str], prefixes: Callable[[str], Addresses | Unknown]) -> Addresses:
    if isinstance(word, Unknown):
        doubts.extend(word.reasons)
        return EVERYTHING
    text = str(word)
    if text.startswith("component:"):
        known = prefixes(text.partition(":")[2])
        if isinstance(known, Unknown):
            doubts.extend(known.reasons)
            return EVERYTHING
        return known
    parsed = parse_address(text) if isinstance(word, str) else None
    if parsed is None:
        doubts.append(f"{word!r} in the baseline is no address, prefix or service tag")
        return EVERYTHING
    return parsed


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _ports(value: Json, doubts: list[str]) -> Ports:
    if isinstance(value, Unknown):
        doubts.extend(value.reasons)
        return ANY_PORT
    parsed = [parse_ports(str(item)) for item in _listed(value)]
    if None in parsed:
        doubts.append(f"{value!r} in the baseline is no list of ports")
        return ANY_PORT
    return tuple(pair for ports in parsed for pair in ports or ())


def _protocol(word: str, doubts: list[str]) -> int:
    parsed = parse_protocol(word)
    if parsed is None:
        doubts.append(f"{word!r} in the baseline is no protocol")
    return ANY_PROTOCOL if parsed is None else parsed
