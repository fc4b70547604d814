"""Routers as Traefik has them, read from what is kept here, and from the document. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from provider import configuration, decoding, rules
from provider.listening import Listening
from provider.nouns import Router
from provider.nouns.beside import BesideOther
from provider.nouns.router import ServedRouter
from provider.nouns.tls import DEFAULT
from provider.parts import Part
from provider.ranking import Route


def read_routes(router: Router, listening: Listening) -> list[Route]:
    """Return what Traefik has of a router, or would have if it were enabled."""
    described = configuration.describe_router(router, listening)
    plain = configuration.is_plain(router)
    found = _routes(router.name, described, router.beside, is_plain=plain, enabled=router.enabled)
    return _secured(found, listening.adding)


def of_part(name: str, part: Part, adding: Mapping[str, str], *, enabled: bool = True) -> list[Route]:
    """Return a router as Traefik has it, where entry points are `adding` TLS.

    What has a rule that Traefik would not take is left out: somebody else wrote that.
    """
    described, beside = decoding.read_routers(part), decoding.find_beside(part)
    return _secured(_routes(name, described, beside, is_plain=part.is_plain, enabled=enabled), adding)


def _secured(routes: list[Route], adding: Mapping[str, str]) -> list[Route]:
    """Take routers without TLS apart where they listen on entry points that add it, as Traefik does."""
    return [part for route in routes for part in _apart(route, adding)] if adding else routes


def _apart(route: Route, adding: Mapping[str, str]) -> Iterator[Route]:
    secured = () if route.is_secure else [point for point in route.entry_points if point in adding]
    plain = tuple(point for point in route.entry_points if point not in secured)
    if plain or not secured:
        yield replace(route, entry_points=plain)
    for point in secured:
        yield replace(route, entry_points=(point,), part=f"{route.part}@{point}", tls_options=adding[point])


def _routes(
    name: str, described: Mapping[str, ServedRouter], beside: BesideOther | None, *, is_plain: bool, enabled: bool
) -> list[Route]:
    found = []
    other = beside.router if beside is not None and beside.waits else ""
    for full_name, each in described.items():
        try:
            rule = rules.read(each.rule)
        except rules.BadRule:
            continue
        # Where the other takes the requests, it does so at its own rank.
        rank = (beside.rank if beside is not None and other else each.priority) or rule.priority
        entry_points = tuple(each.entry_points)
        suffix = full_name.removeprefix(name)
        options = None if each.tls is None else each.tls.options or DEFAULT
        redirects = configuration.REDIRECT in each.middlewares
        found.append(
            Route(
                *(name, rule, rank, each.service, entry_points, enabled, suffix, is_plain),
                *(options, redirects, other),
            )
        )
    return found
