"""Middlewares that send clients elsewhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from provider.messages import Message, shown, template
from provider.nouns.fields import field, flag
from provider.nouns.middlewares import Kind, Purpose
from provider.nouns.middlewares.replacements import filled, missing_groups
from provider.nouns.middlewares.underway import StopEffect, Underway, answers, passes, too_long
from provider.nouns.protocol import EXPRESSION, PORT_SCHEMA
from provider.nouns.texts import Text
from provider.patterns import pattern
from provider.rules.expressions import Expression
from provider.rules.paths import written_url
from provider.values import FILLED_PATTERN, Refusal, check_text, in_schema, matching, shown_text

_SCHEME: Final = pattern(r"[a-z][a-z0-9+.-]*")
_RELATIVE: Final = pattern(r"(?![A-Za-z][A-Za-z0-9+.-]*:)[^/?#$]")
_BROKEN: Final = pattern(r"[\x00- \x7f]|%(?![0-9A-Fa-f]{2})")
_PERMANENT: Final = "Browsers remember it and stop asking the old address (301 or 308 instead of 302 or 307)."


_WHOLE: Final = pattern(r"\^?\((?!\?)(?:[^()\[\]\\]|\\.)*\)\$?")
"""An expression that is but one group: what it matches is that group."""

_URL: Final = r"^(https?:\/\/)?(\[[\w:.]+\]|[\w\._-]+)?(:\d+)?(.*)$"
"""Traefik's own expression for the parts of a URL."""

_PORTS: Final = {"http": "80", "https": "443"}


def _status(is_permanent: bool, method: str = "GET") -> int:
    """Return the status of a redirect, as Traefik has it."""
    if method == "GET":
        return 301 if is_permanent else 302
    return 308 if is_permanent else 307


def _redirect(request: Underway, asked: str, change: tuple[str, str], *, is_permanent: bool) -> StopEffect:
    """Redirect a request whose URL an expression changes; `change` is the expression and what takes its place."""
    expression = Expression(change[0])
    if not expression.found_in(asked):
        return passes(request, Message("{url} does not match", url=asked))
    location = expression.replaced(asked, change[1])
    if location is None:
        return too_long(request)
    if location == asked:
        return passes(request, Message("{url} is already the target of the redirect", url=asked))
    status = _status(is_permanent, request.method)
    return answers(request, status, Message("it is redirected to {url}", url=location), written_url(location))


check_scheme: Final = matching(_SCHEME, "scheme.format", template("{text} is not a scheme: write https"))
"""Check the scheme of a URL, in lower case: Traefik would redirect HTTPS to itself for ever."""


@in_schema({"pattern": f"^$|{PORT_SCHEMA['pattern']}"})
def check_port(text: str) -> str:
    """Check a port as a text, or that there is none: Traefik answers 502 for what is no number (measured)."""
    if text and not (re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= 65_535):
        raise Refusal("port.format", Message("{text} is not a port: 1 to 65535", text=shown_text(text)))
    return text


@in_schema({"format": "url-replacement", "pattern": FILLED_PATTERN})
def check_replacement(text: str) -> str:
    """Check what a match is replaced by: with anything for its groups, it has to be the reference of a URL."""
    check_text(text)
    made = filled(text)
    scheme, colon, rest = made.partition("://")
    is_whole = not colon or (
        _SCHEME.fullmatch(scheme.lower().replace("1", "a")) and rest[:1] not in {"", "/", "?", "#", ":"}
    )
    if not text or _BROKEN.search(made) or not is_whole:
        detail = Message("{text} is not a URL: write one such as https://example.com/${{1}}", text=shown_text(text))
        raise Refusal("replacement.format", detail)
    return text


class RedirectScheme(Kind):
    """A redirect to another scheme."""

    title = "Redirect to HTTPS"
    purpose = Purpose.REDIRECT
    about = "Redirects clients to the same address with another scheme or port, usually to HTTPS."
    example: ClassVar = {"scheme": "https"}

    scheme: str = field(Text(check_scheme, most=20), "Scheme", "Usually https.", option="--redirect-scheme")
    port: str = field(Text(check_port), "Port", "Empty: the usual port of the scheme.", default="", rare=True)
    permanent: bool = flag("Permanent", _PERMANENT)

    def does(self) -> Message:
        """Say where it sends clients, and by which status of GET."""
        told = {"scheme": self.scheme, "port": self.port, "status": _status(self.permanent)}
        if self.port:
            return Message("Redirects to {scheme} on port {port} ({status})", **told)
        return Message("Redirects to {scheme} ({status})", **told)

    def meet(self, request: Underway) -> StopEffect:
        """Redirect what does not come by the scheme and the port already, as Traefik tells these."""
        usual = _PORTS.get(self.scheme)
        port = f":{self.port}" if self.port and self.port != usual else ""
        host, colon, given = request.host.rpartition(":")
        is_usual = colon and _PORTS.get(request.scheme) == given
        asked = replace(request, host=host if is_usual else request.host).url
        return _redirect(request, asked, (_URL, f"{self.scheme}://${{2}}{port}${{4}}"), is_permanent=self.permanent)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a scheme that protects nobody, or that browsers may not know."""
        if self.scheme == "http":
            yield "scheme", Message("this leads from HTTPS to plain HTTP; plain requests are not redirected")
        elif self.scheme != "https":
            yield (
                "scheme",
                Message("browsers may not support {scheme}: only http and https always work", scheme=self.scheme),
            )


class RedirectRegex(Kind):
    """A redirect with a regular expression."""

    title = "Redirect by a regular expression"
    purpose = Purpose.REDIRECT
    about = "Redirects clients whose URL matches to another URL."
    example: ClassVar = {"regex": "^https?://www\\.(.+)", "replacement": "https://${1}"}

    regex: str = field(
        EXPRESSION, "Regular expression", "In Go's syntax, matched against the whole URL: ^https?://www\\.(.+)"
    )
    replacement: str = field(
        Text(check_replacement, most=2_000),
        "Replacement",
        "Replaces what matched; ${1} is the first group: https://${1}",
    )
    permanent: bool = flag("Permanent", _PERMANENT)

    @classmethod
    def mistakes(cls, given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """Refuse groups that the expression does not have."""
        return missing_groups(given)

    def cautions(self) -> Iterator[tuple[str, Message]]:
        """Tell of a target that is where one is, or that browsers take for a path: it is sent as it is (measured)."""
        groups = {"$0", "${0}"} | ({"$1", "${1}"} if _WHOLE.fullmatch(self.regex) else set())
        if self.replacement in groups:
            yield "replacement", Message("this replaces what matched with itself: nothing is redirected")
        if self.regex.startswith("^") and _RELATIVE.match(self.replacement):
            told = shown(self.replacement)
            detail = Message(
                "browsers take {replacement} for a path: begin with https://, or with '/'", replacement=told
            )
            yield "replacement", detail

    def does(self) -> Message:
        """Say what it redirects, where, and by which status of GET."""
        told = {"regex": self.regex, "replacement": self.replacement, "status": _status(self.permanent)}
        return Message("Redirects {regex} to {replacement} ({status})", **told)

    def meet(self, request: Underway) -> StopEffect:
        """Redirect what matches and is not there yet."""
        return _redirect(request, request.url, (self.regex, self.replacement), is_permanent=self.permanent)
