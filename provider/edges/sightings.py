"""What the edges really show to clients of the domains with HTTPS: which certificate, until when, for the right name.

Written in the event loop's thread, read from any.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from provider import validity
from provider.certificates import CertificateFacts, CertificateStore, covers, read
from provider.messages import Message, listed
from provider.models import ShownState

PROBE: Final = "wayshub-probe"
"""What stands in place of the star of a wildcard: a name that it is for, and that nobody has."""

_MOST_NAMES: Final = 3
_DEFAULT: Final = "TRAEFIK DEFAULT CERT"

_BAD: Final = frozenset({ShownState.EXPIRED, ShownState.EARLY, ShownState.OTHER, ShownState.NONE})
_ACCEPTED: Final = frozenset({ShownState.GOOD, ShownState.EXPIRING})


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an edge shows for one domain: since when it is so, why it is said, and which certificate it is.

    `document` is the digest of the document that the edge ran when it was looked at.
    """

    state: ShownState
    why: str
    since: datetime | None = None
    certificate: CertificateFacts | None = None
    document: str | None = None

    @property
    def is_bad(self) -> bool:
        """Whether browsers refuse what it shows."""
        return self.state in _BAD

    @property
    def is_accepted(self) -> bool:
        """Whether it shows a certificate for the right name that is good now."""
        return self.state in _ACCEPTED


class _StorePair(msgspec.Struct):
    cert_file: str = msgspec.field(name="certFile", default="")


class _TLS(msgspec.Struct):
    certificates: list[_StorePair] = []


class _StoreDocument(msgspec.Struct):
    tls: _TLS = msgspec.field(default_factory=_TLS)


def read_store(content: bytes) -> CertificateStore:
    """Return the certificates that a document has."""
    return CertificateStore(
        read(pair.cert_file) for pair in msgspec.json.decode(content, type=_StoreDocument).tls.certificates
    )


def read_pair(content: bytes) -> CertificateFacts:
    """Return what the certificate says whose part of a document this is."""
    return read(msgspec.json.decode(content, type=_StorePair).cert_file)


def fits(names: Collection[str], domain: str) -> bool:
    """Tell whether a certificate for these names is good for a domain, an A-label."""
    return covers(names, probe(domain))


def probe(domain: str) -> str:
    """Return the host name for which an edge is asked to see what it shows for a domain, an A-label."""
    return f"{PROBE}.{domain.removeprefix('*.')}" if domain.startswith("*.") else domain


def judge(domain: str, found: CertificateFacts, now: datetime) -> tuple[ShownState, Message]:
    """Say what clients make of a certificate that they are shown for a domain, an A-label."""
    told = {"issuer": found.issuer, "begin": f"{found.not_before:%Y-%m-%d}", "end": f"{found.not_after:%Y-%m-%d}"}
    if found.issuer == _DEFAULT:
        return ShownState.OTHER, Message("it shows Traefik's default certificate, which browsers refuse")
    if not fits(found.names, domain):
        names = listed(found.names, _MOST_NAMES) if found.names else Message("no name")
        return ShownState.OTHER, Message("it shows a certificate for {names}: browsers refuse it", names=names)
    if found.not_after <= now:
        return ShownState.EXPIRED, Message("its certificate expired on {end}: browsers refuse it", **told)
    if now < found.not_before:
        return ShownState.EARLY, Message(
            "its certificate is not valid before {begin}: until then, browsers refuse it", **told
        )
    if validity.is_ending(found.not_before, found.not_after, now):
        return ShownState.EXPIRING, Message("its certificate from {issuer} expires on {end}", **told)
    return ShownState.GOOD, Message("its certificate from {issuer} is valid until {end}", **told)


def find_next_end(seen: Iterable[Sighting]) -> datetime | None:
    """Find when the first of the certificates expires that are shown for the right names."""
    ends = (
        each.certificate.not_after
        for each in seen
        if each.certificate is not None and each.state is not ShownState.OTHER
    )
    return min(ends, default=None)


class Sightings:
    """What was seen, by edge and domain (A-label)."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Sighting]] = {}
        self._amiss: dict[tuple[str, str], Sighting] = {}
        """Those of which something is to be told, by domain and edge: most are good."""

    def note(self, edge: str, domain: str, sighting: Sighting) -> bool:
        """Note what an edge shows for a domain. Returns whether that is something else than before."""
        seen = self._seen.setdefault(edge, {})
        before = seen.get(domain)
        seen[domain] = sighting
        self._amiss.pop((domain, edge), None)
        if sighting.is_bad or sighting.state is ShownState.EXPIRING:
            self._amiss[domain, edge] = sighting
        return before is None or (before.state, before.why, before.certificate) != (
            sighting.state,
            sighting.why,
            sighting.certificate,
        )

    def forget(self, edge: str, domain: str | None = None) -> None:
        """Forget what an edge showed: for one domain, or for all."""
        for each in [domain] if domain is not None else list(self._seen.pop(edge, {})):
            self._amiss.pop((each, edge), None)
        if domain is not None:
            self._seen.get(edge, {}).pop(domain, None)

    def find(self, edge: str, domain: str) -> Sighting | None:
        """Find what an edge shows for a domain; None where it was not looked at."""
        return self._seen.get(edge, {}).get(domain)

    def of_domain(self, domain: str) -> list[tuple[str, Sighting]]:
        """Return what each edge shows for a domain, by the edges' names."""
        seen = ((edge, found.get(domain)) for edge, found in sorted(self._seen.copy().items()))
        return [(edge, sighting) for edge, sighting in seen if sighting is not None]

    def of_edge(self, edge: str) -> Mapping[str, Sighting]:
        """Return what an edge shows, by domain."""
        return self._seen.get(edge, {}).copy()

    def amiss(self, now: datetime, patience: timedelta) -> list[tuple[str, str, Sighting]]:
        """Return what browsers refuse for longer than a while, or will soon, by domain and edge."""
        return [
            (domain, edge, sighting)
            for (domain, edge), sighting in sorted(self._amiss.copy().items(), key=lambda item: item[0])
            if not sighting.is_bad or (sighting.since is not None and now - sighting.since > patience)
        ]
