"""Services in the database."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from provider.models import RouterRow, ServiceRow
from provider.nouns import HealthCheck, Service, Sticky
from provider.store import records, routers, servers
from provider.store.records import Label, Order


def find(session: Session, name: str) -> Service | None:
    """Find a service."""
    row = session.get(ServiceRow, name)
    return None if row is None else _from_row(row)


def get(session: Session, name: str) -> Service:
    """Return a service. Raises `NotFound`."""
    return records.required(find(session, name), "service", name)


def page(
    session: Session,
    *,
    limit: int | None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
    order: Order | None = None,
) -> Sequence[Service]:
    """Return at most `limit` services by name, after `after`, with `q` in their name."""
    where = records.labelled(ServiceRow.labels, labels)
    rows = records.page(
        session, ServiceRow, (ServiceRow.name,), limit=limit, after=after, q=q, where=where, order=order
    )
    return [_from_row(row) for row in rows]


def read_all(session: Session) -> list[Service]:
    """Return all services by name."""
    return [_from_row(row) for row in records.read_all(session, ServiceRow, ServiceRow.name)]


def names(session: Session) -> Sequence[str]:
    """Return the names of all services, in order."""
    return session.exec(select(ServiceRow.name).order_by(ServiceRow.name)).all()


def list_unreached(session: Session, *, limit: int) -> Sequence[str]:
    """Return the names of at most `limit` services that no router leads to."""
    used = select(RouterRow.name).where(RouterRow.service == ServiceRow.name).exists()
    return session.exec(select(ServiceRow.name).where(~used).order_by(ServiceRow.name).limit(limit)).all()


def count_routers(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Count the routers that lead to services, some hundreds at most, by name. One without any is left out."""
    counted = (
        select(RouterRow.service, func.count())
        .where(col(RouterRow.service).in_(names))
        .group_by(col(RouterRow.service))
    )
    return dict(session.exec(counted).all())


def put(session: Session, service: Service) -> None:
    """Create or replace a service. Its servers stay as they are."""
    before = find(session, service.name)
    records.save(session, ServiceRow, service.name, to_row(service))
    records.note(session, "service", service.name, before, service)


def remove(session: Session, name: str, *, cascade: bool = False) -> None:
    """Remove a service with its servers. Raises `NotFound`, and `InUse` where routers lead to it.

    With `cascade`, those routers go too.
    """
    before = get(session, name)
    users = routers.of_service(session, name)
    records.check_unused("service", name, [("router", user.name) for user in users], cascade=cascade)
    for user in users:
        routers.remove(session, user.name)
    for server in servers.page(session, name):
        servers.remove(session, name, server.name)
    records.remove(session, ServiceRow, name)
    records.note(session, "service", name, before, None)


def to_row(service: Service) -> dict[str, Any]:
    """Return the columns of a service."""
    return {
        "name": service.name,
        "strategy": service.strategy,
        "pass_host_header": service.pass_host_header,
        "health_check": service.health_check and records.as_json(service.health_check),
        "sticky": service.sticky and records.as_json(service.sticky),
        "labels": service.labels,
    }


def _from_row(row: ServiceRow) -> Service:
    check, sticky = row.health_check, row.sticky
    return Service(
        name=row.name,
        strategy=row.strategy,
        pass_host_header=row.pass_host_header,
        health_check=HealthCheck(**check) if check else None,
        sticky=Sticky.loaded(sticky) if sticky else None,
        labels=row.labels,
    )
