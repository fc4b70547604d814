"""The health of servers, as the edges observe it.

Written in the event loop's thread, read from any: what is read is replaced as a whole, never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from provider.messages import Message


class HealthState(StrEnum):
    """Whether a server answers its health check."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """A server's health, since when, and why it is said."""

    state: HealthState
    since: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class _Seen:
    up: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class _Told:
    """What an edge said last: as it said it, and with since when. It counts while it is `fresh`."""

    raw: Mapping[str, Mapping[str, bool]]
    servers: Mapping[str, Mapping[str, _Seen]]
    fresh: bool = True


UNOBSERVED: Final = ServerHealth(HealthState.UNKNOWN, None, Message("no edge has told"))


class Health:
    """What each edge said of each server, by service and URL."""

    def __init__(self) -> None:
        self._edges: Mapping[str, _Told] = {}

    def observe(self, edge: str, servers: Mapping[str, Mapping[str, bool]], date: datetime) -> None:
        """Note what an edge says now. `since` is when it began to say so.

        What is given has to be another mapping if it says anything else.
        """
        before = self._edges.get(edge)
        if before is None:
            told = _Told(servers, _merged({}, servers, date))
        elif before.raw is not servers:
            told = _Told(servers, _merged(before.servers, servers, date))
        elif before.fresh:
            return
        else:
            told = replace(before, fresh=True)
        self._edges = {**self._edges, edge: told}

    def forget(self, edge: str) -> None:
        """Rely no more on what an edge said, until it says it again."""
        before = self._edges.get(edge)
        if before is not None and before.fresh:
            self._edges = {**self._edges, edge: replace(before, fresh=False)}

    def get(self, service: str, url: str) -> ServerHealth:
        """Return a server's health. One edge that calls it down is enough to call it so."""
        told = {
            edge: seen
            for edge, said in self._edges.items()
            if said.fresh and (seen := said.servers.get(service, {}).get(url))
        }
        down = {edge: seen for edge, seen in told.items() if not seen.up}
        if down:
            since = min(seen.since for seen in down.values())
            return ServerHealth(
                HealthState.DOWN, since, Message("its health check fails on {edges}", edges=", ".join(sorted(down)))
            )
        if told:
            since = max(seen.since for seen in told.values())
            return ServerHealth(
                HealthState.UP, since, Message("its health check succeeds on {edges}", edges=", ".join(sorted(told)))
            )
        return UNOBSERVED


def _merged(
    before: Mapping[str, Mapping[str, _Seen]], now: Mapping[str, Mapping[str, bool]], date: datetime
) -> Mapping[str, Mapping[str, _Seen]]:
    def seen(service: str, url: str, *, up: bool) -> _Seen:
        known = before.get(service, {}).get(url)
        return known if known is not None and known.up == up else _Seen(up, date)

    return {
        service: {url: seen(service, url, up=up) for url, up in servers.items()} for service, servers in now.items()
    }
