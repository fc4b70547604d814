"""Servers that are down, and services that no server is left of: of what Traefik gets, by what the edges see. Pure."""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from provider import decoding, shares
from provider.parts import Parts
from provider.shares import KnownService


@dataclass(frozen=True, slots=True)
class Outage:
    """A service of which servers are down, or that has none: of `servers` that Traefik has, `down` are down.

    `is_covered`: it is a part of other services, and the rest of these gets all requests.
    """

    service: str
    servers: int
    down: int
    is_covered: bool = False

    @property
    def is_total(self) -> bool:
        """Whether no server is left for requests, so that Traefik answers 503."""
        return self.down == self.servers and not self.is_covered


def find(parts: Parts, down: Mapping[str, Collection[str]]) -> list[Outage]:
    """Find the services that routers lead to and that lack servers, those without any first.

    A service that is made of others has no servers: those of which it is made are looked at, but for mirrors. `down`
    are the URLs of the servers that an edge calls down, by service. Parts are only read of services that stand there:
    at 10,000 services the others cost a look at their bytes.
    """
    needs = parts.routers.needs.get("service", frozenset())
    lacking = dict(_lacking(parts, down))
    found = [lacking[name] for name in lacking if name in needs]
    covered = _below(parts, needs, lacking, down)
    found += [
        Outage(name, lacking[name].servers, lacking[name].down, is_covered=is_covered)
        for name, is_covered in covered.items()
        if name not in needs
    ]
    return sorted(found, key=lambda outage: (not outage.is_total, outage.service))


def _lacking(parts: Parts, down: Mapping[str, Collection[str]]) -> Iterator[tuple[str, Outage]]:
    """Give the pools that lack servers. Mostly all have some: then one look at all their bytes tells."""
    pools = parts.services
    for name in pools.parts.keys() & down if decoding.has_servers(pools) else pools.parts:
        part = pools.parts[name]
        if not decoding.has_servers(part):
            yield name, Outage(name, 0, 0)
        elif name in down:
            urls = decoding.checked_servers(part)
            missing = sum(url in down[name] for url in urls)
            if missing:
                yield name, Outage(name, len(urls), missing)


def _below(
    parts: Parts, needs: AbstractSet[str], lacking: Mapping[str, Outage], down: Mapping[str, Collection[str]]
) -> dict[str, bool]:
    """Return which of those that lack servers are parts of services that are needed, and whether others answer."""
    found: dict[str, bool] = {}
    for root in parts.services.composed if lacking else ():
        if root not in needs:
            continue
        reached = {name for kind, name in parts.reached(parts.services.parts[root]) if kind == "service"}
        if reached.isdisjoint(lacking):
            continue
        spread = shares.find(root, {name: _pool(parts, name, down) for name in {root, *reached}})
        for name in spread.answering():
            if name in lacking:
                is_covered = not spread.services[name] and spread.answered > 0
                found[name] = found.get(name, True) and is_covered
    return found


def _pool(parts: Parts, name: str, down: Mapping[str, Collection[str]]) -> KnownService:
    service, servers = decoding.read_pool(parts.services.parts[name])
    return KnownService(service, servers, down.get(name, ()) if service.health_check is not None else ())
