"""Networks of clients, as Traefik's `ClientIP` reads and compares them.

From Go's `net`: an IPv4 address has four numbers without leading zeros; an IPv4-mapped IPv6 address is the
IPv4 address, and a network of at least 96 bits of those the IPv4 network; zones are not taken in a rule,
and not looked at in a client's address.
"""

import ipaddress
from typing import Final

from provider.addresses import Address, Network
from provider.patterns import pattern

_MAPPED_BITS: Final = 96
_BITS: Final = pattern(r"[0-9]+")


def read_network(text: str) -> Network:
    """Return the network that an argument of `ClientIP` stands for, one address as a network of its own.

    Raises `ValueError`.
    """
    address, slash, bits = text.partition("/")
    found = _read(address)
    if slash and not _BITS.fullmatch(bits):
        raise ValueError(f"{bits} is not a number of bits")
    length = int(bits) if slash else found.max_prefixlen
    if length > found.max_prefixlen:
        raise ValueError(f"{bits} is more bits than the address has")
    plain = _unmapped(found)
    if isinstance(found, ipaddress.IPv6Address) and isinstance(plain, ipaddress.IPv4Address):
        if length < _MAPPED_BITS:
            return ipaddress.IPv6Network((found, length), strict=False)
        length -= _MAPPED_BITS
    return ipaddress.ip_network((plain, length), strict=False)


def read_client(text: str) -> Address:
    """Return a client's address, an IPv4-mapped one as IPv4. Raises `ValueError`."""
    address, percent, zone = text.partition("%")
    if percent and not zone:
        raise ValueError("the zone is empty")
    found = _read(address)
    if percent and isinstance(found, ipaddress.IPv4Address):
        raise ValueError("an IPv4 address has no zone")
    return _unmapped(found)


def _read(text: str) -> Address:
    if "%" in text:
        raise ValueError("a zone is not allowed here")
    return ipaddress.ip_address(text)


def _unmapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
