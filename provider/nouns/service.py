"""Services: pools of servers, and how requests are shared among them."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message
from provider.nouns.common import DURATION, labels_field, name_field
from provider.nouns.objects import Nested, Noun, Object, field
from provider.nouns.types import Choice, Flag, Text, Word
from provider.values import (
    COOKIE_SCHEMA,
    HEALTH_PATH_SCHEMA,
    Refusal,
    Strategy,
    check_cookie_name,
    check_health_path,
    read_duration,
)

_STRATEGIES: Final[Mapping[str, Word]] = {
    Strategy.WRR: Word("Weighted round-robin", "Servers take turns by weight. Right for most applications."),
    Strategy.P2C: Word("Power of two choices", "Picks two servers at random; the less busy one gets the request."),
    Strategy.HRW: Word(
        "By the client's address", "The client's address decides, so a client always gets the same server."
    ),
    Strategy.LEASTTIME: Word("Least response time", "The server that answered fastest recently gets the request."),
}


class HealthCheck(Object):
    """How Traefik finds out which servers are up."""

    example: ClassVar = {"path": "/", "interval": "5s", "timeout": "2s"}

    path: str = field(
        Text(check_health_path, most=255, said=HEALTH_PATH_SCHEMA, word="PATH"),
        default="/",
        title="Path",
        help="The path to check. 2xx and 3xx count as healthy.",
        explicit=True,
        option="--health-check",
    )
    interval: str = field(
        DURATION,
        default="5s",
        title="Interval",
        help="How often, such as 5s: from 100ms to 1h (units: ms, s, m, h).",
        explicit=True,
    )
    timeout: str = field(
        DURATION,
        default="2s",
        title="Timeout",
        help="How long an answer may take, from 100ms to 1h (units: ms, s, m, h), at most the interval.",
        explicit=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a check that would still be running when the next one begins."""
        if {"interval", "timeout"} <= given.keys() and read_duration(given["timeout"]) > read_duration(
            given["interval"]
        ):
            yield "timeout", Refusal("timeout.interval", Message("the timeout is longer than the interval"))


class Cookie(Object):
    """The cookie by which a browser stays with its server."""

    example: ClassVar = {"name": "wayshub"}

    name: str = field(
        Text(check_cookie_name, said=COOKIE_SCHEMA, word="NAME"),
        title="Name of the cookie",
        help="Letters, digits, _ and -. Choose a name that the application does not use itself.",
        option="--sticky-cookie",
    )


class Sticky(Object):
    """How a session stays with one server."""

    example: ClassVar = {"cookie": {"name": "wayshub"}}

    cookie: Cookie = field(Nested(Cookie), title="Cookie")


class Service(Noun):
    """A pool of servers."""

    kind = "service"
    plural = "services"
    title = "Service"
    titles = "Services"
    cascade = "Also remove the routers and middlewares that use it."
    about = "pools of servers that share requests"
    listing = "Pools of servers, by name."
    layout = ("name", "strategy", "healthCheck", "sticky", "passHostHeader")
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
        default=Strategy.WRR,
        title="Strategy",
        help="How a server is chosen for a request.",
    )
    pass_host_header: bool = field(
        Flag(),
        default=True,
        title="Servers get the client's Host header",
        help="Servers see the host name the client asked for. Otherwise they see their own address.",
    )
    labels: dict[str, str] = labels_field()
    health_check: HealthCheck | None = field(
        Nested(HealthCheck),
        default=None,
        title="Health check",
        switch="Check the servers' health",
        help="Traefik checks each server regularly, and sends no requests to unhealthy ones.",
    )
    sticky: Sticky | None = field(
        Nested(Sticky),
        default=None,
        title="Sticky sessions",
        switch="Keep each visitor on one server",
        help="A cookie keeps each browser on the server that answered first. For applications that keep sessions in "
        "memory.",
    )
