"""Routers as Traefik has them, read from what is kept here, and from the document. Pure."""

from provider import configuration, rules
from provider.explanations import Route
from provider.listening import Listening
from provider.nouns import Router
from provider.nouns.tls import DEFAULT
from provider.parts import Part


def read_routes(router: Router, listening: Listening) -> list[Route]:
    """Return what Traefik has of a router, or would have if it were enabled."""
    part = configuration.whole_router_part(router, listening)
    return of_part(router.name, part, enabled=router.enabled)


def of_part(name: str, part: Part, *, enabled: bool = True) -> list[Route]:
    """Return a router as Traefik has it; without what has a rule that it would not take: somebody else wrote that."""
    found = []
    for full_name, described in configuration.read_routers(part).items():
        try:
            rule = rules.read(described.rule)
        except rules.BadRule:
            continue
        rank = described.priority or rule.priority
        entry_points = tuple(described.entry_points)
        suffix = full_name.removeprefix(name)
        options = None if described.tls is None else described.tls.options or DEFAULT
        redirects = configuration.REDIRECT in described.middlewares
        found.append(
            Route(
                *(name, rule, rank, described.service, entry_points, enabled, suffix, part.is_plain),
                *(options, redirects),
            )
        )
    return found
