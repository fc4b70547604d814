"""What pages show of objects besides what was wanted: what Traefik gets of them, and what it makes of that."""

from provider import configuration
from provider.listening import Listening
from provider.nouns import Router


def ranks_of(router: Router) -> list[int]:
    """Return the ranks of a router in Traefik: one, or that of its exact domains and that of its wildcards."""
    described = configuration.describe_router(router, Listening()).values()
    return [part.priority or len(part.rule.encode()) for part in described]
