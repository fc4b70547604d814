"""Objects of any noun in the database."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from provider.nouns import Noun, Server
from provider.store import domains, routers, servers, services
from provider.store.records import Label, Order

_STORES: dict[str, Any] = {"domain": domains, "service": services, "router": routers}


def find(session: Session, noun: type[Noun], key: str, owner: str | None = None) -> Noun | None:
    """Find an object by the name under which it is kept."""
    found: Noun | None = (
        servers.find(session, owner, key) if owner is not None else _STORES[noun.kind].find(session, key)
    )
    return found


def page(
    session: Session,
    noun: type[Noun],
    owner: str | None = None,
    *,
    limit: int | None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
    order: Order | None = None,
) -> Sequence[Noun]:
    """Return at most `limit` objects by name, after `after`, with `q` in what is searched."""
    if owner is not None:
        return servers.page(session, owner, limit=limit, after=after, q=q, labels=labels)
    found: Sequence[Noun] = _STORES[noun.kind].page(session, limit=limit, after=after, q=q, labels=labels, order=order)
    return found


def put(session: Session, item: Noun, owner: str | None = None) -> None:
    """Create or replace an object."""
    if owner is not None and isinstance(item, Server):
        servers.put(session, owner, item)
    else:
        _STORES[item.kind].put(session, item)


def remove(session: Session, noun: type[Noun], key: str, owner: str | None = None, *, cascade: bool = False) -> None:
    """Remove an object. Raises `NotFound`, and `InUse` without `cascade`."""
    if owner is not None:
        servers.remove(session, owner, key)
    elif noun.cascade:
        _STORES[noun.kind].remove(session, key, cascade=cascade)
    else:
        _STORES[noun.kind].remove(session, key)
