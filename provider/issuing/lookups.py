"""What DNS says: the addresses of a name as a CA sees them, and the texts of a record at each server of its zone."""

from collections.abc import Iterator
from typing import Final

import dns.exception
import dns.name
import dns.resolver
from dns.resolver import Resolver

from provider.issuing.failures import not_led
from provider.issuing.means import Means
from provider.messages import Message

_TIMEOUT_SECONDS: Final = 5.0
_MOST_ADDRESSES: Final = 8


def find_addresses(name: str, means: Means) -> list[str]:
    """Return the addresses of a name, by DNS. Raises `NoCertificateError` where there are none."""
    resolver = make_resolver(means)
    found: list[str] = []
    for kind in ("AAAA", "A"):
        try:
            found += [str(each) for each in resolver.resolve(name, kind, search=False)]
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            continue
        except (dns.exception.DNSException, OSError) as error:
            why = str(error).rstrip(".") or type(error).__name__
            raise not_led(Message("{name} cannot be looked up in DNS: {why}", name=name, why=why)) from error
    if not found:
        told = Message("{name} has no address in DNS: add one that points to an edge", name=name)
        raise not_led(told)
    return found[:_MOST_ADDRESSES]


def make_resolver(means: Means) -> Resolver:
    """Return what asks DNS, and remembers nothing."""
    resolver = Resolver(configure=not means.nameservers)
    if means.nameservers:
        addresses = [address for address, _port in means.nameservers]
        resolver.nameservers = list(addresses)
        resolver.nameserver_ports = dict(means.nameservers)
    resolver.lifetime = _TIMEOUT_SECONDS
    return resolver


def ask_servers(record: str, means: Means) -> Iterator[list[str]]:
    """Give the texts of a record as each server of its zone has them. Raises `DNSException` where one is silent."""
    resolver = make_resolver(means)
    if means.nameservers:
        yield _texts(resolver, record)
        return
    target = resolver.canonical_name(record)  # it may be an alias of one in a zone for such records alone
    zone = dns.resolver.zone_for_name(target, resolver=resolver)
    for server in resolver.resolve(zone, "NS"):
        own = make_resolver(means)
        own.nameservers = [str(each) for each in resolver.resolve(server.target, "A")]
        yield _texts(own, target)


def _texts(resolver: Resolver, record: str | dns.name.Name) -> list[str]:
    try:
        found = resolver.resolve(record, "TXT", search=False)
    except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
        return []
    return [b"".join(each.strings).decode("ascii", "replace") for each in found]


def is_seen(record: str, content: str, means: Means) -> bool:
    """Tell whether all name servers of a record have a content."""
    try:
        return all(content in texts for texts in ask_servers(record, means))
    except dns.exception.DNSException:
        return False
