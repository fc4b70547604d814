"""The whole desired state in the database: read as a declaration, and brought in step with one."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeVar

from pydantic import BaseModel
from sqlmodel import Session

from provider.declarations import Declaration
from provider.errors import FieldError, Invalid, pointer
from provider.store import domains, routers, servers, services

M = TypeVar("M", bound=BaseModel)

_MOST_ERRORS: Final = 100


def read(session: Session) -> Declaration:
    """Return the whole state."""
    return Declaration(
        {domain.ascii_name: domain for domain in domains.page(session, limit=None)},
        {service.name: service for service in services.page(session, limit=None)},
        {service: {server.name: server for server in pool} for service, pool in servers.by_service(session)},
        {router.name: router for router in routers.page(session, limit=None)},
    )


def apply(session: Session, wanted: Declaration, *, prune: bool = False) -> None:
    """Bring the state in step with a declaration: what is declared becomes as it says, and what is not stays.

    With `prune` it goes. Raises `Invalid` and `InUse` as the single changes do.
    """
    current = read(session)
    wrong: list[FieldError] = []
    for label, domain in _other(wanted.domains, current.domains):
        with _within(("domains", label), wrong):
            domains.put(session, domain)
    for name, service in _other(wanted.services, current.services):
        with _within(("services", name), wrong):
            services.put(session, service)
    for service_name, pool in wanted.servers.items():
        for name, server in _other(pool, current.servers.get(service_name, {})):
            with _within(("services", service_name, "servers", name), wrong):
                servers.put(session, service_name, server)
    for name, router in _other(wanted.routers, current.routers):
        with _within(("routers", name), wrong):
            routers.put(session, router)
    if wrong:
        raise Invalid(wrong[:_MOST_ERRORS])
    if prune:
        _prune(session, wanted, current)


def _other(wanted: Mapping[str, M], current: Mapping[str, M]) -> Iterator[tuple[str, M]]:
    """Return what is not yet as it is wanted."""
    return ((name, item) for name, item in wanted.items() if current.get(name) != item)


@contextmanager
def _within(where: tuple[str, ...], wrong: list[FieldError]) -> Iterator[None]:
    """Note what is wrong with one object, with pointers into the declaration, and go on with the others."""
    try:
        yield
    except Invalid as error:
        wrong += [replace(field, pointer=pointer(*where) + field.pointer) for field in error.fields]


def _prune(session: Session, wanted: Declaration, current: Declaration) -> None:
    for name in _missing(current.routers, wanted.routers):
        routers.remove(session, name)
    for service in current.services.keys() & wanted.services.keys():
        for name in _missing(current.servers.get(service, {}), wanted.servers.get(service, {})):
            servers.remove(session, service, name)
    for name in _missing(current.services, wanted.services):
        services.remove(session, name)
    for label in _missing(current.domains, wanted.domains):
        domains.remove(session, label)


def _missing(current: Mapping[str, object], wanted: Mapping[str, object]) -> Iterable[str]:
    return sorted(current.keys() - wanted.keys())
