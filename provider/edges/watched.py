"""What is to be known of an edge to look at the certificates that it shows. Pure: clocks are read by whoever calls."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from provider.certificates import CertificateStore
from provider.edges.entry_points import find_url
from provider.edges.sightings import Sighting, probe
from provider.edges.states import Edge
from provider.messages import Message
from provider.snapshots import Served

NOTHING: Final = CertificateStore(())

Socket = tuple[str, int]
"""A host and a port."""


@dataclass(slots=True)
class Watched:
    """An edge that is looked at: where, which document it runs, and what that has for which names."""

    edge: Edge
    where: Socket | None = None
    why: str = ""
    """Why it is not known where it can be asked."""

    running: Served | None = None
    held: CertificateStore = NOTHING
    left: dict[str, tuple[str, float]] = field(default_factory=dict)
    """By domain the fingerprint of what its document has no more, and until when the fallback file may have it yet."""

    due: dict[str, float] = field(default_factory=dict)
    retries: dict[str, float] = field(default_factory=dict)
    silent_until: float = 0.0
    silence: str = ""
    """Why nobody answers there."""

    listed: tuple[float, CertificateStore] = (float("-inf"), NOTHING)
    """The certificates that its API told last, and when."""

    @property
    def digest(self) -> str | None:
        """The digest of the document that it runs."""
        return None if self.running is None else self.running.document.digest

    def is_expected(self, domain: str, sighting: Sighting | None) -> bool:
        """Tell whether an edge was seen to show what it should: the certificate of its document, if that has one."""
        if sighting is None or sighting.certificate is None or not sighting.is_accepted:
            return False
        held = self.held.find(probe(domain))
        if held is None:
            return not self.is_left(domain, sighting)
        return held.fingerprint == sighting.certificate.fingerprint

    def is_left(self, domain: str, sighting: Sighting | None) -> bool:
        """Tell whether an edge was seen to show what its document has no more, and what may go soon."""
        left = self.left.get(domain)
        seen = None if sighting is None else sighting.certificate
        return left is not None and seen is not None and left[0] == seen.fingerprint


def is_read(edge: Edge) -> bool:
    """Tell whether an edge's API was read the last time."""
    return edge.observation is not None and edge.observation.error is None


def find_running(edge: Edge) -> Served | None:
    """Find the document that an edge runs, as far as that is known."""
    return edge.given if edge.api_url is None or edge.runs_given() else edge.accepted


def find_place(edge: Edge, secure: str, port: int, url: str | None) -> tuple[Socket | None, str]:
    """Find where an edge's entry point for HTTPS is, or say why that is not known.

    `port` is that of an edge without API, and `url` what the settings give for this one.
    """
    if url is not None:
        return _read_url(url), ""
    if edge.api_url is None:
        if edge.address is None:
            return None, Message("the address it polls from is unknown")
        return (edge.address, port), ""
    address = None if edge.observation is None else edge.observation.entry_points.get(secure)
    if address is None:
        return None, Message("it has no entry point {name}", name=secure)
    found = _read_url(find_url(edge.api_url, address) or "")
    if found is None:
        return None, Message("its entry point {name} cannot be reached from here", name=secure)
    return found, ""


def _read_url(url: str) -> Socket | None:
    found = urlsplit(url)
    return None if found.hostname is None else (found.hostname, found.port or 80)
