"""The health of servers, as the edges observe it.

Written in the event loop's thread, read from any: what is read is replaced as a whole, never changed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from provider.edges.leaving import FindLeaving
from provider.messages import Message
from provider.models import ObservedState
from provider.rises import FindRise

TCP: Final = "tcpService"
"""The kind of what has its servers told apart from those of HTTP."""


def name_of_tcp(service: str) -> str:
    """Return the name under which the servers of a TCP service are told, apart from those of HTTP."""
    return f"{TCP}/{service}"


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """A server's health, since when, and why it is said."""

    state: ObservedState
    since: datetime | None
    why: str
    kept_out: Mapping[str, datetime] = field(default_factory=dict)
    """The edges on which it is kept out of its pool, and since when."""
    is_partly: bool = field(default=False, compare=False)
    """Whether it is down on some edges, and up on others: these send it requests all the same."""


@dataclass(frozen=True, slots=True)
class _SeenServer:
    up: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class _ToldByEdge:
    """What an edge said last: as it said it, and with since when. It counts while it is `fresh`."""

    raw: Mapping[str, Mapping[str, bool]]
    servers: Mapping[str, Mapping[str, _SeenServer]]
    fresh: bool = True


UNOBSERVED: Final = ServerHealth(ObservedState.UNKNOWN, None, Message("no edge has reported it"))


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A server whose health is another one."""

    service: str
    url: str
    before: ObservedState
    after: ObservedState


class Health:
    """What each edge said of each server, by service and URL."""

    def __init__(self) -> None:
        self._edges: Mapping[str, _ToldByEdge] = {}
        self._kept: Mapping[str, Mapping[tuple[str, str], datetime]] = {}
        self._down: tuple[Mapping[str, _ToldByEdge], Mapping[str, Collection[str]]] = ({}, {})
        """What was said, and the servers that were down by it."""
        self.find_rise: FindRise | None = None
        """What tells of servers that rise to their weights, where anything does."""
        self.find_leaving: FindLeaving | None = None
        """What tells of drained servers, where anything does."""
        self._listeners: list[Callable[[Collection[HealthChange]], None]] = []

    def subscribe(self, listener: Callable[[Collection[HealthChange]], None]) -> None:
        """Call `listener` with the servers whose health has changed, whenever some has."""
        self._listeners.append(listener)

    def observe(self, edge: str, servers: Mapping[str, Mapping[str, bool]], date: datetime) -> None:
        """Note what an edge says now. `since` is when it began to say so.

        What is given has to be another mapping if it says anything else.
        """
        before = self._edges.get(edge)
        if before is None:
            told = _ToldByEdge(servers, _merged({}, servers, date))
        elif before.raw is not servers:
            told = _ToldByEdge(servers, _merged(before.servers, servers, date))
        elif before.fresh:
            return
        else:
            told = replace(before, fresh=True)
        self._replace(edge, told)

    def keep(self, edge: str, kept: Mapping[tuple[str, str], datetime]) -> None:
        """Note which servers are kept out on an edge, by service and URL, and since when."""
        rest = {name: each for name, each in self._kept.items() if name != edge}
        self._kept = {**rest, edge: kept} if kept else rest

    def count_kept(self, service: str | None = None) -> int:
        """Count the servers that are kept out on any edge, of one service or of all."""
        kept = {key for each in self._kept.values() for key in each}
        return len(kept) if service is None else sum(key[0] == service for key in kept)

    def forget(self, edge: str) -> None:
        """Rely no more on what an edge said, until it says it again."""
        before = self._edges.get(edge)
        if before is not None and before.fresh:
            self._replace(edge, replace(before, fresh=False))

    def _replace(self, edge: str, told: _ToldByEdge) -> None:
        """Let an edge have said something else, and tell whoever listens what that changes."""
        suspects = list(_different(self._edges.get(edge), told)) if self._listeners else []
        before = [self.get(service, url).state for service, url in suspects]
        self._edges = {**self._edges, edge: told}
        after = [self.get(service, url).state for service, url in suspects]
        changes = [
            HealthChange(service, url, was, now)
            for (service, url), was, now in zip(suspects, before, after, strict=True)
            if was is not now
        ]
        if changes:
            for listener in self._listeners:
                listener(changes)

    def list_down(self) -> Mapping[str, Collection[str]]:
        """Return the URLs of the servers that an edge calls down, by service: the same mapping until that changes."""
        told, known = self._down
        edges = self._edges
        if told is not edges:
            found: dict[str, set[str]] = {}
            for said in edges.values():
                for service, servers in said.raw.items() if said.fresh else ():
                    if not all(servers.values()):
                        found.setdefault(service, set()).update(url for url, up in servers.items() if not up)
            known = known if found == known else found
            self._down = edges, known
        return known

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
            why = Message("its health check fails on {edges}", edges=", ".join(sorted(down)))
            kept = {edge: each[service, url] for edge, each in sorted(self._kept.items()) if (service, url) in each}
            return ServerHealth(ObservedState.DOWN, since, why, kept, is_partly=len(down) < len(told))
        if told:
            since = max(seen.since for seen in told.values())
            return ServerHealth(
                ObservedState.UP, since, Message("its health check succeeds on {edges}", edges=", ".join(sorted(told)))
            )
        return UNOBSERVED


def _different(before: _ToldByEdge | None, after: _ToldByEdge) -> Iterator[tuple[str, str]]:
    """Give the servers, by service and URL, of which an edge says something else than it did."""
    old = before.raw if before is not None and before.fresh else {}
    new = after.raw if after.fresh else {}
    for service in old.keys() | new.keys():
        was, now = old.get(service, {}), new.get(service, {})
        if was != now:
            yield from ((service, url) for url in was.keys() | now.keys() if was.get(url) != now.get(url))


def _merged(
    before: Mapping[str, Mapping[str, _SeenServer]], now: Mapping[str, Mapping[str, bool]], date: datetime
) -> Mapping[str, Mapping[str, _SeenServer]]:
    def seen(service: str, url: str, *, up: bool) -> _SeenServer:
        known = before.get(service, {}).get(url)
        return known if known is not None and known.up == up else _SeenServer(up, date)

    return {
        service: {url: seen(service, url, up=up) for url, up in servers.items()} for service, servers in now.items()
    }
