"""Certificates that are good no more or not for long, and those that hide one another. Pure."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations, islice
from typing import Final

from pydantic import AwareDatetime

from provider.certificates import CertificateFacts, find_served, read
from provider.findings import Finding
from provider.inventory import Inventory
from provider.messages import Message, listed
from provider.models import Conflict
from provider.nouns import Domain, Named
from provider.nouns.certificate import Certificate

_SOON_SECONDS: Final = 14 * 86_400
_SHORT: Final = 3
"""One that is short-lived expires soon in the last third of its time."""

_MOST_PAIRS: Final = 1_000
_MOST_NAMED: Final = 3

_MARK: Final = b'"certFile"'

KnownCertificates = Mapping[str, CertificateFacts]
"""What certificates say of themselves, by their names here, in order."""


def find_invalid(inventory: Inventory, now: AwareDatetime, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find what is to be told of certificates: of all, or of some, also with others."""
    if about is None or any(kind == Certificate.kind for kind, _name in about):
        facts = {
            item.name: read(item.cert_file)
            for item in inventory.having(Certificate.kind, _MARK)
            if isinstance(item, Certificate)
        }
        found = [told for name, each in facts.items() if (told := find_time(name, each, now)) is not None]
        for each in (*found, *islice(_find_shared(facts), _MOST_PAIRS)):
            if about is None or not set(about).isdisjoint(each.objects):
                yield each


def find_hiding(
    inventory: Inventory, domains: Mapping[str, str], about: Collection[Named] | None = None
) -> Iterator[Finding]:
    """Find stored certificates that edges show for `domains` in place of those that this service gets for them.

    `domains` have what they are called, by A-label. What this service gets is for the one name, and comes first.
    """
    stored = inventory.having(Certificate.kind, _MARK) if domains else ()
    hiding: dict[str, tuple[str, str]] = {}
    for item in stored:
        sought = read(item.cert_file).sought if isinstance(item, Certificate) else ()
        for host in domains.keys() & set(sought):
            if ",".join(sought) > host:
                hiding[host] = max(hiding.get(host, ("", "")), (",".join(sought), item.name))
    for host, (_sought, name) in sorted(hiding.items()):
        objects = ((Domain.kind, host), (Certificate.kind, name))
        if about is None or not set(about).isdisjoint(objects):
            detail = Message(
                "edges show the stored certificate {name} for {domain}, not the one that wayshub-provider gets for "
                "it: once edges have that, remove {name}",
                name=name,
                domain=domains[host],
            )
            yield Finding(Conflict.SHARED_NAME, objects, detail)


def find_time(name: str, facts: CertificateFacts, now: AwareDatetime) -> Finding | None:
    """Find whether a certificate is not good any more, not yet, or not for long."""
    told = {"name": name, "begin": f"{facts.not_before:%Y-%m-%d}", "end": f"{facts.not_after:%Y-%m-%d}"}
    objects = ((Certificate.kind, name),)
    if facts.not_after <= now:
        detail = Message("the certificate {name} expired on {end}: browsers refuse it", **told)
        return Finding(Conflict.EXPIRED_CERTIFICATE, objects, detail)
    if now < facts.not_before:
        detail = Message("the certificate {name} is not valid before {begin}: until then, browsers refuse it", **told)
        return Finding(Conflict.EARLY_CERTIFICATE, objects, detail)
    if is_ending(facts.not_before, facts.not_after, now):
        detail = Message("the certificate {name} expires on {end}: replace it before that", **told)
        return Finding(Conflict.EXPIRING_CERTIFICATE, objects, detail)
    return None


def is_ending(begin: AwareDatetime, end: AwareDatetime, now: AwareDatetime) -> bool:
    """Tell whether a certificate is good for no long time any more: it should have been renewed."""
    return (end - now).total_seconds() < min(_SOON_SECONDS, (end - begin).total_seconds() / _SHORT)


def _find_shared(certificates: KnownCertificates) -> Iterator[Finding]:
    """Find certificates that edges never show for one of their names, since another one is for it too."""
    by_name: dict[str, list[str]] = {}
    for name, facts in certificates.items():
        for host in facts.sought:
            by_name.setdefault(host, []).append(name)
    shared: dict[tuple[str, str], list[str]] = {}
    for host, named in by_name.items():
        fitting = [*named, *by_name.get(f"*.{host.partition('.')[2]}", ())]
        found = {name: certificates[name] for name in certificates if name in fitting} if len(fitting) > 1 else {}
        served = find_served(found, host) or named[0]
        # Who is for the very name is told of; a wildcard beside it is meant, unless it is what edges show.
        rivals = named if served in named else [*named, served]
        for one, other in combinations(sorted(set(rivals)), 2):
            if served in {one, other}:
                shared.setdefault((served, other if served == one else one), []).append(host)
    for (served, other), hosts in sorted(shared.items()):
        told = {"served": served, "other": other, "hosts": listed(hosts, _MOST_NAMED)}
        detail = Message("the certificates {served} and {other} are both for {hosts}: edges show {served}", **told)
        yield Finding(Conflict.SHARED_NAME, ((Certificate.kind, served), (Certificate.kind, other)), detail)
