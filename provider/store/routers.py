"""Routers in the database, with the domains that they match."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, insert, or_
from sqlmodel import Session, col, select

from provider.errors import FieldError, Invalid, pointer
from provider.messages import Message
from provider.models import DomainRow, RouterDomainRow, RouterRow, ServerRow, ServiceRow
from provider.nouns import Router
from provider.store import records
from provider.store.records import Label, Order
from provider.values import ServerState

_NAMED: Final = 2_000
"""Of up to so many routers each is named whose domains are read: a page of a list has half of them."""


def find(session: Session, name: str) -> Router | None:
    """Find a router."""
    row = session.get(RouterRow, name)
    return None if row is None else _from_rows(session, [row])[0]


def get(session: Session, name: str) -> Router:
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
) -> Sequence[Router]:
    """Return at most `limit` routers by name, after `after`, with `q` in a name, a domain, path prefix or rule."""
    texts = (RouterRow.name, RouterRow.service, RouterRow.path_prefix, RouterRow.rule)
    found = or_(records.contains(DomainRow.name, q or ""), records.contains(DomainRow.shown, q or ""))
    named = col(RouterDomainRow.domain).in_(select(DomainRow.name).where(found))
    by_domain = col(RouterRow.name).in_(select(RouterDomainRow.router).where(named))
    where = records.labelled(RouterRow.labels, labels)
    rows = records.page(
        session, RouterRow, texts, limit=limit, after=after, q=q, where=where, also=by_domain, order=order
    )
    return _from_rows(session, rows)


def read_all(session: Session) -> list[Router]:
    """Return all routers by name."""
    return _from_rows(session, records.read_all(session, RouterRow, RouterRow.name))


def disabled(session: Session) -> Sequence[Router]:
    """Return the routers that the edges do not get, by name."""
    off = [col(RouterRow.enabled).is_(False)]
    return _from_rows(session, records.page(session, RouterRow, (RouterRow.name,), where=off))


def drained(session: Session) -> Sequence[str]:
    """Return the names of the routers to whose service a server belongs that gets no new requests."""
    resting = select(ServerRow.service).where(col(ServerRow.state) != ServerState.READY)
    return session.exec(select(RouterRow.name).where(col(RouterRow.service).in_(resting))).all()


def of_service(session: Session, service: str, *, limit: int | None = None) -> Sequence[Router]:
    """Return the routers that lead to a service, by name, at most `limit`."""
    query = select(RouterRow).where(RouterRow.service == service).order_by(RouterRow.name).limit(limit)
    return _from_rows(session, session.exec(query).all())


def of_domain(session: Session, ascii_name: str, *, limit: int | None = None) -> Sequence[Router]:
    """Return the routers that match a domain, by name, at most `limit`."""
    matching = select(RouterDomainRow.router).where(RouterDomainRow.domain == ascii_name)
    query = select(RouterRow).where(col(RouterRow.name).in_(matching)).order_by(RouterRow.name).limit(limit)
    return _from_rows(session, session.exec(query).all())


def without(router: Router, ascii_name: str) -> Router | None:
    """Return a router without one of its domains, or None if it has no other."""
    kept = [shown for shown, name in zip(router.domains, router.ascii_domains, strict=True) if name != ascii_name]
    return router.copy(domains=kept) if kept else None


def put(session: Session, router: Router) -> None:
    """Create or replace a router. Raises `Invalid` where it names a domain or a service that does not exist."""
    before = find(session, router.name)
    hosts = router.ascii_domains
    _check_references(session, router, hosts)
    records.save(session, RouterRow, router.name, to_row(router))
    session.flush()
    if before is None or before.ascii_domains != hosts:
        _unlink(session, router.name)
        if links := to_links(router):
            session.execute(insert(RouterDomainRow), links)
    # Read back: its domains are shown as they were typed when they were added.
    records.note(session, "router", router.name, before, get(session, router.name))


def remove(session: Session, name: str) -> None:
    """Remove a router. Its domains and its service stay. Raises `NotFound`."""
    before = get(session, name)
    _unlink(session, name)
    records.remove(session, RouterRow, name)
    records.note(session, "router", name, before, None)


def to_row(router: Router) -> dict[str, Any]:
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


def to_links(router: Router) -> list[dict[str, Any]]:
    """Return the columns of a router's links to its domains."""
    hosts = enumerate(router.ascii_domains)
    return [{"router": router.name, "position": position, "domain": host} for position, host in hosts]


def _unlink(session: Session, name: str) -> None:
    # No link is ever held as an object, so there is none that the session would have to bring in step.
    links = delete(RouterDomainRow).where(col(RouterDomainRow.router) == name)
    session.exec(links, execution_options={"synchronize_session": False})


def _check_references(session: Session, router: Router, hosts: Sequence[str]) -> None:
    wrong = []
    known = set(session.exec(select(DomainRow.name).where(col(DomainRow.name).in_(hosts))))
    for index, host in enumerate(hosts):
        if host not in known:
            detail = Message("there is no domain {name}: add it first", name=router.domains[index])
            wrong.append(FieldError(pointer("domains", index), "domain.unknown", detail))
    if session.get(ServiceRow, router.service) is None:
        detail = Message("there is no service {name}: add it first", name=router.service)
        wrong.append(FieldError(pointer("service"), "service.unknown", detail))
    if wrong:
        raise Invalid(wrong)


def _from_rows(session: Session, rows: Sequence[RouterRow]) -> list[Router]:
    domains: dict[str, list[str]] = {row.name: [] for row in rows}
    query = (
        select(RouterDomainRow.router, DomainRow.shown)
        .join(DomainRow, col(DomainRow.name) == col(RouterDomainRow.domain))
        .order_by(RouterDomainRow.router, col(RouterDomainRow.position))
    )
    if len(rows) <= _NAMED:  # beyond, reading all of them is cheaper than naming each
        query = query.where(col(RouterDomainRow.router).in_(domains))
    for router, shown in session.exec(query):
        if router in domains:
            domains[router].append(shown)
    return [_from_row(row, domains[row.name]) for row in rows]


def _from_row(row: RouterRow, domains: list[str]) -> Router:
    return Router(
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
