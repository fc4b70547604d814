"""Routers in the database, with the domains that they match."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, insert, or_
from sqlmodel import Session, col, select

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.models import Domain, Router, RouterDomain, RouterInput, Server, Service
from provider.models.base import constructed
from provider.store import records
from provider.store.records import Label, Order
from provider.values import ServerState

_NAMED: Final = 2_000
"""Of up to so many routers each is named whose domains are read: a page of a list has half of them."""


def find(session: Session, name: str) -> RouterInput | None:
    """Find a router."""
    row = session.get(Router, name)
    return None if row is None else _from_rows(session, [row])[0]


def get(session: Session, name: str) -> RouterInput:
    """Return a router. Raises `NotFound`."""
    return records.required(find(session, name), "router", name)


def page(
    session: Session,
    *,
    limit: int | None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
    order: Order | None = None,
) -> Sequence[RouterInput]:
    """Return at most `limit` routers by name, after `after`, with `q` in a name, a domain, path prefix or rule."""
    texts = (Router.name, Router.service, Router.path_prefix, Router.rule)
    found = or_(records.contains(Domain.name, q or ""), records.contains(Domain.shown, q or ""))
    named = col(RouterDomain.domain).in_(select(Domain.name).where(found))
    by_domain = col(Router.name).in_(select(RouterDomain.router).where(named))
    where = records.labelled(Router.labels, labels)
    rows = records.page(session, Router, texts, limit=limit, after=after, q=q, where=where, also=by_domain, order=order)
    return _from_rows(session, rows)


def read_all(session: Session) -> list[RouterInput]:
    """Return all routers by name."""
    return _from_rows(session, records.read_all(session, Router, Router.name))


def disabled(session: Session) -> Sequence[RouterInput]:
    """Return the routers that the edges do not get, by name."""
    off = [col(Router.enabled).is_(False)]
    return _from_rows(session, records.page(session, Router, (Router.name,), where=off))


def drained(session: Session) -> Sequence[str]:
    """Return the names of the routers to whose service a server belongs that gets no new requests."""
    resting = select(Server.service).where(col(Server.state) != ServerState.READY)
    return session.exec(select(Router.name).where(col(Router.service).in_(resting))).all()


def of_service(session: Session, service: str, *, limit: int | None = None) -> Sequence[RouterInput]:
    """Return the routers that lead to a service, by name, at most `limit`."""
    query = select(Router).where(Router.service == service).order_by(Router.name).limit(limit)
    return _from_rows(session, session.exec(query).all())


def of_domain(session: Session, ascii_name: str, *, limit: int | None = None) -> Sequence[RouterInput]:
    """Return the routers that match a domain, by name, at most `limit`."""
    matching = select(RouterDomain.router).where(RouterDomain.domain == ascii_name)
    query = select(Router).where(col(Router.name).in_(matching)).order_by(Router.name).limit(limit)
    return _from_rows(session, session.exec(query).all())


def without(router: RouterInput, ascii_name: str) -> RouterInput | None:
    """Return a router without one of its domains, or None if it has no other."""
    kept = [shown for shown, name in zip(router.domains, router.ascii_domains, strict=True) if name != ascii_name]
    return router.model_copy(update={"domains": kept}) if kept else None


def put(session: Session, router: RouterInput) -> None:
    """Create or replace a router. Raises `Invalid` where it names a domain or a service that does not exist."""
    before = find(session, router.name)
    hosts = router.ascii_domains
    _check_references(session, router, hosts)
    records.save(session, Router, router.name, to_row(router))
    session.flush()
    if before is None or before.ascii_domains != hosts:
        _unlink(session, router.name)
        if links := to_links(router):
            session.execute(insert(RouterDomain), links)
    # Read back: its domains are shown as they were typed when they were added.
    records.note(session, "router", router.name, before, get(session, router.name))


def remove(session: Session, name: str) -> None:
    """Remove a router. Its domains and its service stay. Raises `NotFound`."""
    before = get(session, name)
    _unlink(session, name)
    records.remove(session, Router, name)
    records.note(session, "router", name, before, None)


def to_row(router: RouterInput) -> dict[str, Any]:
    """Return the columns of a router; its domains are rows of their own, its links."""
    return {
        "name": router.name,
        "service": router.service,
        "path_prefix": router.path_prefix,
        "rule": router.rule,
        "entry_points": list(router.entry_points),
        "priority": router.priority,
        "enabled": router.enabled,
        "labels": router.labels,
    }


def to_links(router: RouterInput) -> list[dict[str, Any]]:
    """Return the columns of a router's links to its domains."""
    hosts = enumerate(router.ascii_domains)
    return [{"router": router.name, "position": position, "domain": host} for position, host in hosts]


def _unlink(session: Session, name: str) -> None:
    # No link is ever held as an object, so there is none that the session would have to bring in step.
    links = delete(RouterDomain).where(col(RouterDomain.router) == name)
    session.exec(links, execution_options={"synchronize_session": False})


def _check_references(session: Session, router: RouterInput, hosts: Sequence[str]) -> None:
    wrong = []
    known = set(session.exec(select(Domain.name).where(col(Domain.name).in_(hosts))))
    for index, host in enumerate(hosts):
        if host not in known:
            detail = Message("there is no domain {name}: add it first", name=router.domains[index])
            wrong.append(FieldError(pointer("domains", index), "domain.unknown", detail))
    if session.get(Service, router.service) is None:
        detail = Message("there is no service {name}: add it first", name=router.service)
        wrong.append(FieldError(pointer("service"), "service.unknown", detail))
    if wrong:
        raise Invalid(wrong)


def _from_rows(session: Session, rows: Sequence[Router]) -> list[RouterInput]:
    domains: dict[str, list[str]] = {row.name: [] for row in rows}
    query = (
        select(RouterDomain.router, Domain.shown)
        .join(Domain, col(Domain.name) == col(RouterDomain.domain))
        .order_by(RouterDomain.router, col(RouterDomain.position))
    )
    if len(rows) <= _NAMED:  # beyond, reading all of them is cheaper than naming each
        query = query.where(col(RouterDomain.router).in_(domains))
    for router, shown in session.exec(query):
        if router in domains:
            domains[router].append(shown)
    return [_from_row(row, domains[row.name]) for row in rows]


def _from_row(row: Router, domains: list[str]) -> RouterInput:
    return constructed(
        RouterInput,
        name=row.name,
        domains=domains,
        path_prefix=row.path_prefix,
        rule=row.rule,
        service=row.service,
        entry_points=list(row.entry_points),
        priority=row.priority,
        enabled=row.enabled,
        labels=row.labels,
    )
