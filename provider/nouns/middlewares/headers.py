"""The middleware that sets headers of requests and answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from http import HTTPStatus
from typing import Any, ClassVar, Final

from provider.messages import Message, shown, template
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway, answers
from provider.nouns.middlewares.words import counted, named
from provider.nouns.objects import Object
from provider.nouns.protocol import (
    EXPRESSIONS,
    HEADER_NAMES,
    HEADER_VALUE,
    HEADERS,
    METHODS,
    TEXTS,
    is_unset,
    something_set,
)
from provider.nouns.types import Schema, Whole
from provider.patterns import pattern
from provider.rules.requests import canonical
from provider.values import Refusal

_NO_HOST: Final = pattern(r"[/*]")
"""What no client sends as a host (measured: Traefik compares the whole of it, with the port)."""

_ORIGIN: Final = pattern(
    r"null|(?!http://[^:/]+:80$|https://[^:/]+:443$)[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?"
)
"""What a browser sends as an origin: Traefik compares it to the letter."""

_SECONDS: Final = Whole(0, 10_000_000_000)
_GONE: Final = template("Deprecated: Traefik 3 ignores it.")


def _text(title: str, help_: str, *, rare: bool = True, since: str = "3.0", key: str = "") -> Any:
    return field(HEADER_VALUE, title, help_, default="", rare=rare, since=since, key=key)


class _Own(Object):
    """Headers by name."""

    custom_request_headers: dict[str, str] = field(
        HEADERS, "Request headers", "What servers get; an empty value removes the header.", default={}
    )
    custom_response_headers: dict[str, str] = field(
        HEADERS, "Response headers", "What clients get; an empty value removes the header.", default={}
    )


class _CrossOrigin(_Own):
    """What pages of other origins may ask for (CORS)."""

    access_control_allow_origin_list: list[str] = field(
        TEXTS, "Allowed origins", "Origins whose pages may read responses: https://alvin.xyz, or * for all.", default=[]
    )
    access_control_allow_origin_list_regex: list[str] = field(
        EXPRESSIONS, "Allowed origins (expressions)", "Regular expressions in Go's syntax.", default=[], rare=True
    )
    access_control_allow_methods: list[str] = field(
        METHODS, "Allowed methods", "Methods that pages of other origins may use: GET, PUT.", default=[]
    )
    access_control_allow_headers: list[str] = field(
        HEADER_NAMES, "Allowed headers", "Request headers that these pages may set, or *.", default=[]
    )
    access_control_expose_headers: list[str] = field(
        HEADER_NAMES, "Exposed headers", "Response headers that these pages may read.", default=[], rare=True
    )
    access_control_allow_credentials: bool = flag("Allow credentials", "These pages may send cookies.", rare=True)
    access_control_max_age: int | None = field(
        _SECONDS,
        "Preflight age in seconds",
        "How many seconds browsers remember what they may request.",
        default=None,
        rare=True,
    )
    add_vary_header: bool = flag("Add Vary", "Tells caches that responses differ by origin.", rare=True)

    @property
    def is_cross_origin(self) -> bool:
        """Whether it says what pages of other origins may ask for."""
        return any(getattr(self, each.name) for key, each in self.fields.items() if key.startswith("accessControl"))

    def _unmatched_origins(self) -> Iterator[tuple[str, Message]]:
        """Tell of origins that no browser sends as they are written."""
        for origin in () if "*" in self.access_control_allow_origin_list else self.access_control_allow_origin_list:
            if not _ORIGIN.fullmatch(origin):
                told = Message(
                    "{origin} never matches: browsers send https://alvin.xyz, without path, trailing slash or default "
                    "port, and in lower case",
                    origin=shown(origin),
                )
                yield "accessControlAllowOriginList", told


class _Strict(_CrossOrigin):
    """What browsers shall be strict about."""

    sts_seconds: int | None = field(
        _SECONDS,
        "HSTS in seconds",
        "How many seconds browsers use HTTPS only, such as 31536000 for a year.",
        default=None,
    )
    sts_include_subdomains: bool = flag("HSTS for subdomains", "Also for all names below the host.", rare=True)
    sts_preload: bool = flag("HSTS preload", "Lets browsers apply it before the first visit.", rare=True)
    force_sts_header: bool = flag("HSTS without TLS", "Send it over plain HTTP too.", key="forceSTSHeader", rare=True)
    frame_deny: bool = flag("Deny frames", "No other page may show this one in a frame.")
    custom_frame_options_value: str = _text("X-Frame-Options", "Instead of DENY, such as SAMEORIGIN.")
    content_type_nosniff: bool = flag("No sniffing", "Browsers use the media type that is sent and do not guess.")
    browser_xss_filter: bool = flag("XSS filter", "X-XSS-Protection, for old browsers.", rare=True)
    custom_browser_xss_value: str = _text(
        "X-XSS-Protection", "Instead of the usual value.", key="customBrowserXSSValue"
    )
    content_security_policy: str = _text("Content-Security-Policy", "What a page may load, and from where.", rare=False)
    content_security_policy_report_only: str = _text(
        "Content-Security-Policy-Report-Only", "A policy that browsers report on but do not enforce.", since="3.1"
    )
    referrer_policy: str = _text(
        "Referrer-Policy", "What other sites learn about where visitors came from.", rare=False
    )
    permissions_policy: str = _text("Permissions-Policy", "Which browser features a page may use.")
    public_key: str = _text("Public-Key-Pins", "Browsers no longer use it.")

    def _counts(self) -> Iterator[tuple[int, str, str]]:
        """Give how many headers are set and removed, each with the words for one and for many."""
        asked = [bool(value) for value in self.custom_request_headers.values()]
        answered = [bool(value) for value in self.custom_response_headers.values()]
        yield sum(asked), template("Sets {number} request header"), template("Sets {number} request headers")
        yield (
            *(asked.count(False), template("Removes {number} request header")),
            template("Removes {number} request headers"),
        )
        added = sum(answered) + sum(map(bool, self._made()))
        yield added, template("Adds {number} response header"), template("Adds {number} response headers")
        yield (
            *(answered.count(False), template("Removes {number} response header")),
            template("Removes {number} response headers"),
        )

    def _made(self) -> Sequence[object]:
        """Return what each header of answers is made of that has fields of its own."""
        return (
            *(self.sts_seconds, self.frame_deny or self.custom_frame_options_value, self.content_type_nosniff),
            *(self.browser_xss_filter or self.custom_browser_xss_value, self.content_security_policy),
            *(self.content_security_policy_report_only, self.referrer_policy, self.permissions_policy),
            self.public_key,
        )


class _Bound(_Strict):
    """Whom requests are for, and by what they came."""

    allowed_hosts: list[str] = field(TEXTS, "Allowed hosts", "Requests for other hosts get 500.", default=[], rare=True)
    hosts_proxy_headers: list[str] = field(
        HEADER_NAMES, "Headers with the host", "Such as X-Forwarded-Host.", default=[], rare=True
    )
    ssl_proxy_headers: dict[str, str] = field(
        HEADERS, "Headers that mark HTTPS", "X-Forwarded-Proto: https, for HSTS.", default={}, rare=True
    )
    is_development: bool = flag("Development", "Turns allowed hosts and HSTS off.", rare=True)

    def _unmatched_hosts(self) -> Iterator[tuple[str, Message]]:
        """Tell of hosts that no client sends as they are written."""
        for host in filter(_NO_HOST.search, self.allowed_hosts):
            told = Message("{host} never matches: write only the host name, such as alvin.xyz", host=shown(host))
            yield "allowedHosts", told


class _Gone(_Bound):
    """What Traefik 3 ignores."""

    feature_policy: str | None = field(HEADER_VALUE, "Feature-Policy", _GONE, default=None, rare=True)
    ssl_redirect: bool | None = flag("Redirect to TLS", _GONE, default=None, rare=True)
    ssl_temporary_redirect: bool | None = flag("Temporary", _GONE, default=None, rare=True)
    ssl_host: str | None = field(HEADER_VALUE, "Host for TLS", _GONE, default=None, rare=True)
    ssl_force_host: bool | None = flag("Force the host", _GONE, default=None, rare=True)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what has no effect."""
        for key, each in _Gone.fields.items():
            if key in _IGNORED and getattr(self, each.name) is not None:
                yield key, Message("Traefik 3 ignores this: leave it out")


_IGNORED: Final = _Gone.fields.keys() - _Bound.fields.keys()


class Headers(_Gone, Kind):
    """Headers of requests and responses."""

    title = "Set headers"
    purpose = Purpose.ANSWER
    about = "Sets and removes headers of requests and responses, also for cross-origin pages and for security."
    example: ClassVar = {"customResponseHeaders": {"X-Robots-Tag": "noindex"}}

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one that sets nothing, which Traefik disables."""
        if is_unset(cls, {key: value or None if key in _IGNORED else value for key, value in given.items()}):
            yield "", Refusal("headers.none", Message("nothing is set: give a header, or turn something on"))

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say the same in JSON Schema."""
        yield something_set(cls, *_IGNORED)

    def does(self) -> Message:
        """Say how many headers it sets and removes, and whom it lets in or keeps out."""
        told = [counted(number, one, many) for number, one, many in self._counts() if number]
        if self.is_cross_origin:
            told.append(Message("Allows pages of other origins"))
        if self.allowed_hosts and not self.is_development:
            told.append(Message("Allows only the hosts {hosts}", hosts=named(self.allowed_hosts)))
        first, *others = told or [Message("Changes no header")]
        return reduce(lambda one, other: Message("{one}. {other}", one=one, other=other), others, first)

    def meet(self, request: Underway) -> StopEffect:
        """Turn away other hosts, answer what browsers ask before a request, and set what servers get."""
        host = next(filter(None, map(request.header, self.hosts_proxy_headers)), request.host)
        if self.allowed_hosts and not self.is_development and host.lower() not in map(str.lower, self.allowed_hosts):
            why = Message("{host} is not one of {hosts}", host=host, hosts=named(self.allowed_hosts))
            return answers(request, HTTPStatus.INTERNAL_SERVER_ERROR, why)
        is_asked = request.method == "OPTIONS" and request.header("Origin")
        if self.is_cross_origin and is_asked and request.header("Access-Control-Request-Method"):
            why = Message("it answers the preflight requests of browsers itself")
            return answers(request, HTTPStatus.OK, why)
        headers = {canonical(name): (value,) for name, value in self.custom_request_headers.items()}
        kept = {name: values for name, values in {**request.headers, **headers}.items() if values != ("",)}
        return StopEffect(
            Fate.CHANGES, self.does(), replace(request, headers=kept, host=headers.get("Host", (request.host,))[0])
        )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what browsers refuse, and of what has no effect."""
        if self.access_control_allow_credentials and "*" in self.access_control_allow_origin_list:
            yield "accessControlAllowCredentials", Message("browsers send no cookies if all origins are allowed")
        yield from self._unmatched_hosts()
        yield from self._unmatched_origins()
        if not self.sts_seconds and (self.sts_include_subdomains or self.sts_preload or self.force_sts_header):
            yield "stsSeconds", Message("without seconds, HSTS is not sent")
        yield from super().cautions()
