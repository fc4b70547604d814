"""Middlewares of TCP: what connections pass on their way."""

from collections.abc import Iterator
from typing import ClassVar

from provider.messages import Message, template
from provider.nouns.common import labels_field, name_field
from provider.nouns.fields import field
from provider.nouns.middlewares.words import counted, named
from provider.nouns.nested import Nested
from provider.nouns.noun import Noun
from provider.nouns.objects import Object
from provider.nouns.protocol import NETWORKS_NEEDED
from provider.nouns.types import Whole


class InFlightConn(Object):
    """A limit on open connections per client."""

    is_sparse = True
    example: ClassVar = {"amount": 10}

    amount: int = field(
        Whole(1, 1_000_000_000),
        "Connections",
        "How many connections an IP address may have open at once; more are closed.",
    )

    def does(self) -> Message:
        """Say how many it lets in."""
        words = (
            template("At most {number} connection per address"),
            template("At most {number} connections per address"),
        )
        return counted(self.amount, *words)


class TCPIPAllowList(Object):
    """An allow list of client addresses."""

    is_sparse = True
    example: ClassVar = {"sourceRange": ["10.0.0.0/8"]}

    source_range: list[str] = field(
        NETWORKS_NEEDED, "Networks", "Clients in these are let in: 10.0.0.0/8, or 10.0.0.7."
    )

    def does(self) -> Message:
        """Say whom it lets in."""
        return Message("Allows only {networks}", networks=named(self.source_range))


class TCPIPWhiteList(TCPIPAllowList):
    """The same, under its Traefik 2 name."""

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell its newer name."""
        yield "", Message("deprecated: use ipAllowList")


class TCPMiddleware(Noun):
    """What TCP connections pass through before they reach a service."""

    kind = "tcpMiddleware"
    place = ("tcp", "middlewares")
    title = "TCP middleware"
    about = "what TCP connections pass through on their way"
    cascade = "Also remove the TCP routers that use it."
    example: ClassVar = {"name": "inside", "ipAllowList": {"sourceRange": ["10.0.0.0/8"]}, "labels": {}}

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    in_flight_conn: InFlightConn | None = field(
        Nested(InFlightConn),
        "Limit connections",
        "Limits the open connections of each IP address.",
        default=None,
        alternative=True,
    )
    ip_allow_list: TCPIPAllowList | None = field(
        Nested(TCPIPAllowList),
        "Only from networks",
        "Rejects clients from other networks.",
        default=None,
        alternative=True,
    )
    ip_white_list: TCPIPWhiteList | None = field(
        Nested(TCPIPWhiteList),
        "Only from networks (old)",
        "The same, under its Traefik 2 name.",
        default=None,
        alternative=True,
    )

    def does(self) -> Message:
        """Say what it does, in a few words and without a period."""
        part = self.in_flight_conn or self.ip_allow_list or self.ip_white_list
        return Message(self.title) if part is None else part.does()
