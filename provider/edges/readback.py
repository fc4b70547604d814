"""Reading back from Traefik's own API what an edge really runs.

Facts from Traefik 3.7: a middleware shows in the API as soon as its document is applied, used or not,
so the beacon tells which document runs; `routers?status=disabled` tells what was disabled and why, apart for HTTP,
TCP and UDP.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal, TypeVar

import msgspec

from provider import moments
from provider.certificates import CertificateFacts
from provider.configuration import BEACON, BEACON_HEADER
from provider.edges.api_answers import (
    OURS,
    AnyRouterAnswer,
    CertificateAnswer,
    EntryPointAnswer,
    MiddlewareAnswer,
    NamedAnswer,
    RouterAnswer,
    ServersUp,
    ServiceAnswer,
    VersionAnswer,
    find_servers,
    gather,
    is_foreign,
    list_ours,
)
from provider.edges.health import name_of_tcp
from provider.edges.observed import DisabledRouter
from provider.edges.states import Edge
from provider.late import httpx
from provider.messages import Message
from provider.neighbours import KINDS as BESIDE_KINDS
from provider.nouns.tls import DEFAULT
from provider.parts import PLACES, ROUTERS
from provider.surroundings import TOLD, ForeignRouter, ForeignRouters, Redirection
from provider.unreached import reason

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 32 * 1024 * 1024
"""The list of 10,000 services with two servers each has 4 MB."""

_LONG_BYTES: Final = 256 * 1024
"""What is longer is decoded in a thread, so that the polls go on meanwhile."""

_PAGE: Final = 100_000
_HTTP: Final = "http"
_PLAIN: Final = {"Accept-Encoding": "identity"}
"""What is not compressed cannot grow when it is read."""


class ReadbackError(Exception):
    """A Traefik's API cannot be read; `detail` is a sentence for a person."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


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
        self.points: tuple[Mapping[str, str], Mapping[str, Redirection]] | None = None
        """The entry points that make every router one with TLS, with the options, and those that redirect.

        None before they were read.
        """
        self._others: dict[str, tuple[bytes, frozenset[str]]] = {}
        self._laid: Sequence[EntryPointAnswer] = ()
        self._routers: dict[str, tuple[bytes, Mapping[str, ForeignRouter]]] = {}

    async def find_digest(self) -> str | None:
        """Return the digest of the document that runs, or None if none of ours does."""
        found = await self._find(f"/api/http/middlewares/{BEACON}{OURS}", MiddlewareAnswer)
        return None if found is None else found.headers.custom_response_headers.get(BEACON_HEADER)

    async def get_version(self) -> tuple[str, str]:
        """Return Traefik's version, and when it started (ISO 8601)."""
        found = await self._get("/api/version", VersionAnswer)
        return found.version, moments.shown(found.started)

    async def list_routers(self, status: Literal["disabled", "warning"], document: bytes) -> tuple[DisabledRouter, ...]:
        """Return the routers of ours that it disabled, or those that it serves with a warning: in part.

        They have the names of the `document` that it runs. Kinds of which it has none are not asked for.
        """
        listed: list[DisabledRouter] = []
        for kind in ROUTERS:
            root, place = PLACES[kind]
            if root == _HTTP or b'"%s":{' % root.encode() in document:
                found = await self._get(f"/api/{root}/{place}?status={status}&per_page={_PAGE}", list[RouterAnswer])
                listed += list_ours(kind, [router for router in found if router.status == status], document)
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
                **find_servers(await self._decode(content, list[ServiceAnswer])),
                **{
                    name_of_tcp(name): told
                    for name, told in find_servers(await self._decode(more, list[ServiceAnswer])).items()
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
            found = await self._find("/api/entrypoints", list[EntryPointAnswer]) or []
            known = {point.name: point.address for point in found}
            self.added = {point.name: tuple(point.http.middlewares) for point in found if point.http.middlewares}
            self.points = (
                {each.name: each.http.tls.get("options") or DEFAULT for each in found if each.http.tls is not None},
                {each.name: to for each in found if (to := each.redirection) is not None},
            )
            self._laid = found
            self._entry_points = (started, known)
        return known

    async def list_certificates(self) -> list[CertificateFacts]:
        """Return the certificates that it has, but for the default one that it made itself: none before 3.7."""
        found = await self._find(f"/api/certificates?per_page={_PAGE}", list[CertificateAnswer]) or []
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
                listed = await self._decode(content, list[NamedAnswer])
                names = frozenset(each.name for each in listed if not each.name.endswith(OURS))
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
                listed = [each for each in await self._decode(content, list[AnyRouterAnswer]) if is_foreign(each)]
                self._routers[kind] = (content, gather(listed, self._laid))
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
                    "its API at {url} cannot be reached: {why}", url=self.url, why=reason(error) or Message("no answer")
                )
            ) from None

    async def _decode(self, content: bytes, shape: type[T]) -> T:
        try:
            if len(content) < _LONG_BYTES:
                return msgspec.json.decode(content, type=shape)
            return await asyncio.to_thread(msgspec.json.decode, content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ReadbackError(Message("its API at {url} does not answer like Traefik", url=self.url)) from None
