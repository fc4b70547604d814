"""How many objects there are, by kind and state."""

from typing import Final

from sqlmodel import Session, col, func, select

from provider.models import DomainRow, RouterRow, ServerRow, ServiceRow
from provider.values import ServerState

PRESENT: Final = "present"
"""The state of objects that have no other."""

Counts = dict[tuple[str, str], int]


def count(session: Session) -> Counts:
    """Count the objects by kind and state; a state in which there is none is 0."""
    domains = session.exec(select(func.count()).select_from(DomainRow)).one()
    services = session.exec(select(func.count()).select_from(ServiceRow)).one()
    routers = session.exec(select(RouterRow.enabled, func.count()).group_by(col(RouterRow.enabled))).all()
    servers = session.exec(select(ServerRow.state, func.count()).group_by(col(ServerRow.state))).all()
    return {
        ("domain", PRESENT): domains,
        ("service", PRESENT): services,
        ("router", "enabled"): dict(routers).get(True, 0),
        ("router", "disabled"): dict(routers).get(False, 0),
        **{("server", state.value): dict(servers).get(state, 0) for state in ServerState},
    }
