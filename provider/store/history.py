"""The states of earlier revisions: found by undoing, from the state that is, what was changed since."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from provider.declarations import Declaration
from provider.models import DomainInput, Revision, RouterInput, ServerInput, ServiceInput
from provider.store import declarations, revisions


def state_at(session: Session, number: int) -> Declaration:
    """Return the whole state as it was at a revision. Raises `NotFound`."""
    revisions.get(session, number)
    since = select(Revision.changes).where(col(Revision.number) > number).order_by(col(Revision.number).desc())
    current = declarations.read(session)
    state = _State(current)
    for changes in session.exec(since):
        for change in reversed(changes):
            state.set(change["kind"], change["name"], change["before"])
    return state.declaration()


class _State:
    """A state that is being undone."""

    def __init__(self, current: Declaration) -> None:
        self._domains = dict(current.domains)
        self._services = dict(current.services)
        self._servers = {service: dict(pool) for service, pool in current.servers.items()}
        self._routers = dict(current.routers)

    def set(self, kind: str, name: str, before: dict[str, Any] | None) -> None:
        """Put an object back as it was before a change; None takes it away."""
        if kind == "domain":
            _set(self._domains, name, before, DomainInput)
        elif kind == "service":
            _set(self._services, name, before, ServiceInput)
        elif kind == "router":
            _set(self._routers, name, before, RouterInput)
        elif kind == "server":
            service, _slash, server = name.partition("/")
            _set(self._servers.setdefault(service, {}), server, before, ServerInput)

    def declaration(self) -> Declaration:
        """Return what it came to."""
        return Declaration(self._domains, self._services, self._servers, self._routers)


def _set(objects: dict[str, Any], name: str, before: dict[str, Any] | None, model: Any) -> None:
    if before is None:
        objects.pop(name, None)
    else:
        objects[name] = model.model_validate(before)


def since(session: Session, number: int) -> Sequence[Revision]:
    """Return the revisions after a number, in their order."""
    return session.exec(select(Revision).where(col(Revision.number) > number).order_by(col(Revision.number))).all()
