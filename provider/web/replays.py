"""Round-robin to step through: who took the requests so far, and who is due when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from provider import balancing
from provider.balancing import Turn
from provider.models import ObservedState
from provider.values import ServerState
from provider.web.drawings.scene import DrawnServer


@dataclass(frozen=True, slots=True)
class Mark:
    """A time at which a server was due: the number of the request that it took, or None if it was passed over."""

    at: Fraction
    request: int | None


@dataclass(frozen=True, slots=True)
class Lane:
    """A server, when it was due, how many requests it took, and when it is due next: None if Traefik has it not."""

    server: DrawnServer
    marks: Sequence[Mark]
    taken: int
    due: Fraction | None
    is_next: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """Requests that were given to the servers of a service, one after the other; times are in rounds."""

    lanes: Sequence[Lane]
    answers: Sequence[str | None]
    now: Fraction

    @property
    def following(self) -> str | None:
        return next((lane.server.name for lane in self.lanes if lane.is_next), None)


def is_known(server: DrawnServer) -> bool:
    """Tell whether Traefik has a server: those that are drained or out of service are left out."""
    return server.state is ServerState.READY


def replay(servers: Sequence[DrawnServer], step: int) -> Replay:
    """Give so many requests to servers that Traefik has just loaded, in their order."""
    weights = {server.name: server.weight for server in servers if is_known(server)}
    down = {server.name for server in servers if server.health is ObservedState.DOWN}
    listed = list(islice(balancing.turns(weights, down), step + 1))
    marks: dict[str, list[Mark]] = {name: [] for name in weights}
    now = Fraction(0)
    for number, turn in enumerate(listed[:step], start=1):
        for name in turn.passed_over:
            marks[name].append(Mark(_due(marks[name], weights[name]), None))
        if turn.server is not None:
            now = _due(marks[turn.server], weights[turn.server])
            marks[turn.server].append(Mark(now, number))
    lanes = [_lane(server, marks.get(server.name), listed[step]) for server in servers]
    return Replay(lanes, [turn.server for turn in listed[:step]], now)


def _due(marks: Sequence[Mark], weight: int) -> Fraction:
    return Fraction(len(marks) + 1, weight)


def _lane(server: DrawnServer, marks: Sequence[Mark] | None, following: Turn) -> Lane:
    if marks is None:
        return Lane(server, (), 0, None, is_next=False)
    taken = sum(mark.request is not None for mark in marks)
    return Lane(server, marks, taken, _due(marks, server.weight), is_next=following.server == server.name)
