"""What is laid over the desired state for certificates that this service gets. Pure.

The router for challenges leads to this service, on the plain entry point and on the secure one: static redirects of an
entry point come before all routers. It names no `Host`, since TLS options hold for the hosts that routers name: those
of two routers must not differ.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from provider import overlays
from provider.configuration import added_member, added_router
from provider.listening import DefaultEntryPoints
from provider.nouns import Named, Router, Server, Service, document
from provider.nouns.certificate import Certificate, Pair
from provider.nouns.router import HIGHEST_PRIORITY
from provider.nouns.service import served
from provider.nouns.tls import RouterTLS
from provider.overlays import Overlay
from provider.parts import Part

NAME: Final = "provider.acme"
ROUTER: Final[Named] = (Router.kind, NAME)
_SERVICE: Final[Named] = (Service.kind, NAME)
_PRIORITY: Final = HIGHEST_PRIORITY * 2
"""Above all that users can set."""


def key_of(name: str) -> Named:
    """Return the kind and name of the part that has the certificate of a domain, an A-label.

    It stands before all that are stored: of those with the same names, Traefik heeds the first.
    """
    return Certificate.kind, f".{NAME}.{name}"


def certificate_part(chain: str, key: str) -> Part:
    """Return the part of a certificate. Raises `Unverified` for what Traefik would not take."""
    return Part(document.encode(Pair(cert_file=chain, key_file=key)))


def lay_over(
    wanted: Iterable[str],
    certificates: Mapping[str, Part],
    challenged: Collection[str],
    edge_url: str | None,
    points: DefaultEntryPoints,
) -> Overlay:
    """Return what is laid over a state that wants certificates for some domains; of some, challenges lead here."""
    added: dict[Named, Part] = {key_of(name): certificates[name] for name in wanted if name in certificates}
    if challenged and edge_url is not None:
        added[ROUTER] = _router(challenged, points)
        added[_SERVICE] = _service(edge_url)
    return overlays.adding(added)


def _router(names: Iterable[str], points: DefaultEntryPoints) -> Part:
    hosts = "|".join(re.escape(name) for name in sorted(names))
    rule = f"PathPrefix(`/.well-known/acme-challenge/`) && HostRegexp(`(?i)^({hosts})[.]?$`)"
    members = [
        added_router(name, point, rule, NAME, _PRIORITY, tls)
        for name, point, tls in ((NAME, points.plain, None), (f"{NAME}.secure", points.secure, RouterTLS()))
    ]
    return Part(b",".join(members), needs=(_SERVICE,))


def _service(edge_url: str) -> Part:
    server = Server(name="provider", url=edge_url)
    return Part(added_member(NAME, served(Service(name="acme"), [server])))
