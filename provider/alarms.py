"""Alarms: what is wrong, told once for `/readyz` and the metrics.

Each source is a function that gives alarms. What shall be told everywhere is added there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from provider import outages
from provider.confirmations import Confirmations
from provider.edges.fallback import Fallback
from provider.edges.registry import Edges
from provider.edges.sightings import Sighting, Sightings
from provider.edges.states import Edge, EdgeState, is_gone
from provider.leasing.leasing import Leasing
from provider.messages import Message, template
from provider.models import RolloutOutput
from provider.outages import Outage
from provider.parts import Parts
from provider.revisions import Revisions
from provider.snapshots import Snapshot
from provider.tls import OwnCertificate

_EDGES: Final = [
    EdgeState.REJECTED,
    EdgeState.DEGRADED,
    EdgeState.STALE,
    EdgeState.UNCONFIRMED,
    EdgeState.NEVER_SEEN,
]
"""The states in which somebody has to look at an edge, the gravest first."""

_EXPECTED: Final = {EdgeState.UNCONFIRMED, EdgeState.NEVER_SEEN}
"""States that are as they should be for an edge whose API the settings do not name."""

_MOST_EDGES_TOLD: Final = 20
_MOST_SERVICES_TOLD: Final = 10
_MOST_DOMAINS_TOLD: Final = 10
_MOST_ROLLBACKS_TOLD: Final = 5
_MOST_SECONDS_APART: Final = 5.0
_PATIENCE: Final = timedelta(minutes=1)
"""A certificate that is on its way to an edge is nothing to tell of."""


class Gravity(StrEnum):
    """How bad it is: requests or changes fail, or they may soon."""

    BAD = "bad"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: a sentence, and the object that it is about, where it is about one.

    `kind` is `edge`, `domain`, `service` or `revision`; without a `name` it is about several of that kind. `count` is
    how many things it stands for.
    """

    gravity: Gravity
    said: str
    kind: str | None = None
    name: str | None = None
    count: int = 1


@dataclass(slots=True)
class Alarms:
    """Gives what is wrong now. What is long to find is kept until it changes."""

    _revisions: Revisions
    _edges: Edges
    _fallback: Fallback
    _certificate: OwnCertificate | None
    _confirmations: Confirmations
    _unissued: Callable[[], Mapping[str, str]]
    """Gives the domains that lack the certificate which this service has to get, each with why."""
    _failed: Callable[[], Sequence[RolloutOutput]]
    """Gives the rollouts that went back, or stopped, by themselves."""
    _leasing: Leasing
    _known: tuple[Parts | None, object, Sequence[Outage]] = (None, None, ())

    def list_all(self) -> list[Alarm]:
        """Return all alarms, the gravest first, with the edges judged now: in the event loop's thread."""
        return self._list(list(self._edges))

    def list_known(self) -> list[Alarm]:
        """Return all alarms, the gravest first, with the edges as they were judged last. Any thread may ask."""
        return self._list(self._edges.known)

    def _list(self, edges: Sequence[Edge]) -> list[Alarm]:
        found = [
            *_of_database(self._revisions),
            *_of_clock(self._revisions.find_seconds_ahead()),
            *_of_confirmations(self._confirmations),
            *_of_fallback(self._fallback),
            *_of_certificate(self._certificate),
            *_of_edges(edges),
            *_of_unissued(self._unissued(), self._revisions.current),
            *_of_domains(self._revisions.current, self._edges.sightings),
            *_of_leases(self._leasing),
            *_of_services(self.list_outages(), self._edges.health.count_kept),
            *_of_rollouts(self._failed()),
        ]
        return sorted(found, key=lambda alarm: alarm.gravity is not Gravity.BAD)

    def list_outages(self) -> Sequence[Outage]:
        """Return the services that lack servers, those without any first."""
        snapshot = self._revisions.current
        if snapshot is None:
            return ()
        down = self._edges.health.list_down()
        parts, told, found = self._known
        if parts is not snapshot.parts or told is not down:
            found = outages.find(snapshot.parts, down)
            self._known = snapshot.parts, down, found
        return found


def _of_database(revisions: Revisions) -> Iterator[Alarm]:
    trouble = revisions.find_trouble()
    if trouble is not None:
        yield Alarm(Gravity.BAD, Message("changes are refused: {trouble}", trouble=trouble))
    elif (worry := revisions.find_worry()) is not None:
        yield Alarm(Gravity.WARNING, Message("changes would be refused after a restart: {worry}", worry=worry))


def _of_clock(ahead: float) -> Iterator[Alarm]:
    """Tell that this machine's clock is not that of the database, by which other services should go, too."""
    if abs(ahead) <= _MOST_SECONDS_APART:
        return
    seconds = round(abs(ahead))
    if ahead > 0:
        told = Message("this machine's clock is {seconds} s ahead of the database's: synchronize it", seconds=seconds)
    else:
        told = Message("this machine's clock is {seconds} s behind the database's: synchronize it", seconds=seconds)
    yield Alarm(Gravity.WARNING, told)


def _of_confirmations(confirmations: Confirmations) -> Iterator[Alarm]:
    """Tell what should have been rolled back, and what was: somebody may have lost sight of it."""
    for pending in confirmations.pending:
        if pending.trouble is not None:
            values = {"number": pending.revision, "why": pending.trouble}
            told = Message("revision {number} was not confirmed, but cannot be rolled back: {why}", **values)
            yield Alarm(Gravity.BAD, told, "revision", str(pending.revision))
    for each in confirmations.rolled_back[:_MOST_ROLLBACKS_TOLD]:
        values = {"number": each.revision, "within": each.within}
        if each.left:
            told = Message(
                "revision {number} was only partly rolled back when nobody confirmed it within {within}: {left}",
                **values,
                left=each.left[0],
            )
            yield Alarm(Gravity.BAD, told, "revision", str(each.revision))
        else:
            told = Message("revision {number} was rolled back: nobody confirmed it within {within}", **values)
            yield Alarm(Gravity.WARNING, told, "revision", str(each.revision))


def _of_fallback(fallback: Fallback) -> Iterator[Alarm]:
    if fallback.trouble:
        yield Alarm(Gravity.WARNING, fallback.trouble)


def _of_certificate(certificate: OwnCertificate | None) -> Iterator[Alarm]:
    warning = None if certificate is None else certificate.find_warning(datetime.now(UTC))
    if warning:
        yield Alarm(Gravity.WARNING, warning)


def _of_unissued(unissued: Mapping[str, str], current: Snapshot | None) -> Iterator[Alarm]:
    """Tell which domains have no certificate from this service, and why."""
    secured = {} if current is None else current.listening.secured
    found = [(name, why) for name, why in unissued.items() if name in secured]
    for name, why in found[:_MOST_DOMAINS_TOLD]:
        told = Message("domain {name}: {why}", name=secured[name].name, why=why)
        yield Alarm(Gravity.WARNING, told, "domain", name)
    more = len(found) - _MOST_DOMAINS_TOLD
    if more > 0:
        told = Message("and {count} more domains have no certificate from wayshub-provider", count=more)
        yield Alarm(Gravity.WARNING, told, "domain", count=more)


def _of_domains(current: Snapshot | None, sightings: Sightings) -> Iterator[Alarm]:
    """Tell for which domains visitors get a certificate that their browsers refuse, or will soon."""
    secured = {} if current is None else current.listening.secured
    by_domain: dict[str, list[tuple[str, Sighting]]] = {}
    for domain, edge, seen in sightings.amiss(datetime.now(UTC), _PATIENCE):
        if domain in secured:
            by_domain.setdefault(domain, []).append((edge, seen))
    for domain, found in list(by_domain.items())[:_MOST_DOMAINS_TOLD]:
        edge, worst = max(found, key=lambda each: each[1].is_bad)
        told = {"domain": secured[domain].name, "edge": edge, "why": worst.why}
        gravity = Gravity.BAD if worst.is_bad else Gravity.WARNING
        yield Alarm(gravity, Message("domain {domain}: edge {edge}: {why}", **told), "domain", domain)
    more = len(by_domain) - _MOST_DOMAINS_TOLD
    if more > 0:
        yield Alarm(
            Gravity.WARNING, Message("and the certificates of {count} more domains", count=more), "domain", count=more
        )


def _of_edges(edges: Sequence[Edge]) -> Iterator[Alarm]:
    date = datetime.now(UTC)
    listed = [edge for edge in edges if _is_troubled(edge) and not is_gone(edge, date)]
    listed.sort(key=lambda edge: _EDGES.index(edge.verdict.state))
    for edge in listed[:_MOST_EDGES_TOLD]:
        state, detail = edge.verdict.state, edge.verdict.detail
        told = Message("edge {name}: {state}, {detail}", name=edge.name, state=Message(state.value), detail=detail)
        yield Alarm(Gravity.WARNING if state in _EXPECTED else Gravity.BAD, told, "edge", edge.name)
    more = listed[_MOST_EDGES_TOLD:]
    if more:
        gravity = Gravity.WARNING if more[0].verdict.state in _EXPECTED else Gravity.BAD
        told = Message("and {count} more edges: /api/v1/edges shows all", count=len(more))
        yield Alarm(gravity, told, "edge", count=len(more))


def _is_troubled(edge: Edge) -> bool:
    """Tell whether an edge is in a state in which somebody has to look at it."""
    state = edge.verdict.state
    if edge.is_passing:
        return False
    return state in _EDGES and (edge.api_url is not None or state not in _EXPECTED or edge.pollers.instances > 1)


def _of_leases(leasing: Leasing) -> Iterator[Alarm]:
    """Tell which servers are silent, and stay in their pools all the same."""
    if (hold := leasing.hold) is not None:
        told = Message(
            "{count} of {leases} servers stopped sending heartbeats at once: they are held, not drained, because the "
            "cause is probably elsewhere",
            count=len(hold.keys),
            leases=sum(leasing.count().values()),
        )
        services = {service for service, _name in hold.keys}
        yield Alarm(Gravity.BAD, told, "service", min(services) if len(services) == 1 else None, count=len(hold.keys))
    found = sorted(leasing.last)
    for service, server in found[:_MOST_SERVICES_TOLD]:
        told = Message(
            "server {server} of {service} sends no heartbeats: it is held, not drained, because no other server of the "
            "service can answer",
            server=server,
            service=service,
        )
        yield Alarm(Gravity.BAD, told, "service", service)
    more = len(found) - _MOST_SERVICES_TOLD
    if more > 0:
        told = Message("and {count} more servers send no heartbeats, and are the last of their services", count=more)
        yield Alarm(Gravity.BAD, told, "service", count=more)


def _of_services(found: Sequence[Outage], count_kept: Callable[[str], int]) -> Iterator[Alarm]:
    total = [outage for outage in found if outage.is_total]
    partial = [outage for outage in found if not outage.is_total]
    yield from _told(Gravity.BAD, total, template("{count} more services have no server that takes requests"))
    yield from _told(Gravity.WARNING, partial, template("{count} more services have servers that are down"), count_kept)


def _of_rollouts(failed: Sequence[RolloutOutput]) -> Iterator[Alarm]:
    for each in failed[:_MOST_SERVICES_TOLD]:
        told = Message("rollout of {service} to {to} {detail}", service=each.service, to=each.to, detail=each.detail)
        yield Alarm(Gravity.WARNING, told, "service", each.service)
    more = len(failed) - _MOST_SERVICES_TOLD
    if more > 0:
        yield Alarm(Gravity.WARNING, Message("and {count} more rollouts failed", count=more), "service", count=more)


def _told(
    gravity: Gravity, found: Sequence[Outage], words_of_more: str, count_kept: Callable[[str], int] = lambda _name: 0
) -> Iterator[Alarm]:
    """Tell the first outages one by one, and count the others."""
    for outage in found[:_MOST_SERVICES_TOLD]:
        told, kept = _words_of(outage), count_kept(outage.service)
        if kept:
            told = Message("{told}; {count} kept out and watched", told=told, count=kept)
        yield Alarm(gravity, told, "service", outage.service)
    more = len(found) - _MOST_SERVICES_TOLD
    if more > 0:
        yield Alarm(gravity, Message(words_of_more, count=more), "service", count=more)


def _words_of(outage: Outage) -> Message:
    name = outage.service
    if outage.is_covered and outage.down == outage.servers:
        return Message("service {service} has no server left: other services answer in its place", service=name)
    if outage.servers == 0:
        return Message("service {service} has no server that takes requests: Traefik answers 503", service=name)
    if outage.is_total and outage.servers == 1:
        return Message("service {service}: its only server is down, so Traefik answers 503", service=name)
    if outage.is_total:
        return Message(
            "service {service}: all {count} servers are down, so Traefik answers 503",
            service=name,
            count=outage.servers,
        )
    return Message(
        "service {service}: {down} of {count} servers are down", service=name, down=outage.down, count=outage.servers
    )
