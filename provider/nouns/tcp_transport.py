"""Servers transports of TCP: how Traefik speaks with servers."""

from collections.abc import Iterator
from typing import ClassVar, Final

from provider.messages import Message
from provider.nouns.common import labels_field, name_field
from provider.nouns.fields import field
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import period_or
from provider.nouns.transport import ServersTLS, doubted_dialling
from provider.nouns.types import Whole

_DELAY: Final = period_or("0s", "-1ms")


class ProxyProtocol(Object):
    """Tells servers the client's address, with the PROXY protocol."""

    is_empty_meant = True

    version: int = field(Whole(1, 2), "Version", "1 is text, 2 is binary.", default=2)


class TCPServersTLS(ServersTLS):
    """TLS settings for connections to TCP servers."""

    is_empty_meant = True
    is_sparse = False


class TCPServersTransport(Noun):
    """How Traefik connects to TCP servers."""

    kind = "tcpServersTransport"
    place = ("tcp", "serversTransports")
    title = "TCP servers transport"
    about = "how Traefik connects to TCP servers"
    cascade = "Also remove the TCP services that use it."
    example: ClassVar = {"name": "internal", "dialTimeout": "5s", "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    dial_timeout: str = field(
        period_or("0s"), "Connecting", "How long connecting may take.", default="30s", explicit=True
    )
    dial_keep_alive: str = field(_DELAY, "Keep-alive", "How often an idle connection is checked.", default="15s")
    termination_delay: str = field(
        _DELAY,
        "Termination delay",
        "How long a half-closed connection is kept. -1ms: until both ends close it.",
        default="100ms",
        rare=True,
    )
    proxy_protocol: ProxyProtocol | None = field(
        Nested(ProxyProtocol),
        "PROXY protocol",
        "Servers have to understand it.",
        default=None,
        switch="Tell servers the client's address",
        since="3.5.2",
    )
    tls: TCPServersTLS | None = field(
        Nested(TCPServersTLS), "TLS", "For servers that expect it.", default=None, switch="Speak TLS with servers"
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell where 0s does not mean what it says, or cuts answers off (measured on 3.7.15)."""
        yield from doubted_dialling(self.dial_timeout)
        if self.dial_keep_alive == "0s":
            yield "dialKeepAlive", Message("for 0s, Traefik uses {default}", default="15s")
        if self.termination_delay == "0s":
            detail = Message("as soon as one end has sent everything, Traefik cuts off what the other end still sends")
            yield "terminationDelay", detail
