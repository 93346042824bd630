"""Functions of address prefixes, on the standard library's `ipaddress`."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from scanner.language.functions.table import Function
from scanner.language.functions.values import integer, text, wrong

__all__ = ["CIDR"]

Json = Any
Network = IPv4Network | IPv6Network


def _network(value: Json) -> Network:
    try:
        return ip_network(text(value), strict=False)
    except ValueError:
        return wrong(f"{value!r} is no address prefix such as 10.0.0.0/16")


def _parse_cidr(value: Json) -> dict[str, Json]:
    """First and last usable exclude network and broadcast address, where a network has them."""
    network = _network(value)
    if network.version == 6:
        return {"network": str(network.network_address), "netmask": str(network.netmask), "firstUsable": str(network[0]),
                "lastUsable": str(network[-1]), "cidr": network.prefixlen}  # fmt: skip
    edge = 1 if network.num_addresses > 2 else 0
    return {
        "network": str(network.network_address), "netmask": str(network.netmask), "broadcast": str(network.broadcast_address),
        "firstUsable": str(network[edge]), "lastUsable": str(network[-1 - edge]), "cidr": network.prefixlen,
    }  # fmt: skip


def _cidr_subnet(value: Json, size: Json, index: Json) -> str:
    network, prefix, at = _network(value), integer(size), integer(index)
    if not network.prefixlen <= prefix <= network.max_prefixlen:
        wrong(f"a network of /{network.prefixlen} has no subnets of /{prefix}")
    if not 0 <= at < 2 ** (prefix - network.prefixlen):
        wrong(f"a network of /{network.prefixlen} has {2 ** (prefix - network.prefixlen)} subnets of /{prefix}, no number {at}")
    first = int(network.network_address) + at * 2 ** (network.max_prefixlen - prefix)
    return f"{type(network.network_address)(first)}/{prefix}"


def _cidr_host(value: Json, index: Json) -> str:
    """The host of a number from 0, the network's own address left out."""
    network, at = _network(value), integer(index)
    if not 0 <= at < network.num_addresses - 1:
        wrong(f"{network} has no host number {at}")
    return str(network[at + 1])


def _ip_range_contains(range_: Json, other: Json) -> bool:
    """Azure Policy's: a range is a prefix, an address, or two addresses joined by `-`."""
    low, high = _bounds(range_)
    inner_low, inner_high = _bounds(other)
    return low <= inner_low and inner_high <= high


def _bounds(value: Json) -> tuple[tuple[int, int], tuple[int, int]]:
    start, dash, end = text(value).partition("-")
    try:
        if dash:
            first, last = ip_address(start.strip()), ip_address(end.strip())
        else:
            network = ip_network(start.strip(), strict=False)
            first, last = network[0], network[-1]
    except ValueError:
        return wrong(f"{value!r} is no address, prefix or range of addresses")
    return (first.version, int(first)), (last.version, int(last))


CIDR: Final = (
    Function("cidrHost", 2, 2, _cidr_host),
    Function("cidrSubnet", 3, 3, _cidr_subnet),
    Function("ipRangeContains", 2, 2, _ip_range_contains),
    Function("parseCidr", 1, 1, _parse_cidr),
)
