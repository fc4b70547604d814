"""Middlewares in the database."""

from collections.abc import Iterable, Sequence

from provider import configuration, passages
from provider.database.sessions import Session
from provider.listening import DefaultEntryPoints
from provider.nouns import Middleware, Router, Service
from provider.passages import Stop
from provider.ranking import Route
from provider.store import nouns, referrers


def of_routers(session: Session, listed: Iterable[Router]) -> dict[str, Middleware]:
    """Return all middlewares that requests to some routers pass, those of chains too, by name."""
    names = {use.name for router in listed for use in router.uses() if use.kind == Middleware.kind}
    return of_names(session, names)


def routers_of(session: Session, names: Iterable[str]) -> list[Router]:
    """Return the routers whose requests pass any of some middlewares, perhaps within chains."""
    chains: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in chains:
            chains[name] = None
            waiting += [each.name for each in referrers.users_of(session, Middleware, Middleware, name)]
    found = (referrers.users_of(session, Router, Middleware, name) for name in chains)
    return list({router.name: router for each in found for router in each}.values())


def of_names(session: Session, names: Iterable[str]) -> dict[str, Middleware]:
    """Return middlewares with those of which chains among them are made, by name."""
    return nouns.with_members(session, Middleware, nouns.find_all(session, Middleware, sorted(set(names))))


def stops(session: Session, route: Route, service: Service | None, points: DefaultEntryPoints) -> list[Stop]:
    """Return what requests pass on their way to a service: the middlewares of a router, and then its own.

    A router that leads visitors to the secure entry point does that first.
    """
    found = nouns.find(session, Router, route.name)
    names: Sequence[str] = [
        *([] if found is None else found.middlewares),
        *([] if service is None else service.middlewares),
    ]
    passed = passages.stops(names, of_names(session, names))
    if not route.redirects:
        return passed
    made = Middleware.read({"name": "redirect", "redirectScheme": configuration.redirect(points).json()})
    return [Stop(configuration.REDIRECT, made.does(), None, made), *passed]
