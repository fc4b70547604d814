"""Services of Traefik, as services and servers of ours. Pure.

What can be held of a service is held; a service with anything else that matters is refused as a whole, for
half of it would answer requests otherwise than before. Defaults are from the source of Traefik 3.7.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provider import names
from provider.durations import find_nanoseconds, find_text
from provider.errors import Invalid
from provider.imports.observed import read_observed
from provider.imports.pieces import Piece, shown
from provider.nouns import Server, Service
from provider.values import Refusal, check_server_url

OBSERVED: Final = ("status", "error", "usedBy", "serverStatus", "name", "provider", "type")
"""What Traefik's API tells of a service beside its configuration."""

_OTHER_KINDS: Final = {
    "weighted": "weighted: shares requests among services",
    "mirroring": "mirroring: copies requests to other services",
    "failover": "failover: turns to another service",
    "highestRandomWeight": "highestRandomWeight: shares clients among services",
}
_INTERVAL: Final = "30s"
_TIMEOUT: Final = "5s"
_HEAVIEST: Final = 1000

_CHECK_DEFAULTS: Final[Mapping[str, object]] = {
    "scheme": "",
    "mode": "http",
    "method": "",
    "status": 0,
    "port": 0,
    "hostname": "",
    "followRedirects": True,
    "headers": None,
}
_COOKIE_DEFAULTS: Final[Mapping[str, object]] = {
    "secure": False,
    "httpOnly": False,
    "sameSite": "",
    "maxAge": 0,
    "path": "/",
    "domain": "",
}


@dataclass(frozen=True, slots=True)
class Pool:
    """A service with its servers, by name, and where each server stands in the document."""

    service: Service
    servers: Mapping[str, Server]
    places: Mapping[str, str]


@dataclass(slots=True)
class _Server:
    """A server that is being read."""

    url: str
    weight: int
    part: Piece
    weights: list[Piece]


def read_service(part: Piece, name: str, full_name: str, *, from_api: bool) -> Pool | None:
    """Read a service, or say in its ledger why it cannot be held. `full_name` is Traefik's, with the provider."""
    kinds = ("loadBalancer", *_OTHER_KINDS)
    fields = part.fields(("middlewares", *kinds, *(OBSERVED if from_api else ())))
    read_observed(fields, OBSERVED)
    if found := fields.find("middlewares"):
        found.hold()
        if found.texts():
            found.refuse("it has middlewares, which cannot be imported yet")
    for kind, why in _OTHER_KINDS.items():
        if found := fields.find(kind):
            found.refuse(f"{why}, which cannot be imported yet")
    balancer = fields.find("loadBalancer")
    if balancer is None:
        if not part.ledger.refused:
            part.refuse("it has no loadBalancer: Traefik does not accept such a service")
        return None
    return _read_balancer(balancer, name, full_name)


def _read_balancer(part: Piece, name: str, full_name: str) -> Pool | None:
    fields = part.fields(
        (
            *("sticky", "servers", "strategy", "healthCheck", "passiveHealthCheck", "passHostHeader"),
            *("responseForwarding", "serversTransport", "nginxUpstreamHashBy"),
        )
    )
    fields.only_default(
        {"serversTransport": "", "nginxUpstreamHashBy": "", "passiveHealthCheck": None},
        "it",
    )
    if found := fields.find("responseForwarding"):
        flush = found.fields(("flushInterval",)).find("flushInterval")
        if flush and (written := flush.text()) is not None and find_nanoseconds(written) != find_nanoseconds("100ms"):
            flush.refuse("it has a flushInterval of its own, which cannot be imported yet")
    wanted: dict[str, Any] = {"name": name}
    if (found := fields.find("strategy")) and (strategy := found.text()):
        wanted["strategy"] = strategy
    if (found := fields.find("passHostHeader")) and (passes := found.flag()) is not None:
        wanted["passHostHeader"] = passes
    if found := fields.find("healthCheck"):
        wanted["healthCheck"] = _read_check(found)
    if (found := fields.find("sticky")) and not found.is_off():
        wanted["sticky"] = _read_sticky(found, full_name)
    servers = _read_servers(found) if (found := fields.find("servers")) else []
    if part.ledger.refused:
        return None
    try:
        service = Service.read(wanted)
    except Invalid as error:
        for wrong in error.fields:
            Piece(None, part.place + wrong.pointer, part.ledger).refuse(f"{wrong.pointer.lstrip('/')}: {wrong.detail}")
        return None
    return _pool(service, servers)


def _read_check(part: Piece) -> dict[str, Any] | None:
    fields = part.fields(("path", "interval", "timeout", "unhealthyInterval", *_CHECK_DEFAULTS))
    fields.only_default(_CHECK_DEFAULTS, "its health check")
    path = fields.find("path")
    interval = _read_duration(fields.find("interval"), _INTERVAL)
    timeout = _read_duration(fields.find("timeout"), _TIMEOUT)
    if (found := fields.find("unhealthyInterval")) and _read_duration(found, _INTERVAL) != interval:
        found.refuse("its health check has an unhealthyInterval of its own, which cannot be imported yet")
    if not fields.parts:
        part.refuse("its health check is empty: Traefik rejects such a file")
    written = path.text() if path else None
    return {"path": written or "/", "interval": interval, "timeout": timeout}


def _read_duration(part: Piece | None, default: str) -> str:
    """Return a duration; Traefik takes its default for one that is not above zero."""
    written = part.text() if part else None
    if part is None or written is None:
        return default
    nanoseconds = find_nanoseconds(written)
    if nanoseconds is None:
        part.refuse(f"{shown(written)} is not a duration")
        return default
    if nanoseconds <= 0:
        part.change(f"Traefik uses {default} instead, and so does this service")
        return default
    found = find_text(nanoseconds)
    if found is None:
        part.refuse(f"{shown(written)} is finer than milliseconds")
    return found or default


def _read_sticky(part: Piece, full_name: str) -> dict[str, Any] | None:
    if part.is_on():
        return None
    cookie = part.fields(("cookie",)).find("cookie")
    if cookie is None or cookie.is_off():
        return None  # without a cookie, Traefik keeps no sessions
    name: str | None = None
    if not cookie.is_on():
        fields = cookie.fields(("name", *_COOKIE_DEFAULTS))
        fields.only_default(_COOKIE_DEFAULTS, "its sticky cookie")
        if found := fields.find("name"):
            name = found.text()
    return {"cookie": {"name": name or _cookie_name(full_name)}}


def _cookie_name(full_name: str) -> str:
    """Return the name that Traefik gives a cookie without one, so that sessions stay."""
    digest = hashlib.sha1(f"_TRAEFIK_BACKEND_{full_name}".encode(), usedforsecurity=False).hexdigest()
    return f"_{digest[:5]}"


def _read_servers(part: Piece) -> list[_Server]:
    by_url: dict[str, _Server] = {}
    for item in part.items():
        fields = item.fields(("url", "weight", "preservePath", "fenced"))
        fields.only_default({"preservePath": False, "fenced": False}, "one of its servers")
        found, weight = fields.find("url"), fields.find("weight")
        heavy = weight.whole() if weight else 1
        given = found.text() if found else ""
        if given is None or heavy is None:
            continue
        try:
            url = check_server_url(given)
        except Refusal as error:
            (found or item).refuse(f"one of its servers cannot be imported: {error.detail}")
            continue
        heavy = max(heavy, 0)
        if (known := by_url.get(url)) is None:
            known = by_url[url] = _Server(url, 0, item, [])
        elif found:
            found.change(f"{url} is given twice: it becomes one server with both weights")
        known.weight += heavy
        known.weights.append(weight or item)
    servers = list(by_url.values())
    _lighten(servers)
    return servers


def _lighten(servers: list[_Server]) -> None:
    """Divide weights that are too large by what divides them all: the shares stay."""
    if not servers or max(server.weight for server in servers) <= _HEAVIEST:
        return
    divisor = math.gcd(*(server.weight for server in servers))
    for server in servers:
        server.weight //= divisor
        for part in server.weights:
            part.change(
                f"weights are at most {_HEAVIEST}: those of this service are divided by {divisor}, its shares stay"
            )
    for server in servers:
        if server.weight > _HEAVIEST:
            server.part.refuse(f"one of its servers has a weight above {_HEAVIEST}")


def _pool(service: Service, servers: list[_Server]) -> Pool:
    found: dict[str, Server] = {}
    places: dict[str, str] = {}
    for server in servers:
        name = names.free(names.from_url(server.url), found)
        described: dict[str, Any] = {"name": name, "url": server.url, "weight": server.weight or 1}
        if not server.weight:
            described["state"] = "drain"
            for part in server.weights:
                part.change("with this weight it gets no new requests: it is drained")
        found[name] = Server.read(described)
        places[name] = server.part.place
    return Pool(service, found, places)
