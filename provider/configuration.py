"""The configuration: from the desired state to the document that Traefik polls. Pure.

A document is put together from parts, one a router and one a service. A part is encoded, decoded again
in the strict way in which Traefik decodes, and checked, when its object changes, and never again: a
change of one server among 20,000 costs one part, and the joining of bytes.

What Traefik (3.7.15) makes of a body, as measured: an unknown field, an empty map, a bad number or a
duplicate key rejects the whole document; `{}` empties the edge. `servers: []` is fine, and answers 503.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from provider import durations, rules
from provider.errors import Unverified
from provider.messages import Message
from provider.nouns import NOUNS, Middleware, Named, Noun, Router, Server, Service, document, masked
from provider.parts import PLACES, Part, Parts
from provider.texts import IN_A_LIST, LONGEST_KEY, find_trap
from provider.values import ServerState, Strategy

BEACON: Final = "provider.beacon"
"""The middleware that tells which document an edge runs. Users' names have no dot."""

BEACON_HEADER: Final = "X-Config-Digest"
DIGEST_LENGTH: Final = 12

_WILDCARDS: Final = ".wildcards"
"""Follows a router's name in the document where its wildcards are a router of their own. Users' names have no dot."""

_GO_DURATION: Final = rf"\A{durations.NOTATION}\Z"


class _Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel", frozen=True, gc=False):
    """A piece of Traefik's dynamic configuration, its fields in alphabetical order."""


class ServerPart(_Strict, frozen=True):
    url: Annotated[str, msgspec.Meta(pattern=r"^(https?|h2c)://[!-~]+$")]
    weight: Annotated[int, msgspec.Meta(ge=1)]


class HealthCheckPart(_Strict, frozen=True):
    interval: Annotated[str, msgspec.Meta(pattern=_GO_DURATION)]
    path: Annotated[str, msgspec.Meta(min_length=1)]
    timeout: Annotated[str, msgspec.Meta(pattern=_GO_DURATION)]


class CookiePart(_Strict, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1)]


class StickyPart(_Strict, frozen=True):
    cookie: CookiePart


class LoadBalancerPart(_Strict, frozen=True):
    servers: list[ServerPart]
    health_check: HealthCheckPart | None = None
    pass_host_header: bool = True
    sticky: StickyPart | None = None
    # Left out at Traefik's default, as all of these are: Traefik 3.3 and older do not know it, and reject
    # the whole document for a field that they do not know.
    strategy: Annotated[str, msgspec.Meta(min_length=1)] = Strategy.WRR.value


class ServicePart(_Strict, frozen=True):
    load_balancer: LoadBalancerPart


_Item = Annotated[str, msgspec.Meta(pattern=IN_A_LIST)]


class RouterPart(_Strict, frozen=True):
    entry_points: Annotated[list[_Item], msgspec.Meta(min_length=1)]
    rule: Annotated[str, msgspec.Meta(min_length=1)]
    service: Annotated[str, msgspec.Meta(min_length=1)]
    middlewares: list[_Item] = []
    priority: int = 0


DocumentName = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY, pattern=r"\A[^@]*\Z")]
"""The name of an object. What stands behind an `@` would be taken for the name of another provider."""


class HTTPPart(_Strict, frozen=True):
    middlewares: Annotated[dict[DocumentName, msgspec.Raw], msgspec.Meta(min_length=1)]
    routers: Annotated[dict[DocumentName, RouterPart], msgspec.Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET
    services: Annotated[dict[DocumentName, ServicePart], msgspec.Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET


class DocumentPart(_Strict, frozen=True):
    http: HTTPPart


_encode = msgspec.json.Encoder(order="sorted").encode
_decode_router = msgspec.json.Decoder(RouterPart).decode
_decode_routers = msgspec.json.Decoder(dict[str, RouterPart]).decode
_decode_services = msgspec.json.Decoder(dict[str, ServicePart]).decode
_decode_service = msgspec.json.Decoder(ServicePart).decode
_decode_document = msgspec.json.Decoder(DocumentPart).decode


@dataclass(frozen=True, slots=True)
class Document:
    """What Traefik polls: the bytes, and the digest that the beacon in them carries."""

    content: bytes
    digest: str


def router_part(router: Router, ascii_domains: Sequence[str]) -> Part | None:
    """Return the part of a router, or None if the edge shall not have it.

    `ascii_domains` are its domains as A-labels, in order; a router with a rule of its own has none.
    """
    return whole_router_part(router, ascii_domains) if router.enabled else None


def whole_router_part(router: Router, ascii_domains: Sequence[str]) -> Part:
    """Return the part of a router as the edge has it while it is enabled."""
    members = [
        _member(name, _checked(struct, _decode_router, f"router {router.name}"))
        for name, struct in describe_router(router, ascii_domains).items()
    ]
    return Part(b",".join(members), needs=_needs(router), is_plain=_is_plain(router))


def _needs(item: Noun) -> tuple[Named, ...]:
    """Return what an object needs in the document: domains are no part of it."""
    return tuple(dict.fromkeys((use.kind, use.name) for use in item.uses() if use.kind in PLACES))


def _is_plain(router: Router) -> bool:
    return router.rule is None and router.priority is None


def describe_router(router: Router, ascii_domains: Sequence[str]) -> dict[str, RouterPart]:
    """Return what Traefik gets of a router while it is enabled, by the names that it has there.

    That is one router, or two for one that has exact domains and wildcards, which rank apart. Priority 0
    leaves the rank to the length of the rule.
    """
    ranked = [(rule(router, ascii_domains), router.priority or 0)]
    if _is_plain(router):
        ranked = [
            (rules.build(hosts, router.path_prefix), rules.priority(hosts, router.path_prefix))
            for hosts in rules.split(ascii_domains)
        ]
    return {
        router.name + suffix: RouterPart(
            list(router.entry_points), text, router.service, list(router.middlewares), priority
        )
        for (text, priority), suffix in zip(ranked, ("", _WILDCARDS), strict=False)
    }


def owner(name: str) -> str:
    """Return the name of the router from which one of the document was made."""
    return name.removesuffix(_WILDCARDS)


def read_routers(part: Part) -> dict[str, RouterPart]:
    """Read the routers of a part, by their names in the document."""
    return _decode_routers(b"{%s}" % part.content)


def rule(router: Router, ascii_domains: Sequence[str]) -> str:
    """Return the rule of a router, for all its domains. `ascii_domains` are these as A-labels, in order."""
    return router.rule or rules.build(ascii_domains, router.path_prefix)


def service_part(service: Service, servers: Iterable[Server]) -> Part:
    """Return the part of a service with those of its servers that are ready, by name.

    Drained servers and those out of service are left out: Traefik lets the requests finish that they have.
    """
    check, sticky = service.health_check, service.sticky
    struct = ServicePart(
        LoadBalancerPart(
            servers=[ServerPart(server.url, server.weight) for server in sorted(servers, key=_name) if _takes(server)],
            health_check=HealthCheckPart(check.interval, check.path, check.timeout) if check else None,
            pass_host_header=service.pass_host_header,
            sticky=StickyPart(CookiePart(sticky.cookie.name)) if sticky else None,
            strategy=service.strategy.value,
        )
    )
    return Part(_member(service.name, _checked(struct, _decode_service, f"service {service.name}")))


def middleware_part(middleware: Middleware) -> Part:
    """Return the part of a middleware."""
    try:
        content = document.encode(middleware)
    except Unverified as error:
        raise Unverified(f"middleware {middleware.name}: {error.detail}") from error
    return Part(_member(middleware.name, content), _needs(middleware))


def find_cookie(part: Part) -> str | None:
    """Return the name of the sticky cookie that the part of a service has, if it has one."""
    if b'"sticky"' not in part.content:  # most have none, and need not be read
        return None
    (service,) = _decode_services(b"{%s}" % part.content).values()
    sticky = service.load_balancer.sticky
    return None if sticky is None else sticky.cookie.name


def has_servers(part: Part) -> bool:
    """Tell whether the part of a service has a server, by its bytes alone."""
    return b'"servers":[]' not in part.content


def checked_servers(part: Part) -> list[str]:
    """Return the URLs of the servers in the part of a service that has a health check; none without one."""
    (service,) = _decode_services(b"{%s}" % part.content).values()
    balancer = service.load_balancer
    return [] if balancer.health_check is None else [server.url for server in balancer.servers]


def assemble(parts: Parts) -> Document:
    """Join verified parts into a document. The beacon stands before all middlewares.

    The digest is the first 12 hex digits of the SHA-256 of the document without the beacon, and without the map of
    middlewares where it has only that, written as compact JSON. Raises `Unverified` where something needed is missing.
    """
    if (missing := min(parts.missing(), default=None)) is not None:
        kind, name = missing
        raise Unverified(Message("something refers to the {kind} {name}, which does not exist", kind=kind, name=name))
    # The pieces are hashed and joined as they are: each copy of a large document costs more than the hash.
    sections = [(PLACES[kind].encode(), section.content) for kind, section in parts.sections() if section.parts]
    hashed = hashlib.sha256(b'{"http":{')
    for index, (place, content) in enumerate(sections):
        for piece in (b"," if index else b"", b'"', place, b'":{', content, b"}"):
            hashed.update(piece)
    hashed.update(b"}}")
    digest = hashed.hexdigest()[:DIGEST_LENGTH]
    beacon = _encode({BEACON: {"headers": {"customResponseHeaders": {BEACON_HEADER: digest}}}})
    pieces = [b'{"http":{"middlewares":', beacon[:-1]]
    if (middlewares := parts.section("middleware")).parts:
        pieces += [b",", middlewares.content]
    pieces.append(b"}")
    for place, content in sections:
        if place != b"middlewares":
            pieces += [b',"', place, b'":{', content, b"}"]
    return Document(b"".join([*pieces, b"}}"]), digest)


def hide(content: bytes) -> bytes:
    """Return a document as it may be shown to people: with masks in place of its secrets."""
    document = json.loads(content)
    http = document["http"]
    if len(http["middlewares"]) == 1:  # the beacon alone: most documents are shown as they are
        return content
    for kind, place in PLACES.items():
        if place in http:
            http[place] = {name: masked(kind, member) for name, member in http[place].items()}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def has_secrets(document: Mapping[str, Any]) -> bool:
    """Tell whether a document has something that nobody may see but its edges."""
    return any(
        masked(kind, member) != member
        for kind, place in PLACES.items()
        if NOUNS[kind].has_secrets()
        for member in document["http"].get(place, {}).values()
    )


def verify(content: bytes) -> None:
    """Decode a whole document as strictly as Traefik does, and check what it refers to.

    Raises `Unverified` for what Traefik would reject, for what would empty the edge, for a reference to
    nothing, a weight below 1, an empty map, a duplicate key and a beacon that is not that of the document.
    """
    try:
        http = _decode_document(content).http
        plain = json.loads(content, object_pairs_hook=_without_duplicates)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unverified(Message("the document cannot be decoded: {error}", error=str(error))) from error
    if trap := find_trap(content):
        raise Unverified(Message("the document cannot be decoded: {error}", error=trap))
    services = http.services or {}
    for name, router in (http.routers or {}).items():
        if router.service not in services:
            raise Unverified(
                Message(
                    "router {name} points to the service {service}, which does not exist",
                    name=name,
                    service=router.service,
                )
            )
    own = plain["http"]["middlewares"]
    beacon = own.pop(BEACON, None)
    told = None if beacon is None else beacon.get("headers", {}).get("customResponseHeaders", {}).get(BEACON_HEADER)
    if not own:
        del plain["http"]["middlewares"]
    _verify_middlewares(http, own)
    rest = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    if told != hashlib.sha256(rest).hexdigest()[:DIGEST_LENGTH]:
        raise Unverified(Message("the beacon says {told}, which is not the digest of the document", told=told))


def _verify_middlewares(http: HTTPPart, own: Mapping[str, Any]) -> None:
    """Read all middlewares as strictly as Traefik does, and check that those exist that are named."""
    for name in own:
        try:
            found = document.read(Middleware, http.middlewares[name])
        except msgspec.MsgspecError as error:
            raise Unverified(Message("the document cannot be decoded: {error}", error=f"{name}: {error}")) from error
        _check_named("middleware", name, found.get("chain", {}).get("middlewares", ()), own)
    for name, router in (http.routers or {}).items():
        _check_named("router", name, router.middlewares, own)


def _check_named(kind: str, name: str, members: Iterable[str], own: Mapping[str, Any]) -> None:
    for member in members:
        if "@" not in member and member not in own:
            told = {"kind": kind, "name": name, "member": member}
            raise Unverified(Message("{kind} {name} uses the middleware {member}, which does not exist", **told))


def shares(servers: Iterable[Server], down: Collection[str] = ()) -> dict[str, float]:
    """Return the part of a service's new requests that each server is given, 0…1, by name.

    By weight among those that are ready, and not among the names in `down`; 0 for the others. They add
    up to 1, or to 0 when there is none left.
    """
    listed = list(servers)
    weights = {server.name: server.weight if _takes(server) and server.name not in down else 0 for server in listed}
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def _takes(server: Server) -> bool:
    return server.state is ServerState.READY


def _name(server: Server) -> str:
    return server.name


def _member(name: str, content: bytes) -> bytes:
    return b'"%s":%s' % (name.encode("ascii"), content)


def _checked(struct: msgspec.Struct, decode: object, what: str) -> bytes:
    content = _encode(struct)
    try:
        decoded = decode(content)  # type: ignore[operator]
    except msgspec.MsgspecError as error:
        raise Unverified(f"{what}: {error}") from error
    if decoded != struct:
        raise Unverified(Message("{what} changes when it is written and read back", what=what))
    if trap := find_trap(content):
        raise Unverified(f"{what}: {trap}")
    return content


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key is given twice")
    return members
