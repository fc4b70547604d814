"""Reading back from Traefik's own API what an edge really runs.

Facts from Traefik 3.7: a middleware shows in the API as soon as its document is applied, used or not,
so the beacon tells which document runs; `routers?status=disabled` tells what was disabled and why, under
names that are not always ours, and apart for HTTP, TCP and UDP;
`serverStatus` of a service has its servers' health.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import msgspec

from provider import pools
from provider.certificates import CertificateFacts
from provider.configuration import BEACON, BEACON_HEADER, owner
from provider.edges.health import name_of_tcp
from provider.edges.states import DisabledRouter, Edge
from provider.late import Late
from provider.messages import Message
from provider.neighbours import KINDS as BESIDE_KINDS
from provider.nouns import Router
from provider.nouns.router import HIGHEST_PRIORITY
from provider.parts import PLACES, ROUTERS
from provider.shifts import desired_name
from provider.surroundings import TOLD, ForeignRouter, ForeignRouters

if TYPE_CHECKING:
    import httpx

    from provider.imports import old_rules, restoring
else:
    httpx = Late("httpx")
    old_rules, restoring = (Late(f"provider.imports.{name}") for name in ("old_rules", "restoring"))

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 32 * 1024 * 1024
"""The list of 10,000 services with two servers each has 4 MB."""

_LONG_BYTES: Final = 256 * 1024
"""What is longer is decoded in a thread, so that the polls go on meanwhile."""

_PAGE: Final = 100_000
_OURS: Final = "@http"
_HTTP: Final = "http"
_INTERNAL: Final = "@internal"
_DISABLED: Final = "disabled"
_CONFLICTED: Final = "conflicted-"
_PLAIN: Final = {"Accept-Encoding": "identity"}
"""What is not compressed cannot grow when it is read."""


class ReadbackError(Exception):
    """A Traefik's API cannot be read; `detail` is a sentence for a person."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class _Headers(msgspec.Struct):
    custom_response_headers: dict[str, str] = msgspec.field(name="customResponseHeaders", default_factory=dict)


class _Middleware(msgspec.Struct):
    headers: _Headers


class _Version(msgspec.Struct):
    version: str = msgspec.field(name="Version")
    started: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="startDate")


class _Router(msgspec.Struct):
    name: str
    status: str = ""
    error: list[str] = []
    entry_points: list[str] = msgspec.field(name="entryPoints", default_factory=list)


class _EntryPointHTTP(msgspec.Struct):
    middlewares: list[str] = []
    tls: dict[str, Any] | None = None


class _EntryPoint(msgspec.Struct):
    name: str
    address: str = ""
    http: _EntryPointHTTP = msgspec.field(default_factory=_EntryPointHTTP)
    observability: dict[str, Any] | None = None


class _Certificate(msgspec.Struct):
    sans: list[str]
    not_before: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="notBefore")
    not_after: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="notAfter")
    serial: str = msgspec.field(name="serialNumber", default="0")
    fingerprint: str = msgspec.field(name="certFingerprint", default="")
    common: str = msgspec.field(name="commonName", default="")
    issuer: str = msgspec.field(name="issuerCN", default="")

    @property
    def facts(self) -> CertificateFacts:
        """What it says of itself, as far as the API tells."""
        return CertificateFacts(
            names=tuple(self.sans),
            issuer=self.issuer,
            not_before=self.not_before,
            not_after=self.not_after,
            serial=f"{int(self.serial):X}" if self.serial.isascii() and self.serial.isdigit() else self.serial,
            fingerprint=self.fingerprint,
            sought=tuple(sorted({*self.sans, *filter(None, [self.common])})),
            is_ca=False,
            bits=0,
            is_common=True,
        )


class _Foreign(msgspec.Struct, omit_defaults=True):
    """A router as it is told to be, of any provider."""

    name: str
    rule: str = ""
    priority: int = 0
    status: str = ""
    service: str = ""
    entry_points: list[str] = msgspec.field(name="entryPoints", default_factory=list)
    middlewares: list[str] = []
    tls: dict[str, Any] | None = None
    observability: dict[str, Any] | None = None
    rule_syntax: str = msgspec.field(name="ruleSyntax", default="")


class _Named(msgspec.Struct):
    name: str


class _HealthCheck(msgspec.Struct):
    """Whether there is one is all that matters."""


class _LoadBalancer(msgspec.Struct):
    health_check: _HealthCheck | None = msgspec.field(name="healthCheck", default=None)


class _Service(msgspec.Struct):
    name: str
    load_balancer: _LoadBalancer | None = msgspec.field(name="loadBalancer", default=None)
    server_status: dict[str, str] = msgspec.field(name="serverStatus", default_factory=dict)

    @property
    def is_checked(self) -> bool:
        return self.load_balancer is not None and self.load_balancer.health_check is not None


def _name(router: _Router, document: bytes) -> str:
    """Return the name under which a document has a router; where that is not found, the name that is shown.

    Traefik takes a router apart where its entry points differ in TLS: `shop` is `websecure-shop` besides. Where
    routers of one host want different TLS options, they are `websecure-conflicted-shop` (measured on 3.7.15).
    """
    shown = router.name.removesuffix(_OURS)
    names = [shown]
    for point in router.entry_points:
        rest = shown.removeprefix(f"{point}-")
        names += [rest, rest.removeprefix(_CONFLICTED), rest.removeprefix(_CONFLICTED).removeprefix(f"{point}-")]
    return next((name for name in names if b'"%s":{"entryPoints":' % name.encode() in document), shown)


def _ours(kind: str, routers: Iterable[_Router], document: bytes) -> Iterator[DisabledRouter]:
    """Give those of some routers that are ours, each once. Those of TCP and UDP are never taken apart."""
    ours: dict[str, list[str]] = {}
    for router in routers:
        if router.name.endswith(_OURS):
            shown = router.name.removesuffix(_OURS)
            told = ours.setdefault(owner(_name(router, document)) if kind == Router.kind else shown, [])
            told += [error for error in router.error if error not in told]
    for name, told in ours.items():
        yield DisabledRouter(name, ", ".join(told) or "without a reason", kind)


def _is_foreign(router: _Foreign) -> bool:
    """Tell whether a router that Traefik serves is of another provider, and no copy in the fallback file."""
    is_copy = router.priority < -HIGHEST_PRIORITY
    return router.status != _DISABLED and not is_copy and not router.name.endswith((_OURS, _INTERNAL))


def _gathered(routers: Iterable[_Foreign], points: Iterable[_EntryPoint]) -> Mapping[str, ForeignRouter]:
    """Return routers of other providers as they were given, before the entry points were laid over them."""
    laid = {
        each.name: restoring.EntryPointDefaults(each.http.tls, each.http.middlewares, each.observability or {})
        for each in points
    }
    given = {router.name: {**msgspec.to_builtins(router), "name": ""} for router in routers}
    found = {}
    for name, each in restoring.restored(given, laid).items():
        rule = each.get("rule", "")
        written = old_rules.rewritten(rule, is_old=each.get("ruleSyntax") == "v2")
        found[name] = ForeignRouter(
            written, each.get("priority") or len(rule.encode()), tuple(each.get("entryPoints", ()))
        )
    return found


ServersUp = Mapping[str, Mapping[str, bool]]
"""Servers by service and URL: true for those that are up."""


def _servers(services: Iterable[_Service]) -> dict[str, Mapping[str, bool]]:
    """Return the servers of those services of ours that have a health check, with those that are kept out of them."""
    found: dict[str, dict[str, bool]] = {}
    for service in services:
        if service.is_checked and service.name.endswith(_OURS):
            name = pools.service_of(service.name.removesuffix(_OURS))
            for each in {name, desired_name(name)}:  # a service that is rolled out has its pool under another name
                told = found.setdefault(each, {})
                told.update({url: status == "UP" for url, status in service.server_status.items()})
    return dict(found)


@asynccontextmanager
async def opened(edges: Iterable[Edge], most_kept: int | None = None) -> "AsyncIterator[Mapping[str, TraefikAPI]]":
    """Give the APIs of edges, by name, with at most so many connections kept open. A slow one takes no other's turn.

    What asks them takes 10 MB, and reading the certificates of the world some more: it is loaded where it is needed.
    """
    urls = {edge.name: edge.api_url for edge in edges if edge.api_url is not None}
    if not urls:
        yield {}
        return
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=most_kept)
    is_secure = any(url.startswith("https:") for url in urls.values())
    verify = is_secure or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits, verify=verify, trust_env=False) as client:
        yield {name: TraefikAPI(client, url) for name, url in urls.items()}


class TraefikAPI:
    """One Traefik's API. Every method raises `ReadbackError` when it cannot be read."""

    def __init__(self, client: "httpx.AsyncClient", url: str) -> None:
        self._client = client
        self.url = url.rstrip("/")
        self._services: tuple[tuple[bytes, bytes], ServersUp] = ((b"", b""), {})
        self._entry_points: tuple[str, Mapping[str, str]] = ("", {})
        self.added: Mapping[str, tuple[str, ...]] = {}
        """The middlewares that its entry points add to all routers, as far as it was asked for those."""
        self._others: dict[str, tuple[bytes, frozenset[str]]] = {}
        self._laid: Sequence[_EntryPoint] = ()
        self._routers: dict[str, tuple[bytes, Mapping[str, ForeignRouter]]] = {}

    async def find_digest(self) -> str | None:
        """Return the digest of the document that runs, or None if none of ours does."""
        found = await self._find(f"/api/http/middlewares/{BEACON}{_OURS}", _Middleware)
        return None if found is None else found.headers.custom_response_headers.get(BEACON_HEADER)

    async def get_version(self) -> tuple[str, str]:
        """Return Traefik's version, and when it started (ISO 8601)."""
        found = await self._get("/api/version", _Version)
        return found.version, found.started.isoformat().replace("+00:00", "Z")

    async def list_routers(self, status: Literal["disabled", "warning"], document: bytes) -> tuple[DisabledRouter, ...]:
        """Return the routers of ours that it disabled, or those that it serves with a warning: in part.

        They have the names of the `document` that it runs. Kinds of which it has none are not asked for.
        """
        listed: list[DisabledRouter] = []
        for kind in ROUTERS:
            root, place = PLACES[kind]
            if root == _HTTP or b'"%s":{' % root.encode() in document:
                found = await self._get(f"/api/{root}/{place}?status={status}&per_page={_PAGE}", list[_Router])
                listed += _ours(kind, [router for router in found if router.status == status], document)
        return tuple(listed)

    async def list_servers(self, *, of_tcp: bool = False) -> ServersUp:
        """Return for each service of ours with a health check its servers, those of TCP too where there are any.

        The same mapping as before, if nothing has changed: thousands of services are neither decoded nor
        compared each time.
        """
        content = await self._read(f"/api/http/services?per_page={_PAGE}")
        more = await self._read(f"/api/tcp/services?per_page={_PAGE}") if of_tcp else b"[]"
        known, servers = self._services
        if (content, more) != known:
            servers = {
                **_servers(await self._decode(content, list[_Service])),
                **{
                    name_of_tcp(name): told for name, told in _servers(await self._decode(more, list[_Service])).items()
                },
            }
            self._services = ((content, more), servers)
        return servers

    async def list_entry_points(self, started: str) -> Mapping[str, str]:
        """Return the addresses of its entry points by their names, such as `:8080`.

        They are of its static configuration: the process that `started` then is asked for them once.
        """
        of, known = self._entry_points
        if of != started:
            found = await self._find("/api/entrypoints", list[_EntryPoint]) or []
            known = {point.name: point.address for point in found}
            self.added = {point.name: tuple(point.http.middlewares) for point in found if point.http.middlewares}
            self._laid = found
            self._entry_points = (started, known)
        return known

    async def list_certificates(self) -> list[CertificateFacts]:
        """Return the certificates that it has, but for the default one that it made itself: none before 3.7."""
        found = await self._find(f"/api/certificates?per_page={_PAGE}", list[_Certificate]) or []
        return [each.facts for each in found]

    async def list_others(self) -> Mapping[str, frozenset[str]]:
        """Return the full names of what it has of other providers (`login@file`), by kind.

        What did not change since is not decoded again.
        """
        found = {}
        for noun in TOLD:
            content = await self._read("/api/" + "/".join(noun.place) + f"?per_page={_PAGE}")
            known, names = self._others.get(noun.kind, (b"", frozenset[str]()))
            if content != known:
                listed = await self._decode(content, list[_Named])
                names = frozenset(each.name for each in listed if not each.name.endswith(_OURS))
                self._others[noun.kind] = (content, names)
            found[noun.kind] = names
        return found

    async def list_foreign_routers(self) -> ForeignRouters:
        """Return the routers of other providers that it serves, by kind and full name.

        Those that it took apart for its entry points are one again. Copies in the fallback file are none.
        """
        for kind in BESIDE_KINDS:
            content = await self._read("/api/" + "/".join(PLACES[kind]) + f"?per_page={_PAGE}")
            if content != self._routers.get(kind, (b"", {}))[0]:
                listed = [each for each in await self._decode(content, list[_Foreign]) if _is_foreign(each)]
                self._routers[kind] = (content, _gathered(listed, self._laid))
        return {kind: routers for kind, (_content, routers) in self._routers.items()}

    async def _get(self, path: str, shape: type[T]) -> T:
        return await self._decode(await self._read(path), shape)

    async def _find(self, path: str, shape: type[T]) -> T | None:
        content = await self._find_content(path)
        return None if content is None else await self._decode(content, shape)

    async def _read(self, path: str) -> bytes:
        content = await self._find_content(path)
        if content is None:
            raise ReadbackError(
                Message(
                    "{url} does not answer like Traefik's API: 404 for {path}",
                    url=self.url,
                    path=path.partition("?")[0],
                )
            )
        return content

    async def _find_content(self, path: str) -> bytes | None:
        try:
            async with self._client.stream("GET", self.url + path, headers=_PLAIN) as answer:
                if answer.status_code == 404:
                    return None
                if answer.status_code != 200:
                    raise ReadbackError(
                        Message("its API at {url} answers {status}", url=self.url, status=answer.status_code)
                    )
                content = bytearray()
                async for chunk in answer.aiter_raw():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise ReadbackError(
                            Message("its API at {url} sends more than Traefik's API would", url=self.url)
                        )
                return bytes(content)
        except httpx.TimeoutException:
            raise ReadbackError(Message("its API at {url} does not answer in time", url=self.url)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ReadbackError(
                Message(
                    "its API at {url} cannot be reached: {why}", url=self.url, why=str(error) or Message("no answer")
                )
            ) from None

    async def _decode(self, content: bytes, shape: type[T]) -> T:
        try:
            if len(content) < _LONG_BYTES:
                return msgspec.json.decode(content, type=shape)
            return await asyncio.to_thread(msgspec.json.decode, content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ReadbackError(Message("its API at {url} does not answer like Traefik", url=self.url)) from None
