"""Servers that are down, and services that no server is left of: of what Traefik gets, by what the edges see. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from provider import configuration
from provider.parts import Parts


@dataclass(frozen=True, slots=True)
class Outage:
    """A service of which servers are down, or that has none: of `servers` that Traefik has, `down` are down."""

    service: str
    servers: int
    down: int

    @property
    def is_total(self) -> bool:
        """Whether no server is left, so that Traefik answers 503."""
        return self.down == self.servers


def find(parts: Parts, down: Mapping[str, Collection[str]]) -> list[Outage]:
    """Find the services that routers lead to and that lack servers, those without any first.

    `down` are the URLs of the servers that an edge calls down, by service. Parts are only read of services that
    stand there: at 10,000 services the others cost a look at their bytes.
    """
    found = []
    needs = parts.routers.needs.get("service", frozenset())
    for name, part in parts.services.parts.items():
        if name not in needs:
            continue
        if not configuration.has_servers(part):
            found.append(Outage(name, 0, 0))
        elif name in down:
            urls = configuration.checked_servers(part)
            missing = sum(url in down[name] for url in urls)
            if missing:
                found.append(Outage(name, len(urls), missing))
    return sorted(found, key=lambda outage: (not outage.is_total, outage.service))
