"""Conflicts: routers that stand in one another's way, and what nobody uses. Pure.

What is told is so: each finding is decided soundly, and what cannot be decided is not told.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from provider import sticky_cookies
from provider.collisions import STEPS, find_among, find_between
from provider.findings import Finding, gather
from provider.messages import Message
from provider.models import Change, Conflict
from provider.nouns import NOUNS, Domain, Named, Noun, Router, Service
from provider.nouns.registry import titled
from provider.ranking import Route, Routes
from provider.rivals import (
    COMPARED_EACH,
    list_taking,
)
from provider.rules import hosts
from provider.rules.effort import Effort

_MOST_HARD: Final = 5
"""How many of the routers are named that are hardest to compare."""

_MANY: Final = 100
"""From more routers than these on, conflicts are looked for among all."""

_KINDS: Final = frozenset({"router", "domain", "service"})
_LEADING: Final = frozenset({"middleware", "service"})
"""The kinds that lead to services without a router: error pages, and services made of services."""

_DOUBTED: Final = frozenset(kind for kind, noun in NOUNS.items() if noun.is_doubted())


def find(
    routes: Routes, domains: Collection[str], services: Collection[str], sticky: Mapping[str, str]
) -> list[Finding]:
    """Find all conflicts. `domains` are A-labels and wildcards, `services` names, `sticky` cookies by service."""
    effort = Effort(STEPS)
    unreached = list(_unreached_services(routes, services))
    unused = list(_unused_domains(routes, domains, effort))
    shared = list(_shared_cookies(routes, sticky, effort))
    return [*gather(find_among(routes, effort)), *shared, *unused, *unreached, *_cut(routes, effort)]


@dataclass(frozen=True, slots=True)
class Concern:
    """What conflicts are looked for about: objects, and of what there is the domains and services that they bear on."""

    objects: AbstractSet[tuple[str, str]]
    domains: Collection[str] = ()
    services: Collection[str] = ()
    doubts: Sequence[Finding] = ()
    """What is told of the objects by themselves."""


def concern_of(changes: Iterable[Change]) -> Concern:
    """Return about what changes can make conflicts: a change of a server makes none."""
    objects: set[Named] = set()
    gone: set[Named] = set()
    borne: set[Named] = set()
    led_to: set[Named] = set()
    doubts: list[Finding] = []
    for change in changes:
        if change.after is not None and change.kind in _DOUBTED:
            doubts += find_doubts(NOUNS[change.kind].loaded(change.after), change.name)
        if change.kind in _KINDS:
            (gone if change.after is None else objects).add((change.kind, change.name))
        if change.kind in _LEADING and change.after is not None:
            led_to |= {(use.kind, use.name) for use in NOUNS[change.kind].loaded(change.after).uses()}
        if change.kind == Router.kind and change.before is not None:
            borne |= {(use.kind, use.name) for use in Router.read(change.before).uses()}
    borne = (borne | objects) - gone - led_to
    domains, services = ({name for kind, name in borne if kind == each.kind} for each in (Domain, Service))
    objects |= {each for each in borne if each[0] in {Domain.kind, Service.kind}}
    objects |= {each for doubt in doubts for each in doubt.objects}
    return Concern(objects, domains, services, doubts)


def find_doubts(item: Noun, name: str) -> Iterator[Finding]:
    """Find what is set of an object that Traefik takes, and that may not be meant.

    The sentence says of which object: in headers, notices and on terminals it stands alone.
    """
    for where, message in item.warnings():
        told = {"object": titled(item.kind, name), "field": "/".join(map(str, where)), "what": message}
        detail = Message("{object}: {field}: {what}", **told)
        yield Finding(Conflict.DOUBTFUL_VALUE, ((item.kind, name),), detail)


def find_about(routes: Routes, concern: Concern, sticky: Mapping[str, str]) -> list[Finding]:
    """Find the conflicts that these objects are in. Only routers are looked at that may be in one with them."""
    if not concern.objects:
        return []
    effort = Effort(STEPS)
    names = {name for kind, name in concern.objects if kind == "router"}
    led_to = {("service", route.service) for name in names for route in routes.of_router(name)} | concern.objects
    unused = list(_unused_domains(routes, concern.domains, effort)) if concern.domains else []
    unreached = list(_unreached_services(routes, concern.services)) if concern.services else []
    shared = [each for each in _shared_cookies(routes, sticky, effort) if not led_to.isdisjoint(each.objects)]
    between = find_between(routes, names, effort) if len(names) <= _MANY else find_among(routes, effort)
    between = [each for each in between if not concern.objects.isdisjoint(each.objects)]
    # Of those between rules there may be many, and who writes is told the first few.
    return [*concern.doubts, *shared, *gather(between), *unused, *unreached, *_cut(routes, effort)]


def _cut(routes: Routes, effort: Effort) -> Iterator[Finding]:
    """Tell that not all was compared, and which rules are the hardest: without them it would have been."""
    if effort.is_spent:
        hardest = sorted(list_taking(routes), key=lambda route: -effort.weight(route.rule.condition))
        names = list(dict.fromkeys(route.name for route in hardest))[:_MOST_HARD]
        detail = Message(
            "there may be more conflicts: the rules are too long to compare all of them; the longest are those of "
            "{names}",
            names=", ".join(names),
        )
        yield Finding(Conflict.NOT_COMPARED, [("router", name) for name in names], detail)


def _shared_cookies(routes: Routes, sticky: Mapping[str, str], effort: Effort) -> Iterator[Finding]:
    for found in sticky_cookies.find(routes, sticky, effort):
        one, other = found.services
        detail = Message(
            "the services {one} and {other} both keep sessions in the cookie {cookie} on {host}: visitors lose "
            "their session whenever they switch from one to the other; give each service its own cookie name",
            one=one,
            other=other,
            cookie=found.cookie,
            host=Message("every host") if found.host is None else found.host,
        )
        yield Finding(Conflict.SHARED_COOKIE, (("service", one), ("service", other)), detail)


def _unused_domains(routes: Routes, domains: Collection[str], effort: Effort) -> Iterator[Finding]:
    anywhere = [route for route in routes.of_any_host if route.enabled]
    if len(anywhere) > COMPARED_EACH:
        return
    under = _by_parent(routes) if any(domain.startswith("*.") for domain in domains) else {}
    for domain in sorted(domains):
        near = under.get(domain[2:], []) if domain.startswith("*.") else routes.of_host(domain)
        if effort.is_spent:
            return
        using = (route for route in [*near, *anywhere] if route.enabled)
        if not any(_may_match(route, domain, effort) for route in using):
            detail = Message("no router takes requests for {domain}: Traefik answers 404", domain=domain)
            yield Finding(Conflict.UNUSED_DOMAIN, (("domain", domain),), detail)


def _may_match(route: Route, domain: str, effort: Effort) -> bool:
    effort.spend(effort.weight(route.rule.condition))
    return hosts.may_match(route.rule.condition, domain)


def _by_parent(routes: Routes) -> dict[str, list[Route]]:
    """Return the routes by what follows the first label of their hosts."""
    found: dict[str, list[Route]] = {}
    for route in routes:
        for parent in {key.partition(".")[2] for key in hosts.keys(route.rule.condition) or ()}:
            found.setdefault(parent, []).append(route)
    return found


def _unreached_services(routes: Routes, services: Collection[str]) -> Iterator[Finding]:
    reached = {route.service for route in routes if route.enabled}
    for service in sorted(set(services) - reached):
        detail = Message("no router points to the service {service}", service=service)
        yield Finding(Conflict.UNREACHED_SERVICE, (("service", service),), detail)
