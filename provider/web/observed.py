"""What pages show of objects besides what was wanted: what Traefik gets of them, and what it makes of that."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends

from provider import configuration
from provider.dependencies import EdgesDependency
from provider.models import RouterInput

Disabled = Mapping[str, Mapping[str, str]]
"""What edges say of routers that they do not serve: by the router's name and the edge's."""


def rule_of(router: RouterInput) -> str:
    """Return the rule of a router as Traefik gets it."""
    return configuration.rule(router, router.ascii_domains)


def ranks_of(router: RouterInput) -> list[int]:
    """Return the ranks of a router in Traefik: one, or that of its exact domains and that of its wildcards."""
    described = configuration.describe_router(router, router.ascii_domains).values()
    return [part.priority or len(part.rule.encode()) for part in described]


async def list_disabled(edges: EdgesDependency) -> Disabled:
    """Return which routers the edges do not serve, and why. In the event loop's thread, where the edges live."""
    found: dict[str, dict[str, str]] = {}
    for edge in edges:
        for router in edge.observation.disabled if edge.observation is not None else ():
            found.setdefault(router.name, {})[edge.name] = router.error
    return found


DisabledDependency = Annotated[Disabled, Depends(list_disabled)]
