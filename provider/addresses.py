"""Addresses: where no server may ever be, and which networks servers are kept to.

A host name is not looked up: it is Traefik that does, and what it finds can change at any time.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from provider.messages import Message
from provider.patterns import pattern

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_METADATA: Final = Message("a cloud's metadata service")

_UNSPECIFIED: Final = Message("unspecified")
_LINK_LOCAL: Final = Message("link-local")
_MULTICAST: Final = Message("multicast")

_REFUSED: Final[dict[Network, str]] = {
    ipaddress.ip_network(text): what
    for text, what in {
        "0.0.0.0/8": _UNSPECIFIED,
        "169.254.0.0/16": _LINK_LOCAL,
        "100.100.100.200/32": _METADATA,
        "168.63.129.16/32": _METADATA,
        "192.0.0.192/32": _METADATA,
        "224.0.0.0/4": _MULTICAST,
        "255.255.255.255/32": Message("broadcast"),
        "::/128": _UNSPECIFIED,
        "fe80::/10": _LINK_LOCAL,
        "fd00:ec2::/32": _METADATA,
        "fd00:42::42/128": _METADATA,
        "fd00:a9fe:a9fe::1/128": _METADATA,
        "fd00:c1::a9fe:a9fe/128": _METADATA,
        "fd20:ce::254/128": _METADATA,
        "ff00::/8": _MULTICAST,
    }.items()
}
"""Networks in which no server is, with what they are. Whoever reaches a cloud's metadata gets its secrets."""

_RANGES: Final = {
    version: [
        (int(network.network_address), int(network.broadcast_address), network, what)
        for network, what in _REFUSED.items()
        if network.version == version
    ]
    for version in (4, 6)
}
"""The same as numbers, the first and the last of each: there are many servers to look at."""

_REFUSED_NAMES: Final = {
    *("metadata", "metadata.google.internal", "metadata.goog", "metadata.tencentyun.com", "metadata.azure.internal"),
    *("metadata.azure.com", "metadata.packet.net", "metadata.platformequinix.com", "metadata.oraclecloud.com"),
    *("instance-data", "instance-data.ec2.internal", "rancher-metadata", "rancher-metadata.rancher.internal"),
    *("api.metadata.cloud.ibm.com",),
}

_SPOKEN: Final = pattern(
    r"(?<![0-9])(?=((?:[0-9]{1,3}[.-]){3}[0-9]{1,3})(?![0-9]))|(?<![0-9a-z])([0-9a-f]{8})(?![0-9a-z])"
)
"""An IPv4 address within a name, as services such as nip.io and sslip.io read it: decimal, or hexadecimal."""
_READERS: Final = tuple(
    f".{domain}"
    for domain in (
        *("nip.io", "sslip.io", "xip.io", "xip.name", "ip6.name", "traefik.me", "local.gd", "lvh.me", "backname.io"),
        *("ip.addr.tools", "local-ip.co", "local-ip.sh", "plex.direct", "rbndr.us", "1u.ms", "rebind.network"),
    )
)
"""Domains whose names lead to the address that stands in them."""

# Prefixes whose addresses have an IPv4 address in them, by how many bits stand behind it.
_CARRIERS: Final = {
    ipaddress.IPv6Network("::/96"): 0,  # IPv4-compatible
    ipaddress.IPv6Network("::ffff:0:0/96"): 0,  # IPv4-mapped
    ipaddress.IPv6Network("::ffff:0:0:0/96"): 0,  # IPv4-translated
    ipaddress.IPv6Network("64:ff9b::/96"): 0,  # NAT64
    ipaddress.IPv6Network("64:ff9b:1::/48"): 0,  # NAT64 of a network's own
    ipaddress.IPv6Network("2002::/16"): 80,  # 6to4
    ipaddress.IPv6Network("2001::/32"): 64,  # the server of Teredo
}
_SAME: Final = tuple(_CARRIERS)[:3]
"""Those whose addresses are other spellings of IPv4 addresses, and nothing else."""

_LONGEST_ADDRESS: Final = 64

_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED: Final = pattern(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")

_TEREDO: Final = ipaddress.IPv6Network("2001::/32")
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_ISATAP: Final = 0x5EFE
_LOCAL: Final = ipaddress.IPv4Address("127.0.0.1")
_LOOPBACK: Final = ipaddress.IPv6Address("::1")


@lru_cache(maxsize=1024)
def find_refusal(host: str) -> str | None:
    """Say why no server may be at a host, in its normal form, or return None if one may."""
    name = host.lower().rstrip(".")
    if name in _REFUSED_NAMES:
        return Message("points to {what}", what=_METADATA)
    address = find_address(name)
    for spoken in _find_spoken(name) if address is None else [address]:
        if reason := _find_reason(spoken):
            return reason
    return None


def _find_reason(address: Address) -> str | None:
    for meant in _meanings(address):
        number = int(meant)
        for first, last, network, what in _RANGES[meant.version]:
            if first <= number <= last:
                if meant == address:
                    return Message("is in the network {network}, which is {what}", network=network, what=what)
                return Message(
                    "is in the network {network}, which is {what} (it means {meant})",
                    network=network,
                    what=what,
                    meant=meant,
                )
    return None


def find_address(host: str) -> Address | None:
    """Return the address that a host in its normal form is, or None for a name."""
    text = host.removesuffix(".").strip("[]")
    if ":" not in text:
        return read_dotted(text)
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None


def read_dotted(text: str) -> ipaddress.IPv4Address | None:
    """Read an IPv4 address as Python does, in a third of the time: there may be 60,000 to read."""
    found = _DOTTED.fullmatch(text)
    return None if found is None else ipaddress.IPv4Address(bytes(map(int, found.groups())))


def find_place(address: str) -> str:
    """Return what counts as one client's address: of IPv6 the network of 64 bits, all of which one machine can have."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:  # what a proxy tells need not be one
        return address[:_LONGEST_ADDRESS]
    if read.version == 4:
        return str(read)
    return str(read.ipv4_mapped or ipaddress.IPv6Network((int(read) >> 64 << 64, 64)))


def _find_spoken(name: str) -> Iterator[Address]:
    """Give the addresses in a name that may lead to them. Which of several counts, each reader knows."""
    if not name.endswith(_READERS):
        return
    for decimal, hexadecimal in _SPOKEN.findall(name):
        with suppress(ValueError):
            yield ipaddress.IPv4Address(decimal.replace("-", ".") if decimal else int(hexadecimal, 16))
    for label in name.split("."):
        pieces = label.split("-")
        for first in range(len(pieces)):
            with suppress(ValueError):
                yield ipaddress.IPv6Address(":".join(pieces[first:]))


@dataclass(frozen=True, slots=True)
class Places:
    """Where servers may be: in these networks, or in all if there are none; and at host names too, or not."""

    networks: Sequence[Network] = ()
    names: bool = True


ANYWHERE: Final = Places()


def find_trouble(url: str, places: Places = ANYWHERE) -> str | None:
    """Say why a server's URL, in its normal form, or its HOST:PORT leads where none may be, or None if one may.

    Where a name leads can change at any time, so servers that are kept to networks have addresses unless the
    operator trusts whoever answers for the names.
    """
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
    except ValueError:  # of a row that this service did not write
        return Message("its URL cannot be read")
    if reason := find_refusal(host):
        return Message("{host} {reason}: servers are not allowed there", host=host, reason=reason)
    return _find_outside(host, places) if places.networks else None


def _find_outside(host: str, places: Places) -> str | None:
    name = host.lower().rstrip(".")
    address = _LOCAL if name == "localhost" or name.endswith(".localhost") else find_address(host)
    if address is None and not places.names:
        return Message(
            "{host} is a name, but PROVIDER_SERVER_NETWORKS restricts servers to certain networks: write an IP "
            "address, or ask the operator to allow names with PROVIDER_SERVER_NAMES",
            host=host,
        )
    meant = map(_plain, _find_spoken(name) if address is None else [address])
    if all(any(plain in network for network in places.networks) for plain in meant):
        return None
    return Message(
        "{host} is outside the networks that PROVIDER_SERVER_NETWORKS allows: {networks}",
        host=host,
        networks=", ".join(map(str, places.networks)),
    )


def read_networks(text: str) -> list[Network]:
    """Read networks in CIDR notation with commas between. Raises `ValueError` that says which is wrong."""
    networks: list[Network] = []
    for part in text.split(","):
        try:
            networks.append(ipaddress.ip_network(part.strip()))
        except ValueError:
            raise ValueError(_why_no_network(part.strip())) from None
    return networks


def _why_no_network(text: str) -> str:
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"'{text}' is not a network: write 10.0.0.0/8 or fd00::/8" if text else "a network is missing at a comma"
    return f"'{text}' is an address within a network: write {meant}"


def _plain(address: Address) -> Address:
    """Return the IPv4 address that is meant where an IPv6 address is but another spelling of it."""
    if isinstance(address, ipaddress.IPv6Address) and address != _LOOPBACK and any(address in same for same in _SAME):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _meanings(address: Address) -> Iterator[Address]:
    """Return the address, and the IPv4 addresses that it carries, whoever unpacks them."""
    yield address
    if isinstance(address, ipaddress.IPv4Address) or address == _LOOPBACK:
        return
    number = int(address)
    for carrier, behind in _CARRIERS.items():
        if address in carrier:
            yield ipaddress.IPv4Address(number >> behind & 0xFFFFFFFF)
    if address in _LOCAL_NAT64:  # an address that begins behind 48, 56 or 64 bits leaves the octet at 64 out
        rest = (number >> 64 & 0xFFFF) << 56 | number & 0xFFFFFFFFFFFFFF
        yield from (ipaddress.IPv4Address(rest >> behind & 0xFFFFFFFF) for behind in (40, 32, 24))
    if address in _TEREDO:  # the client, with all bits turned
        yield ipaddress.IPv4Address(~number & 0xFFFFFFFF)
    if number >> 32 & 0xFDFFFFFF == _ISATAP:  # in any network
        yield ipaddress.IPv4Address(number & 0xFFFFFFFF)
