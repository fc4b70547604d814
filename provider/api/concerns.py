"""What a write is about: routers that the edges have to serve before it is live, domains that need a certificate."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from fastapi import Request

from provider import control_plane
from provider.edges import concerns
from provider.edges.missing import Awaited
from provider.edges.sightings import fits, read_pair
from provider.nouns import NOUNS, Domain, Named
from provider.nouns.certificate import Certificate
from provider.nouns.domain import CertificateSource
from provider.parts import Parts

_ROLLOUT: Final = re.compile(r"/api/v1/services/([^/]+)/rollout(/|$)")
_KINDS: Final = {noun.plural: noun.kind for noun in NOUNS.values() if not noun.within}


def find_concern(request: Request) -> Callable[[Named], bool]:
    """Return what tells of a router, by its kind and name, whether a write that was just done is about it.

    It is about the routers that it changed, and those that lead to what it changed. One that changed nothing is about
    the object at its path; one that changed nothing and has none is about all.
    """
    touched = _find_touched(request)
    if not touched:
        return bool  # every router has a name
    current = control_plane.find(request).revisions.current
    return concerns.find_concern(touched, Parts() if current is None else current.parts)


def find_awaited(request: Request) -> Callable[[], Sequence[Awaited]]:
    """Return what gives the certificates that edges have to have: those of the domains that a write is about."""
    names = [key for kind, name in _find_touched(request) if kind == Domain.kind and (key := Domain.find_key(name))]
    plane = control_plane.find(request)
    found = _ROLLOUT.match(request.url.path)
    rolled = [] if found is None else [found[1]]

    def find() -> list[Awaited]:
        return [*plane.issuing.find_awaited(names), *plane.rollouts.find_awaited(rolled)]

    return find


def find_secured(request: Request) -> list[str]:
    """Return the domains with HTTPS, by A-label, that a write that was just done is about.

    It is also about those that may have a certificate from here, and which one that it changed fits.
    """
    current = control_plane.find(request).revisions.current
    secured: Mapping[str, Domain] = {} if current is None else current.listening.secured
    touched = _find_touched(request)
    named = {Domain.find_key(name) for kind, name in touched if kind == Domain.kind}
    parts = [] if current is None else [current.parts.find(each) for each in touched if each[0] == Certificate.kind]
    fitting = {name for part in parts if part is not None for name in read_pair(part.content).sought}
    stored = {key for key, each in secured.items() if each.tls and each.tls.source is CertificateSource.STORED}
    return [key for key in secured if key in named or (key in stored and fits(fitting, key))]


def _find_touched(request: Request) -> Collection[Named]:
    """Return what a write changed, or where that is nothing the object at its path."""
    write = getattr(request.state, "write", None)
    return (write.touched if write is not None else ()) or _find_named(request.url.path)


def _find_named(path: str) -> list[tuple[str, str]]:
    """Return the kind and name of the object at a path of the API: of a server, that of its service."""
    _root, _api, _version, collection, *names = [*path.split("/"), "", ""]
    kind = _KINDS.get(collection)
    return [(kind, names[0])] if kind is not None and names[0] else []
