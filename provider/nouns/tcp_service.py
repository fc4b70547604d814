"""Services of TCP: pools of servers that share connections, and services put together."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from provider.nouns.common import find_overlap, labels_field, name_field, reference
from provider.nouns.composed import ParentCheck, Watching, WeightedService, by_health, composition, members
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import LINE, PERIOD, check_address
from provider.nouns.tcp_transport import ProxyProtocol
from provider.nouns.texts import Text
from provider.nouns.types import Whole
from provider.values import Refusal


class TCPServer(Object):
    """A TCP server."""

    address: str = field(Text(check_address, most=260, is_asked=True, word="HOST:PORT"), "Address", "HOST:PORT.")
    tls: bool = flag("TLS", "Traefik speaks TLS with it.")


class TCPHealthCheck(Object):
    """How Traefik checks which servers are up: it connects, and may send something and expect a response."""

    is_empty_meant = True

    port: int | None = field(Whole(1, 65_535), "Port", "Empty: the port of the address.", default=None)
    send: str = field(LINE, "Send", "What to send first. Empty: nothing.", default="")
    expect: str = field(LINE, "Expect", "The response to expect. Empty: connecting is enough.", default="")
    interval: str = field(PERIOD, "Interval", "How often it connects.", default="30s")
    unhealthy_interval: str | None = field(
        PERIOD, "Interval while down", "Empty: as often as the others.", default=None
    )
    timeout: str = field(PERIOD, "Timeout", "How long connecting may take.", default="5s")

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
        "Servers",
        "They take turns. Without any, connections are closed.",
        default=[],
        explicit=True,
        option="--server",
    )
    servers_transport: str | None = field(
        reference("tcpServersTransport"),
        "Servers transport",
        "How Traefik connects to the servers. Empty: Traefik's default transport.",
        default=None,
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
        "PROXY protocol",
        "Deprecated: set it in a servers transport.",
        default=None,
        switch="Tell servers the client's address",
        rare=True,
    )
    termination_delay: int | None = field(
        Whole(-1, 86_400_000),
        "Termination delay",
        "Milliseconds until a half-closed connection is closed. Deprecated: set it in a servers transport.",
        default=None,
        rare=True,
    )


class TCPWeightedService(WeightedService):
    """A TCP service and its weight."""

    name: str = field(reference("tcpService"), "Service", "One of your TCP services, or NAME@PROVIDER.")


class TCPWeighted(Watching):
    """Services that take turns by weight."""

    title = "Weighted"
    about = "Shares connections among services by their weights."
    example: ClassVar = {"services": [{"name": "blue", "weight": 3}, {"name": "green"}]}

    services: list[TCPWeightedService] = field(
        members(TCPWeightedService), "Services", "They take turns by weight.", option="--weighted"
    )
    health_check: ParentCheck | None = by_health(since="3.6")


class TCPService(Noun):
    """A pool of TCP servers, or a combination of other services."""

    kind = "tcpService"
    place = ("tcp", "services")
    title = "TCP service"
    about = "pools of servers that share TCP connections"
    cascade = "Also remove the TCP routers and services that use it."
    example: ClassVar = {"name": "db", "loadBalancer": {"servers": [{"address": "10.0.0.11:5432"}]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    load_balancer: TCPLoadBalancer | None = field(
        Nested(TCPLoadBalancer), "Pool of servers", "Servers take turns.", default=None, alternative=True
    )
    weighted: TCPWeighted | None = composition(TCPWeighted)
