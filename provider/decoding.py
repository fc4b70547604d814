"""Parts read back: what the bytes of a part say of its routers, or of its service with the servers. Pure."""

from types import GenericAlias
from typing import Final

import msgspec

from provider import terms
from provider.nouns import Server, Service, document
from provider.nouns.beside import BesideOther
from provider.nouns.router import ServedRouter
from provider.nouns.service import ServedService
from provider.parts import Part, Section

_COMPOSITIONS: Final = tuple(Service.fields[key].name for key in Service.alternatives())
_POOL: Final = tuple(Service.fields[key].name for key in Service.pool)
_decode_routers = msgspec.json.Decoder(GenericAlias(dict, (str, document.struct(ServedRouter)))).decode
_decode_services = msgspec.json.Decoder(GenericAlias(dict, (str, document.struct(ServedService)))).decode


def find_beside(part: Part) -> BesideOther | None:
    """Return what the part of a router has of the one of another provider beside which it stands."""
    return BesideOther.loaded(msgspec.json.decode(part.beside)) if part.beside else None


def read_routers(part: Part) -> dict[str, ServedRouter]:
    """Read the routers of a part, by their names in the document."""
    found = msgspec.to_builtins(_decode_routers(b"{%s}" % part.content))
    return {name: ServedRouter.loaded(described) for name, described in found.items()}


def find_cookie(part: Part) -> str | None:
    """Return the name of the sticky cookie that the part of a service has, if it has one."""
    if b'"sticky"' not in part.content:  # most have none, and need not be read
        return None
    return read_pool(part)[0].sticky_cookie


def has_servers(part: Part | Section) -> bool:
    """Tell whether the part of a service has a server, or each of several has, by their bytes alone."""
    return b'"servers":[]' not in part.content


def checked_servers(part: Part) -> list[str]:
    """Return the URLs of the servers in the part of a service that has a health check; none without one."""
    balancer = _read_service(part)[1].load_balancer
    return [] if balancer is None or balancer.health_check is None else [server.url for server in balancer.servers]


def read_pool(part: Part) -> tuple[Service, list[Server]]:
    """Return what Traefik has of a service as a service of its name, with its servers, named by their URLs."""
    name, found = _read_service(part)
    pool = found.load_balancer
    own = {} if pool is None else {each: pool.__dict__[each] for each in _POOL}
    made = Service(
        name=name,
        middlewares=found.__dict__["middlewares"],
        **own,
        **{each: found.__dict__[each] for each in _COMPOSITIONS},
        **terms.read(part.terms).idle,
    )
    return made, [
        Server(name=each.url, url=each.url, weight=each.weight, preserve_path=each.preserve_path)
        for each in (() if pool is None else pool.servers)
    ]


def _read_service(part: Part) -> tuple[str, ServedService]:
    ((name, found),) = msgspec.to_builtins(_decode_services(b"{%s}" % part.content)).items()
    return name, ServedService.loaded(found)
