"""What is forwarded as TCP: routers, services, middlewares and transports."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider import durations
from provider.messages import Message, template
from provider.nouns.common import ENTRY_POINT, check_rule_of, labels_field, name_field
from provider.nouns.objects import Nested, Noun, Object, field
from provider.nouns.protocol import LINE, NETWORKS_NEEDED, PERIOD, check_address
from provider.nouns.tls import RouterTLS
from provider.nouns.transport import ServersTLS
from provider.nouns.types import Flag, ListOf, Reference, Text, Whole
from provider.rules import RULE_LENGTH
from provider.rules.implications import singles
from provider.rules.tcp import parse_tcp
from provider.values import REFERENCE_SCHEMA, Refusal, check_reference

_TWICE: Final = ("services.duplicate", template("a service is listed twice"))
_HANDS: Final = ("middlewares.duplicate", template("a middleware is listed twice"))
_ANY: Final = "HostSNI(`*`)"
_ENTRY_POINTS: Final = ListOf(
    ENTRY_POINT,
    most=20,
    duplicate=("entryPoints.duplicate", template("an entry point is listed twice")),
    is_line=True,
)


def reference(kind: str) -> Reference:
    """Return the type of a name of an object of a kind, here or at another provider."""
    return Reference(check_reference, said=REFERENCE_SCHEMA, kind=kind, is_foreign=True, word="NAME")


class TCPRouterTLS(RouterTLS):
    """That a router takes connections over TLS only."""

    is_empty_meant = True
    example: ClassVar = {"passthrough": True}

    passthrough: bool = field(
        Flag(),
        default=False,
        title="Pass through",
        help="The server speaks TLS with the client; Traefik only looks at the name that is asked for.",
    )


class TCPRouter(Noun):
    """Which connections go to which service."""

    kind = "tcpRouter"
    plural = "tcpRouters"
    place = ("tcp", "routers")
    title = "TCP router"
    titles = "TCP routers"
    about = "which TCP connections go to which service"
    texts = ("name", "rule", "service")
    example: ClassVar = {"name": "db", "rule": _ANY, "service": "db", "entryPoints": ["db"], "labels": {}}

    name: str = name_field()
    rule: str = field(
        Text(check_rule_of(parse_tcp), most=RULE_LENGTH, said={"minLength": 1}, is_long=True, word="RULE"),
        title="Rule",
        help="Such as HostSNI(`db.alvin.xyz`), the name in the TLS handshake; HostSNI(`*`) for all connections.",
        column=True,
    )
    service: str = field(reference("tcpService"), title="Service", help="One of your TCP services.")
    entry_points: list[str] = field(
        _ENTRY_POINTS,
        default=[],
        title="Entry points",
        help="Where it listens. Empty: on all default ones, those of HTTP too.",
        option="--entry-point",
    )
    middlewares: list[str] = field(
        ListOf(reference("tcpMiddleware"), most=30, duplicate=_HANDS),
        default=[],
        title="Middlewares",
        help="What its connections pass first, in this order.",
        option="--middleware",
    )
    priority: int = field(
        Whole(-1_000_000_000, 1_000_000_000),
        default=0,
        title="Priority",
        help="The highest goes first. 0: by the length of the rule.",
        rare=True,
    )
    tls: TCPRouterTLS | None = field(
        Nested(TCPRouterTLS),
        default=None,
        title="TLS",
        switch="Take connections over TLS only",
        help="Without it, the name that a client asks for is not known: the rule can only be HostSNI(`*`).",
    )
    labels: dict[str, str] = labels_field()

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a name of hosts without TLS, for which Traefik disables the router."""
        rule = given.get("rule")
        if isinstance(rule, str) and given.get("tls", ...) is None and _asks_for_a_name(rule):
            detail = Message("without TLS no name is asked for: add tls, or match HostSNI(`*`)")
            yield "tls", Refusal("tcpRouter.tls", detail)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell that everything of an entry point is taken."""
        if self.tls is None and self.rule.replace(" ", "") == _ANY:
            yield (
                "rule",
                Message("this takes every connection of its entry points: HTTP routers there get no plain request"),
            )


def _asks_for_a_name(rule: str) -> bool:
    names = [str(single.matcher) for single in singles(parse_tcp(rule).condition) if "SNI" in single.matcher.name]
    return any(name != _ANY for name in names)


class TCPServer(Object):
    """Where connections are answered."""

    address: str = field(
        Text(check_address, most=260, is_asked=True, word="HOST:PORT"), title="Address", help="HOST:PORT."
    )
    tls: bool = field(Flag(), default=False, title="TLS", help="Traefik speaks TLS with it.")


class ProxyProtocol(Object):
    """That servers are told who the client is, by the PROXY protocol."""

    is_empty_meant = True

    version: int = field(Whole(1, 2), default=2, title="Version", help="1 is text, 2 is binary.")


class TCPHealthCheck(Object):
    """How Traefik finds out which servers are up: it connects, and may send and expect something."""

    is_empty_meant = True

    port: int | None = field(Whole(1, 65_535), default=None, title="Port", help="Empty: that of the address.")
    send: str = field(LINE, default="", title="Send", help="What is sent first. Empty: nothing.")
    expect: str = field(LINE, default="", title="Expect", help="What has to come back. Empty: to connect is enough.")
    interval: str = field(PERIOD, default="30s", title="Interval", help="How often it connects.")
    unhealthy_interval: str | None = field(
        PERIOD, default=None, title="Interval while down", help="Empty: as often as the others."
    )
    timeout: str = field(PERIOD, default="5s", title="Timeout", help="How long this may take.")

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a check that would still be running when the next one begins."""
        interval, timeout = (durations.find_seconds(given.get(key, "")) for key in ("interval", "timeout"))
        if interval is not None and timeout is not None and timeout > interval:
            yield "timeout", Refusal("timeout.interval", Message("the timeout is longer than the interval"))


class TCPLoadBalancer(Object):
    """A pool of servers, which take turns."""

    is_sparse = True
    example: ClassVar = {"servers": [{"address": "10.0.0.11:5432"}]}

    servers: list[TCPServer] = field(
        ListOf(Nested(TCPServer), most=1_000),
        default=[],
        title="Servers",
        help="They take turns. Without any, connections are closed.",
        explicit=True,
        option="--server",
    )
    servers_transport: str | None = field(
        reference("tcpServersTransport"),
        default=None,
        title="Servers transport",
        help="How Traefik connects to the servers. Empty: Traefik's default transport.",
    )
    health_check: TCPHealthCheck | None = field(
        Nested(TCPHealthCheck),
        default=None,
        title="Health check",
        switch="Check the servers' health",
        help="Traefik connects to each server regularly, and sends no connections to one that fails.",
        since="3.6",
    )
    proxy_protocol: ProxyProtocol | None = field(
        Nested(ProxyProtocol),
        default=None,
        title="PROXY protocol",
        switch="Tell servers who the client is",
        help="Deprecated: set it in a servers transport.",
        rare=True,
    )
    termination_delay: int | None = field(
        Whole(-1, 86_400_000),
        default=None,
        title="Termination delay",
        help="Milliseconds until a half-closed connection is ended. Deprecated: set it in a servers transport.",
        rare=True,
    )


class TCPWeightedService(Object):
    """A TCP service and its weight."""

    name: str = field(reference("tcpService"), title="Service", help="One of your TCP services, or NAME@PROVIDER.")
    weight: int = field(
        Whole(1, 1_000_000), default=1, title="Weight", help="How often it is chosen compared with the others."
    )


def _name(item: TCPWeightedService) -> str:
    return item.name


class TCPParentCheck(Object):
    """That a service made of others goes by their health."""

    is_empty_meant = True


class TCPWeighted(Object):
    """Services that take turns by their weights."""

    is_sparse = True
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[TCPWeightedService] = field(
        ListOf(Nested(TCPWeightedService), least=1, most=100, duplicate=_TWICE, same=_name),
        title="Services",
        help="They take turns, as often as their weights say.",
        option="--weighted",
    )
    health_check: TCPParentCheck | None = field(
        Nested(TCPParentCheck),
        default=None,
        title="By health",
        switch="Leave out services that are down",
        help="Each of the services needs a health check for it.",
        since="3.6",
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what Traefik 3.7.15 does not do (measured), though it takes it."""
        if self.health_check is not None:
            yield "healthCheck", Message("Traefik 3.7 keeps sending connections to services that are down")


class TCPService(Noun):
    """Servers that answer connections, or services put together."""

    kind = "tcpService"
    plural = "tcpServices"
    place = ("tcp", "services")
    title = "TCP service"
    titles = "TCP services"
    about = "pools of servers that share TCP connections"
    cascade = "Also remove the TCP routers and services that use it."
    example: ClassVar = {"name": "db", "loadBalancer": {"servers": [{"address": "10.0.0.11:5432"}]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    load_balancer: TCPLoadBalancer | None = field(
        Nested(TCPLoadBalancer), default=None, alternative=True, title="Pool of servers", help="Servers take turns."
    )
    weighted: TCPWeighted | None = field(
        Nested(TCPWeighted),
        default=None,
        alternative=True,
        title="Weighted",
        help="Shares connections among services by their weights.",
    )


class InFlightConn(Object):
    """How many connections a client may have at once."""

    is_sparse = True
    example: ClassVar = {"amount": 10}

    amount: int = field(
        Whole(1, 1_000_000_000), title="Connections", help="So many at once for each address; more are closed."
    )


class TCPIPAllowList(Object):
    """From where connections are let in."""

    is_sparse = True
    example: ClassVar = {"sourceRange": ["10.0.0.0/8"]}

    source_range: list[str] = field(
        NETWORKS_NEEDED, title="Networks", help="Clients in these are let in: 10.0.0.0/8, or 10.0.0.7."
    )


class TCPIPWhiteList(TCPIPAllowList):
    """The same, under its Traefik 2 name."""

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell its newer name."""
        yield "", Message("this name is deprecated: use ipAllowList")


class TCPMiddleware(Noun):
    """What connections pass first."""

    kind = "tcpMiddleware"
    plural = "tcpMiddlewares"
    place = ("tcp", "middlewares")
    title = "TCP middleware"
    titles = "TCP middlewares"
    about = "what TCP connections pass on their way"
    cascade = "Also remove the TCP routers that use it."
    example: ClassVar = {"name": "inside", "ipAllowList": {"sourceRange": ["10.0.0.0/8"]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    in_flight_conn: InFlightConn | None = field(
        Nested(InFlightConn),
        default=None,
        alternative=True,
        title="Limit connections",
        help="Bounds the connections of each address.",
    )
    ip_allow_list: TCPIPAllowList | None = field(
        Nested(TCPIPAllowList),
        default=None,
        alternative=True,
        title="Only from networks",
        help="Turns away clients from elsewhere.",
    )
    ip_white_list: TCPIPWhiteList | None = field(
        Nested(TCPIPWhiteList),
        default=None,
        alternative=True,
        title="Only from networks (old)",
        help="The same, under its Traefik 2 name.",
    )


def _check_delay(text: str) -> str:
    return text if text in {"0s", "-1ms"} else PERIOD.check(text) if PERIOD.check else text


_DELAY: Final = Text(_check_delay, most=30, word="DURATION")


class TCPServersTLS(ServersTLS):
    """How Traefik speaks TLS with servers of TCP."""

    is_empty_meant = True
    is_sparse = False


class TCPServersTransport(Noun):
    """How Traefik speaks with servers of TCP."""

    kind = "tcpServersTransport"
    plural = "tcpServersTransports"
    place = ("tcp", "serversTransports")
    title = "TCP servers transport"
    titles = "TCP servers transports"
    about = "how Traefik connects to TCP servers"
    cascade = "Also remove the TCP services that use it."
    example: ClassVar = {"name": "internal", "dialTimeout": "5s", "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    dial_timeout: str = field(_DELAY, default="30s", title="Connecting", help="How long this may take.", explicit=True)
    dial_keep_alive: str = field(
        _DELAY, default="15s", title="Keep-alive", help="How often an idle connection is checked."
    )
    termination_delay: str = field(
        _DELAY,
        default="100ms",
        title="Termination delay",
        help="How long a half-closed connection is kept. -1ms: until both ends close it.",
        rare=True,
    )
    proxy_protocol: ProxyProtocol | None = field(
        Nested(ProxyProtocol),
        default=None,
        title="PROXY protocol",
        switch="Tell servers who the client is",
        help="Servers have to understand it.",
        since="3.5.2",
    )
    tls: TCPServersTLS | None = field(
        Nested(TCPServersTLS),
        default=None,
        title="TLS",
        switch="Speak TLS with servers",
        help="For servers that expect it.",
    )
