"""Ports and protocols as bit masks: every port range that is mentioned cuts the line from 0 to 65535."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

__all__ = [
    "ANY_PORT", "ANY_PROTOCOL", "PROTOCOLS", "PortSpace", "Ports", "parse_ports", "parse_protocol", "shared_ports",
    "show_protocol", "write_ports",
]  # fmt: skip

Ports = tuple[tuple[int, int], ...]
_LAST: Final = 65535
ANY_PORT: Final[Ports] = ((0, _LAST),)
#: Azure's protocols in the order in which an example is chosen; the last stands for every other one.
PROTOCOLS: Final = ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")
ANY_PROTOCOL: Final = 2 ** len(PROTOCOLS) - 1


@lru_cache(maxsize=16384)
def parse_ports(text: str) -> Ports | None:
    """`*`, a port, a range, or several joined by commas; None for anything else."""
    found: list[tuple[int, int]] = []
    for word in (part.strip() for part in text.split(",")):
        low, dash, high = word.partition("-")
        if word.lower() in ("*", "any"):
            found.extend(ANY_PORT)
        elif low.strip().isdecimal() and (not dash or high.strip().isdecimal()):
            first, last = int(low), int(high) if dash else int(low)
            if not 0 <= first <= last <= _LAST:
                return None
            found.append((first, last))
        else:
            return None
    return tuple(found)


def shared_ports(one: Ports, other: Ports) -> Ports:
    """What two lists of ports share."""
    found = {(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) <= min(b, d)}
    return tuple(sorted(found))


def write_ports(ports: Ports) -> list[str]:
    """Ports as a rule writes them."""
    if any((low, high) == ANY_PORT[0] for low, high in ports):
        return ["*"]
    return [str(low) if low == high else f"{low}-{high}" for low, high in ports]


def parse_protocol(text: str) -> int | None:
    """One of Azure's protocols or `*`; None for anything else."""
    found: dict[str, int] = {name.lower(): 1 << at for at, name in enumerate(PROTOCOLS[:-1])}
    return {**found, "*": ANY_PROTOCOL, "any": ANY_PROTOCOL}.get(text.lower())


def show_protocol(mask: int) -> str:
    """The first protocol of a set, `*` where it is none of Azure's."""
    return next(name for at, name in enumerate(PROTOCOLS) if mask >> at & 1)


class PortSpace:
    """The ports, cut by everything that is mentioned."""

    def __init__(self, mentioned: Iterable[Ports]) -> None:
        edges = {0, _LAST + 1, *(edge for ports in mentioned for low, high in ports for edge in (low, high + 1))}
        self._edges = sorted(edges)
        self.everything = (1 << (len(self._edges) - 1)) - 1

    def mask(self, ports: Ports) -> int:
        """The set of ports as a mask."""
        found = 0
        for low, high in ports:
            first, last = bisect_left(self._edges, low), bisect_left(self._edges, high + 1)
            found |= ((1 << (last - first)) - 1) << first
        return found

    def show(self, mask: int) -> str:
        """The lowest range of a set: `22`, `1-1023`, or `*` for all."""
        if mask == self.everything:
            return "*"
        first = (mask & -mask).bit_length() - 1
        last = first
        while mask >> (last + 1) & 1:
            last += 1
        low, high = self._edges[first], self._edges[last + 1] - 1
        return str(low) if low == high else f"{low}-{high}"
