"""The configuration: from the desired state to the document that Traefik polls. Pure.

A document is put together from parts, one a router and one a service. A part is encoded, decoded again
in the strict way in which Traefik decodes, and checked, when its object changes, and never again: a
change of one server among 20,000 costs one part, and the joining of bytes.

What Traefik (3.7.15) makes of a body, as measured: an unknown field, an empty map, a bad number or a
duplicate key rejects the whole document; `{}` empties the edge. `servers: []` is fine, and answers 503.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import msgspec

from provider import rules, terms
from provider.errors import Unverified
from provider.listening import HTTPS_PORT, DefaultEntryPoints, Entrance, Listening
from provider.messages import Message
from provider.nouns import Middleware, Named, Noun, Object, Router, Server, Service, called, document, versions
from provider.nouns.certificate import Certificate, Pair
from provider.nouns.middlewares.failures import Retry
from provider.nouns.middlewares.redirects import RedirectScheme
from provider.nouns.router import ServedRouter
from provider.nouns.service import RETRY, served
from provider.nouns.tcp_router import ServedTCPRouter, TCPRouter
from provider.nouns.tls import RouterTLS
from provider.parts import LISTED, PLACES, Part, Parts
from provider.values import ServerState

BEACON: Final = "provider.beacon"
"""The middleware that tells which document an edge runs. Users' names have no dot."""

BEACON_HEADER: Final = "X-Config-Digest"
DIGEST_LENGTH: Final = 12

_HTTP, _MIDDLEWARES = Middleware.place

REDIRECT: Final = "provider.redirect"
"""The middleware of routers that lead visitors from the plain entry point to the secure one."""

WATCH: Final = "provider.watch"
"""How the names of services begin that only have servers checked, and of their routers."""

ADDED: Final = ("provider.acme", "provider.drain", WATCH)
"""How the names of routers begin that are added to what is desired. No user's router has such a name there."""

_WILDCARDS: Final = ".wildcards"
"""Follows a router's name in the document where its wildcards are a router of their own. Users' names have no dot."""

ROOTS: Final = tuple(dict.fromkeys(root for root, _place in PLACES.values()))
"""The names at the top of the document."""

STORES: Final = (Certificate.place[0], "stores")
"""Where the store of certificates stands, which has the default one."""

STORE: Final = "default"
"""The one store that Traefik heeds."""

DEFAULT_CERTIFICATE: Final = "defaultCertificate"

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Document:
    """What Traefik polls: the bytes, and the digest that the beacon in them carries."""

    content: bytes
    digest: str


def router_part(router: Router, listening: Listening) -> Part | None:
    """Return the part of a router, or None if the edge shall not have it."""
    return whole_router_part(router, listening) if router.enabled else None


def whole_router_part(router: Router, listening: Listening) -> Part:
    """Return the part of a router as the edge has it while it is enabled."""
    described = describe_router(router, listening)
    members = [_member(name, _encoded(each, router)) for name, each in described.items()]
    since = max(map(versions.needed, described.values()))
    needs = dict.fromkeys(use for each in described.values() for use in _needs(each))
    return Part(b",".join(members), needs=tuple(needs), is_plain=is_plain(router), since=since, beside=_beside(router))


def _needs(item: Object) -> tuple[Named, ...]:
    """Return what an object needs in the document: domains are no part of it."""
    return tuple(dict.fromkeys((use.kind, use.name) for use in item.uses() if use.kind in PLACES))


def is_plain(router: Router) -> bool:
    """Tell whether its rank is made from its domains and path prefix: nobody set it or wrote a rule."""
    return router.rule is None and router.priority is None and router.beside is None


def _beside(router: Router | TCPRouter) -> bytes:
    return b"" if router.beside is None else _encode(router.beside.json())


def describe_router(router: Router, listening: Listening) -> dict[str, ServedRouter]:
    """Return what Traefik gets of a router while it is enabled, by the names that it has there.

    That is one router for each of its entrances, or two for one that has exact domains and wildcards, which rank
    apart. Priority 0 leaves the rank to the length of the rule.
    """
    given = {each.name: router.__dict__[each.name] for each in ServedRouter.fields.values()}
    return {
        router.name + suffix: ServedRouter.made(
            {
                **given,
                "rule": text,
                "entry_points": list(entrance.entry_points),
                "middlewares": [REDIRECT, *router.middlewares] if entrance.redirects else router.middlewares,
                "priority": priority,
                "tls": entrance.tls,
            }
        )
        for entrance in listening.entrances(router)
        for suffix, text, priority in _ranked(router, entrance)
    }


def _ranked(router: Router, entrance: Entrance) -> Iterator[tuple[str, str, int]]:
    """Give the rules by which a router listens, each with its rank and what follows the router's name there."""
    if router.beside is not None:
        yield entrance.suffix, router.beside.rule(rule(router, entrance.hosts)), router.beside.priority
        return
    if not is_plain(router):
        yield entrance.suffix, rule(router, entrance.hosts), router.priority or 0
        return
    for hosts, end in zip(rules.split(entrance.hosts), ("", _WILDCARDS), strict=False):
        yield entrance.suffix + end, rules.build(hosts, router.path_prefix), rules.priority(hosts, router.path_prefix)


def owner(name: str) -> str:
    """Return the name of the router from which one of the document was made. Users' names have no dot."""
    return name if name.startswith(ADDED) else name.partition(".")[0]


def settled(parts: Parts, points: DefaultEntryPoints) -> Parts:
    """Return parts with the middlewares of ours that routers and services need, and without those that none does."""
    wanted = {
        REDIRECT: REDIRECT in parts.routers.needs.get(Middleware.kind, ()),
        RETRY: RETRY in parts.services.needs.get(Middleware.kind, ()),
    }
    changed = [name for name, is_wanted in wanted.items() if is_wanted is (parts.find((Middleware.kind, name)) is None)]
    made = {(Middleware.kind, name): _own(name, points) if wanted[name] else None for name in changed}
    return parts.replaced(made) if made else parts


def _own(name: str, points: DefaultEntryPoints) -> Part:
    return _redirect(points) if name == REDIRECT else _retry()


def _redirect(points: DefaultEntryPoints) -> Part:
    """Return what leads visitors to the secure entry point: with 301 for GET, 308 for what has to keep its method."""
    return Part(_member(REDIRECT, b'{"redirectScheme":%s}' % document.encode(redirect(points))))


def _retry() -> Part:
    """Return what tries another server, and then one more."""
    described = Retry(attempts=3, status=["502-504"])
    return Part(_member(RETRY, b'{"retry":%s}' % document.encode(described)), since=versions.needed(described))


def redirect(points: DefaultEntryPoints) -> RedirectScheme:
    """Return what leads visitors to the secure entry point."""
    port = {} if points.port == HTTPS_PORT else {"port": str(points.port)}
    return RedirectScheme(scheme="https", permanent=True, **port)


def rule(router: Router, ascii_domains: Sequence[str] | None = None) -> str:
    """Return the rule of a router, for all its domains or some of them, as A-labels, in order."""
    domains = router.ascii_domains if ascii_domains is None else ascii_domains
    return router.rule or rules.build(domains, router.path_prefix)


def service_part(service: Service, servers: Iterable[Server]) -> Part:
    """Return the part of a service with those of its servers that are ready, by name.

    Drained servers and those out of service are left out: Traefik lets the requests finish that they have.
    """
    listed = sorted(servers, key=_name)
    return replace(pool_part(service, filter(_takes, listed)), terms=terms.write(service, listed))


def pool_part(service: Service, servers: Iterable[Server]) -> Part:
    """Return the part of a service with just these servers, in this order."""
    described = served(service, servers)
    content = _member(service.name, _encoded(described, service))
    return Part(content, _needs(described), since=versions.needed(described))


def part(item: Noun) -> Part:
    """Return the part of an object of which Traefik gets the fields as they are."""
    return Part(_member(item.name, _encoded(item, item)), _needs(item), since=versions.needed(item))


def tcp_router_part(router: TCPRouter) -> Part:
    beside = router.beside
    given = {each.name: router.__dict__[each.name] for each in ServedTCPRouter.fields.values()}
    if beside is not None:
        given |= {"rule": beside.rule(router.rule), "priority": beside.priority}
    described = ServedTCPRouter.made(given)
    content = _member(router.name, _encoded(described, router))
    return Part(content, _needs(described), since=versions.needed(described), beside=_beside(router))


def certificate_part(item: Certificate) -> Part:
    """Return the part of a certificate: what the list of them has."""
    described = Pair(cert_file=item.cert_file, key_file=item.key_file)
    return Part(_encoded(described, item), is_default=item.default)


def _encoded(described: Object, item: Noun) -> bytes:
    """Write what Traefik gets of an object. Raises `Unverified`, with its name."""
    try:
        return document.encode(described)
    except Unverified as error:
        raise Unverified(f"{item.kind} {item.name}: {error.detail}") from error


def added_member(name: str, described: Object) -> bytes:
    """Write an object that is added to what is desired: its names and its rank are none that users can set."""
    return _member(name, _encode(document.write(described)))


def added_router(name: str, entry_point: str, rule: str, service: str, priority: int, tls: RouterTLS | None) -> bytes:
    """Write a router that is added to what is desired."""
    described = ServedRouter(
        rule=rule,
        service=service,
        entry_points=[entry_point],
        middlewares=[],
        priority=priority,
        tls=tls,
        observability=None,
    )
    return added_member(name, described)


def assemble(parts: Parts) -> Document:
    """Join verified parts into a document. The beacon stands before all middlewares.

    The digest is the first 12 hex digits of the SHA-256 of the document without the beacon, and without the map of
    middlewares where it has only that, written as compact JSON. Raises `Unverified` where something needed is missing.
    """
    if (missing := min(parts.missing(), default=None)) is not None:
        kind, name = missing
        raise Unverified(
            Message("something refers to the {kind} {name}, which does not exist", kind=called(kind), name=name)
        )
    # The pieces are hashed and joined as they are: each copy of a large document costs more than the hash.
    sections = {kind: section.content for kind, section in parts.sections() if section.parts}
    default = parts.default_certificate
    hashed = hashlib.sha256()
    for piece in _join(sections, default):
        hashed.update(piece)
    digest = hashed.hexdigest()[:DIGEST_LENGTH]
    beacon = _encode({BEACON: {"headers": {"customResponseHeaders": {BEACON_HEADER: digest}}}})[1:-1]
    own = sections.get(Middleware.kind)
    with_beacon = {**sections, Middleware.kind: beacon if own is None else beacon + b"," + own}
    return Document(b"".join(_join(with_beacon, default)), digest)


def _join(sections: Mapping[str, bytes], default: Part | None) -> Iterator[bytes]:
    """Give the pieces of a document. `http` is there also when nothing else is: the beacon stands in it."""
    yield b"{"
    for root in ROOTS:
        places = [
            (place, b"[]" if kind in LISTED else b"{}", sections[kind])
            for kind, (found, place) in PLACES.items()
            if found == root and kind in sections
        ]
        if default is not None and root == STORES[0]:
            places.append(
                (STORES[1], b"{}", b'"%s":{"%s":%s}' % (STORE.encode(), DEFAULT_CERTIFICATE.encode(), default.content))
            )
        if places or root == _HTTP:
            yield b'%s"%s":{' % (b"" if root == _HTTP else b",", root.encode())
            for index, (place, around, content) in enumerate(places):
                yield b'%s"%s":%s' % (b"," if index else b"", place.encode(), around[:1])
                yield content
                yield around[1:]
            yield b"}"
    yield b"}"


def shares(
    servers: Iterable[Server], down: Collection[str] = (), risen: Mapping[str, float] = MappingProxyType({})
) -> dict[str, float]:
    """Return the part of a service's new requests that each server is given, 0…1, by name.

    By weight among those that are ready, and not among the names in `down`; 0 for the others. They add
    up to 1, or to 0 when there is none left. `risen` are those that have only a part of their weights, and which.
    """
    listed = list(servers)
    weights = {
        server.name: server.weight * risen.get(server.name, 1) if _takes(server) and server.name not in down else 0
        for server in listed
    }
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def _takes(server: Server) -> bool:
    return server.state is ServerState.READY


def _name(server: Server) -> str:
    return server.name


def _member(name: str, content: bytes) -> bytes:
    return b'"%s":%s' % (name.encode("ascii"), content)
