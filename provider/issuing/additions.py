"""What is laid over the desired state for certificates that this service gets. Pure."""

from collections.abc import Iterable, Mapping

from provider import overlays
from provider.nouns import Named, document
from provider.nouns.certificate import Certificate, Pair
from provider.overlays import Overlay
from provider.parts import Part


def key_of(name: str) -> Named:
    """Return the kind and name of the part that has the certificate of a domain, an A-label."""
    return Certificate.kind, f"provider.acme.{name}"


def certificate_part(chain: str, key: str) -> Part:
    """Return the part of a certificate. Raises `Unverified` for what Traefik would not take."""
    return Part(document.encode(Pair(cert_file=chain, key_file=key)))


def lay_over(wanted: Iterable[str], certificates: Mapping[str, Part]) -> Overlay:
    """Return what is laid over a state that wants certificates for some domains."""
    return overlays.adding({key_of(name): certificates[name] for name in wanted if name in certificates})
