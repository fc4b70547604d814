"""Middlewares in the database."""

from collections.abc import Iterable

from provider.database.sessions import Session
from provider.nouns import Middleware, Router
from provider.store import nouns


def of_routers(session: Session, listed: Iterable[Router]) -> dict[str, Middleware]:
    """Return all middlewares that requests to some routers pass, those of chains too, by name."""
    names = {use.name for router in listed for use in router.uses() if use.kind == Middleware.kind}
    return nouns.with_members(session, Middleware, nouns.find_all(session, Middleware, sorted(names)))
