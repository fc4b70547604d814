"""References to what an edge has from another provider: whether it has that. Pure.

Where it does not, Traefik disables the routers that need it (`the service "x@file" does not exist`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from provider.findings import Finding
from provider.inventory import Inventory
from provider.messages import Message
from provider.models import Change, Conflict
from provider.nouns import NOUNS, Domain, Named, Noun, Router, called
from provider.nouns.middleware import Middleware
from provider.nouns.tcp_router import TCPRouter
from provider.nouns.types import Use
from provider.ranking import Routes
from provider.surroundings import TOLD, KnownEdges

_TOLD = frozenset(noun.kind for noun in TOLD)
_REFERRING = tuple(kind for kind, noun in NOUNS.items() if not _TOLD.isdisjoint(noun.kinds()))
"""The kinds of objects that may refer to such."""

_RESOLVING = (Router.kind, TCPRouter.kind, Domain.kind)
_NAMED = 3


def find_dangling(inventory: Inventory, edges: KnownEdges, about: Collection[Named] | None = None) -> Iterator[Finding]:
    """Find what objects refer to and an edge does not have: all, or some."""
    told = {name: edge.others for name, edge in sorted(edges.items()) if edge.others is not None}
    for item in _listed(inventory, about, _REFERRING, b"@") if told else ():
        for use in item.foreign():
            for edge, others in told.items():
                if use.kind in others and use.name not in others[use.kind]:
                    yield Finding(Conflict.MISSING_REFERENCE, ((item.kind, item.name),), _missing(edge, item, use))


def _missing(edge: str, item: Noun, use: Use) -> Message:
    told = {"edge": edge, "what": called(use.kind), "reference": use.name, "kind": called(item.kind), "name": item.name}
    if item.takes_in():
        return Message("edge {edge} has no {what} {reference}: it disables the {kind} {name}", **told)
    return Message("edge {edge} has no {what} {reference}: it disables the routers that need the {kind} {name}", **told)


def find_doubled(
    inventory: Inventory, routes: Routes, edges: KnownEdges, about: Collection[Named] | None = None
) -> Iterator[Finding]:
    """Find middlewares of routers that their entry points have already: requests pass them twice (measured)."""
    if not any(edge.added for edge in edges.values()):
        return
    for item in _listed(inventory, about, [Router.kind], b'"middlewares"'):
        if isinstance(item, Router):
            own = {name if "@" in name else f"{name}@http" for name in item.middlewares}
            points = dict.fromkeys(point for route in routes.of_router(item.name) for point in route.entry_points)
            for edge, known in sorted(edges.items()):
                for where in points:
                    for name in own.intersection(known.added.get(where, ())):
                        told = {"edge": edge, "name": name, "where": where, "router": item.name}
                        detail = Message(
                            "edge {edge} adds the middleware {name} to all routers on {where}: requests for "
                            "{router} pass through it twice",
                            **told,
                        )
                        yield Finding(Conflict.DOUBTFUL_VALUE, ((item.kind, item.name),), detail)


def _listed(
    inventory: Inventory, about: Collection[Named] | None, kinds: Collection[str], mark: bytes
) -> Iterator[Noun]:
    if about is None:
        for kind in kinds:
            yield from inventory.having(kind, mark)
    else:
        found = (inventory.find(kind, name) for kind, name in sorted(about) if kind in kinds)
        yield from (item for item in found if item is not None)


def find_named(inventory: Inventory, changes: Collection[Change], moved: Collection[str] = ()) -> Iterator[Finding]:
    """Find resolvers and plugins that changes name for the first time: no API tells whether an edge has them.

    With a resolver that it has not, Traefik enables the router, and shows its default certificate; with such a plugin
    it disables the routers (measured). `moved` are the routers that have the resolver of a domain only since the
    changes.
    """
    for resolver, objects in _first_named(inventory, changes, moved, _RESOLVING, _resolver, b'"certResolver":"%s"'):
        detail = Message(
            "whether an edge has the certificate resolver {resolver} is unknown, because Traefik's API "
            "does not say: without it, visitors get Traefik's default certificate",
            resolver=resolver,
        )
        yield Finding(Conflict.DOUBTFUL_VALUE, objects, detail)
    for plugin, objects in _first_named(inventory, changes, (), (Middleware.kind,), _plugin, b'"plugin":{"%s":'):
        detail = Message(
            "whether an edge has the plugin {plugin} is unknown, because Traefik's API does not say: without it, "
            "Traefik disables the routers that use {name}",
            plugin=plugin,
            name=objects[0][1],
        )
        yield Finding(Conflict.DOUBTFUL_VALUE, objects, detail)


def _first_named(
    inventory: Inventory,
    changes: Collection[Change],
    moved: Collection[str],
    kinds: Collection[str],
    find: Callable[[Mapping[str, Any] | None], str | None],
    mark: bytes,
) -> Iterator[tuple[str, Sequence[Named]]]:
    """Give what `find` finds in changed objects and in no other, with the first few of them."""
    changed = {(change.kind, change.name) for change in changes} | {(Router.kind, name) for name in moved}
    wanted: dict[str, list[Named]] = {}
    for change in changes:
        before, after = find(change.before), find(change.after)
        if change.kind in kinds and after is not None and after != before:
            wanted.setdefault(after, []).append((change.kind, change.name))
    for name, objects in wanted.items():
        naming = (item for kind in kinds for item in inventory.having(kind, mark % name.encode()))
        others = (item for item in naming if (item.kind, item.key) not in changed)
        if not any(find(item.json()) == name for item in others):
            yield name, objects[:_NAMED]


def _resolver(router: Mapping[str, Any] | None) -> str | None:
    tls = (router or {}).get("tls") or {}
    found: str | None = tls.get("certResolver")
    return found


def _plugin(middleware: Mapping[str, Any] | None) -> str | None:
    return next(iter((middleware or {}).get("plugin") or ()), None)
