"""Domains in the database. Their key is the A-label."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from provider.models import DomainRow, RouterDomainRow
from provider.nouns import Domain
from provider.store import records, routers
from provider.store.records import Label, Order


def find(session: Session, ascii_name: str) -> Domain | None:
    """Find a domain."""
    row = session.get(DomainRow, ascii_name)
    return None if row is None else _from_row(row)


def get(session: Session, ascii_name: str) -> Domain:
    """Return a domain. Raises `NotFound`."""
    return records.required(find(session, ascii_name), "domain", ascii_name)


def page(
    session: Session,
    *,
    limit: int | None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
    order: Order | None = None,
) -> Sequence[Domain]:
    """Return at most `limit` domains by A-label, after `after`, with `q` in the name or the description."""
    texts = (DomainRow.name, DomainRow.shown, DomainRow.description)
    where = records.labelled(DomainRow.labels, labels)
    return [
        _from_row(row)
        for row in records.page(session, DomainRow, texts, limit=limit, after=after, q=q, where=where, order=order)
    ]


def read_all(session: Session) -> list[Domain]:
    """Return all domains by A-label."""
    return [_from_row(row) for row in records.read_all(session, DomainRow, DomainRow.name)]


def hosts(session: Session) -> Sequence[str]:
    """Return all domains as A-labels, in order."""
    return session.exec(select(DomainRow.name).order_by(DomainRow.name)).all()


def count_routers(session: Session, ascii_names: Sequence[str]) -> dict[str, int]:
    """Count the routers that match domains, some hundreds at most, by A-label. A domain without any is left out."""
    within = col(RouterDomainRow.domain).in_(ascii_names)
    counted = select(RouterDomainRow.domain, func.count()).where(within).group_by(col(RouterDomainRow.domain))
    return dict(session.exec(counted).all())


def put(session: Session, domain: Domain) -> None:
    """Create or replace a domain."""
    name = domain.ascii_name
    before = find(session, name)
    records.save(session, DomainRow, name, to_row(domain))
    records.note(session, "domain", name, before, domain)


def remove(session: Session, ascii_name: str, *, cascade: bool = False) -> None:
    """Remove a domain. Raises `NotFound`, and `InUse` where routers match it.

    With `cascade`, a router for which it is the only domain goes too, and one with others loses just this.
    """
    before = get(session, ascii_name)
    users = routers.of_domain(session, ascii_name)
    records.check_unused("domain", before.name, [("router", user.name) for user in users], cascade=cascade)
    for user in users:
        left = routers.without(user, ascii_name)
        if left is None:
            routers.remove(session, user.name)
        else:
            routers.put(session, left)
    records.remove(session, DomainRow, ascii_name)
    records.note(session, "domain", ascii_name, before, None)


def to_row(domain: Domain) -> dict[str, Any]:
    """Return the columns of a domain."""
    return {
        "name": domain.ascii_name,
        "shown": domain.name,
        "description": domain.description,
        "labels": domain.labels,
    }


def _from_row(row: DomainRow) -> Domain:
    return Domain(name=row.shown, description=row.description, labels=row.labels)
