"""Services of TCP: pools of servers that share connections, and services put together."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.nouns.common import find_overlap, labels_field, name_field, reference
from provider.nouns.composed import ParentCheck, Watching, WeightedService, by_health, composition, members
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import LINE, PERIOD, check_address
from provider.nouns.tcp_transport import ProxyProtocol
from provider.nouns.texts import Text
from provider.nouns.types import Flag, Whole
from provider.values import Refusal


class TCPServer(Object):
    """A TCP server."""

    address: str = field(
        Text(check_address, most=260, is_asked=True, word="HOST:PORT"), title="Address", help="HOST:PORT."
    )
    tls: bool = field(Flag(), default=False, title="TLS", help="Traefik speaks TLS with it.")


class TCPHealthCheck(Object):
    """How Traefik checks which servers are up: it connects, and may send something and expect a response."""

    is_empty_meant = True

    port: int | None = field(Whole(1, 65_535), default=None, title="Port", help="Empty: the port of the address.")
    send: str = field(LINE, default="", title="Send", help="What to send first. Empty: nothing.")
    expect: str = field(LINE, default="", title="Expect", help="The response to expect. Empty: connecting is enough.")
    interval: str = field(PERIOD, default="30s", title="Interval", help="How often it connects.")
    unhealthy_interval: str | None = field(
        PERIOD, default=None, title="Interval while down", help="Empty: as often as the others."
    )
    timeout: str = field(PERIOD, default="5s", title="Timeout", help="How long connecting may take.")

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a check that would still be running when the next one begins."""
        yield from find_overlap(given)


class TCPLoadBalancer(Object):
    """A pool of servers that take turns."""

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
        # Measured on Traefik 3.7.15: it makes the pool anew for each use, and tells only the last what it found.
        help="Traefik connects to each server regularly, and sends no connections to one that fails. Traefik 3.7 does "
        "so in one place only: give each router, entry point and service a pool of its own.",
        since="3.6",
    )
    proxy_protocol: ProxyProtocol | None = field(
        Nested(ProxyProtocol),
        default=None,
        title="PROXY protocol",
        switch="Tell servers the client's address",
        help="Deprecated: set it in a servers transport.",
        rare=True,
    )
    termination_delay: int | None = field(
        Whole(-1, 86_400_000),
        default=None,
        title="Termination delay",
        help="Milliseconds until a half-closed connection is closed. Deprecated: set it in a servers transport.",
        rare=True,
    )


class TCPWeightedService(WeightedService):
    """A TCP service and its weight."""

    name: str = field(reference("tcpService"), title="Service", help="One of your TCP services, or NAME@PROVIDER.")


class TCPWeighted(Watching):
    """Services that take turns by weight."""

    title = "Weighted"
    about = "Shares connections among services by their weights."
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[TCPWeightedService] = field(
        members(TCPWeightedService),
        title="Services",
        help="They take turns by weight.",
        option="--weighted",
    )
    health_check: ParentCheck | None = by_health(since="3.6")


class TCPService(Noun):
    """A pool of TCP servers, or a combination of other services."""

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
    weighted: TCPWeighted | None = composition(TCPWeighted)
