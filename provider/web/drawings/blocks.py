"""What belongs together in a drawing: a service with the routers that lead to it, and its servers, folded.

So no line crosses another one: a block stands below the next, and all that is joined is within one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from provider.models import ObservedState
from provider.values import ServerState
from provider.web.drawings.scene import DrawnRouter, DrawnServer, DrawnService, Scene


@dataclass(frozen=True, slots=True)
class Fold:
    """Servers that are drawn as one: how many there are, and how they are."""

    count: int
    share: float
    up: int
    down: int
    drained: int
    out: int
    is_all: bool = False
    """Whether no server of the service is shown beside it."""

    @property
    def ready(self) -> int:
        """Those that take requests, as far as is known, and have no health check that says so."""
        return self.count - self.up - self.down - self.drained - self.out


@dataclass(frozen=True, slots=True)
class Block:
    """A service (None where it does not exist), the routers to it, and those of its servers that are shown."""

    name: str
    service: DrawnService | None
    routers: Sequence[DrawnRouter]
    servers: Sequence[DrawnServer]
    fold: Fold | None

    @property
    def is_reached(self) -> bool:
        """Whether a request can come to the service: its servers share none otherwise."""
        return any(router.takes_requests for router in self.routers)


def group(scene: Scene, most_servers: int, wanted: Collection[str] = ()) -> list[Block]:
    """Return the blocks of a scene, in the order of their first routers; services without one are the last.

    Of the servers of each at most `most_servers` are shown: those of the names `wanted` before those in
    trouble, and those before the others. The rest is folded. Mirrors stand below them, unless all is folded.
    """
    services = {service.name: service for service in scene.services}
    routers: dict[str, list[DrawnRouter]] = {}
    for router in scene.routers:
        routers.setdefault(router.service, []).append(router)
    names = [*routers, *(name for name in services if name not in routers)]
    return [_block(name, services.get(name), routers.get(name, []), most_servers, wanted) for name in names]


def _block(
    name: str, service: DrawnService | None, routers: Sequence[DrawnRouter], most_servers: int, wanted: Collection[str]
) -> Block:
    listed = [] if service is None else [server for server in service.servers if server.copies is None]
    mirrors = [] if service is None else [server for server in service.servers if server.copies is not None]
    if len(listed) <= most_servers:
        return Block(name, service, routers, [*listed, *mirrors[:most_servers]], None)
    ranked = sorted(listed, key=lambda server: _rank(server, wanted))
    shown = {server.title for server in ranked[: max(0, most_servers - 1)]}
    rest = [server for server in listed if server.title not in shown]
    return Block(
        name,
        service,
        routers,
        [*(server for server in listed if server.title in shown), *(mirrors[:most_servers] if shown else ())],
        replace(_fold(rest), is_all=not shown),
    )


def _rank(server: DrawnServer, wanted: Collection[str]) -> tuple[bool, bool, float]:
    in_trouble = server.state is not ServerState.READY or server.health is ObservedState.DOWN
    return server.title not in wanted, not in_trouble, -server.share


def _fold(servers: Sequence[DrawnServer]) -> Fold:
    ready = [server for server in servers if server.state is ServerState.READY]
    return Fold(
        count=len(servers),
        share=sum(server.share for server in servers),
        up=sum(server.health is ObservedState.UP for server in ready),
        down=sum(server.health is ObservedState.DOWN for server in ready),
        drained=sum(server.state is ServerState.DRAIN for server in servers),
        out=sum(server.state is ServerState.MAINT for server in servers),
    )
