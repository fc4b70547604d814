"""What edges tell of a rollout: that something is wrong, so that it goes back, or that it has to wait.

Everything here runs in the event loop's thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provider import shifts
from provider.edges.missing import Awaited, MissingEdge
from provider.edges.registry import Edges
from provider.edges.states import Edge, EdgeState
from provider.edges.verdicts import words_of_hindered
from provider.edges.waiting import list_missing
from provider.foreigners import find_dangling
from provider.inventory import OfParts
from provider.messages import Message
from provider.nouns import Named, Service, called, versions
from provider.parts import Parts
from provider.shifts import Shift
from provider.snapshots import Snapshot

_BROKEN = {EdgeState.REJECTED, EdgeState.DEGRADED}
_ALL = 100
_ABSENT = {EdgeState.STALE, EdgeState.NEVER_SEEN}


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a rollout looks now: why it goes back, or why it waits; None for both where nothing is in the way.

    `is_served`: every edge that can be asked runs its step.
    """

    failure: str | None = None
    wait: str | None = None
    is_served: bool = False


def look(edges: Edges, shift: Shift, desired: Parts, served: Snapshot) -> Outlook:
    """Look at a rollout. `desired` are the parts over which its step is laid in what is served."""
    if (lost := find_lost(shift, desired)) is not None:
        return Outlook(failure=lost)
    if (down := find_down(edges, desired, shift.target)) is not None:
        return Outlook(failure=down)
    missing = list(_list_missing(edges, shift, desired, served))
    broken = next((each for each in missing if each.is_settled and each.state in _BROKEN), None)
    if broken is not None:
        return Outlook(failure=Message("edge {name}: {detail}", name=broken.name, detail=broken.detail))
    late = next((each for each in missing if not each.is_settled), None)
    if late is not None:
        return Outlook(wait=Message("waiting for edge {name}: {detail}", name=late.name, detail=late.detail))
    if not any(_is_there(edge) for edge in edges.known):
        return Outlook(wait=Message("waiting for an edge: none is connected"))
    # Those that get nothing any more may be stopped.
    down = find_down(edges, desired, shift.service) if shift.percent < _ALL else None
    return Outlook(wait=None if down is None else Message("waiting: {why}", why=down), is_served=True)


def find_lost(shift: Shift, parts: Parts) -> str | None:
    """Say what is gone of a rollout, if anything is."""
    for name in (shift.service, shift.target):
        if parts.find((Service.kind, name)) is None:
            return Message("there is no service {name} any more", name=name)
    if shift.key in parts.reached(parts.services.parts[shift.target]):
        return Message("{name} is made of {service}", name=shift.target, service=shift.service)
    if not shifts.is_needed(parts, shift.service):
        return Message("nothing leads to {service} any more", service=shift.service)
    empty = shifts.find_empty(parts, shift.target)
    return None if empty is None else Message("{service} has no server that takes requests", service=empty)


def find_down(edges: Edges, parts: Parts, service: str) -> str | None:
    """Say which server is down of those that answer requests to a service, if one is."""
    told = edges.health.list_down()
    for name, urls in shifts.find_checked(parts, service).items():
        for url in urls:
            if url in told.get(name, ()):
                why = edges.health.get(name, url).why
                return Message("server {url} of {service} is down: {why}", url=url, service=name, why=why)
    return None


def find_unchecked(parts: Parts, service: str) -> str | None:
    """Say which pool has no health check of those that answer requests to a service, if one has none."""
    unchecked = next((name for name, urls in shifts.find_checked(parts, service).items() if not urls), None)
    if unchecked is None:
        return None
    return Message(
        "{service} has no health check, so nobody would notice if it failed: add one, or start the rollout without one",
        service=unchecked,
    )


def find_broken(edges: Edges, shift: Shift, parts: Parts) -> str | None:
    """Say which edge would not serve what leads to a service, or does not already. Any thread may ask."""
    target = parts.find((Service.kind, shift.target))
    reached = () if target is None else parts.reached(target)
    needed = [(Service.kind, shift.target), *reached]
    for edge in edges.known:
        observed = edge.observation
        if observed is None or edge.verdict.state in _ABSENT:
            continue
        hindered = words_of_hindered(observed, _leading(shift, parts)) if edge.verdict.state in _BROKEN else None
        if hindered is not None:
            return Message("edge {name}: it {told}", name=edge.name, told=hindered)
        version = versions.read(observed.version)
        newer = next((key for key in needed if version and (part := parts.find(key)) and part.since > version), None)
        if newer is not None:
            kind, name = newer
            told = {"edge": edge.name, "version": observed.version, "kind": called(kind), "name": name}
            return Message("edge {edge}: Traefik {version} is too old for {kind} {name}", **told)
    dangling = next(find_dangling(OfParts(parts), edges.surroundings.known, needed), None)
    return None if dangling is None else dangling.detail


def seconds_since_reload(edges: Edges, now: float) -> float:
    """Return how long ago the last edge was given another document: it may take all servers for up for a while."""
    return min((now - edge.given_at for edge in edges.known if _is_there(edge)), default=0.0)


def _list_missing(edges: Edges, shift: Shift, parts: Parts, served: Snapshot) -> Iterator[MissingEdge]:
    why = Message("it does not run this step yet")
    awaited = [Awaited(shift.key, why, is_settled=False, part=served.parts.find(shift.key))]
    yield from list_missing(edges, 0, _leading(shift, parts), awaited)


def _leading(shift: Shift, parts: Parts) -> Callable[[Named], bool]:
    """Return what tells of a router, by its kind and name, whether it leads to a service."""

    def leads(router: Named) -> bool:
        part = parts.find(router)
        return part is not None and shift.key in parts.reached(part)

    return leads


def _is_there(edge: Edge) -> bool:
    return edge.verdict.state not in _ABSENT and not edge.is_passing
