"""Where routers listen: on the entry points that they name, or on those that their domains need. Pure.

A router that names none listens on the plain entry point, and for domains with TLS on the secure one, while the plain
one redirects there. So one router here can be several in Traefik. TLS of the router itself takes precedence over
that of its domains.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Self

from provider.messages import Message
from provider.models import Change
from provider.nouns import Domain, Router
from provider.nouns.domain import CertificateSource, DomainTLS
from provider.nouns.tls import CertificateDomain, RouterTLS

_NONE: Final[Mapping[str, Domain]] = MappingProxyType({})

HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class DefaultEntryPoints:
    """The entry points of routers that name none. `port` is the one at which visitors reach the secure one."""

    plain: str = "web"
    secure: str = "websecure"
    port: int = HTTPS_PORT

    def of(self, url: str) -> str:
        """Return the one at which requests for a URL come in."""
        return self.secure if url.lower().startswith("https:") else self.plain


DEFAULT_POINTS: Final = DefaultEntryPoints()


@dataclass(frozen=True, slots=True)
class Entrance:
    """What Traefik gets of a router for some of its domains: one of its routers, or two with wildcards apart.

    `suffix` follows the router's name there. One that `redirects` leads visitors to the secure entry point.
    """

    suffix: str
    hosts: Sequence[str]
    entry_points: Sequence[str]
    tls: RouterTLS | None = None
    redirects: bool = False


@dataclass(frozen=True, slots=True)
class Listening:
    """What is to be known of a state to tell where its routers listen: the domains with TLS, by A-label."""

    points: DefaultEntryPoints = DEFAULT_POINTS
    secured: Mapping[str, Domain] = field(default_factory=lambda: _NONE)
    adding: Mapping[str, str] = field(default_factory=dict)
    """The entry points that make every router one with TLS, by themselves, with the TLS options."""

    @classmethod
    def of(cls, points: DefaultEntryPoints, domains: Iterable[Domain]) -> Self:
        """Return that of a state, of all its domains."""
        return cls(points, {domain.key: domain for domain in domains if domain.tls is not None})

    def certified(self) -> list[str]:
        """Return the names of the domains whose certificates this service gets, as A-labels."""
        found = ((name, domain.tls) for name, domain in self.secured.items())
        return [name for name, tls in found if tls is not None and tls.source is CertificateSource.ACME]

    def after(self, changes: Iterable[Change]) -> "Listening":
        """Return that of the state after changes."""
        changed = {change.name: change for change in changes if change.kind == Domain.kind and _concerns(change)}
        if not changed:
            return self
        secured = {name: domain for name, domain in self.secured.items() if name not in changed}
        made = (Domain.read(change.after) for change in changed.values() if change.after is not None)
        return replace(self, secured={**secured, **{each.key: each for each in made if each.tls is not None}})

    def entrances(self, router: Router) -> list[Entrance]:
        """Return what Traefik gets of a router. The first has its name alone."""
        hosts = router.ascii_domains
        if router.entry_points is not None:
            return [Entrance("", hosts, router.entry_points, router.tls)]
        first, *others = self._made(router, hosts)
        return [Entrance("", first.hosts, first.entry_points, first.tls, first.redirects), *others]

    def _made(self, router: Router, hosts: Sequence[str]) -> Iterator[Entrance]:
        if router.tls is not None:
            yield Entrance("", hosts, [self.points.secure], router.tls)
        else:
            groups = self._groups(hosts)
            for number, (spec, own) in enumerate(groups, 1):
                yield Entrance(f".secure{number}", own, [self.points.secure], _router_tls(spec, own))
            plain = [host for host in hosts if not self._redirects(host)]
            if plain or not hosts:
                yield Entrance(".plain", plain, [self.points.plain])
        if moved := [host for host in hosts if self._redirects(host)]:
            yield Entrance(".redirect", moved, [self.points.plain], redirects=True)

    def _groups(self, hosts: Sequence[str]) -> list[tuple[DomainTLS, list[str]]]:
        """Return the domains with TLS that have the same, in order."""
        groups: list[tuple[DomainTLS, list[str]]] = []
        for host in hosts:
            domain = self.secured.get(host)
            if domain is not None and domain.tls is not None:
                own = next((own for spec, own in groups if spec == domain.tls), None)
                if own is None:
                    groups.append((domain.tls, [host]))
                else:
                    own.append(host)
        return groups

    def _redirects(self, host: str) -> bool:
        domain = self.secured.get(host)
        return domain is not None and domain.redirect_to_https

    def is_secure(self, router: Router) -> bool:
        """Tell whether its requests come over TLS, at least those of its first domain with TLS."""
        return self.entrances(router)[0].tls is not None

    def words(self, router: Router) -> Message | None:
        tls = self.entrances(router)[0].tls
        return None if tls is None else tls.does()

    def entry_points(self, router: Router) -> list[str]:
        """Return the entry points on which a router takes requests, with or without redirecting them."""
        return list(dict.fromkeys(point for each in self.entrances(router) for point in each.entry_points))


def changed_domains(changes: Iterable[Change]) -> list[str]:
    """Return the domains, by A-label, whose changes concern the routers that match them."""
    return [change.name for change in changes if change.kind == Domain.kind and _concerns(change)]


def _concerns(change: Change) -> bool:
    was, will = (_said(side) for side in (change.before, change.after))
    return was != will


def _said(side: object) -> object:
    if not isinstance(side, Mapping) or side.get("tls") is None:
        return None
    return side["tls"], side.get("redirectToHttps", True)


def _router_tls(spec: DomainTLS, hosts: Sequence[str]) -> RouterTLS:
    """Return what a router has of the TLS of its domains. A resolver has to be told the names of wildcards."""
    names: list[CertificateDomain] = []
    if spec.cert_resolver is not None and any(host.startswith("*.") for host in hosts):
        names = [CertificateDomain(main=host) for host in hosts]
    return RouterTLS(options=spec.options, cert_resolver=spec.cert_resolver, domains=names)
