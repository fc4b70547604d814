"""Connections of TCP and packets of UDP: the way that these take, as it is drawn on the overview."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from provider.database.sessions import Session
from provider.edges.health import name_of_tcp
from provider.edges.standings import Trouble
from provider.messages import Message
from provider.models import ObservedState
from provider.nouns import Noun
from provider.nouns.tcp_middleware import TCPMiddleware
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.tcp_service import TCPService
from provider.nouns.udp_router import UDPRouter
from provider.nouns.udp_service import UDPService
from provider.passages import Stop
from provider.rules import hosts
from provider.rules.tcp import parse_tcp
from provider.shares import order_below
from provider.store import nouns
from provider.web.drawings.scene import Carried, DrawnEntryPoint, DrawnRouter, DrawnServer, DrawnService, Scene
from provider.web.scenes import Sight, drawn_edges

_ANY: Final = "*"

S = TypeVar("S", bound=Noun)
StreamRouter = TCPRouter | UDPRouter
StreamService = TCPService | UDPService


@dataclass(frozen=True, slots=True)
class Streams:
    """What the overview shows of TCP or of UDP, and whether there are more routers."""

    scene: Scene
    has_more: bool = False


def read_streams(session: Session, sight: Sight, q: str, most: int) -> list[Streams]:
    """Return what there is of TCP and of UDP with a text in it; nothing of what has no router."""
    found = (_tcp(session, sight, q, most), _udp(session, sight, q, most))
    return [streams for streams in found if streams.scene.routers]


def _tcp(session: Session, sight: Sight, q: str, most: int) -> Streams:
    found = nouns.page(session, TCPRouter, limit=most + 1, q=q or None)
    routers = found[:most]
    names = sorted({name for router in routers for name in router.middlewares})
    known = {each.name: each for each in nouns.find_all(session, TCPMiddleware, names)}
    drawn = [_tcp_router(router, sight, known) for router in routers]
    known_services = nouns.with_members(session, TCPService, _services(session, TCPService, routers))
    return Streams(_scene(Carried.TCP, drawn, routers, known_services, sight), len(found) > most)


def _udp(session: Session, sight: Sight, q: str, most: int) -> Streams:
    found = nouns.page(session, UDPRouter, limit=most + 1, q=q or None)
    routers = found[:most]
    takers: dict[str, str] = {}
    for name, router in nouns.read_all(session, UDPRouter) if routers else ():
        takers |= dict.fromkeys(router.entry_points, name)  # of several, Traefik takes the last by name (measured)
    drawn = [_router(router, sight, _hider(router, takers)) for router in routers]
    known_services = nouns.with_members(session, UDPService, _services(session, UDPService, routers))
    return Streams(_scene(Carried.UDP, drawn, routers, known_services, sight), len(found) > most)


def _services(session: Session, noun: type[S], routers: Iterable[StreamRouter]) -> list[S]:
    return nouns.find_all(session, noun, sorted({router.service for router in routers}))


def _hider(router: UDPRouter, takers: Mapping[str, str]) -> str | None:
    """Return the router that takes all that one listens for, if others do."""
    others = [takers[point] for point in router.entry_points if takers[point] != router.name]
    return others[0] if len(others) == len(router.entry_points) else None


def _tcp_router(router: TCPRouter, sight: Sight, known: Mapping[str, TCPMiddleware]) -> DrawnRouter:
    passage = [_stop(name, known.get(name)) for name in router.middlewares]
    names = [name for name in hosts.keys(parse_tcp(router.rule).condition) or () if name != _ANY]
    tls = None if router.tls is None else router.tls.does()
    return _router(router, sight, domains=sorted(names), rule=router.rule, tls=tls, passage=passage)


def _stop(name: str, middleware: TCPMiddleware | None) -> Stop:
    if middleware is None:
        return Stop(name, Message("unknown, because it is not managed here"))
    return Stop(name, middleware.does(), None, middleware)


def _router(
    router: StreamRouter,
    sight: Sight,
    hidden_by: str | None = None,
    *,
    domains: Sequence[str] = (),
    rule: str = "",
    tls: str | None = None,
    passage: Sequence[Stop] = (),
) -> DrawnRouter:
    errors = [edge.streams.get((router.kind, router.name)) for edge in sight.edges if edge.awaited]
    told = [error for error in errors if error is not None]
    return DrawnRouter(
        router.name,
        rule,
        router.service,
        domains,
        entry_points=router.entry_points or _default_points(sight),
        error=told[0] if told else None,
        trouble=Trouble.DISABLED if told else None,
        is_served=not told or len(told) < len(errors),
        hidden_by=hidden_by,
        tls=tls,
        passage=passage,
    )


def _default_points(sight: Sight) -> list[str]:
    """Return where a router listens that names no entry point, as far as that is known."""
    known = [name for name, address in sight.entry_points.items() if not address.endswith("/udp") and name != "traefik"]
    return known or [_ANY]


def _scene(
    carried: Carried,
    drawn: Sequence[DrawnRouter],
    routers: Sequence[StreamRouter],
    known: Mapping[str, StreamService],
    sight: Sight,
) -> Scene:
    used = {point for router in drawn for point in router.entry_points}
    edges, more = drawn_edges(sight)
    return Scene(
        routers=drawn,
        services=[_service(name, known, sight) for name in dict.fromkeys(router.service for router in routers)],
        entry_points=[DrawnEntryPoint(name, sight.entry_points[name]) for name in sight.entry_points if name in used],
        edges=edges,
        more_edges=more,
        revision=sight.revision,
        carried=carried,
    )


def _service(name: str, known: Mapping[str, StreamService], sight: Sight) -> DrawnService:
    servers: dict[str, DrawnServer] = {}
    for server in _share(name, known, sight):
        before = servers.get(server.title)
        share = server.share + (before.share if before is not None else 0)
        servers[server.title] = DrawnServer(
            server.name,
            server.url,
            share=share,
            health=server.health,
            service=None if server.service == name else server.service,
        )
    members = [each.name for each in _members(known.get(name))]
    return DrawnService(name, list(servers.values()), members=members)


def _share(name: str, known: Mapping[str, StreamService], sight: Sight) -> Iterable[DrawnServer]:
    """Give the servers of a service, or of those of which it is made, each with its part.

    Each service is looked at once, however many ways lead to it.
    """
    order = order_below(name, lambda each: [member.name for member in reversed(_members(known.get(each)))])
    parts = dict.fromkeys(order, 0.0) | {name: 1.0}
    for each in order:
        found, members = known.get(each), _members(known.get(each))
        if found is None:
            yield DrawnServer(each, "", share=parts[each])
        elif members:
            whole = sum(member.weight for member in members) or 1
            for member in members:
                parts[member.name] += parts[each] * member.weight / whole
        else:
            states = _states(found, sight)
            left = sum(state is not ObservedState.DOWN for state in states.values())
            for address, state in states.items():
                part = 0.0 if state is ObservedState.DOWN else parts[each] / left
                yield DrawnServer(address, "", share=part, health=state, service=each)


def _members(found: StreamService | None) -> Sequence[Any]:
    return () if found is None or found.weighted is None else found.weighted.services


def _states(service: StreamService, sight: Sight) -> dict[str, ObservedState]:
    """Return how each server of a pool is, by address: Traefik looks after those of TCP alone, where it is told to."""
    if isinstance(service, UDPService):
        pool = service.load_balancer
        return {} if pool is None else dict.fromkeys((each.address for each in pool.servers), ObservedState.UNKNOWN)
    checked = service.load_balancer
    if checked is None:
        return {}
    addresses = [each.address for each in checked.servers]
    if checked.health_check is None:
        return dict.fromkeys(addresses, ObservedState.UNKNOWN)
    return {address: sight.health.get(name_of_tcp(service.name), address).state for address in addresses}
