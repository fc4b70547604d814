"""What edges get so that drained servers keep the visitors they have, until a time. Pure.

Measured with Traefik 3.7.15. A sticky cookie has the first 16 hex digits of the SHA-256 of the server's URL. For each
router that leads to a pool, another one takes the requests that have the cookie of a drained server: its own rule, and
an expression without anchors, which costs next to nothing, one rank above it. It leads to the drained servers, with the
same cookie, which is not set again; behind a failover, so that visitors of a server that dies move on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from provider import configuration, decoding, overlays, rules
from provider.answers import sticky_value
from provider.nouns import Named, Router, Server, Service, versions
from provider.nouns.composed import (
    Composition,
    Failover,
    FailoverErrors,
    HighestRandomWeight,
    Mirroring,
    Weighted,
    WeightedService,
)
from provider.nouns.router import ServedRouter
from provider.nouns.service import served
from provider.overlays import Overlay
from provider.parts import Part, Parts
from provider.rules import BadRule, Condition, hosts
from provider.rules.implications import is_apart
from provider.terms import Drained

NAME: Final = "provider.drain"
_ANY: Final = "drain"
"""The name of a service while it is described: it is no part of that."""

_ERRORS: Final = ["502-504"]
"""The answers after which a visitor of a drained server moves on: there is nobody, or nobody in time."""


def name_of(service: str) -> str:
    """Return the name of the service of those servers of a pool that are drained and keep their visitors."""
    return f"{NAME}.{service}"


def cookie_rule(cookie: str, texts: Collection[str]) -> str:
    """Return the rule of requests that have one of some values of a sticky cookie."""
    values = "|".join(sorted(map(sticky_value, texts)))
    return f"HeaderRegexp(`Cookie`, `{cookie}=({values})`)"


def lay_over(desired: Parts, parts: Parts, drained: Mapping[str, Sequence[Drained]]) -> Overlay:
    """Return what is laid over parts for the drained servers of pools, by service.

    The pools are as they are `desired`: what was laid over that may have put something else in their place.
    """
    added: dict[Named, Part] = {}
    for service, servers in drained.items():
        pool = desired.find((Service.kind, service))
        if servers and pool is not None:
            added.update(_of_pool(desired, parts, decoding.read_pool(pool)[0], servers))
    return overlays.adding(added)


def _of_pool(desired: Parts, parts: Parts, pool: Service, servers: Sequence[Drained]) -> Iterator[tuple[Named, Part]]:
    if pool.sticky is None:
        return
    own = cookie_rule(pool.sticky.cookie.name, [server.url for server in servers])
    leading = find_leading(parts, pool.name)
    used = False
    for name, part in parts.routers.parts.items():
        root = part.needed(Service.kind)
        if root is not None and root in leading and not _waits(part):
            made = _router(parts, name, part, root, pool.name, " && ".join([*leading[root], own]))
            if made is not None:
                used = True
                yield (Router.kind, f"{name_of(pool.name)}.{name}"), made
                yield (Service.kind, f"{name_of(pool.name)}.{root}"), _failover(pool, root)
    if used:
        yield (Service.kind, name_of(pool.name)), _pool_part(desired, pool, servers)


def _waits(router: Part) -> bool:
    """Tell whether the router of another provider takes the requests of one."""
    beside = decoding.find_beside(router)
    return beside is not None and beside.waits


# Which routers lead to a pool


def find_leading(parts: Parts, service: str) -> dict[str, tuple[str, ...]]:
    """Return the services by which requests come to a pool, itself too, each with the rules of those that do.

    Who is kept with one of several services by a cookie comes by way of that. A spare service is no way: its visitors
    go back to the first one.
    """
    found: dict[str, tuple[str, ...]] = {service: ()}
    waiting = [service]
    while waiting:
        name = waiting.pop()
        for parent in parts.services.composed:
            part = parts.services.parts[parent]
            if parent not in found and (Service.kind, name) in part.needs:
                rule = _way(decoding.read_pool(part)[0].composition, name)
                if rule is not None:
                    found[parent] = (*found[name], *([rule] if rule else ()))
                    waiting.append(parent)
    return found


def _way(composition: Composition | None, name: str) -> str | None:
    """Return the rule of the requests that a service hands to one of its own, empty for any; None where it is none."""
    if isinstance(composition, Weighted):
        sticky = composition.sticky
        return "" if sticky is None else cookie_rule(sticky.cookie.name, [name])
    if isinstance(composition, HighestRandomWeight):
        return ""
    if isinstance(composition, Mirroring | Failover):
        return "" if composition.service == name else None
    return None


# What is added


def _router(parts: Parts, name: str, part: Part, root: str, pool: str, rule: str) -> Part | None:
    """Return the router of the visitors who stay, beside one; None where it takes no requests itself."""
    service, members = f"{name_of(pool)}.{root}", []
    for full_name, described in decoding.read_routers(part).items():
        if configuration.REDIRECT in described.middlewares:
            continue
        try:
            read = rules.read(described.rule)
        except BadRule:
            continue
        rank = (described.priority or read.priority) + 1
        others = [f"!({each})" for each in _tied(parts, name, read.condition, rank)]
        values = {
            **described.__dict__,
            "rule": " && ".join([f"({read.condition})", rule, *others]),
            "priority": rank or 1,
            "service": service,
        }
        members.append(configuration.added_member(f"{name_of(pool)}.{full_name}", ServedRouter.made(values)))
    if not members:
        return None
    needs = tuple((Service.kind, service) if use == (Service.kind, root) else use for use in part.needs)
    return Part(b",".join(members), needs=needs, since=part.since)


def _tied(parts: Parts, name: str, condition: Condition, rank: int) -> Iterator[Condition]:
    """Give what routers of a rank match that may take the same requests: between equal ranks it would be chance."""
    marks = _marks(condition)
    set_rank = b'"priority":%d' % rank
    for other, part in parts.routers.parts.items():
        content = part.content
        if other == name or (b"Host(" in content and not any(mark in content for mark in marks)):
            continue
        if set_rank not in content and content.count(b'"priority":') >= content.count(b'"rule":'):
            continue
        for described in decoding.read_routers(part).values():
            try:
                read = rules.read(described.rule)
            except BadRule:
                continue
            if (described.priority or read.priority) == rank and not is_apart(condition, read.condition):
                yield read.condition


def _marks(condition: Condition) -> Sequence[bytes]:
    """Return texts of which a router that names its hosts has one if it may take the same requests; "" is in all."""
    keys = hosts.keys(condition)
    if keys is None or any(key.startswith("*") for key in keys):
        return [b""]
    labels = {label for key in keys for label in (key, key.partition(".")[2].replace(".", "\\\\."))}
    return [label.encode() for label in sorted(labels)]


def _pool_part(desired: Parts, pool: Service, servers: Sequence[Drained]) -> Part:
    listed = [
        Server(name=each.url, url=each.url, weight=each.weight, preserve_path=each.preserve_path) for each in servers
    ]
    described = served(pool, listed)
    whole = desired.services.parts[pool.name]
    return Part(
        configuration.added_member(name_of(pool.name), described), needs=whole.needs, since=versions.needed(described)
    )


def _failover(pool: Service, root: str) -> Part:
    """Return what leads to the drained servers of a pool, and to where a router leads else once these do not answer.

    Without the choice by the answer, which Traefik 3.7 brought, it goes by their health check; without one of that
    too, it is a service of one that is always asked.
    """
    name, drained = f"{name_of(pool.name)}.{root}", name_of(pool.name)
    by_errors = Failover(service=drained, fallback=root, errors=FailoverErrors(status=_ERRORS))
    needs = ((Service.kind, drained), (Service.kind, root))
    by_health = Service(name=_ANY, failover=Failover(service=drained, fallback=root))
    alone = Service(name=_ANY, weighted=Weighted(services=[WeightedService(name=drained)]))
    older = _composed(name, alone, needs[:1]) if pool.health_check is None else _composed(name, by_health, needs)
    return _composed(name, Service(name=_ANY, failover=by_errors), needs, older)


def _composed(name: str, service: Service, needs: tuple[Named, ...], older: Part | None = None) -> Part:
    described = served(service, ())
    since = versions.needed(described)
    return Part(configuration.added_member(name, described), needs=needs, since=since, older=older)
