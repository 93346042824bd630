"""Sets of addresses as rules write them, and the parts into which everything that is written cuts the address line.

A service tag stands for addresses that Azure alone knows: a part of the Internet, apart from other tags unless Azure documents
one as a part of another. So an address is told by two things: the cell of the line it lies in, and the tag it belongs to.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Final

from scanner.facts.flows.tags import spelled

__all__ = [
    "EVERYTHING",
    "INTERNET",
    "NOWHERE",
    "VIRTUAL_NETWORK",
    "AddressSpace",
    "Addresses",
    "Range",
    "Surroundings",
    "parse_address",
    "write_addresses",
]

VIRTUAL_NETWORK: Final = "virtualnetwork"
INTERNET: Final = "internet"
#: What Azure documents as the address of the host, where probes of its load balancers come from; a part of VirtualNetwork.
_HOST: Final = "168.63.129.16"
#: How the classic deployment model spells tags.
_CLASSIC: Final = {"azure_loadbalancer": "azureloadbalancer", "virtual_network": VIRTUAL_NETWORK}
#: Tags of which Azure documents the one address.
_FIXED: Final = {"azureloadbalancer": _HOST, "azureplatformdns": _HOST, "azureplatformimds": "169.254.169.254"}
_BITS: Final = {4: 32, 6: 128}
#: What the public Internet does not reach (IANA's special-purpose registries, the parts that matter here).
_RESERVED: Final = {
    4: (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3",
    ),
    6: ("::/3", "4000::/2", "8000::/1"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Addresses from `low` to `high`, both included, of IP version 4 or 6."""

    version: int
    low: int
    high: int

    @property
    def whole(self) -> bool:
        """Whether it is every address of its version."""
        return self.low == 0 and self.high == 2 ** _BITS[self.version] - 1


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of addresses: ranges, tags in lower case, or `everything`."""

    ranges: tuple[Range, ...] = ()
    tags: frozenset[str] = frozenset()
    everything: bool = False

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(self.ranges + other.ranges, self.tags | other.tags, self.everything or other.everything)


NOWHERE: Final = Addresses()
EVERYTHING: Final = Addresses(everything=True)


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Addresses | None:
    """What an address prefix of a rule stands for: `*`, an address, a prefix, a range `a-b`, or a tag; None for anything else."""
    word = text.strip()
    if word.lower() in ("*", "any"):
        return EVERYTHING
    start, dash, end = word.partition("-")
    try:
        if dash and ("." in end or ":" in end):
            first, last = ip_address(start.strip()), ip_address(end.strip())
            ordered = first.version == last.version and int(first) <= int(last)
            return Addresses((Range(first.version, int(first), int(last)),)) if ordered else None
        network = ip_network(word, strict=False)
        return Addresses((Range(network.version, int(network[0]), int(network[-1])),))
    except ValueError:
        tag = _CLASSIC.get(word.lower(), word.lower())
        return Addresses(tags=frozenset((tag,))) if _is_tag(tag) else None


def write_addresses(addresses: Addresses) -> list[str]:
    """Addresses as a rule writes them: `*`, prefixes, tags."""
    if addresses.everything:
        return ["*"]
    ends = [(IPv4Address, IPv6Address)[item.version == 6] for item in addresses.ranges]
    prefixes = [
        str(prefix)
        for kind, item in zip(ends, addresses.ranges, strict=True)
        for prefix in summarize_address_range(kind(item.low), kind(item.high))
    ]
    return [*dict.fromkeys(prefixes), *sorted(spelled(name) for name in addresses.tags)]


def _is_tag(word: str) -> bool:
    return word[:1].isalpha() and all(part.isalnum() for part in word.split("."))


@cache
def _ranges(version: int) -> tuple[tuple[Range, ...], Range]:
    found = [parse_address(text) for text in _RESERVED[version]]
    return tuple(item.ranges[0] for item in found if item is not None), Range(version, 0, 2 ** _BITS[version] - 1)


@cache
def _fixed_ranges() -> tuple[Range, ...]:
    """The documented addresses of tags, that of the host first."""
    numbers = [int(IPv4Address(text)) for text in dict.fromkeys(_FIXED.values())]
    return tuple(Range(4, number, number) for number in numbers)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the tag VirtualNetwork stands for around a subnet: known ranges and where routes lead, with why there may
    be more of each. What routes lead to belongs to the tag, but stays where it is.
    """

    ranges: tuple[Range, ...]
    more: tuple[str, ...] = ()
    routed: tuple[Range, ...] = ()
    more_routed: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the tag may stand for more than is known."""
        return self.more + self.more_routed


class AddressSpace:
    """The addresses of one IP version, cut into cells by everything that is mentioned, and within cells by tag.

    Sets are bit masks: bit `label * cells + cell`. Label 0 is "of no tag that is mentioned". The addresses of a tag may lie in
    any public cell outside of the network; those of the rest of the network (`more`) in any cell outside of its known ranges.
    """

    def __init__(self, version: int, mentioned: Iterable[Addresses], around: Surroundings) -> None:
        self.version = version
        mentioned = list(mentioned)
        reserved, whole = _ranges(version)
        own = [item for item in around.ranges if item.version == version]
        routed = [item for item in around.routed if item.version == version]
        written = [item for one in mentioned for item in one.ranges if item.version == version and not item.whole]
        edges = {
            0,
            whole.high + 1,
            *(edge for item in (*reserved, *own, *routed, *written) for edge in (item.low, item.high + 1)),
        }
        if version == 4:
            edges.update(edge for item in _fixed_ranges() for edge in (item.low, item.high + 1))
        self._edges = sorted(edges)
        self._cells = len(self._edges) - 1
        self._tags = sorted({name for one in mentioned for name in one.tags} - {VIRTUAL_NETWORK, INTERNET, *_FIXED})
        self._labels = 1 + len(self._tags) + bool(around.doubts)
        near = self._line([*own, *(_fixed_ranges()[:1] if version == 4 else ())])
        inside = near | self._line(routed)
        line = (1 << self._cells) - 1
        self._public = line & ~self._line(reserved)
        self._possible = line | sum(self._at(self._public & ~inside, 1 + at) for at in range(len(self._tags)))
        self._elsewhere = self._at(line & ~inside, self._labels - 1) if around.doubts else 0
        self._possible |= self._elsewhere
        self._inside = inside
        self._repeat = sum(1 << (label * self._cells) for label in range(self._labels))
        self._mentioned = self._line(written)
        self.everything = self._possible
        self.network = self._spread(inside) | self._elsewhere
        self.internet = self._possible & ~self.network
        self.public = self._spread(self._public & ~near)

    def mask(self, addresses: Addresses) -> int:
        """The set of addresses as a mask."""
        if addresses.everything:
            return self.everything
        found = self._spread(self._line([item for item in addresses.ranges if item.version == self.version]))
        for name in addresses.tags:
            found |= self._tag(name)
        return found

    def certain(self, mask: int) -> bool:
        """Whether a set surely holds an address. A cell does, whatever tags its addresses belong to; a tag does, somewhere
        outside of all that is mentioned, while that is most of the Internet.
        """
        if not mask:
            return False
        if self._labels == 1:
            return True
        line = (1 << self._cells) - 1
        full = line
        for label in range(self._labels):
            at = label * self._cells
            full &= (mask >> at) | ~(self._possible >> at)
        if full & line:
            return True
        rest = self._public & ~self._inside & ~self._mentioned
        if 2 * self._size(rest) < self._size(self._public):
            return False
        if mask & rest:
            return True
        labels = range(1, 1 + len(self._tags))
        return any(not self._at(rest, label) & ~mask for label in labels)

    def certain_parts(self) -> list[int]:
        """The smallest sets that surely hold an address, as `certain` tells."""
        parts = [self._spread(1 << cell) for cell in range(self._cells)]
        rest = self._public & ~self._inside & ~self._mentioned
        if 2 * self._size(rest) >= self._size(self._public):
            parts += [1 << cell for cell in range(self._cells) if rest >> cell & 1]
            parts += [self._at(rest, label) for label in range(1, 1 + len(self._tags))]
        return parts

    def show(self, mask: int) -> str:
        """One address of a set in words: of no tag where there is one, else the tag."""
        line = (1 << self._cells) - 1
        plain = mask & line
        if plain:
            first = plain & self._public & ~self._inside or plain
            return self._address(_lowest(first))
        at = _lowest(mask)
        label, cell = divmod(at, self._cells)
        return self._tags[label - 1] if label <= len(self._tags) else self._address(cell)

    def tag_of(self, mask: int) -> str:
        """The tag that alone makes up a set; empty where it holds other addresses."""
        for at, name in enumerate(self._tags):
            if mask and not mask & ~self._at((1 << self._cells) - 1, 1 + at):
                return name
        return ""

    def _address(self, cell: int) -> str:
        low = self._edges[cell] or 1
        return str(IPv4Address(low) if self.version == 4 else IPv6Address(low))

    def _tag(self, name: str) -> int:
        if name == VIRTUAL_NETWORK:
            return self.network
        if name == INTERNET:
            return self.internet
        if name in _FIXED:
            fixed = parse_address(_FIXED[name])
            return self.mask(fixed) if fixed is not None else 0
        parts = [at for at, other in enumerate(self._tags) if _is_part(other, name)]
        return sum(self._at(self._public & ~self._inside, 1 + at) for at in parts)

    def _line(self, ranges: Iterable[Range]) -> int:
        """The cells that ranges cover; their edges are edges of cells."""
        found = 0
        for item in ranges:
            low, high = bisect_left(self._edges, item.low), bisect_right(self._edges, item.high + 1) - 1
            found |= ((1 << (high - low)) - 1) << low
        return found

    def _spread(self, cells: int) -> int:
        """Cells with all the tags that their addresses may belong to."""
        return (cells * self._repeat) & self._possible

    def _at(self, cells: int, label: int) -> int:
        return cells << (label * self._cells)

    def _size(self, cells: int) -> int:
        return sum(self._edges[cell + 1] - self._edges[cell] for cell in range(self._cells) if cells >> cell & 1)


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _is_part(name: str, of: str) -> bool:
    """Whether Azure documents a tag as a part of another: `Storage.WestEurope` of `Storage`; every tag of AzureCloud, which is
    all public addresses of its data centres; `X.Region` of `AzureCloud.Region`.
    """
    if name == of or of == "azurecloud" or name.startswith(f"{of}."):
        return True
    cloud, dot, region = of.partition(".")
    return cloud == "azurecloud" and bool(dot) and name.endswith(f".{region}")
