"""What each server gets of a service's requests, also through services that are made of services. Pure.

Measured with Traefik 3.7.15. A service that is made of others hands them its requests by their weights, and goes by
their health only where it has `healthCheck` itself; it then also tells whoever is made of it. A failover goes by the
health of its first service always. A pool counts as down when its health check fails on each of its servers: without a
health check never, and without any server neither, so that a parent goes on sending, and Traefik answers 503.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from provider import configuration
from provider.nouns import Server, Service
from provider.nouns.common import SERVICE
from provider.nouns.composed import Composition, Failover, HighestRandomWeight, Mirroring, Weighted
from provider.values import ServerState

_MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service with its servers, and the names of those that are down. One that is made of others has none."""

    service: Service
    servers: Sequence[Server] = ()
    down: Collection[str] = ()
    risen: Mapping[str, float] = field(default_factory=dict)
    """Those that have only a part of their weights yet, and which."""
    partly: Collection[str] = ()
    """Those of `down` that some edges still send requests."""

    @property
    def shares(self) -> dict[str, float]:
        """The part of its requests that each server gets, where it gets any, by name."""
        without = [name for name in self.down if name not in self.partly]
        return configuration.shares(self.servers, without, self.risen)

    @property
    def taking(self) -> list[Server]:
        """The servers that take requests."""
        return [each for each in self.servers if each.state is ServerState.READY and each.name not in self.down]


class MemberRole(StrEnum):
    """What a service is to the one that is made of it."""

    MEMBER = "member"
    MAIN = "main"
    SPARE = "spare"
    MIRROR = "mirror"
    """It gets copies, and answers nobody."""


@dataclass(frozen=True, slots=True)
class Member:
    """A service as another one names it. `number`: its weight, or a mirror's percentage, where it has one."""

    name: str
    role: MemberRole
    number: int | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether an edge has it from another provider, so that nothing is known of it."""
        return SERVICE.leads_elsewhere(self.name)


@dataclass(frozen=True, slots=True)
class Row:
    """A service below another one in the tree. `share`: its part of all requests, by this way. `known`: or nothing.

    A service to which several ways lead has what is below it at the first one; elsewhere it is `again`.
    """

    depth: int
    member: Member
    share: float
    known: KnownService | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """What becomes of the requests to a service: each service's part of them, and each server's, 0 to 1."""

    root: str
    known: Mapping[str, KnownService]
    services: Mapping[str, float]
    """By name; a service comes before those of which it is made. Mirrors have 0."""
    parts: Mapping[str, Sequence[tuple[Member, float]]] = field(default_factory=dict)
    """The services of which each is made, with their parts of its requests."""

    def servers(self) -> Iterator[tuple[KnownService, Server, float]]:
        """Give the servers of all services that answer, or may answer, with what each gets of the requests."""
        for name in self.answering():
            pool = self.known.get(name)
            if pool is not None and pool.service.composition is None:
                given = pool.shares
                for server in pool.servers:
                    yield pool, server, self.services[name] * given[server.name]

    def answering(self) -> list[str]:
        """Return the names of the services that answer, or may answer: all but mirrors, in order."""
        found = {self.root}
        for name in self.services:
            if name in found:
                found |= {
                    member.name for member, _part in self.parts.get(name, ()) if member.role is not MemberRole.MIRROR
                }
        return [name for name in self.services if name in found]

    def mirrors(self) -> list[Member]:
        """Return the mirrors of the services that answer, or may answer, each once."""
        found = (member for name in self.answering() for member, _part in self.parts.get(name, ()))
        return list({each.name: each for each in found if each.role is MemberRole.MIRROR}.values())

    def spares(self) -> set[str]:
        """Return the names of the services that only get requests while others are down."""
        found = {self.root}
        for name in self.answering():
            if name in found:
                members = (member for member, _part in self.parts.get(name, ()))
                found |= {each.name for each in members if each.role in {MemberRole.MEMBER, MemberRole.MAIN}}
        return {*self.answering()} - found

    def foreign(self) -> list[str]:
        """Return the names of the services that may answer and are not known here."""
        return [name for name in self.answering() if name not in self.known]

    def lacking(self) -> list[str]:
        """Return the names of the pools that get requests and have no server left for them: Traefik answers 503."""
        return [
            name
            for name, share in self.services.items()
            if share and (pool := self.known.get(name)) and pool.service.composition is None and not pool.taking
        ]

    @property
    def answered(self) -> float:
        """The part of the requests that somebody answers, as far as is known."""
        foreign = sum(self.services[name] for name in self.foreign())
        return foreign + sum(share for _pool, _server, share in self.servers())

    def rows(self) -> list[Row]:
        """Return what is below the service, as a tree, of which a page shows so much."""
        rows: list[Row] = []
        shown = {self.root}
        waiting = [(0, self.root, part) for part in reversed(self.parts.get(self.root, ()))]
        while waiting and len(rows) < _MOST_ROWS:
            depth, parent, (member, part) = waiting.pop()
            name, share = member.name, self.services.get(parent, 0.0) * part
            rows.append(Row(depth, member, share, self.known.get(name), again=name in shown))
            if name not in shown:
                shown.add(name)
                waiting += [(depth + 1, name, below) for below in reversed(self.parts.get(name, ()))]
        return rows


def find(root: str, known: Mapping[str, KnownService]) -> Spread:
    """Find what becomes of the requests to a service. `known` are those of which something is known, by name.

    Each is looked at once, however many ways lead to it. What leads back to where it came from gets nothing.
    """
    order = order_below(root, lambda name: _below(name, known))
    place = {name: number for number, name in enumerate(order)}
    up: dict[str, bool] = {}
    for name in reversed(order):
        up[name] = _is_up(known.get(name), up)
    services = dict.fromkeys(order, 0.0)
    services[root] = 1.0
    parts: dict[str, Sequence[tuple[Member, float]]] = {}
    for name in order:
        composition = known[name].service.composition if name in known else None
        if composition is not None:
            parts[name] = _parts(composition, up)
            for member, part in parts[name]:
                if place[member.name] > place[name]:
                    services[member.name] += services[name] * part
    return Spread(root, known, services, parts)


def members(composition: Composition | None) -> list[Member]:
    """Return the services of which one is made, in order; none of a pool."""
    if isinstance(composition, Weighted | HighestRandomWeight):
        return [Member(each.name, MemberRole.MEMBER, each.weight) for each in composition.services]
    if isinstance(composition, Mirroring):
        mirrors = [Member(each.name, MemberRole.MIRROR, each.percent) for each in composition.mirrors]
        return [Member(composition.service, MemberRole.MAIN), *mirrors]
    if isinstance(composition, Failover):
        return [Member(composition.service, MemberRole.MAIN), Member(composition.fallback, MemberRole.SPARE)]
    return []


def order_below(root: str, below_of: Callable[[str], Iterable[str]]) -> list[str]:
    """Return all that something leads to, each once, and before what it leads to but for what leads back.

    `below_of` gives what one leads to, the last first.
    """
    done: list[str] = []
    seen = {root}
    waiting = [(root, iter(below_of(root)))]
    while waiting:
        name, below = waiting[-1]
        following = next((each for each in below if each not in seen), None)
        if following is None:
            done.append(name)
            waiting.pop()
        else:
            seen.add(following)
            waiting.append((following, iter(below_of(following))))
    return done[::-1]


def _below(name: str, known: Mapping[str, KnownService]) -> list[str]:
    pool = known.get(name)
    # The last first: so the first of them comes first in the order, which is turned round.
    return [] if pool is None else [each.name for each in reversed(members(pool.service.composition))]


def _is_up(pool: KnownService | None, up: Mapping[str, bool]) -> bool:
    """Tell whether a parent takes a service for up: `up` says so of those of which it is made."""
    if pool is None:
        return True
    composition = pool.service.composition
    if composition is None:
        has_ready = any(each.state is ServerState.READY for each in pool.servers)
        return pool.service.health_check is None or not has_ready or bool(pool.taking)
    if not _goes_by_health(composition):
        return True
    return any(up.get(each.name, True) for each in members(composition) if each.role is not MemberRole.MIRROR)


def _parts(composition: Composition, up: Mapping[str, bool]) -> list[tuple[Member, float]]:
    """Return the services of which one is made, with the part that each gets of its requests."""
    found = members(composition)
    by_health = _goes_by_health(composition)
    if isinstance(composition, Failover):
        is_main = up.get(found[0].name, True)
        is_spare = not is_main and (not by_health or up.get(found[1].name, True))
        return [(found[0], float(is_main)), (found[1], float(is_spare))]
    if isinstance(composition, Mirroring):
        return [(each, float(each.role is MemberRole.MAIN)) for each in found]
    weights = [(each.number or 0) if up.get(each.name, True) or not by_health else 0 for each in found]
    total = sum(weights)
    return [(each, weight / total if total else 0.0) for each, weight in zip(found, weights, strict=True)]


def _goes_by_health(composition: Composition) -> bool:
    return composition.__dict__["health_check"] is not None
