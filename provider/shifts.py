"""Traffic on its way from one service to another: what edges get meanwhile, and who gets which share. Pure.

The service becomes one that is made of others: of its own pool under another name, and of the one that the traffic
moves to. Nothing that refers to it changes. Measured with Traefik 3.7.15: a weighted service gives 95 and 5 of each 100
requests; a mirror of 0 percent gets nothing, and its servers are checked all the same. A weight of 0 must never be:
with a health check, the balancer hangs once all others are down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider import configuration, decoding, pools
from provider.nouns import Named, Noun, Service
from provider.nouns.balancing import Cookie, Sticky
from provider.nouns.composed import MirroredService, Mirroring, ParentCheck, Weighted, WeightedService
from provider.nouns.health import lacks
from provider.nouns.references import reached
from provider.overlays import Overlay, Replacement
from provider.parts import Part, Parts
from provider.shares import KnownService
from provider.values import Strategy

_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the traffic of a service is on its way to its target: of all requests, `percent` go there.

    At 0 percent the target gets copies of `mirror` percent of them, and its servers are checked. `number` tells one
    rollout from another.
    """

    service: str
    target: str
    percent: int
    mirror: int = 0
    number: int = 0

    @property
    def key(self) -> Named:
        """The service as a part of the document."""
        return Service.kind, self.service

    @property
    def own(self) -> str:
        """The name under which edges have the service's own pool meanwhile."""
        return pools.moved_name(self.service)


def lay_over(shift: Shift, parts: Parts) -> Overlay:
    """Return what edges get instead of a service: nothing where nobody needs it, or one of the two is not there.

    Nor where the target has come to lead to the service: Traefik disables every router that leads to such a circle.
    """
    part, target = parts.find(shift.key), parts.find((Service.kind, shift.target))
    if part is None or target is None or not is_needed(parts, shift.service) or shift.key in parts.reached(target):
        return {}
    own = replace(part, content=b'"%s"%s' % (shift.own.encode(), part.content[len(shift.service) + 2 :]))

    def find(name: str) -> Noun | None:
        found = own if name == shift.own else parts.find((Service.kind, name))
        return None if found is None else decoding.read_pool(found)[0].copy(name=name)

    made_of = [decoding.read_pool(each)[0] for each in (part, target)]
    composed = _composed(shift, *made_of) if shift.percent < _ALL else _resting(shift)
    made = configuration.service_part(_watching(composed, find), ())
    return {shift.key: Replacement(part, made), (Service.kind, shift.own): Replacement(None, own)}


def is_needed(parts: Parts, service: str) -> bool:
    """Tell whether anything that edges have refers to a service."""
    return any(service in section.needs.get(Service.kind, ()) for _kind, section in parts.sections())


def _composed(shift: Shift, own: Service, target: Service) -> Service:
    """Return the service that is made of the two."""
    if shift.percent == 0:
        mirrors = [MirroredService(name=shift.target, percent=shift.mirror)]
        return Service(name=shift.service, mirroring=Mirroring(service=shift.own, mirrors=mirrors))
    weights = {shift.own: _ALL - shift.percent, shift.target: shift.percent}
    services = [WeightedService(name=name, weight=weight) for name, weight in weights.items() if weight]
    return Service(name=shift.service, weighted=Weighted(services=services, sticky=_sticky(shift, own, target)))


def _resting(shift: Shift) -> Service:
    """Return the service where the target has all requests.

    The servers of its own pool are checked all the same: if the traffic comes back, none goes to those that are down.
    """
    mirrors = [MirroredService(name=shift.own, percent=0)]
    return Service(name=shift.service, mirroring=Mirroring(service=shift.target, mirrors=mirrors))


def _watching(made: Service, find: Callable[[str], Noun | None]) -> Service:
    """Let a service go by the health of those of which it is made, where all of them tell it."""
    chosen = made.fields[made.chosen or ""].name
    watching = made.copy(**{chosen: made.__dict__[chosen].copy(health_check=ParentCheck())})
    return made if any(True for _lack in lacks(watching, find)) else watching


def _sticky(shift: Shift, own: Service, target: Service) -> Sticky | None:
    """Return the cookie that keeps visitors with one of the two, where one of them keeps visitors with a server.

    It is another one for each rollout: with that of an earlier one, visitors would go to the target at once.
    """
    name = f"{shift.service}-rollout-{shift.number}"
    kept = next(filter(None, map(_find_sticky, (own, target))), None)
    if kept is not None:
        return kept.copy(cookie=kept.cookie.copy(name=name))
    if Strategy.HRW in {own.strategy, target.strategy}:  # goes by the client's address, which weights do not
        return Sticky(cookie=Cookie(name=name, http_only=True))
    return None


def _find_sticky(service: Service) -> Sticky | None:
    return service.sticky if service.weighted is None else service.weighted.sticky


# What is known of it


def lay_over_known(shift: Shift, known: Mapping[str, KnownService]) -> dict[str, KnownService]:
    """Return services with what is known of them as edges have them meanwhile."""
    pool, target = known.get(shift.service), known.get(shift.target)
    found = dict(known)

    def find(name: str) -> Noun | None:
        return found[name].service if name in found else None

    if pool is None or target is None or shift.service in reached(target.service, find):
        return found
    found[shift.own] = pool
    made = _watching(_composed(shift, pool.service, target.service), find)
    return {**found, shift.service: KnownService(made)}


# Health checks


def find_checked(parts: Parts, service: str) -> dict[str, Sequence[str]]:
    """Return the servers whose health is checked, by URL, of a service and of all those of which it is made.

    A pool without a health check has none.
    """
    return {
        name: decoding.checked_servers(part)
        for name, part in _pools(parts, service)
        if decoding.read_pool(part)[0].composition is None
    }


def find_empty(parts: Parts, service: str) -> str | None:
    """Find a pool without any server that takes requests, of a service or of those of which it is made."""
    return next((name for name, part in _pools(parts, service) if not decoding.has_servers(part)), None)


def find_period(parts: Parts, services: Iterable[str]) -> float:
    """Return in how many seconds a health check has told that a server is down, in the slowest of some services."""
    checked = (part for service in services for _name, part in _pools(parts, service))
    return max(map(pools.check_seconds, checked), default=0.0)


def _pools(parts: Parts, service: str) -> Iterator[tuple[str, Part]]:
    """Give a service and all those of which it is made, by name."""
    part = parts.find((Service.kind, service))
    if part is None:
        return
    names = {service, *(name for kind, name in parts.reached(part) if kind == Service.kind)}
    for name in sorted(names):
        if (found := parts.find((Service.kind, name))) is not None:
            yield name, found
