"""Middlewares that bound how much clients may ask for."""

from collections.abc import Iterator
from typing import ClassVar, Final

from provider.messages import Message, template
from provider.nouns.containers import ListOf
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.clients import ClientTLS
from provider.nouns.middlewares.sources import SourceCriterion, counted_by
from provider.nouns.middlewares.underway import StopEffect, Underway, depends
from provider.nouns.middlewares.words import requests
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import LINE, PERIOD, check_address, period_or
from provider.nouns.texts import Secrecy, Text
from provider.nouns.types import Whole
from provider.values import check_text

_MOST: Final = 1_000_000_000
_TIMEOUT: Final = period_or("0s")
_SPAN: Final = template("At most {requests} in {period}")
_SPANS: Final = {
    "1s": template("At most {requests} a second"),
    "1m": template("At most {requests} a minute"),
    "1h": template("At most {requests} an hour"),
}


class Redis(Object):
    """A Redis through which several edges count together."""

    is_sparse = True
    example: ClassVar = {"endpoints": ["redis:6379"]}

    endpoints: list[str] = field(
        ListOf(Text(check_address, most=260, is_asked=True, word="HOST:PORT"), least=1, most=20),
        "Addresses",
        "HOST:PORT of each Redis.",
        default=["localhost:6379"],
        explicit=True,
    )
    tls: ClientTLS | None = field(
        Nested(ClientTLS), "TLS", "For a Redis that requires TLS.", default=None, switch="Connect with TLS"
    )
    username: str = field(LINE, "User", "Empty: the default user.", default="")
    password: str = field(Text(check_text, most=2_000, secret=Secrecy()), "Password", "For that user.", default="")
    db: int = field(Whole(0, 1_000_000), "Database", "Number of the database.", default=0)
    pool_size: int = field(Whole(0, 100_000), "Connections", "Maximum number. 0: ten per CPU.", default=0, rare=True)
    min_idle_conns: int = field(
        Whole(0, 100_000), "Idle connections", "Minimum number to keep open.", default=0, rare=True
    )
    max_active_conns: int = field(
        Whole(0, 100_000),
        "Active connections",
        "Maximum number in use at the same time. 0: no limit.",
        default=0,
        rare=True,
    )
    read_timeout: str = field(
        _TIMEOUT, "Read timeout", "With its unit, such as 3s. 0s: no limit.", default="3s", rare=True
    )
    write_timeout: str = field(
        _TIMEOUT, "Write timeout", "With its unit, such as 3s. 0s: no limit.", default="3s", rare=True
    )
    dial_timeout: str = field(PERIOD, "Connect timeout", "With its unit, such as 5s.", default="5s", rare=True)


class RateLimit(Kind):
    """A limit on the rate of requests."""

    title = "Limit the rate"
    purpose = Purpose.LIMIT
    about = (
        "Answers 429 to clients that send too many requests. Each router counts separately, and starts over after "
        "each change."
    )
    example: ClassVar = {"average": 100, "period": "1s", "burst": 50}

    average: int = field(
        Whole(0, _MOST), "Requests", "How many requests are let through per period. 0: no limit.", option="--rate-limit"
    )
    period: str = field(PERIOD, "Period", "With its unit (ms, s, m, h), 1ms to 720h, such as 1m.", default="1s")
    burst: int = field(Whole(1, _MOST), "Burst", "How many requests may arrive at once.", default=1)
    source_criterion: SourceCriterion | None = field(
        Nested(SourceCriterion),
        "Clients",
        "Empty: by the connecting address.",
        default=None,
        switch="Choose how clients are told apart",
        rare=True,
    )
    redis: Redis | None = field(
        Nested(Redis),
        "Redis",
        "Through a Redis that all edges can reach. While Redis is down, every request gets 500.",
        default=None,
        switch="Count together with other edges",
        since="3.4",
        rare=True,
    )

    def does(self) -> Message:
        """Say how many requests it lets through."""
        if not self.average:
            return Message("Sets no limit")
        told = {"requests": requests(self.average), "period": self.period}
        limit = Message(_SPANS.get(self.period, _SPAN), **told)
        return counted_by(limit, self.source_criterion)

    def meet(self, request: Underway) -> StopEffect:
        """Say that it counts how many there are."""
        return depends(request, Message("how many requests arrive: too many get 429"))

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a limit that is none."""
        if self.average == 0:
            yield "average", Message("an average of 0 means no limit: all requests are let through")


class InFlightReq(Kind):
    """A limit on open requests."""

    title = "Limit simultaneous requests"
    purpose = Purpose.LIMIT
    about = "Answers 429 while a client has too many open requests. Each router counts separately."
    example: ClassVar = {"amount": 10}

    amount: int = field(Whole(1, _MOST), "Requests", "How many requests a client may have open at the same time.")
    source_criterion: SourceCriterion | None = field(
        Nested(SourceCriterion),
        "Clients",
        "Empty: by the requested host name.",
        default=None,
        switch="Choose how clients are told apart",
        rare=True,
    )

    def does(self) -> Message:
        """Say how many requests it lets through."""
        limit = Message("At most {requests} at the same time", requests=requests(self.amount))
        return counted_by(limit, self.source_criterion)

    def meet(self, request: Underway) -> StopEffect:
        """Say that it counts how many there are."""
        return depends(request, Message("how many requests are open: too many get 429"))
