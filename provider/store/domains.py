"""Domains in the database. Their key is the A-label."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, select

from provider.models import Domain, DomainInput, RouterDomain
from provider.store import records, routers
from provider.store.records import Label


def find(session: Session, ascii_name: str) -> DomainInput | None:
    """Find a domain."""
    row = session.get(Domain, ascii_name)
    return None if row is None else _from_row(row)


def get(session: Session, ascii_name: str) -> DomainInput:
    """Return a domain. Raises `NotFound`."""
    return records.required(find(session, ascii_name), "domain", ascii_name)


def page(
    session: Session, *, limit: int | None, after: str | None = None, q: str | None = None, labels: Sequence[Label] = ()
) -> Sequence[DomainInput]:
    """Return at most `limit` domains by A-label, after `after`, with `q` in the name or the description."""
    texts = (Domain.name, Domain.shown, Domain.description)
    where = records.labelled(Domain.labels, labels)
    return [_from_row(row) for row in records.page(session, Domain, texts, limit=limit, after=after, q=q, where=where)]


def read_all(session: Session) -> list[DomainInput]:
    """Return all domains by A-label."""
    return [_from_row(row) for row in records.read_all(session, Domain, Domain.name)]


def put(session: Session, domain: DomainInput) -> None:
    """Create or replace a domain."""
    name = domain.ascii_name
    before = find(session, name)
    records.save(session, Domain, name, to_row(domain))
    records.note(session, "domain", name, before, domain)


def remove(session: Session, ascii_name: str, *, cascade: bool = False) -> None:
    """Remove a domain. Raises `NotFound`, and `InUse` where routers match it.

    With `cascade`, a router for which it is the only domain goes too, and one with others loses just this.
    """
    before = get(session, ascii_name)
    users = session.exec(
        select(RouterDomain.router).where(RouterDomain.domain == ascii_name).order_by(RouterDomain.router)
    ).all()
    records.check_unused("domain", before.name, [("router", user) for user in users], cascade=cascade)
    for user in users:
        router = routers.get(session, user)
        kept = [shown for shown, name in zip(router.domains, router.ascii_domains, strict=True) if name != ascii_name]
        if kept:
            routers.put(session, router.model_copy(update={"domains": kept}))
        else:
            routers.remove(session, user)
    records.remove(session, Domain, ascii_name)
    records.note(session, "domain", ascii_name, before, None)


def to_row(domain: DomainInput) -> dict[str, Any]:
    """Return the columns of a domain."""
    return {
        "name": domain.ascii_name,
        "shown": domain.name,
        "description": domain.description,
        "labels": domain.labels,
    }


def _from_row(row: Domain) -> DomainInput:
    return DomainInput.model_construct(name=row.shown, description=row.description, labels=row.labels)
