"""What Learn explains things with: an application that is exposed here, or an invented one that says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from provider import configuration
from provider.database.sessions import Session
from provider.edges.health import Health
from provider.hosts import to_ascii
from provider.listening import Listening
from provider.models import ObservedState
from provider.nouns import Router, Server, Service
from provider.store import nouns, servers
from provider.web.drawings import scene
from provider.web.scenes import service_of

_LOOKED_AT: Final = 50
"""Among how many routers one is looked for, by name."""

MOST_SERVERS: Final = 5
"""With how many servers things are explained at most."""


@dataclass(frozen=True, slots=True)
class Example:
    """An application: a host, its router, and its service with some of its servers.

    `path` is where its pages begin; `others` are the routers that could be the example as well.
    """

    is_own: bool
    host: str
    path: str
    router: scene.DrawnRouter
    service: scene.DrawnService
    has_health_check: bool = False
    others: Sequence[str] = ()

    @property
    def url(self) -> str:
        """Where one sees it: what is typed into a browser, but for the port."""
        return f"{'https' if self.router.over_tls else 'http'}://{self.host}{self.path}"

    @property
    def domain(self) -> str:
        """The domain of its host, an A-label: where that is a wildcard, another name than the host's."""
        return to_ascii(self.router.domains[0])

    @property
    def server(self) -> scene.DrawnServer:
        """One of its servers."""
        return self.service.servers[0]

    @property
    def is_pool(self) -> bool:
        """Whether there is anything to balance."""
        return len(self.service.servers) > 1


INVENTED: Final = Example(
    is_own=False,
    host="alvin.xyz",
    path="/",
    router=scene.DrawnRouter("wayshub", "Host(`alvin.xyz`)", "wayshub", ("alvin.xyz",)),
    service=scene.DrawnService(
        "wayshub",
        (
            scene.DrawnServer("a", "http://10.0.0.11:3000", 3, 0.75, health=ObservedState.UP),
            scene.DrawnServer("b", "http://10.0.0.12:3000", 1, 0.25, health=ObservedState.UP),
        ),
    ),
    has_health_check=True,
)


def find(session: Session, health: Health, listening: Listening, wanted: str | None) -> Example:
    """Return the application of a router, or the first one that can be shown, or else the invented one."""
    listed = [router for router in nouns.page(session, Router, limit=_LOOKED_AT) if _can_be_shown(router)]
    pools = servers.of_services(session, [router.service for router in listed])
    shown = {router.name: router for router in listed if pools.get(router.service)}
    chosen = nouns.find(session, Router, wanted) if wanted else None
    if chosen is not None and _can_be_shown(chosen) and chosen.name not in shown:
        pools |= servers.of_services(session, [chosen.service])
        shown |= {chosen.name: chosen} if pools.get(chosen.service) else {}
    if not shown:
        return INVENTED
    router = shown.get(wanted or "") or max(shown.values(), key=lambda found: min(len(pools[found.service]), 2))
    service = nouns.get(session, Service, router.service)
    found = _example(router, service, pools[router.service], health, listening)
    return replace(found, others=list(shown))


def with_pool(example: Example) -> Example:
    """Return an example that has something to balance: the invented one, where one's own has a single server."""
    return example if example.is_pool else replace(INVENTED, others=example.others)


def shared(listed: Sequence[scene.DrawnServer]) -> tuple[scene.DrawnServer, ...]:
    """Return servers with the shares that they have of their service's new requests."""
    inputs = [Server(name=server.name, url=server.url, weight=server.weight, state=server.state) for server in listed]
    found = configuration.shares(inputs, {server.name for server in listed if server.health is ObservedState.DOWN})
    return tuple(replace(server, share=found[server.name]) for server in listed)


def _can_be_shown(router: Router) -> bool:
    return router.enabled and bool(router.domains)


def _example(router: Router, service: Service, pool: Sequence[Server], health: Health, listening: Listening) -> Example:
    drawn = service_of(service, pool, health)
    host = router.domains[0].replace("*", "www")
    return Example(
        is_own=True,
        host=host,
        path=router.path_prefix or "/",
        router=scene.DrawnRouter(
            router.name,
            configuration.rule(router),
            service.name,
            router.domains,
            router.path_prefix,
            listening.entry_points(router),
            tls=listening.words(router),
        ),
        service=scene.DrawnService(service.name, drawn.servers[:MOST_SERVERS]),
        has_health_check=service.health_check is not None,
    )
