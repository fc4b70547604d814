"""The whole desired state in the database: read as a declaration, and brought in step with one.

Rows are written by kind, many in one statement: a state of 10,000 routers takes seconds, and not minutes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, inspect
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, SQLModel

from provider import plans
from provider.declarations import Declaration
from provider.errors import FieldError, Invalid, pointer
from provider.models import Change, DomainRow, RouterDomainRow, RouterRow, ServerRow, ServiceRow
from provider.plans import Prune
from provider.store import domains, records, routers, servers, services

_MOST_ERRORS = 100


def read(session: Session) -> Declaration:
    """Return the whole state."""
    return Declaration(
        {domain.ascii_name: domain for domain in domains.read_all(session)},
        {service.name: service for service in services.read_all(session)},
        {service: {server.name: server for server in pool} for service, pool in servers.by_service(session)},
        {router.name: router for router in routers.read_all(session)},
    )


def apply(session: Session, wanted: Declaration, prune: Prune | None = None) -> None:
    """Bring the state in step with a declaration: what is declared becomes as it says, and what is not stays.

    With `prune` it goes. Raises `Invalid`, with pointers into the declaration, and `InUse`.
    """
    session.flush()
    current = read(session)
    following = plans.target(current, wanted, prune)
    if wrong := list(_outside(session, current, wanted)):
        raise Invalid(wrong[:_MOST_ERRORS])
    changes = plans.changes(current, following)
    _write(session, following, changes)
    records.changes(session).extend(changes)
    # What the session has read before is not what is there now.
    session.expire_all()


def _outside(session: Session, current: Declaration, wanted: Declaration) -> Iterator[FieldError]:
    for service, pool in wanted.servers.items():
        known = current.servers.get(service, {})
        for name, server in pool.items():
            if found := servers.check_network(session, known.get(name), server):
                yield replace(found, pointer=pointer("services", service, "servers", name) + found.pointer)


def _write(session: Session, following: Declaration, changes: Sequence[Change]) -> None:
    names: dict[tuple[str, bool], list[str]] = {}
    for change in changes:
        names.setdefault((change.kind, change.after is not None), []).append(change.name)

    def made(kind: str) -> list[str]:
        return names.get((kind, True), [])

    def gone(kind: str) -> list[str]:
        return names.get((kind, False), [])

    _put(session, DomainRow, [domains.to_row(following.domains[name]) for name in made("domain")])
    _put(session, ServiceRow, [services.to_row(following.services[name]) for name in made("service")])
    pairs = [(service, server) for service, _slash, server in (name.partition("/") for name in made("server"))]
    _put(session, ServerRow, [servers.to_row(service, following.servers[service][name]) for service, name in pairs])
    _remove(session, RouterDomainRow, [{"router": name} for name in made("router") + gone("router")])
    changed = [following.routers[name] for name in made("router")]
    _put(session, RouterRow, [routers.to_row(router) for router in changed])
    _put(session, RouterDomainRow, [link for router in changed for link in routers.to_links(router)])
    _remove(session, RouterRow, [{"name": name} for name in gone("router")])
    parts = [name.partition("/") for name in gone("server")]
    _remove(session, ServerRow, [{"service": service, "name": name} for service, _slash, name in parts])
    _remove(session, ServiceRow, [{"name": name} for name in gone("service")])
    _remove(session, DomainRow, [{"name": name} for name in gone("domain")])


def _put(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Create or replace rows."""
    if not rows:
        return
    columns = inspect(table).local_table
    keys = [column.name for column in columns.primary_key]
    statement = insert(columns)
    changed = {column.name: statement.excluded[column.name] for column in columns.columns if column.name not in keys}
    session.connection().execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def _remove(session: Session, table: type[SQLModel], keys: Sequence[Mapping[str, str]]) -> None:
    """Remove the rows with these values in some columns."""
    if not keys:
        return
    columns = inspect(table).local_table
    where = [columns.c[name] == bindparam(f"{name}_") for name in keys[0]]
    values = [{f"{name}_": value for name, value in key.items()} for key in keys]
    session.connection().execute(delete(columns).where(*where), values)
