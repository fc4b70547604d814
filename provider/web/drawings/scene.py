"""What a drawing of the path shows, as plain data: entry points, routers, services, servers, and the edges.

Names refer to one another: a router's `service` is the name of one of the scene's services, and its
`entry_points` are names of entry points. What a name refers to need not be there: then it is drawn as
something that is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.edges.standings import Trouble
from provider.edges.states import EdgeState
from provider.models import ObservedState
from provider.passages import Stop
from provider.values import ServerState


class Carried(StrEnum):
    """What goes the way that is drawn: requests of HTTP, connections of TCP, or packets of UDP."""

    HTTP = "http"
    TCP = "tcp"
    UDP = "udp"

    @property
    def routers(self) -> str:
        """Where the pages of its routers are."""
        return {"http": "routers", "tcp": "tcpRouters", "udp": "udpRouters"}[self.value]

    @property
    def services(self) -> str:
        """Where the pages of its services are."""
        return {"http": "services", "tcp": "tcpServices", "udp": "udpServices"}[self.value]


@dataclass(frozen=True, slots=True)
class DrawnEntryPoint:
    """A port of the edge's that requests come in by. `address` is Traefik's own, such as `:8080`, where it is known."""

    name: str
    address: str | None = None

    @property
    def label(self) -> str:
        """Its name with its port, as far as that is known."""
        return self.name if self.address is None else f"{self.name} :{self.address.rpartition(':')[2]}"


@dataclass(frozen=True, slots=True)
class DrawnRouter:
    """A router: what it matches, and where that goes.

    `error` says what is amiss with it on an edge, where something is, and `trouble` which kind that is;
    `is_served` is false where no edge serves it. `hidden_by` is a router that takes every request that it matches.
    """

    name: str
    rule: str
    service: str
    domains: Sequence[str] = ()
    path_prefix: str | None = None
    entry_points: Sequence[str] = ("web",)
    enabled: bool = True
    error: str | None = None
    trouble: Trouble | None = None
    url: str | None = None
    """A URL that it matches, as an example; None where nobody can tell one."""
    is_served: bool = True
    hidden_by: str | None = None
    tls: str | None = None
    """What TLS means for it, in words, where it takes requests over TLS only."""
    passage: Sequence[Stop] = ()
    """The middlewares that its requests pass, in order."""
    has_own_rule: bool = False
    """Whether its domains are those that its rule names: they need not be kept here."""

    @property
    def over_tls(self) -> bool:
        """Whether it takes requests over TLS only."""
        return self.tls is not None

    @property
    def takes_requests(self) -> bool:
        """Whether any request can come through it."""
        return self.enabled and self.is_served and self.hidden_by is None


@dataclass(frozen=True, slots=True)
class DrawnServer:
    """A server: what is wanted of it, how it is, and its part of the service's new requests, 0 to 1.

    `service` is the one that has it, where that is another than the one that is drawn: it is made of that.
    """

    name: str
    url: str
    weight: int = 1
    share: float = 0.0
    state: ServerState = ServerState.READY
    health: ObservedState = ObservedState.UNKNOWN
    service: str | None = None
    copies: int | None = None
    """Of a service that stands here as a mirror: of what percentage of the requests it gets copies."""
    is_spare: bool = False
    """Whether requests only come to its service while another one is down."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it stands for a service of another provider, of whose servers nothing is known."""
        return "@" in self.name

    @property
    def title(self) -> str:
        """What it is called beside others of the drawn service."""
        return self.name if self.service is None else f"{self.service}/{self.name}"


@dataclass(frozen=True, slots=True)
class DrawnService:
    """A service with all of its servers; a drawing folds them where there are many."""

    name: str
    servers: Sequence[DrawnServer] = ()
    detail: str = ""
    """On how many servers it can rely, as a sentence or a `Message`."""
    members: Sequence[str] = ()
    """The services of which it is made, if it is."""

    @property
    def own(self) -> list[DrawnServer]:
        """Its servers that may answer, without what stands for services of other providers."""
        return [server for server in self.servers if not server.is_elsewhere and server.copies is None]


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """A Traefik: how it is, and the revision whose document it runs, where that is known."""

    name: str
    state: EdgeState
    detail: str = ""
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one drawing shows. `revision` is what the edges are offered."""

    routers: Sequence[DrawnRouter]
    services: Sequence[DrawnService]
    entry_points: Sequence[DrawnEntryPoint] = ()
    edges: Sequence[DrawnEdge] = ()
    more_edges: int = 0
    """Edges that there are besides."""
    revision: int | None = None
    carried: Carried = Carried.HTTP


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a scene, to be lit up: all else fades.

    Without `servers` it leads to each server of the router's service that has a share; without an
    `entry_point` through all that the router listens on.
    """

    router: str
    entry_point: str | None = None
    servers: Sequence[str] | None = None
    ends_at_router: bool = False
    """Whether a middleware of the router answers."""
