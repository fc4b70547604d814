"""Domains in the database. Their key is the A-label."""

from collections.abc import Sequence

from sqlmodel import Session, select

from provider.models import Domain, DomainInput, RouterDomain
from provider.store import records, routers


def find(session: Session, ascii_name: str) -> DomainInput | None:
    """Find a domain."""
    row = session.get(Domain, ascii_name)
    return None if row is None else _from_row(row)


def get(session: Session, ascii_name: str) -> DomainInput:
    """Return a domain. Raises `NotFound`."""
    return records.required(find(session, ascii_name), "domain", ascii_name)


def page(
    session: Session, *, limit: int | None, after: str | None = None, q: str | None = None
) -> Sequence[DomainInput]:
    """Return at most `limit` domains by A-label, after `after`, with `q` in the name or the description."""
    texts = (Domain.name, Domain.shown, Domain.description)
    return [_from_row(row) for row in records.page(session, Domain, texts, limit=limit, after=after, q=q)]


def put(session: Session, domain: DomainInput) -> None:
    """Create or replace a domain."""
    name = domain.ascii_name
    before = find(session, name)
    records.save(session, Domain, name, {"name": name, "shown": domain.name, "description": domain.description})
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


def _from_row(row: Domain) -> DomainInput:
    return DomainInput.model_construct(name=row.shown, description=row.description)
