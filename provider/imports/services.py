"""Services of Traefik, as services and servers of ours. Pure.

What can be held of a service is held; a service with anything else that matters is refused as a whole, for
half of it would answer requests otherwise than before. Defaults are from the source of Traefik 3.7.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from provider import names
from provider.durations import find_nanoseconds
from provider.imports import causes, health_checks
from provider.imports.declared import DeclaredReader, Given, Special
from provider.imports.findings import Cause
from provider.imports.go_url import find_url
from provider.imports.observed import OBSERVED, read_observed
from provider.imports.pieces import Piece, shown
from provider.nouns import Cookie, HealthCheck, Server, Service, Sticky
from provider.nouns.balancing import ResponseForwarding
from provider.nouns.composed import HighestRandomWeight, Weighted
from provider.nouns.noun import NAME
from provider.nouns.objects import Object
from provider.nouns.server import check_url
from provider.nouns.tcp_service import TCPWeighted
from provider.nouns.udp_service import UDPWeighted
from provider.values import Refusal

_BALANCER: Final = "loadBalancer"
_MIDDLEWARES: Final = "middlewares"
_CHECK: Final = "healthCheck"
_FLUSH: Final = "100ms"
_HEAVIEST: Final = 1000
_USER: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_PARTS: Final = re.compile(r"([^:/?#]+://[^/?#]+)(/[^?#]*)?([?#].*)?", re.DOTALL)
NOWHERE: Final = "url.nowhere"
"""The code of a server to which Traefik sends nothing."""

LEFT_OUT: Final = ": it is left out"
"""What an import makes of it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A service with its servers, by name, and where each server stands in the document."""

    service: Service
    servers: Mapping[str, Server]
    places: Mapping[str, str]


@dataclass(slots=True)
class _ReadServer:
    """A server that is being read."""

    url: str
    weight: int
    part: Piece
    weights: list[Piece]
    keeps_path: bool
    bases: set[str] = field(default_factory=set)
    """The paths of its URLs, from which the path of a health check counts."""


def special(full_name: str) -> Mapping[type[Object], Special]:
    """Return how what is special of a service is read, whose name is Traefik's, with the provider."""
    return {
        HealthCheck: health_checks.read_check,
        Sticky: _read_sticky,
        Cookie: partial(_read_cookie, full_name),
        ResponseForwarding: _read_forwarding,
        **{
            model: partial(_read_weighted, model) for model in (Weighted, HighestRandomWeight, TCPWeighted, UDPWeighted)
        },
    }


def read_service(reader: DeclaredReader, part: Piece, name: str, *, from_api: bool) -> Pool | None:
    """Read a service, or say in its ledger why it cannot be held."""
    kinds = (_BALANCER, *Service.alternatives())
    fields = part.fields((_MIDDLEWARES, *kinds, *(OBSERVED if from_api else ())))
    read_observed(fields)
    given = [kind for kind in kinds if fields.find(kind)]
    if not given:
        part.refuse("it has no loadBalancer: Traefik does not accept such a service", Cause.DISABLED)
    for kind in given[1:]:
        fields.parts[kind].refuse(
            f"it has several kinds, {', '.join(given)}: Traefik disables such a service", Cause.DISABLED
        )
    wanted = {NAME: name, **reader.fields(Service, fields)}
    balancer = fields.find(_BALANCER)
    servers = _read_balancer(reader, balancer, wanted) if balancer else []
    service = reader.made(Service, wanted, part)
    return None if service is None else _pool(service, servers)


def _read_balancer(reader: DeclaredReader, part: Piece, wanted: Given) -> list[_ReadServer]:
    fields = part.fields(("servers", *Service.pool, "nginxUpstreamHashBy"))
    fields.only_default({"nginxUpstreamHashBy": ""}, "it")
    wanted |= reader.fields(Service, fields)
    check = fields.find(_CHECK)
    servers = _read_servers(found, is_checked=check is not None) if (found := fields.find("servers")) else []
    if check is not None and _CHECK in wanted:
        health_checks.settle(wanted[_CHECK], check, {base for each in servers for base in each.bases})
    return servers


def _read_sticky(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    if part.is_off() or part.is_on():
        return None
    cookie = part.fields(("cookie",)).find("cookie")
    if cookie is None or cookie.is_off():
        return None  # without a cookie, Traefik keeps no sessions
    return {"cookie": reader.value(Sticky.fields["cookie"].type, cookie, f"{where}/cookie")}


def _read_cookie(full_name: str, reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    found: Given = {}
    if not part.is_on():
        fields = part.fields((*Cookie.fields, "expires"))
        fields.only_default({"expires": 0}, "its sticky cookie")
        found = reader.fields(Cookie, fields, where)
    return {**found, NAME: found.get(NAME) or _cookie_name(full_name)}


def _cookie_name(full_name: str) -> str:
    """Return the name that Traefik gives a cookie without one, so that sessions stay."""
    digest = hashlib.sha1(f"_TRAEFIK_BACKEND_{full_name}".encode(), usedforsecurity=False).hexdigest()
    return f"_{digest[:5]}"


def _read_forwarding(reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    found = reader.object(ResponseForwarding, part, where)
    every = (found or {}).get("flushInterval", _FLUSH)
    return None if find_nanoseconds(every) == find_nanoseconds(_FLUSH) else found


def _read_weighted(model: type[Object], reader: DeclaredReader, part: Piece, where: str) -> Given | None:
    """Read services with weights: one without any gets nothing, and one that is given twice has both."""
    found = reader.object(model, part, where)
    if found is None:
        return None
    given: dict[str, dict[str, Any]] = {}
    for index, each in enumerate(found.get("services", ())):
        place = reader.places[f"{where}/services/{index}"]
        name, weight = each.get(NAME, ""), each.get("weight", 1)
        if weight <= 0:
            place.change(f"with this weight {name or 'it'} gets no requests: it is left out")
        elif name in given:
            place.change(f"{name} is given twice: it gets both weights")
            given[name]["weight"] = given[name].get("weight", 1) + weight
        else:
            given[name] = dict(each)
    if not given:
        part.refuse("none of its services has a weight above 0: Traefik answers 503 to every request", Cause.BREAKS)
    return {**found, "services": list(given.values())}


def _read_servers(part: Piece, *, is_checked: bool) -> list[_ReadServer]:
    by_url: dict[str, _ReadServer] = {}
    for item in part.items():
        fields = item.fields(("url", "weight", "preservePath", "fenced"))
        fields.only_default({"fenced": False}, "one of its servers")
        if not item.is_map:
            continue
        found, weight, keeps = fields.find("url"), fields.find("weight"), fields.find("preservePath")
        heavy = weight.whole() if weight else 1
        keeps_path = bool(keeps and keeps.flag())
        given = found.text() if found else ""
        if given is None or heavy is None:
            continue
        if found and not is_checked:  # only health checks are sent with the user and password
            given = _without_user(given, found)
        parts = find_url(given)
        if parts is not None and not parts.leads_somewhere:
            told = f"one of its servers has a URL that leads nowhere, {shown(given) or 'an empty one'}{LEFT_OUT}"
            item.change(told, Cause.BREAKS, NOWHERE)
            continue
        try:
            url = check_url(_reduced(given, found, keeps_path=keeps_path) if found else given)
        except Refusal as error:
            told = f"the URL of one of its servers cannot be used: {error.detail}"
            cause = Cause.DISABLED if parts is None else causes.of(error.code)
            (found or item).refuse(told, cause, error.code)
            continue
        heavy = max(heavy, 0)
        if (known := by_url.get(url)) is None:
            known = by_url[url] = _ReadServer(url, 0, item, [], keeps_path)
        elif known.keeps_path != keeps_path:
            item.refuse(f"{url} is given twice, with and without preservePath")
        elif found:
            found.change(f"{url} is given twice: it becomes one server with both weights")
        known.bases.add(_path_of(given))
        known.weight += heavy
        known.weights.append(weight or item)
    servers = list(by_url.values())
    _lighten(servers)
    return servers


def _without_user(url: str, part: Piece) -> str:
    named = _USER.match(url)
    if named is None or find_url(url) is None:
        return url
    part.change("the user and the password in its URL are left out: Traefik ignores them", Cause.IGNORED)
    return named[1] + url[named.end() :]


def _path_of(url: str) -> str:
    found = _PARTS.fullmatch(url)
    return (found and found[2]) or "/"


def _reduced(url: str, part: Piece, *, keeps_path: bool) -> str:
    """Leave out what Traefik takes no notice of in a server's URL: its query, and its path without `preservePath`."""
    found = _PARTS.fullmatch(url)
    if found is None or find_url(url) is None:
        return url
    own, path, rest = found.groups(default="")
    if rest:
        part.change(f"{shown(rest)} is left out of its URL: Traefik ignores it", Cause.IGNORED)
    if path == "/" or keeps_path:
        return own + path
    if path:
        part.change(f"its path {shown(path)} is left out: Traefik ignores it", Cause.IGNORED)
    return own


def _lighten(servers: list[_ReadServer]) -> None:
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


def _pool(service: Service, servers: list[_ReadServer]) -> Pool:
    found: dict[str, Server] = {}
    places: dict[str, str] = {}
    for server in servers:
        name = names.free(names.from_url(server.url), found)
        described: dict[str, Any] = {"name": name, "url": server.url, "weight": server.weight or 1}
        described["preservePath"] = server.keeps_path
        if not server.weight:
            described["state"] = "drain"
            for part in server.weights:
                part.change("with this weight it gets no new requests: it is drained")
        found[name] = Server.read(described)
        places[name] = server.part.place
    return Pool(service, found, places)
