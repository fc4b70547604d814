"""Which applications are in a state: what the overview can be filtered by."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from provider.database.sessions import Session
from provider.messages import Message
from provider.outages import Outage
from provider.store import object_changes, routers
from provider.web.scenes import Sight


class ApplicationState(StrEnum):
    """What an application is in, by its router. One may be in several."""

    ALL = "all"
    WRONG = "wrong"
    """Requests for it fail, or some of its servers are down: as the alarms tell, or another router hides it."""

    LIVE = "live"
    """Every edge that polls runs it as it is wanted, and nothing of it is wrong."""

    WAITING = "waiting"
    """It is on its way to an edge, or no edge polls."""

    DRAINED = "drained"
    """A server of it is drained, or out of service."""

    DISABLED = "disabled"


WORDS: Final[Mapping[ApplicationState, Message]] = {
    ApplicationState.ALL: Message("All"),
    ApplicationState.WRONG: Message("Problems"),
    ApplicationState.LIVE: Message("Live"),
    ApplicationState.WAITING: Message("Not live yet"),
    ApplicationState.DRAINED: Message("Drained servers"),
    ApplicationState.DISABLED: Message("Disabled"),
}
"""How each is called."""


def find_names(session: Session, state: ApplicationState, sight: Sight, outages: Sequence[Outage]) -> set[str] | None:
    """Find the routers of the applications that are in a state, or return None for all."""
    if state is ApplicationState.ALL:
        return None
    if state is ApplicationState.DRAINED:
        return set(routers.drained(session))
    if state is ApplicationState.DISABLED:
        return {router.name for router in routers.disabled(session)}
    served = {} if sight.revision is None else sight.routing.services()
    wrong = _find_wrong(sight, served, outages)
    if state is ApplicationState.WRONG:
        return wrong
    waiting = _find_waiting(session, sight, served)
    return waiting - wrong if state is ApplicationState.WAITING else served.keys() - wrong - waiting


def _find_wrong(sight: Sight, served: dict[str, str | None], outages: Sequence[Outage]) -> set[str]:
    lacking = {outage.service for outage in outages}
    refused = sight.refused
    found = {name for name, service in served.items() if service in lacking}
    for edge in sight.standings:
        if edge.awaited:
            found |= edge.list_known() & served.keys()
    return found | sight.routing.find_hidden(served.keys() - refused, refused).keys()


def _find_waiting(session: Session, sight: Sight, served: dict[str, str | None]) -> set[str]:
    """Find those that an edge does not run as they are wanted: all, where that is not known of any edge."""
    runs = [edge.runs if edge.history else None for edge in sight.edges if edge.awaited]
    if not runs or None in runs or sight.revision is None:
        return set(served)
    oldest = min(number for number in runs if number is not None)
    if oldest >= sight.revision:
        return set()
    changed = object_changes.names_since(session, oldest)
    return {name for name, service in served.items() if ("router", name) in changed or ("service", service) in changed}
