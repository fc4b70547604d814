"""Where routers listen: entry points that they name and an edge does not have. Pure.

Traefik disables a router none of whose entry points it has, and serves one that has some of them on those
(`entryPoint "x" doesn't exist`, status `disabled` or `warning`). And who takes all of an entry point: of several
UDP routers on one, the last by name does, and a TCP router without TLS takes all that comes without TLS, so that HTTP
routers there get none of it (measured on 3.7.15: all of them stay `enabled`). A router without TLS takes nothing that
comes over TLS, wherever it listens: 404, unless the entry point itself gives it TLS. And for the host of an HTTPS
router, TCP routers with TLS get nothing, whatever their priority (measured, and in Traefik's source).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Final, TypeGuard

from provider.findings import Finding
from provider.handshakes import hosts_of
from provider.inventory import Inventory
from provider.messages import Message, listed
from provider.models import Conflict
from provider.nouns import Named, Router, called
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.udp_router import UDPRouter
from provider.ranking import Route
from provider.surroundings import KnownEdges, Redirection

_NAMED: Final = 3


def find_vain(routes: Iterable[Route], edges: KnownEdges, secure: str) -> Iterator[Finding]:
    """Find where enabled routers listen in vain.

    That is on what an edge does not have, without TLS on the secure one, or without on one that redirects.
    """
    listed = [route for route in routes if route.enabled]
    yield from _missing(listed, edges)
    yield from _without_tls(listed, edges, secure)
    yield from _redirected(listed, edges)


def _without_tls(routes: Iterable[Route], edges: KnownEdges, secure: str) -> Iterator[Finding]:
    known = sorted(
        name
        for name, edge in edges.items()
        if secure in edge.entry_points and edge.tls is not None and secure not in edge.tls
    )
    if not known:
        return
    plain = (each.name for each in routes if secure in each.entry_points and not each.is_secure)
    for router in dict.fromkeys(plain):
        for edge in known:
            detail = Message(
                "the router {router} listens on {where} without TLS: over TLS, edge {edge} answers 404. Set tls, or "
                "leave its entry points out",
                router=router,
                where=secure,
                edge=edge,
            )
            yield Finding(Conflict.DOUBTFUL_VALUE, (("router", router),), detail)


def _redirected(routes: Iterable[Route], edges: KnownEdges) -> Iterator[Finding]:
    """Find routers whose requests an entry point itself redirects, all of them."""
    redirecting = {name: edge.redirecting for name, edge in sorted(edges.items()) if edge.redirecting}
    by_name: dict[str, list[Route]] = {}
    for route in routes if redirecting else ():
        if not route.redirects:
            by_name.setdefault(route.name, []).append(route)
    for (router, parts), (edge, points) in product(by_name.items(), redirecting.items()):
        if all(_is_redirected(part, points) for part in parts):
            where = parts[0].entry_points[0]
            detail = Message(
                "edge {edge} itself redirects everything on {where} to {to}: the router {router} gets no requests "
                "there. Turn HTTPS on for its domains, or set tls",
                edge=edge,
                where=where,
                to=points[where].to,
                router=router,
            )
            yield Finding(Conflict.DOUBTFUL_VALUE, (("router", router),), detail)


def _is_redirected(route: Route, points: Mapping[str, Redirection]) -> bool:
    return not route.is_secure and all(
        point in points and route.priority <= points[point].rank for point in route.entry_points
    )


def _missing(routes: Iterable[Route], edges: KnownEdges) -> Iterator[Finding]:
    known = {name: edge.entry_points for name, edge in edges.items() if edge.entry_points}
    if not known:
        return
    asked: dict[str, dict[str, None]] = {}
    for route in routes:
        asked.setdefault(route.name, {}).update(dict.fromkeys(route.entry_points))
    for router, points in asked.items():
        for edge, names in sorted(known.items()):
            if missing := [name for name in points if name not in names]:
                found = [name for name in points if name in names]
                words = _words(router, edge, missing, found, names)
                yield Finding(Conflict.MISSING_ENTRY_POINT, (("router", router),), words)


def _words(router: str, edge: str, missing: Collection[str], found: Collection[str], names: Collection[str]) -> str:
    told = {"edge": edge, "missing": ", ".join(missing), "router": router}
    if found:
        return Message(
            "edge {edge} has no entry point {missing}: it serves the router {router} on {found} only",
            **told,
            found=", ".join(found),
        )
    return Message(
        "edge {edge} has no entry point {missing} (it has {names}): it disables the router {router}, and requests "
        "get 404",
        **told,
        names=", ".join(sorted(names)) or Message("none"),
    )


def find_unheard(inventory: Inventory, edges: KnownEdges, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find what routers of TCP and UDP would listen on, and an edge does not have: of all, or of some."""
    known = {name: edge.entry_points for name, edge in sorted(edges.items()) if edge.entry_points}
    for kind in (TCPRouter.kind, UDPRouter.kind) if known else ():
        for item in inventory.having(kind, b'"entryPoints"'):
            named = item.entry_points if isinstance(item, TCPRouter | UDPRouter) else ()
            for edge, names in known.items() if about is None or (kind, item.name) in about else ():
                if missing := [name for name in named if name not in names]:
                    told = {"edge": edge, "missing": ", ".join(missing), "kind": called(kind), "name": item.name}
                    detail = Message("edge {edge} has no entry point {missing}: it disables the {kind} {name}", **told)
                    if found := [name for name in named if name in names]:
                        detail = Message(
                            "edge {edge} has no entry point {missing}: it serves the {kind} {name} on {found} only",
                            **told,
                            found=", ".join(found),
                        )
                    yield Finding(Conflict.MISSING_ENTRY_POINT, ((kind, item.name),), detail)


def find_taken(
    inventory: Inventory, routes: Iterable[Route], about: Collection[Named] | None = None
) -> Iterator[Finding]:
    """Find who takes all of an entry point on which others listen: for all routers, or for some."""
    by_tcp, by_https = _taken_by_tcp(inventory, routes, about), _taken_by_https(inventory, routes, about)
    for found in (*by_tcp, *by_https, *_taken_by_udp(inventory, about)):
        if about is None or any(each in about for each in found.objects):
            yield found


def _taken_by_tcp(inventory: Inventory, routes: Iterable[Route], about: Collection[Named] | None) -> Iterator[Finding]:
    if about is not None and not any(kind in {Router.kind, TCPRouter.kind} for kind, _name in about):
        return
    listening: dict[str, list[str]] = {}
    takers = [item for item in inventory.having(TCPRouter.kind, b"HostSNI(`*`)") if _takes_all(item)]
    if not takers:
        return
    for route in {route.name: route for route in routes if route.takes and not route.is_secure}.values():
        for entry_point in route.entry_points:
            listening.setdefault(entry_point, []).append(route.name)
    for taker in takers:
        # One that names none listens on all default ones, which are those of the edge's static configuration.
        for entry_point in taker.entry_points:
            if names := sorted(listening.get(entry_point, ())):
                shown = [name for name in names if about is None or (Router.kind, name) in about] or names
                detail = Message(
                    "the TCP router {taker} takes everything without TLS on {where}: no requests there get to "
                    "{routers}",
                    taker=taker.name,
                    where=entry_point,
                    routers=listed(shown, _NAMED),
                )
                objects = [(TCPRouter.kind, taker.name), *((Router.kind, name) for name in shown[:_NAMED])]
                yield Finding(Conflict.TAKEN_ENTRY_POINT, objects, detail)


def _taken_by_https(
    inventory: Inventory, routes: Iterable[Route], about: Collection[Named] | None
) -> Iterator[Finding]:
    if about is not None and not any(kind in {Router.kind, TCPRouter.kind} for kind, _name in about):
        return
    wanted = _wanted_by_tcp(inventory)
    if not wanted:
        return
    taking: dict[tuple[str, str], dict[str, None]] = {}
    for route in (each for each in routes if each.takes):
        for place in wanted.keys() & set(product(hosts_of([route]), route.entry_points)):
            taking.setdefault(place, {})[route.name] = None
    for place, names in sorted(taking.items()):
        shown = [name for name in sorted(names) if about is None or (Router.kind, name) in about] or sorted(names)
        for name in wanted[place]:
            detail = Message(
                "the TCP router {name} gets no connections for {host} on {where}: Traefik first asks HTTP routers with "
                "TLS for that host, {routers}",
                name=name,
                host=place[0],
                where=place[1],
                routers=listed(shown, _NAMED),
            )
            objects = [(TCPRouter.kind, name), *((Router.kind, each) for each in shown[:_NAMED])]
            yield Finding(Conflict.TAKEN_ENTRY_POINT, objects, detail)


def _wanted_by_tcp(inventory: Inventory) -> dict[tuple[str, str], list[str]]:
    """Return which TCP routers with TLS want connections, by host and entry point."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for item in inventory.having(TCPRouter.kind, b'"tls":'):
        if isinstance(item, TCPRouter) and not item.waits:
            for place in product(item.hosts, item.entry_points):
                wanted.setdefault(place, []).append(item.name)
    return wanted


def _takes_all(item: object) -> TypeGuard[TCPRouter]:
    return isinstance(item, TCPRouter) and item.takes_all


def _taken_by_udp(inventory: Inventory, about: Collection[Named] | None) -> Iterator[Finding]:
    if about is not None and not any(kind == UDPRouter.kind for kind, _name in about):
        return
    listening: dict[str, list[str]] = {}
    for item in inventory.having(UDPRouter.kind, b""):
        if isinstance(item, UDPRouter):
            for entry_point in item.entry_points:
                listening.setdefault(entry_point, []).append(item.name)
    for entry_point, names in sorted(listening.items()):
        if len(names) > 1:
            *others, taker = sorted(names)
            detail = Message(
                "the UDP router {taker} takes everything on {where}, and nothing gets to {routers}: of several, only "
                "the last by name gets packets",
                taker=taker,
                where=entry_point,
                routers=listed(others, _NAMED),
            )
            yield Finding(Conflict.TAKEN_ENTRY_POINT, [(UDPRouter.kind, name) for name in sorted(names)], detail)
