"""Services in the database."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from provider.models import Cookie, HealthCheck, Router, Service, ServiceInput, Sticky
from provider.models.base import constructed
from provider.store import records, routers, servers
from provider.store.records import Label, Order


def find(session: Session, name: str) -> ServiceInput | None:
    """Find a service."""
    row = session.get(Service, name)
    return None if row is None else _from_row(row)


def get(session: Session, name: str) -> ServiceInput:
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
) -> Sequence[ServiceInput]:
    """Return at most `limit` services by name, after `after`, with `q` in their name."""
    where = records.labelled(Service.labels, labels)
    rows = records.page(session, Service, (Service.name,), limit=limit, after=after, q=q, where=where, order=order)
    return [_from_row(row) for row in rows]


def read_all(session: Session) -> list[ServiceInput]:
    """Return all services by name."""
    return [_from_row(row) for row in records.read_all(session, Service, Service.name)]


def names(session: Session) -> Sequence[str]:
    """Return the names of all services, in order."""
    return session.exec(select(Service.name).order_by(Service.name)).all()


def list_unreached(session: Session, *, limit: int) -> Sequence[str]:
    """Return the names of at most `limit` services that no router leads to."""
    used = select(Router.name).where(Router.service == Service.name).exists()
    return session.exec(select(Service.name).where(~used).order_by(Service.name).limit(limit)).all()


def count_routers(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Count the routers that lead to services, some hundreds at most, by name. One without any is left out."""
    counted = select(Router.service, func.count()).where(col(Router.service).in_(names)).group_by(col(Router.service))
    return dict(session.exec(counted).all())


def put(session: Session, service: ServiceInput) -> None:
    """Create or replace a service. Its servers stay as they are."""
    before = find(session, service.name)
    records.save(session, Service, service.name, to_row(service))
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
    records.remove(session, Service, name)
    records.note(session, "service", name, before, None)


def to_row(service: ServiceInput) -> dict[str, Any]:
    """Return the columns of a service."""
    return {
        "name": service.name,
        "strategy": service.strategy,
        "pass_host_header": service.pass_host_header,
        "health_check": service.health_check and records.as_json(service.health_check),
        "sticky": service.sticky and records.as_json(service.sticky),
        "labels": service.labels,
    }


def _from_row(row: Service) -> ServiceInput:
    check, sticky = row.health_check, row.sticky
    return constructed(
        ServiceInput,
        name=row.name,
        strategy=row.strategy,
        pass_host_header=row.pass_host_header,
        health_check=HealthCheck.model_construct(**check) if check else None,
        sticky=Sticky.model_construct(cookie=Cookie.model_construct(**sticky["cookie"])) if sticky else None,
        labels=row.labels,
    )
