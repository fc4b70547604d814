"""What became new: revisions, what is said of the edges, the health of servers and their shares.

The newest events are kept in memory, each with an id, so that whoever listens can go on where it was cut
off. An id begins with a mark of the process that gave it: one of another process, or one that is too old,
is not known any more, and whoever has it reads all anew.

Everything here runs in the event loop's thread, except `Events.published` and `Events.confirmed`. Whoever listens
waits for the one future that all share, and costs nothing while nothing happens.
"""

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Literal

import msgspec
from sqlmodel import col, select

from provider import moments
from provider.availability import observe, risen, without
from provider.configuration import shares
from provider.confirmations import ConfirmationNews
from provider.database.sessions import Session
from provider.edges.health import TCP, Health, HealthChange, ServerHealth, name_of_tcp
from provider.edges.keeping import Turned
from provider.edges.registry import Edges
from provider.edges.releases import Releases
from provider.edges.states import Edge
from provider.errors import Unavailable
from provider.leasing.book import LeaseChange
from provider.loops import Bell
from provider.models import IssuanceOutput, ObservedState, Revision, RolloutOutput
from provider.nouns import Server, Service
from provider.revisions import Revisions
from provider.snapshots import Snapshot
from provider.store import nouns, servers
from provider.store import revisions as kept

logger = logging.getLogger(__name__)

MOST_KEPT: Final = 2_000
"""Events that are kept for whoever was cut off."""

MOST_LISTENERS: Final = 2_000
MOST_OF_ONE: Final = 500
"""So many of them may listen with one token or account: the others are for everybody else."""

_MOST_OBJECTS: Final = 100
"""The most objects that a revision's event names."""

_MOST_SERVICES: Final = 100
"""When more services have other shares at once, it is cheaper to read all anew than to be told each."""

_MOST_LEASES: Final = 200
_REVISIONS_AT_ONCE: Final = 100
_RETRY_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.1
"""Time before the database is asked what happened: edges get their document first, and a storm is told in few looks."""

EventName = Literal["revision", "confirmation", "edge", "health", "shares", "rollout", "lease", "issuance", "reset"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became new. `content` is its data as JSON, in one line; in `data` itself, texts are messages."""

    number: int
    name: EventName
    content: str
    time: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _News:
    """What is to be told, read from the database: the names and data of events, and the revision until which."""

    told: Sequence[tuple[EventName, Mapping[str, Any]]]
    revision: int


class Events:
    """The newest events, and who waits for the next."""

    def __init__(self, revisions: Revisions, edges: Edges) -> None:
        self._revisions = revisions
        self._health = edges.health
        self._epoch = secrets.token_hex(4)
        self._kept: deque[Event] = deque(maxlen=MOST_KEPT)
        self._last = 0
        self._bell = Bell()
        self._known: int | None = None
        self._changed: dict[tuple[str, str], HealthChange] = {}
        self._rolled: dict[str, Mapping[str, Any]] = {}
        """What was told last of the rollout of each service."""

        self._releases = Releases()
        self.listeners = 0
        self.listening: Counter[str] = Counter()
        """How many of them listen with each token or session."""
        self.closed = False

    # What happens

    def open(self) -> None:
        """Begin to take what happens, in the loop that runs. What is served now is nothing new."""
        self._bell.enter()
        current = self._revisions.current
        self._known = None if current is None else current.revision

    def close(self) -> None:
        """Let go of all who listen, and take nothing more."""
        self.closed = True
        self._wake()

    def published(self, _snapshot: Snapshot) -> None:
        """Take a new snapshot. May be called from any thread."""
        self._bell.ring()

    def confirmed(self, news: ConfirmationNews) -> None:
        """Take what became of a revision that has to be confirmed. May be called from any thread."""
        data = {"number": news.revision, "state": news.state.value, "before": _written(news.before)}
        self._bell.call(self._add, "confirmation", data)

    def judged(self, edge: Edge) -> None:
        """Take what is said of an edge now."""
        data = {
            "name": edge.name,
            "state": edge.verdict.state.value,
            "since": _written(edge.since),
            "detail": edge.verdict.detail,
            "revision": None if edge.given is None else edge.given.revision,
        }
        self._add("edge", data)

    def rolled(self, rollout: RolloutOutput) -> None:
        """Take what is said of a rollout now."""
        told = rollout.json()
        data = {name: told[name] for name in ("service", "to", "state", "percent", "detail")}
        if self._rolled.get(rollout.service) != data:
            self._rolled[rollout.service] = data
            self._add("rollout", {**data, "detail": rollout.detail})

    def leased(self, changes: Collection[LeaseChange]) -> None:
        """Take the leases that stand otherwise than before."""
        if len(changes) > _MOST_LEASES:
            self._add("reset", {})
            return
        for change in changes:
            data = {"service": change.service, "name": change.server, "state": change.after, "before": change.before}
            self._add("lease", data)

    def issued(self, domain: str, standing: IssuanceOutput) -> None:
        """Take how this service is getting on with the certificate of a domain. May be called from any thread."""
        data = {"domain": domain, "state": standing.state, "why": standing.why, "next": _written(standing.next)}
        self._bell.call(self._add, "issuance", data)

    def observed(self, changes: Collection[HealthChange]) -> None:
        """Take the servers whose health has changed."""
        for change in changes:
            key = change.service, change.url
            first = self._changed.get(key, change)
            self._changed[key] = HealthChange(change.service, change.url, first.before, change.after)
        self._bell.ring()

    def kept_out(self, _edge: str, turned: Turned) -> None:
        """Take the servers that are kept out of their pools now, and those that are back."""
        down = ObservedState.DOWN
        self.observed([HealthChange(server.service, server.url, down, down) for server in (*turned.out, *turned.back)])

    async def keep(self) -> None:
        """Tell what happened in the words of the desired state, until cancelled."""
        while True:
            while not self._is_due():
                await self._bell.wait()
            await asyncio.sleep(_PAUSE_SECONDS)
            changed, self._changed = self._changed, {}
            try:
                news = await asyncio.to_thread(_read, self._revisions, self._health, self._known, changed.values())
            except Unavailable as error:
                logger.debug("events cannot be sent now: %s", error.detail)
                self._changed = changed | self._changed
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._known = news.revision
            for name, data in news.told:
                self._add(name, data)

    def _is_due(self) -> bool:
        current = self._revisions.current
        return current is not None and (current.revision != self._known or bool(self._changed))

    def _add(self, name: EventName, data: Mapping[str, Any]) -> None:
        self._last += 1
        content = msgspec.json.encode(data, enc_hook=str).decode()
        self._kept.append(Event(self._last, name, content, datetime.now(UTC), data))
        self._wake()

    # Who listens

    @property
    def last(self) -> int:
        """The number of the newest event, or 0 before the first."""
        return self._last

    def id(self, number: int) -> str:
        """Return the id of an event, as whoever listens sees it."""
        return f"{self._epoch}-{number}"

    def newest(self) -> Iterator[Event]:
        """Give the events that are kept, the newest first."""
        return reversed(self._kept.copy())

    def find(self, event_id: str) -> int | None:
        """Find the number of the event with this id, or None if it is not known, or what followed it is not."""
        epoch, _dash, number = event_id.partition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()) or len(number) > 18:
            return None
        return int(number) if self._last - len(self._kept) <= int(number) <= self._last else None

    def after(self, number: int) -> Sequence[Event] | None:
        """Return the events after one, or None where some of them are not kept any more."""
        missed = self._last - number
        if missed > len(self._kept):
            return None
        return list(islice(self._kept, len(self._kept) - missed, None))

    async def changed(self, seconds: float, other: asyncio.Future[None]) -> None:
        """Wait until there is an event more, or something other is done, or the time is up, or all are let go of."""
        if not self.closed:
            release = self._releases.join()
            try:
                await asyncio.wait({release, other}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._releases.leave(release)

    def _wake(self) -> None:
        self._releases.wake()


def _read(revisions: Revisions, health: Health, known: int | None, changed: Collection[HealthChange]) -> _News:
    """Read what is to be told of new revisions and of servers with another health. Raises `Unavailable`."""
    current = revisions.current
    if known is None and current is not None:
        return _News([("reset", {})], current.revision)  # there was no state yet that could be told
    with revisions.reading() as session:
        newer = select(Revision).where(col(Revision.number) > known).order_by(col(Revision.number))
        rows = session.exec(newer.limit(_REVISIONS_AT_ONCE)).all()
        numbers = [row.number for row in rows]
        named = kept.find_names(session, numbers, _MOST_OBJECTS + 1)
        told: list[tuple[EventName, Mapping[str, Any]]] = [
            ("revision", _revision(row, named.get(row.number, []))) for row in rows
        ]
        touched = kept.touched_services(session, numbers, _MOST_SERVICES + 1)
        touched |= {change.service for change in changed if ObservedState.DOWN in {change.before, change.after}}
        if len(touched | {change.service for change in changed}) > _MOST_SERVICES:
            told.append(("reset", {}))
        else:
            told += _tell_health(session, health, changed)
            told += _tell_shares(session, health, touched)
    return _News(told, rows[-1].number if rows else known or 0)


def _revision(row: Revision, named: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "number": row.number,
        "time": row.time,
        "author": row.author,
        "summary": row.summary,
        "objects": [{"kind": kind, "name": name} for kind, name in named[:_MOST_OBJECTS]],
        "more": len(named) > _MOST_OBJECTS,
    }


def _tell_health(
    session: Session, health: Health, changed: Iterable[HealthChange]
) -> list[tuple[EventName, Mapping[str, Any]]]:
    urls = {(change.service, change.url) for change in changed}
    told: list[tuple[EventName, Mapping[str, Any]]] = [
        ("health", {"kind": TCP, "service": name, "name": url, **_of_health(health.get(name_of_tcp(name), url))})
        for name, url in sorted((service.removeprefix(f"{TCP}/"), url) for service, url in urls if "/" in service)
    ]
    for service, pool in _list_pools(session, {name for name, _url in urls}):
        healths = observe(service, pool, health)
        for server in pool:
            if (service.name, server.url) in urls:
                data = _of_health(healths[server.name])
                told.append(("health", {"service": service.name, "name": server.name, **data}))
    return told


def _of_health(found: ServerHealth) -> dict[str, Any]:
    data = {"state": found.state.value, "since": _written(found.since), "why": found.why}
    kept = [{"edge": edge, "since": _written(since)} for edge, since in found.kept_out.items()]
    return {**data, "keptOut": kept} if kept else data


def _tell_shares(session: Session, health: Health, names: Collection[str]) -> list[tuple[EventName, Mapping[str, Any]]]:
    return [
        (
            "shares",
            {
                "service": service.name,
                "shares": shares(pool, without(observe(service, pool, health)), risen(service, pool, health)),
            },
        )
        for service, pool in _list_pools(session, names)
    ]


def _list_pools(session: Session, names: Collection[str]) -> list[tuple[Service, list[Server]]]:
    """Return those of the services that there are, each with its servers, by name."""
    pools = servers.of_services(session, sorted(names))
    listed = [nouns.find(session, Service, name) for name in sorted(names)]
    return [(service, pools.get(service.name, [])) for service in listed if service is not None]


def _written(date: datetime | None) -> str | None:
    return None if date is None else moments.shown(date)
