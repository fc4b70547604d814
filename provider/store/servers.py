"""Servers in the database, each within its service."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlmodel import Session, col, select

from provider.addresses import ANYWHERE, Places, find_trouble
from provider.errors import FieldError, Invalid
from provider.models import ServerRow, ServiceRow
from provider.nouns import Server
from provider.store import records
from provider.store.records import Label

_PLACES = "server_places"


def keep_to(session: Session, places: Places) -> None:
    """Let servers be there only, whoever writes in this session."""
    session.info[_PLACES] = places


def find_outside(session: Session) -> dict[str, str]:
    """Return the stored servers (`SERVICE/SERVER`) that lead where none may be now, with why."""
    places = session.info.get(_PLACES, ANYWHERE)
    rows = session.exec(
        select(ServerRow.service, ServerRow.name, ServerRow.url).order_by(ServerRow.service, ServerRow.name)
    )
    return {f"{service}/{name}": trouble for service, name, url in rows if (trouble := find_trouble(url, places))}


def find_refusal(session: Session, url: str) -> str | None:
    """Return why no server may be at a URL, or None if one may."""
    return find_trouble(url, session.info.get(_PLACES, ANYWHERE))


def find(session: Session, service: str, name: str) -> Server | None:
    """Find a server of a service."""
    row = session.get(ServerRow, _key(service, name))
    return None if row is None else _from_row(row)


def get(session: Session, service: str, name: str) -> Server:
    """Return a server of a service. Raises `NotFound`, for the service or the server."""
    _check_service(session, service)
    return records.required(find(session, service, name), "server", f"{service}/{name}")


def page(
    session: Session,
    service: str,
    *,
    limit: int | None = None,
    after: str | None = None,
    q: str | None = None,
    labels: Sequence[Label] = (),
) -> Sequence[Server]:
    """Return the servers of a service by name, at most `limit`, after `after`, with `q` in the name or the URL.

    Raises `NotFound` for a service that does not exist.
    """
    _check_service(session, service)
    within = [col(ServerRow.service) == service, *records.labelled(ServerRow.labels, labels)]
    texts = (ServerRow.name, ServerRow.url)
    rows = records.page(session, ServerRow, texts, limit=limit, after=after, q=q, where=within)
    return [_from_row(row) for row in rows]


def by_service(session: Session) -> Iterator[tuple[str, list[Server]]]:
    """Return the servers of all services, a service at a time."""
    for service, group in groupby(
        records.read_all(session, ServerRow, ServerRow.service, ServerRow.name), key=lambda row: str(row.service)
    ):
        yield service, [_from_row(row) for row in group]


def of_services(session: Session, names: Sequence[str]) -> dict[str, list[Server]]:
    """Return the servers of some services, at most some thousands, by the service's name."""
    query = select(ServerRow).where(col(ServerRow.service).in_(names)).order_by(ServerRow.service, ServerRow.name)
    return {
        service: [_from_row(row) for row in group]
        for service, group in groupby(session.exec(query), key=lambda row: row.service)
    }


def put(session: Session, service: str, server: Server) -> None:
    """Create or replace a server.

    Raises `NotFound` if its service does not exist, and `Invalid` if it leads where no server may be. One
    that does already can be changed otherwise: it can be drained.
    """
    _check_service(session, service)
    before = find(session, service, server.name)
    if wrong := check_network(session, before, server):
        raise Invalid([wrong])
    records.save(session, ServerRow, _key(service, server.name), to_row(service, server))
    records.note(session, "server", f"{service}/{server.name}", before, server)


def check_network(session: Session, before: Server | None, server: Server) -> FieldError | None:
    """Return what is wrong with where a server shall lead; one that leads there already may stay."""
    if before is not None and before.url == server.url:
        return None
    trouble = find_refusal(session, server.url)
    return FieldError("/url", "url.network", trouble) if trouble else None


def remove(session: Session, service: str, name: str) -> None:
    """Remove a server. Raises `NotFound`."""
    before = get(session, service, name)
    records.remove(session, ServerRow, _key(service, name))
    records.note(session, "server", f"{service}/{name}", before, None)


def _check_service(session: Session, name: str) -> None:
    records.required(session.get(ServiceRow, name), "service", name)


def _key(service: str, name: str) -> dict[str, str]:
    return {"service": service, "name": name}


def to_row(service: str, server: Server) -> dict[str, Any]:
    """Return the columns of a server."""
    return {
        "service": service,
        "name": server.name,
        "url": server.url,
        "weight": server.weight,
        "state": server.state,
        "labels": server.labels,
    }


def _from_row(row: ServerRow) -> Server:
    return Server(name=row.name, url=row.url, weight=row.weight, state=row.state, labels=row.labels)
