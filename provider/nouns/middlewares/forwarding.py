"""The middleware that asks somebody else whether a request may pass."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from provider.messages import Message, template
from provider.nouns.common import MOST_RESERVED
from provider.nouns.containers import ListOf
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.clients import ClientTLS
from provider.nouns.middlewares.underway import StopEffect, Underway, depends
from provider.nouns.nested import Nested
from provider.nouns.objects import Object
from provider.nouns.protocol import HEADER_NAMES, OPTIONAL_HEADER_NAME, check_optional_expression
from provider.nouns.texts import Text
from provider.nouns.together import either, may
from provider.nouns.types import Schema, Whole
from provider.patterns import pattern
from provider.server_urls import check_server_url
from provider.values import Refusal, in_schema, matching, said_by, shown_text

_BASE: Final = pattern(r"(https?://[^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_REST: Final = pattern(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_COOKIE: Final = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")


@in_schema({"format": "server-url", "pattern": f"^[Hh][Tt][Tt][Pp][Ss]?://[^\\x00- /?#@\\\\]+([/?]{_REST.pattern})?$"})
def check_address(text: str) -> str:
    """Check the URL of what is asked, which may have a path: Traefik answers 500 for anything else (measured)."""
    found = _BASE.fullmatch(text)
    if found is None:
        raise Refusal("url.scheme", Message("{text} does not begin with http:// or https://", text=shown_text(text)))
    base, rest = found.groups()
    if not _REST.fullmatch(rest):
        raise Refusal("url.path", Message("{path} cannot be in a URL: percent-encode it", path=shown_text(rest)))
    return f"{check_server_url(base)}{rest}"


@in_schema({"anyOf": [{"pattern": f"^$|^/{_REST.pattern}$"}, dict(said_by(check_address))]})
def check_sign_in(text: str) -> str:
    """Check where clients are sent to log in: a URL, a path, or nowhere."""
    return check_address(text) if text and not (text[0] == "/" and _REST.fullmatch(text)) else text


check_cookie: Final = matching(_COOKIE, "cookie.format", template("{text} is not the name of a cookie"))
"""Check the name of a cookie."""


class AuthTLS(ClientTLS):
    """TLS settings for the service that is asked."""

    ca_optional: bool | None = flag("CA is optional", "Deprecated: Traefik 3 ignores it.", default=None, rare=True)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of what has no effect."""
        if self.ca_optional is not None:
            yield "caOptional", Message("Traefik 3 ignores this: leave it out")


class _AskedServer(Object):
    """What is asked, what of the request it gets, and how."""

    address: str = field(
        Text(check_address, most=1_000, is_asked=True, word="URL"),
        "Address",
        "The URL to ask. 2xx lets a request pass; any other response goes to the client.",
        option="--forward-auth",
    )
    auth_response_headers: list[str] = field(
        HEADER_NAMES,
        "Headers for servers",
        "Headers of its response that servers get instead of the client's: Remote-User.",
        default=[],
    )
    auth_response_headers_regex: str = field(
        Text(check_optional_expression, most=2_000),
        "Headers for servers (expression)",
        "The same for all headers that match, in Go's syntax: ^X-Auth-",
        default="",
        rare=True,
    )
    auth_request_headers: list[str] = field(
        HEADER_NAMES, "Headers it gets", "The client's headers it gets. Empty: all.", default=[], rare=True
    )
    trust_forward_header: bool | None = flag(
        "Trust X-Forwarded headers",
        "Keeps the X-Forwarded headers that the client sent. Only behind your own proxy.",
        default=None,
        rare=True,
    )
    forward_body: bool = flag("Send the body", "It gets the request's body too.", since="3.3", rare=True)
    max_body_size: int = field(
        Whole(-1, MOST_RESERVED),
        "Longest body",
        "In bytes. Traefik reserves this much memory for each request; longer bodies get 401. -1: no limit.",
        default=-1,
        since="3.3",
        rare=True,
    )
    preserve_request_method: bool = flag(
        "Keep the method", "Uses the client's method instead of GET.", since="3.4", rare=True
    )
    header_field: str = field(
        OPTIONAL_HEADER_NAME,
        "Header of the user",
        "The header of its response with the user's name, for the access log.",
        default="",
        since="3.2",
        rare=True,
    )
    tls: AuthTLS | None = field(
        Nested(AuthTLS), "TLS", "For your own CA.", default=None, switch="Set TLS for this connection", rare=True
    )

    @classmethod
    def together(cls) -> Iterator[Schema]:
        """Say in JSON Schema which bodies may be sent."""
        yield either(may(maxBodySize={"not": {"const": 0}}), may(forwardBody={"const": False}))


class ForwardAuth(_AskedServer, Kind):
    """Another service that decides whether a request may pass."""

    title = "Ask another service"
    purpose = Purpose.ACCESS
    about = "Lets a request pass if another service says so, such as one for single sign-on."
    example: ClassVar = {"address": "http://sso:9000/verify", "authResponseHeaders": ["Remote-User"]}

    add_auth_cookies_to_response: list[str] = field(
        ListOf(Text(check_cookie), most=50),
        "Cookies for clients",
        "Cookies of its response that clients get.",
        default=[],
        rare=True,
    )
    preserve_location_header: bool = flag(
        "Keep Location", "If it redirects to a path, clients stay on the host they asked for.", since="3.3", rare=True
    )
    max_response_body_size: int | None = field(
        Whole(0, MOST_RESERVED),
        "Longest response",
        "In bytes. Traefik reserves this much memory for each request; for longer responses, clients get 401. "
        "Empty: no limit.",
        default=None,
        since="3.6.9",
        rare=True,
    )
    auth_signin_url: str = field(
        Text(check_sign_in, most=1_000, word="URL"),
        "Log in at",
        "Where clients are sent when it answers 401.",
        default="",
        key="authSigninURL",
        since="3.7",
        rare=True,
    )

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse to send bodies of which none is short enough: each gets 401."""
        if given.get("maxBodySize") == 0 and given.get("forwardBody"):
            yield "maxBodySize", Refusal("body.none", Message("no body is that short: every request would get 401"))

    def does(self) -> Message:
        """Say whom it asks. A query may have a secret, and is left out."""
        return Message("Asks {address} first whether a request may pass", address=self.address.partition("?")[0])

    def meet(self, request: Underway) -> StopEffect:
        """Let a request go on if what is asked lets it."""
        told = {"address": self.address.partition("?")[0]}
        return depends(
            request, Message("{address}, which is asked first: any response but 2xx goes to the client", **told)
        )

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of bodies that fill the memory."""
        if self.forward_body and self.max_body_size < 0:
            yield "maxBodySize", Message("the edge keeps bodies of any length in memory: set a limit")
