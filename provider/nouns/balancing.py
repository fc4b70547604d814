"""What a pool of servers has besides its servers: checks of their health, sessions, and how answers are sent on."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar, Final

from provider import durations
from provider.durations import GO_NOTATION
from provider.hosts import to_ascii
from provider.messages import Message
from provider.nouns.common import DURATION, find_overlap
from provider.nouns.fields import field, flag
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import HEADERS, PERIOD, WORD, check_method
from provider.nouns.texts import Text
from provider.nouns.types import Choice, Whole, Word
from provider.values import (
    Refusal,
    check_cookie_name,
    check_health_path,
    check_path_prefix,
    in_schema,
    optional,
    shown_text,
)

_PORT: Final = Whole(1, 65_535)
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
"""The statuses of redirects that a health check follows."""


class CheckMode(StrEnum):
    """The protocol of a health check."""

    HTTP = "http"
    GRPC = "grpc"


class CheckScheme(StrEnum):
    """The scheme of a health check."""

    HTTP = "http"
    HTTPS = "https"


class SameSite(StrEnum):
    """From which sites' pages a browser sends the cookie (SameSite)."""

    NONE = "none"
    LAX = "lax"
    STRICT = "strict"


@in_schema({"pattern": rf"^$|^(?!\*$){WORD}$"})
def _check_method(text: str) -> str:
    if text == "*":
        raise Refusal("method.format", Message("{text} is not a method, such as GET", text=shown_text(text)))
    return check_method(text) if text else text


_check_host: Final = optional(to_ascii)


@in_schema({"format": "go-duration", "pattern": rf"^{GO_NOTATION}$"})
def _check_flush(text: str) -> str:
    """Check an interval; a negative one means at once."""
    nanoseconds = durations.find_nanoseconds(text)
    if nanoseconds is None or not text or text[-1].isdigit() or abs(nanoseconds) > 3_600_000_000_000:
        detail = Message("{text} is not an interval: write 100ms, or -1ms to send at once", text=shown_text(text))
        raise Refusal("duration.format", detail)
    return text


class HealthCheck(Object):
    """How Traefik checks which servers are up."""

    example: ClassVar = {"path": "/", "interval": "5s", "timeout": "2s"}

    path: str = field(
        Text(check_health_path, most=255, word="PATH"),
        "Path",
        "The path to check. 2xx and 3xx count as healthy.",
        default="/",
        explicit=True,
        option="--health-check",
    )
    interval: str = field(
        DURATION,
        "Interval",
        "How often, such as 5s: from 100ms to 1h (units: ms, s, m, h).",
        default="5s",
        explicit=True,
    )
    timeout: str = field(
        DURATION,
        "Timeout",
        "How long a response may take, from 100ms to 1h (units: ms, s, m, h), at most the interval.",
        default="2s",
        explicit=True,
    )
    unhealthy_interval: str | None = field(
        DURATION,
        "Interval while down",
        "How often a server that is down is checked. Empty: as often as the others.",
        default=None,
        since="3.5",
        rare=True,
        omitted=True,
    )
    mode: CheckMode = field(
        Choice(CheckMode, {CheckMode.HTTP: Word("HTTP"), CheckMode.GRPC: Word("gRPC health checking")}),
        "Mode",
        "The protocol of the check.",
        default=CheckMode.HTTP,
        rare=True,
        omitted=True,
    )
    scheme: CheckScheme | None = field(
        Choice(CheckScheme, {CheckScheme.HTTP: Word("http"), CheckScheme.HTTPS: Word("https")}),
        "Scheme",
        "Empty: as in the server's URL.",
        default=None,
        rare=True,
        omitted=True,
    )
    method: str = field(
        Text(_check_method, most=50), "Method", "Such as HEAD. Empty: GET.", default="", rare=True, omitted=True
    )
    status: int | None = field(
        Whole(100, 599),
        "Status",
        "The only status that counts as healthy. Empty: 2xx and 3xx.",
        default=None,
        rare=True,
        omitted=True,
    )
    port: int | None = field(_PORT, "Port", "Empty: as in the server's URL.", default=None, rare=True, omitted=True)
    hostname: str = field(
        Text(_check_host, most=253),
        "Host",
        "The Host header that it sends. Empty: the server's.",
        default="",
        rare=True,
        omitted=True,
    )
    follow_redirects: bool = flag(
        "Follow redirects", "Follows redirects; the final response counts.", default=True, rare=True, omitted=True
    )
    headers: dict[str, str] = field(HEADERS, "Headers", "Other headers to send.", default={}, rare=True, omitted=True)

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse a check that would still be running when the next one begins."""
        yield from find_overlap(given)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of checks that can never succeed, or that look at something else: all servers are down then."""
        if self.status is not None and self.status < HTTPStatus.OK:
            yield (
                "status",
                Message("no response has the status {status}: every server counts as down", status=self.status),
            )
        if self.mode is CheckMode.GRPC and self.status is not None:
            yield "status", Message("with gRPC, HTTP statuses do not count: leave it out")
        elif self.status in _FOLLOWED and self.follow_redirects:
            detail = Message(
                "redirects are followed, and the final response counts: to expect {status}, turn followRedirects off",
                status=self.status,
            )
            yield "status", detail


class PassiveHealthCheck(Object):
    """How Traefik notices from clients' requests that a server fails."""

    example: ClassVar = {"failureWindow": "10s", "maxFailedAttempts": 3}

    failure_window: str = field(
        PERIOD, "Pause", "How long a server that failed gets no requests, such as 10s.", default="10s", explicit=True
    )
    max_failed_attempts: int = field(
        Whole(1, 1_000_000),
        "Failures",
        "After this many failures in a row: no connection, or a 5xx response.",
        default=1,
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what a page that always fails does."""
        yield (
            "",
            Message(
                "anyone who keeps requesting a page that answers 5xx can take all servers out: then every "
                "visitor gets 503"
            ),
        )


class Cookie(Object):
    """The cookie that keeps a browser on its server."""

    example: ClassVar = {"name": "wayshub"}

    name: str = field(
        Text(check_cookie_name, word="NAME"),
        "Name of the cookie",
        "Letters, digits, _ and -. Choose a name that the application does not use itself.",
        option="--sticky-cookie",
    )
    secure: bool = flag("Over TLS only", "Browsers send it over HTTPS only.", rare=True, omitted=True)
    http_only: bool = flag("Hidden from scripts", "Scripts on the page cannot read it.", rare=True, omitted=True)
    same_site: SameSite | None = field(
        Choice(
            SameSite,
            {
                SameSite.NONE: Word("none", "Sent with requests from all sites; needs HTTPS."),
                SameSite.LAX: Word("lax", "Sent when a visitor follows a link from another site."),
                SameSite.STRICT: Word("strict", "Never sent from other sites."),
            },
        ),
        "From other sites",
        "Whether browsers send it with requests from other sites (SameSite). Empty: the browser decides.",
        default=None,
        rare=True,
        omitted=True,
    )
    max_age: int = field(
        Whole(-1, 2_147_483_647),
        "Age in seconds",
        "How long browsers keep it. 0: until they are closed; -1: it is deleted at once.",
        default=0,
        rare=True,
        omitted=True,
    )
    path: str = field(
        Text(check_path_prefix, most=255),
        "Path of the cookie",
        "Browsers send it for this path and what is below it.",
        default="/",
        since="3.3",
        rare=True,
        omitted=True,
    )
    domain: str = field(
        Text(_check_host, most=253),
        "Domain of the cookie",
        "Browsers send it for this host and those below it. Empty: for the host that set it.",
        default="",
        since="3.4",
        rare=True,
        omitted=True,
    )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell what browsers refuse."""
        if self.same_site is SameSite.NONE and not self.secure:
            yield "sameSite", Message("browsers refuse a cookie with SameSite=None that is not Secure")
        if self.max_age < 0:
            yield "maxAge", Message("browsers delete the cookie at once, so nobody stays on a server")


class Sticky(Object):
    """How a browser is kept on one server."""

    example: ClassVar = {"cookie": {"name": "wayshub"}}

    cookie: Cookie = field(Nested(Cookie), "Cookie")


class ResponseForwarding(Object):
    """How responses are passed on."""

    example: ClassVar = {"flushInterval": "100ms"}

    flush_interval: str = field(
        Text(_check_flush, most=30, word="DURATION"),
        "Flush interval",
        "How often buffered data is sent on to the client; -1ms: at once.",
        default="100ms",
        explicit=True,
    )
