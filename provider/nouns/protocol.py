"""Types of values as HTTP has them: headers, paths, networks, media types, regular expressions. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any, Final

from provider.durations import NOTATION
from provider.messages import Message, template
from provider.nouns import formats
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.objects import Object
from provider.nouns.texts import Secrecy, Text
from provider.nouns.together import differs
from provider.nouns.types import Schema
from provider.patterns import pattern
from provider.rules.expressions import BadExpression, Expression
from provider.rules.networks import read_network
from provider.values import (
    DURATION_SCHEMA,
    FILLED_PATTERN,
    LINE_PATTERN,
    LISTED_PATTERN,
    TEXT_SCHEMA,
    Refusal,
    check_text,
    in_schema,
    lasting,
    matching,
    optional,
    read_duration,
    shown_text,
    whole,
)

WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
"""A method, or the name of a header: a pattern without its ends."""

_TOKEN: Final = pattern(WORD)
_PATH: Final = pattern(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_MEDIA_TYPE: Final = pattern(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
_ADDRESS: Final = pattern(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_PORT: Final = r"(?!0+$)([0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"
PORT_SCHEMA: Final = {"pattern": f"^{_PORT}"}
"""A port from 1 to 65535, as a text of up to five digits."""

_PEM: Final = pattern(r"-----BEGIN ([A-Z0-9 ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----")
PEM_BEGINS: Final = "-----BEGIN [A-Z0-9 ]+-----"
_LISTED_PEM: Final = f"{LISTED_PATTERN}|{PEM_BEGINS}"
_STATUSES: Final = pattern(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
_SECRET_HEADER: Final = pattern(
    "authorization|cookie|token|secret|passwo?r?d|passphrase|credential"
    "|(?:api|access|auth|private|secret|shared|signing|encryption|account|license|master|bouncer)[-_ ]?key(?!id)",
    re.IGNORECASE,
)

DAYS_30: Final = 30 * 86_400


check_header_name: Final = matching(
    _TOKEN, "header.name", template("{text} is not the name of a header: use letters, digits and hyphens")
)
"""Check the name of a header. Traefik answers 500 to every request for one with a space in it (measured)."""

check_optional_header_name: Final = optional(check_header_name)
"""Check the name of a header, or that there is none."""


@in_schema({"pattern": LINE_PATTERN}, listed=LISTED_PATTERN)
def check_header_value(text: str) -> str:
    """Check the value of a header: one line, with nothing around it, which would be lost on the way."""
    if text.strip() != text:
        raise Refusal("header.value", Message("a header value cannot start or end with a space"))
    return check_text(text)


check_method: Final = matching(_TOKEN, "method.format", template("{text} is not a method, such as GET"))
"""Check a method of HTTP, or `*`."""

check_path: Final = matching(
    _PATH, "path.format", template("{text} is not a path: begin with '/', and percent-encode the rest")
)
"""Check a path: it begins with '/', and what is no letter is percent-encoded."""


@in_schema({"format": "http-statuses", "pattern": whole(_STATUSES.pattern)})
def check_statuses(text: str) -> str:
    """Check a status, or several as 500-599. Traefik takes one that is the wrong way round, and it never fits."""
    found = _STATUSES.fullmatch(text)
    if found is None or (found[2] is not None and found[1] > found[2]):
        detail = Message("{text} is not a status: write 503, or 500-599 for several", text=shown_text(text))
        raise Refusal("status.format", detail)
    return text


@in_schema({"format": "ip-network", "pattern": "^[0-9A-Fa-f:.]+(/[0-9]+)?$"})
def check_network(text: str) -> str:
    """Check an IP address, or a network in CIDR notation, as Go reads them."""
    try:
        read_network(text)
    except ValueError:
        detail = Message("{text} is neither an IP address nor a network such as 10.0.0.0/8", text=shown_text(text))
        raise Refusal("network.format", detail) from None
    return text


check_media_type: Final = matching(
    _MEDIA_TYPE, "mediaType.format", template("{text} is not a media type, such as text/html")
)
"""Check a media type without parameters."""


@in_schema({"format": "go-regex", "pattern": FILLED_PATTERN}, listed=LISTED_PATTERN)
def check_expression(text: str) -> str:
    """Check a regular expression of Go, whose language is RE2's: without look-around and back-references."""
    check_text(text)
    if not text:
        raise Refusal("expression.empty", Message("an empty regular expression matches everything: write one"))
    try:
        Expression(text)
    except BadExpression as error:
        detail = Message("Traefik cannot read this regular expression: {why}", why=str(error))
        raise Refusal("expression.format", detail) from None
    return text


check_optional_expression: Final = optional(check_expression)
"""Check a regular expression, or that there is none."""


@in_schema({"pattern": _ADDRESS.pattern.replace("([0-9]{1,5})", _PORT).replace("(?:", "^(?:", 1)})
def check_address(text: str) -> str:
    """Check a host with its port."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 65_535:
        raise Refusal("address.format", Message("{text} is not HOST:PORT", text=shown_text(text)))
    return text


def check_pem(text: str) -> str:
    """Check what is given as PEM text, or as the path of a file on the edge.

    The normal form of PEM has no line break at its end: in a list, Traefik would drop it. Nor has it what openssl
    writes before each certificate and key that it converts: `subject=…`, or `Bag Attributes`.
    """
    if "-----" in text:
        plain = text.replace("\r\n", "\n")
        blocks = [found[0] for found in _PEM.finditer(plain)]
        if not blocks or "-----" in _PEM.sub("", plain):
            raise Refusal("pem.format", Message("this is not PEM: take the whole file, from BEGIN to END"))
        return "\n".join(blocks)
    return check_text(text)


@cache
def certificates() -> Any:
    """Return the module that reads certificates: only what has one waits for it."""
    return import_module("provider.certificates")


@in_schema({"format": "pem-certificates", "pattern": f"{TEXT_SCHEMA['pattern']}|{PEM_BEGINS}"}, listed=_LISTED_PEM)
def check_certificates(text: str) -> str:
    """Check certificates as PEM text, or as a path.

    Where one cannot be read, Traefik disables what needs it, or answers 500 (measured).
    """
    formats.check(text, is_key=False)
    found = check_pem(text)
    if "-----" in found:
        if "-----BEGIN CERTIFICATE-----" not in found:
            raise Refusal("pem.format", Message("this has no certificate: one begins with -----BEGIN CERTIFICATE-----"))
        if "PRIVATE KEY-----" in found:
            detail = Message("this also has a private key, which anyone could read here: leave it out")
            raise Refusal("certificate.key", detail)
        certificates().check_readable(found)
    return found


@in_schema({"format": "pem-key", "pattern": f"{TEXT_SCHEMA['pattern']}|{PEM_BEGINS}"}, listed=_LISTED_PEM)
def _check_key(text: str) -> str:
    formats.check(text, is_key=True)
    found = check_pem(text)
    if "-----" in found:
        if "PRIVATE KEY-----" not in found:
            detail = Message("this has no private key: one begins with -----BEGIN … PRIVATE KEY-----")
            raise Refusal("pem.format", detail)
        certificates().check_key(found)
    return found


check_period: Final = lasting(0.001, DAYS_30, template("{text} is out of range: between 1ms and 720h"))
"""Check a duration in Go's notation, from a millisecond to thirty days."""


@in_schema(DURATION_SCHEMA)
def check_pause(text: str) -> str:
    """Check a duration in Go's notation, none (0s) to thirty days."""
    if read_duration(text) > DAYS_30:
        detail = Message("{text} is out of range: at most 720h", text=shown_text(text))
        raise Refusal("duration.range", detail)
    return text


def is_secret_header(name: str) -> bool:
    """Tell whether a header's value is nobody's business, by its name."""
    return _SECRET_HEADER.search(name) is not None


LINE: Final = Text(check_text, most=2_000)
HEADER_NAME: Final = Text(check_header_name, most=200)
OPTIONAL_HEADER_NAME: Final = Text(check_optional_header_name, most=200)
HEADER_VALUE: Final = Text(check_header_value, most=8_000)
EXPRESSION: Final = Text(check_expression, most=2_000)
PEM: Final = Text(check_certificates, most=64_000, is_long=True)
KEY: Final = Text(_check_key, most=64_000, is_long=True, secret=Secrecy())
PERIOD: Final = Text(check_period, most=30, word="DURATION")


def period_or(*words: str) -> Text:
    """Return the type of a period, or of one of these words, such as `0s` for none."""

    @in_schema({**DURATION_SCHEMA, "pattern": whole("|".join([*words, NOTATION]))})
    def check(text: str) -> str:
        return text if text in words else check_period(text)

    return Text(check, most=30, word="DURATION")


HEADER_NAMES: Final = ListOf(
    HEADER_NAME, most=100, duplicate=("header.duplicate", template("a header is listed twice")), same=str.lower
)
HEADERS: Final = MapOf(HEADER_VALUE, key=HEADER_NAME, most=100, same=str.lower, hides=is_secret_header)
TEXTS: Final = ListOf(HEADER_VALUE, most=100)
METHODS: Final = ListOf(Text(check_method, most=50), most=50)
EXPRESSIONS: Final = ListOf(EXPRESSION, most=100)
NETWORKS_NEEDED: Final = ListOf(
    Text(check_network, most=50),
    least=1,
    most=1_000,
    duplicate=("network.duplicate", template("a network is listed twice")),
    same=read_network,
)
NETWORKS: Final = replace(NETWORKS_NEEDED, least=0)
MEDIA_TYPES: Final = ListOf(
    Text(check_media_type, most=100),
    most=100,
    duplicate=("mediaType.duplicate", template("a media type is listed twice")),
    same=str.lower,
)


def something_set(model: type[Object], *unless_false: str) -> Schema:
    """Return what JSON Schema can say of the same: something is set. Of some fields false is nothing, too."""
    return differs({key: False if key in unless_false else each.default for key, each in model.fields.items()})


def is_unset(model: type[Object], given: Mapping[str, Any]) -> bool:
    """Tell whether all fields of an object were read, and none has another value than by default."""
    return given.keys() == model.fields.keys() and all(
        value in ("", None) or value == model.fields[key].default for key, value in given.items()
    )
