"""The middleware that sets headers of requests and answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from http import HTTPStatus
from typing import Any, ClassVar, Final

from provider.messages import Message, shown, template
from provider.nouns.fields import field
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.underway import Fate, StopEffect, Underway, answers
from provider.nouns.middlewares.words import counted, named
from provider.nouns.objects import Object
from provider.nouns.protocol import EXPRESSIONS, HEADER_NAMES, HEADER_VALUE, HEADERS, METHODS, TEXTS, is_unset
from provider.nouns.types import Flag, Whole
from provider.rules.requests import canonical
from provider.values import Refusal

_NO_HOST: Final = re.compile(r"[/*]")
"""What no client sends as a host (measured: Traefik compares the whole of it, with the port)."""

_ORIGIN: Final = re.compile(
    r"null|(?!http://[^:/]+:80$|https://[^:/]+:443$)[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?"
)
"""What a browser sends as an origin: Traefik compares it to the letter."""

_SECONDS: Final = Whole(0, 10_000_000_000)
_GONE: Final = template("Deprecated: Traefik 3 ignores it.")
_GONE_FIELDS: Final = ("featurePolicy", "sslRedirect", "sslTemporaryRedirect", "sslHost", "sslForceHost")


def _flag(title: str, help_: str, *, rare: bool = True) -> Any:
    return field(Flag(), default=False, title=title, help=help_, rare=rare)


def _text(title: str, help_: str, *, rare: bool = True, since: str = "3.0", key: str = "") -> Any:
    return field(HEADER_VALUE, default="", title=title, help=help_, rare=rare, since=since, key=key)


class _Own(Object):
    """Headers by name."""

    custom_request_headers: dict[str, str] = field(
        HEADERS, default={}, title="Request headers", help="What servers get; an empty value removes the header."
    )
    custom_response_headers: dict[str, str] = field(
        HEADERS, default={}, title="Response headers", help="What clients get; an empty value removes the header."
    )


class _CrossOrigin(_Own):
    """What pages of other origins may ask for (CORS)."""

    access_control_allow_origin_list: list[str] = field(
        TEXTS,
        default=[],
        title="Allowed origins",
        help="Origins whose pages may read responses: https://alvin.xyz, or * for all.",
    )
    access_control_allow_origin_list_regex: list[str] = field(
        EXPRESSIONS,
        default=[],
        title="Allowed origins (expressions)",
        help="Regular expressions in Go's syntax.",
        rare=True,
    )
    access_control_allow_methods: list[str] = field(
        METHODS, default=[], title="Allowed methods", help="Methods that pages of other origins may use: GET, PUT."
    )
    access_control_allow_headers: list[str] = field(
        HEADER_NAMES, default=[], title="Allowed headers", help="Request headers that these pages may set, or *."
    )
    access_control_expose_headers: list[str] = field(
        HEADER_NAMES,
        default=[],
        title="Exposed headers",
        help="Response headers that these pages may read.",
        rare=True,
    )
    access_control_allow_credentials: bool = _flag("Allow credentials", "These pages may send cookies.")
    access_control_max_age: int | None = field(
        _SECONDS,
        default=None,
        title="Preflight age in seconds",
        help="How many seconds browsers remember what they may request.",
        rare=True,
    )
    add_vary_header: bool = _flag("Add Vary", "Tells caches that responses differ by origin.")


class _Strict(_CrossOrigin):
    """What browsers shall be strict about."""

    sts_seconds: int | None = field(
        _SECONDS,
        default=None,
        title="HSTS in seconds",
        help="How many seconds browsers use HTTPS only, such as 31536000 for a year.",
    )
    sts_include_subdomains: bool = _flag("HSTS for subdomains", "Also for all names below the host.")
    sts_preload: bool = _flag("HSTS preload", "Lets browsers apply it before the first visit.")
    force_sts_header: bool = field(
        Flag(),
        default=False,
        title="HSTS without TLS",
        help="Send it over plain HTTP too.",
        key="forceSTSHeader",
        rare=True,
    )
    frame_deny: bool = _flag("Deny frames", "No other page may show this one in a frame.", rare=False)
    custom_frame_options_value: str = _text("X-Frame-Options", "Instead of DENY, such as SAMEORIGIN.")
    content_type_nosniff: bool = _flag(
        "No sniffing", "Browsers use the media type that is sent and do not guess.", rare=False
    )
    browser_xss_filter: bool = _flag("XSS filter", "X-XSS-Protection, for old browsers.")
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


class Headers(_Strict, Kind):
    """Headers of requests and responses."""

    title = "Set headers"
    purpose = Purpose.ANSWER
    about = "Sets and removes headers of requests and responses, also for cross-origin pages and for security."
    example: ClassVar = {"customResponseHeaders": {"X-Robots-Tag": "noindex"}}

    allowed_hosts: list[str] = field(
        TEXTS, default=[], title="Allowed hosts", help="Requests for other hosts get 500.", rare=True
    )
    hosts_proxy_headers: list[str] = field(
        HEADER_NAMES, default=[], title="Headers with the host", help="Such as X-Forwarded-Host.", rare=True
    )
    ssl_proxy_headers: dict[str, str] = field(
        HEADERS, default={}, title="Headers that mark HTTPS", help="X-Forwarded-Proto: https, for HSTS.", rare=True
    )
    is_development: bool = _flag("Development", "Turns allowed hosts and HSTS off.")
    feature_policy: str | None = field(HEADER_VALUE, default=None, title="Feature-Policy", help=_GONE, rare=True)
    ssl_redirect: bool | None = field(Flag(), default=None, title="Redirect to TLS", help=_GONE, rare=True)
    ssl_temporary_redirect: bool | None = field(Flag(), default=None, title="Temporary", help=_GONE, rare=True)
    ssl_host: str | None = field(HEADER_VALUE, default=None, title="Host for TLS", help=_GONE, rare=True)
    ssl_force_host: bool | None = field(Flag(), default=None, title="Force the host", help=_GONE, rare=True)

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse one that sets nothing, which Traefik disables."""
        if is_unset(cls, {key: value or None if key in _GONE_FIELDS else value for key, value in given.items()}):
            yield "", Refusal("headers.none", Message("nothing is set: give a header, or turn something on"))

    @property
    def is_cross_origin(self) -> bool:
        """Whether it says what pages of other origins may ask for."""
        return any(getattr(self, each.name) for key, each in self.fields.items() if key.startswith("accessControl"))

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

    def _unmatched(self) -> Iterator[tuple[str, Message]]:
        """Tell of hosts and origins that no client sends as they are written."""
        for host in filter(_NO_HOST.search, self.allowed_hosts):
            told = Message("{host} never matches: write only the host name, such as alvin.xyz", host=shown(host))
            yield "allowedHosts", told
        for origin in () if "*" in self.access_control_allow_origin_list else self.access_control_allow_origin_list:
            if not _ORIGIN.fullmatch(origin):
                told = Message(
                    "{origin} never matches: browsers send https://alvin.xyz, without path, final slash or default "
                    "port, and in lower case",
                    origin=shown(origin),
                )
                yield "accessControlAllowOriginList", told

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what browsers refuse, and of what has no effect."""
        if self.access_control_allow_credentials and "*" in self.access_control_allow_origin_list:
            yield "accessControlAllowCredentials", Message("browsers send no cookies if all origins are allowed")
        yield from self._unmatched()
        if not self.sts_seconds and (self.sts_include_subdomains or self.sts_preload or self.force_sts_header):
            yield "stsSeconds", Message("without seconds, HSTS is not sent")
        for key in _GONE_FIELDS:
            if getattr(self, self.fields[key].name) is not None:
                yield key, Message("Traefik 3 ignores this: leave it out")
