"""Services: pools of servers, and how requests are shared among them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from provider.messages import Message
from provider.nouns.balancing import HealthCheck, PassiveHealthCheck, ResponseForwarding, Sticky
from provider.nouns.common import DURATION, MIDDLEWARES, labels_field, name_field, reference
from provider.nouns.composed import Composition, Failover, HighestRandomWeight, Mirroring, Weighted, composition
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.server import Server
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Word
from provider.values import OnFailure, Refusal, Strategy, check_drain_time

_STRATEGIES: Final[Mapping[str, Word]] = {
    Strategy.WRR: Word("Weighted round-robin", "Servers take turns by weight. Right for most applications."),
    Strategy.P2C: Word(
        "Power of two choices", "The less busy of two random servers gets the request. Weights are ignored."
    ),
    Strategy.HRW: Word(
        "By the client's address", "The client's address decides, so a client always gets the same server."
    ),
    Strategy.LEASTTIME: Word("Least response time", "The server that answered fastest recently gets the request."),
}

RETRY: Final = "provider.retry"
"""The middleware that tries another server. Users' names have no dot."""

_ON_FAILURE: Final[Mapping[str, Word]] = {
    OnFailure.NONE: Word("Nothing", "Visitors get the error."),
    OnFailure.RETRY: Word(
        "Try another server",
        "If a server cannot be reached or answers 502, 503 or 504, the edge tries again, up to twice. After such an "
        "answer, POST and PATCH are not repeated. Under load, the second attempt may hit the same server, so some "
        "requests still fail.",
    ),
    OnFailure.HOLD_BACK: Word(
        "Try another server, and hold back failing ones",
        "The same, and a server that cannot be reached or answers any 5xx gets no requests for 10 seconds. Beware of "
        "pages that always answer 5xx: a few requests for one take all servers out, and then every visitor gets 503.",
    ),
}


class Service(Noun):
    """A pool of servers."""

    kind = "service"
    place = ("http", "services")
    title = "Service"
    about = "pools of servers that share requests"
    listing = "Pools of servers, by name."
    layout = ("name", "healthCheck", "onFailure", "sticky", "strategy", "passHostHeader")
    pool: ClassVar = (
        *("strategy", "passHostHeader", "healthCheck", "sticky"),
        *("passiveHealthCheck", "serversTransport", "responseForwarding"),
    )
    alone = (*pool, "onFailure", "drainFor", "slowStart")
    example: ClassVar = {
        "name": "wayshub",
        "strategy": "wrr",
        "healthCheck": {"path": "/", "interval": "5s", "timeout": "2s"},
        "sticky": None,
        "passHostHeader": True,
        "labels": {},
    }

    name: str = name_field()
    strategy: Strategy = field(
        Choice(Strategy, _STRATEGIES),
        "Strategy",
        "How a server is chosen for a request.",
        default=Strategy.WRR,
        since="3.4",
    )
    pass_host_header: bool = flag(
        "Servers get the client's Host header",
        "Servers see the host name the client asked for. Otherwise they see their own address.",
        default=True,
        rare=True,
    )
    labels: dict[str, str] = labels_field()
    health_check: HealthCheck | None = field(
        Nested(HealthCheck),
        "Health check",
        "Traefik checks each server regularly, and sends no requests to unhealthy ones.",
        default=None,
        switch="Check the servers' health",
    )
    on_failure: OnFailure = field(
        Choice(OnFailure, _ON_FAILURE),
        "When a server fails",
        "What the edge does with a request whose server fails, until the health check notices. Needs Traefik 3.7.",
        default=OnFailure.NONE,
        since="3.7",
        omitted=True,
    )
    sticky: Sticky | None = field(
        Nested(Sticky),
        "Sticky sessions",
        "A cookie keeps each browser on the server that answered first. For applications that keep sessions in memory.",
        default=None,
        switch="Keep each visitor on one server",
    )
    passive_health_check: PassiveHealthCheck | None = field(
        Nested(PassiveHealthCheck),
        "Passive health check",
        "A server that fails requests gets none for a while.",
        default=None,
        switch="Skip servers that fail requests",
        since="3.6",
        rare=True,
        omitted=True,
    )
    servers_transport: str | None = field(
        reference("serversTransport"),
        "Servers transport",
        "How Traefik connects to the servers. Empty: Traefik's default transport.",
        default=None,
        rare=True,
        omitted=True,
    )
    response_forwarding: ResponseForwarding | None = field(
        Nested(ResponseForwarding),
        "Response forwarding",
        "For streams that should not be buffered.",
        default=None,
        switch="Set how often responses are flushed",
        rare=True,
        omitted=True,
    )
    drain_for: str | None = field(
        Text(check_drain_time, most=30, word="DURATION"),
        "Drain for",
        "How long a drained server keeps its visitors, such as 30m (units: ms, s, m, h; at most 168h). Needs "
        "sticky sessions. Empty: they move to other servers at once.",
        default=None,
        rare=True,
        omitted=True,
    )
    slow_start: str | None = field(
        DURATION,
        "Slow start",
        "How long a server takes to ramp up to its full weight when it is new, or back from drain or maintenance, "
        "such as 30s (units: ms, s, m, h; at most 1h). Empty: it gets its full weight at once.",
        default=None,
        rare=True,
        omitted=True,
    )
    middlewares: list[str] = field(
        MIDDLEWARES,
        "Middlewares",
        "What changes its requests, whichever router they come from.",
        default=[],
        since="3.7",
        rare=True,
        omitted=True,
        option="--middleware",
    )
    weighted: Weighted | None = composition(Weighted)
    mirroring: Mirroring | None = composition(Mirroring)
    failover: Failover | None = composition(Failover)
    highest_random_weight: HighestRandomWeight | None = composition(HighestRandomWeight, since="3.6")

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse several ways to put services together, and what only a pool of servers has beside one."""
        yield from super().mistakes(given)
        chosen = [key for key in cls.alternatives() if given.get(key, ...) is not None]
        for key in cls.alone if chosen else ():
            if key in given and given[key] != cls.fields[key].default:
                detail = Message("only a pool of servers has this, and this service is {kind}", kind=chosen[0])
                yield key, Refusal("service.composed", detail)

    @property
    def composition(self) -> Composition | None:
        """How it is put together from services, or None for a pool of servers."""
        return None if self.chosen is None else self.__dict__[self.fields[self.chosen].name]

    @property
    def keeps_sessions(self) -> bool:
        """Whether a cookie keeps visitors with one of its own servers."""
        return self.sticky is not None and self.strategy is not Strategy.HRW

    @property
    def sticky_cookie(self) -> str | None:
        """The name of the cookie by which it keeps visitors with a server, or with one of its services."""
        sticky = self.sticky if self.weighted is None else self.weighted.sticky
        return None if sticky is None else sticky.cookie.name

    @property
    def starts_slowly(self) -> bool:
        """Whether servers that are new or back rise to their weights."""
        return self.slow_start is not None and self.strategy in {Strategy.WRR, Strategy.LEASTTIME}

    def json(self) -> dict[str, Any]:
        """Write it as JSON; without what only a pool of servers has, where it is none."""
        written = super().json()
        return {key: value for key, value in written.items() if key not in self.alone} if self.composition else written

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what has no effect together."""
        if self.strategy is Strategy.HRW and self.sticky is not None:
            yield "sticky", Message("this strategy sets no cookie: the client's address decides")
        if self.slow_start is not None and not self.starts_slowly:
            yield "slowStart", Message("this strategy ignores weights, so it has no slow start")
        if self.drain_for is not None and not self.keeps_sessions:
            detail = Message("without a sticky cookie, visitors of a drained server move to other servers at once")
            yield "drainFor", detail


class ServedServer(Object):
    """A server as Traefik gets it."""

    url: str = Server.fields["url"].again()
    weight: int = replace(Server.fields["weight"], is_explicit=True).again()
    preserve_path: bool = Server.fields["preservePath"].again()


class LoadBalancer(Object, more={Service.fields[key].name: Service.fields[key] for key in Service.pool}):
    """A pool as Traefik gets it: with an empty list of servers, which answers 503, rather than without one."""

    health_check: HealthCheck | None
    sticky: Sticky | None
    servers: list[ServedServer] = field(ListOf(Nested(ServedServer)), default=[], explicit=True)


class ServedService(
    Object,
    more={each.name: each for key, each in Service.fields.items() if not each.is_ours and key not in Service.alone},
):
    """A service as Traefik gets it."""

    load_balancer: LoadBalancer | None = field(Nested(LoadBalancer), default=None)


def served(service: Service, servers: Iterable[Server]) -> ServedService:
    """Return what Traefik gets of a service, with these of its servers."""
    values = service.__dict__
    own = {name: values[name] for name in _BESIDE}
    if service.on_failure is not OnFailure.NONE:
        own["middlewares"] = [*service.middlewares, RETRY]
    if service.composition is not None:
        return ServedService.made({**own, "load_balancer": None})
    pool = {name: values[name] for name in _POOL}
    if service.on_failure is OnFailure.HOLD_BACK and service.passive_health_check is None:
        pool["passive_health_check"] = _HOLD_BACK
    listed = [
        ServedServer.made({"url": server.url, "weight": server.weight, "preserve_path": server.preserve_path})
        for server in servers
    ]
    return ServedService.made({**own, "load_balancer": LoadBalancer.made({**pool, "servers": listed})})


_HOLD_BACK: Final = PassiveHealthCheck(failure_window="10s", max_failed_attempts=1)
_POOL: Final = tuple(Service.fields[key].name for key in Service.pool)
_BESIDE: Final = tuple(each.name for each in ServedService.fields.values() if each.name != "load_balancer")

Service.served = ServedService
