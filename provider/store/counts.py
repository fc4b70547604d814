"""How many objects there are, by kind and state."""

from typing import Final

from sqlmodel import Session, col, func, select

from provider.models import Domain, Router, Server, Service
from provider.values import ServerState

PRESENT: Final = "present"
"""The state of objects that have no other."""

Counts = dict[tuple[str, str], int]


def count(session: Session) -> Counts:
    """Count the objects by kind and state; a state in which there is none is 0."""
    domains = session.exec(select(func.count()).select_from(Domain)).one()
    services = session.exec(select(func.count()).select_from(Service)).one()
    routers = session.exec(select(Router.enabled, func.count()).group_by(col(Router.enabled))).all()
    servers = session.exec(select(Server.state, func.count()).group_by(col(Server.state))).all()
    return {
        ("domain", PRESENT): domains,
        ("service", PRESENT): services,
        ("router", "enabled"): dict(routers).get(True, 0),
        ("router", "disabled"): dict(routers).get(False, 0),
        **{("server", state.value): dict(servers).get(state, 0) for state in ServerState},
    }
