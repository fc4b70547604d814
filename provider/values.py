"""Validated types: what a name, a path prefix, a weight and a duration may be.

A value that does not fit raises a `Refusal`, whose code is stable (`url.scheme`) and whose detail tells a person
what to do. Nothing here imports a library for validation: what only reads names stays quick to start.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from re import Pattern
from typing import Any, Final, TypeVar

from provider import durations, moments
from provider.messages import Message, template
from provider.patterns import pattern
from provider.texts import CONTROL, NO_CHARACTERS, SURROGATES

TIME_WORDS: Final = template("this has to be a date with a time and a zone, such as 2027-01-31T12:00:00Z")

DEFAULT_EDGE: Final = "default"
"""The name of an edge that gives none."""

LONGEST_DRAIN_SECONDS: Final = 7 * 24 * 3600
"""For so long drained servers keep their visitors at most."""

NAME_PATTERN: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = pattern(NAME_PATTERN)
_FOREIGN = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}@[a-z][a-z0-9-]{0,62}")
_ENTRY_POINT = pattern(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")
_RESOLVER = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_TIME = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")
_SCOPES = ("read", "write", "admin")
_SCOPES_OF_ONE = ("register", "edge")
_CONTROL = pattern(f"[{CONTROL}]")
_NO_CHARACTER = pattern(f"[{NO_CHARACTERS}]")
_SURROGATE = pattern(f"[{SURROGATES}]")
_UNSHOWN = pattern(f"[{CONTROL}{NO_CHARACTERS}{SURROGATES}]")
_PATH = pattern(r"/[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_HEALTH_PATH = pattern(
    r"/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_LABEL_VALUE = pattern(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_COOKIE = pattern(r"[A-Za-z0-9_-]{1,64}")


def whole(allowed: str) -> str:
    """Return the pattern that the whole of a text matches, as JSON Schema needs it."""
    return f"^(?:{allowed})$" if "|" in allowed else f"^{allowed}$"


PLAIN: Final = f"{CONTROL}{NO_CHARACTERS}"
"""What no line of text has, as a class of a pattern without its brackets."""

TEXT_SCHEMA: Final = {"pattern": f"^[^{PLAIN}]*$"}
"""What JSON Schema can say of one line of text."""

FILLED_PATTERN: Final = f"^[^{PLAIN}]+$"
"""One line of text that is not empty."""


def trimmed(without: str = "", *, is_open: bool = False) -> str:
    """Return the pattern, without its ends, of a line of text that no space is around, without some characters.

    One that `is_open` may have spaces around it.
    """
    if is_open:
        return f"[^{without}{PLAIN}]+"
    return rf"[^\s{without}{PLAIN}]([^{without}{PLAIN}]*[^\s{without}{PLAIN}])?"


LINE_PATTERN: Final = f"^({trimmed()})?$"
"""One line of text, with nothing around it."""

LISTED_PATTERN: Final = f"^{trimmed('║')}$"
"""One line of text that Traefik leaves as it is in a list."""

NAME_SCHEMA: Final = {"pattern": whole(_NAME.pattern)}
ENTRY_POINT_SCHEMA: Final = {"pattern": whole(_ENTRY_POINT.pattern)}
LABEL_SCHEMA: Final = {"pattern": whole(f"{_NAME.pattern}={_LABEL_VALUE.pattern}")}
REFERENCE_SCHEMA: Final = {"pattern": whole(f"{_NAME.pattern}|{_FOREIGN.pattern.replace('@', '@(?!http$)')}")}
OTHERS_PATTERN: Final = _FOREIGN.pattern.replace("@", "@(?!(http|internal)$)")
"""What another provider has, and Traefik has not made itself: a pattern without its ends."""

DURATION_SCHEMA: Final = {"format": "go-duration", "pattern": f"^{durations.NOTATION}$"}
SCOPE_SCHEMA: Final = {"pattern": f"^({'|'.join(_SCOPES)}|({'|'.join(_SCOPES_OF_ONE)}):{_NAME.pattern})$"}

_Check = TypeVar("_Check", bound=Callable[[str], str])


class Refusal(ValueError):
    """A value does not fit: a stable code, and what is wrong, which may be a message."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def shown_text(text: str) -> str:
    """Shorten and escape hostile text for an error message."""
    cut = text if len(text) <= 60 else text[:60] + "…"
    return ascii(cut) if _UNSHOWN.search(cut) else f"'{cut}'"


def in_schema(said: Mapping[str, Any], listed: str | None = None) -> Callable[[_Check], _Check]:
    """Note at a check of texts what JSON Schema can say of it: a `pattern`, and a `format` of our own if it says less.

    `listed` is the pattern of what it lets pass in a list, where Traefik takes less.
    """

    def note(check: _Check) -> _Check:
        vars(check)["said"] = said
        vars(check)["listed"] = said if listed is None else {**said, "pattern": listed}
        return check

    return note


def said_by(check: Callable[[str], str] | None, *, is_listed: bool = False) -> Mapping[str, Any]:
    """Return what JSON Schema can say of a check, perhaps of one of texts in a list."""
    said: Mapping[str, Any] = getattr(check, "listed" if is_listed else "said", {})
    return said


def matching(allowed: Pattern[str], code: str, told: str) -> Callable[[str], str]:
    """Return a check that the whole of a text matches: what does not is refused with this code and message."""

    @in_schema({"pattern": whole(allowed.pattern)})
    def check(text: str) -> str:
        if not allowed.fullmatch(text):
            raise Refusal(code, Message(told, text=shown_text(text)))
        return text

    return check


def optional(check: Callable[[str], str]) -> Callable[[str], str]:
    """Return a check that lets an empty text pass, too."""
    said = said_by(check)

    @in_schema({"anyOf": [{"maxLength": 0}, dict(said)]} if said else {})
    def check_optional(text: str) -> str:
        return check(text) if text else text

    return check_optional


check_name: Final = matching(
    _NAME,
    "name.format",
    template(
        "{text} is not a name: use 1 to 63 of the characters a-z, 0-9 and '-', beginning and "
        "ending with a letter or a digit"
    ),
)
"""Check the name of a router, a service or a server: 1 to 63 of a-z, 0-9 and inner hyphens."""


@in_schema(REFERENCE_SCHEMA)
def check_reference(text: str) -> str:
    """Check the name of an object here, or `NAME@PROVIDER`: one that an edge has from another provider."""
    _name, at, provider = text.partition("@")
    if not at:
        return check_name(text)
    if provider == "http":
        raise Refusal(
            "reference.own",
            Message("{text} is managed here: leave out @http", text=shown_text(text)),
        )
    if not _FOREIGN.fullmatch(text):
        detail = Message("{text} is neither a name nor NAME@PROVIDER, such as login@file", text=shown_text(text))
        raise Refusal("reference.format", detail)
    return text


check_resolver: Final = matching(
    _RESOLVER, "resolver.format", template("{text} is not a resolver's name: letters, digits, '_', '.' and '-'")
)
"""Check the name of a certificate resolver, which is Traefik's: as its static configuration allows."""

check_entry_point: Final = matching(
    _ENTRY_POINT,
    "name.format",
    template("{text} is not an entry point's name: use 1 to 63 letters, digits, '_' and '-'"),
)
"""Check the name of an entry point, which is Traefik's: as its static configuration allows."""

check_label_key: Final = matching(
    _NAME,
    "label.key",
    template(
        "{text} is not a label's key: use 1 to 63 of the characters a-z, 0-9 and '-', beginning and "
        "ending with a letter or a digit"
    ),
)
"""Check the key of a label: 1 to 63 of a-z, 0-9 and inner hyphens."""

check_label_value: Final = matching(
    _LABEL_VALUE,
    "label.value",
    template(
        "{text} is not a label's value: use 1 to 63 letters, digits, '.', '_' and '-', beginning and "
        "ending with a letter or a digit"
    ),
)
"""Check the value of a label: 1 to 63 letters, digits, '.', '_' and '-', the outer ones letters or digits."""


def read_label(text: str) -> tuple[str, str]:
    """Read a label as it is asked for, `KEY=VALUE`. Raises `Refusal`."""
    key, equals, value = text.partition("=")
    if not equals:
        raise Refusal("label.format", Message("{text} is not a label: write KEY=VALUE", text=shown_text(text)))
    return check_label_key(key), check_label_value(value)


@in_schema(LABEL_SCHEMA)
def check_label(text: str) -> str:
    """Check a label as it is asked for, `KEY=VALUE`."""
    read_label(text)
    return text


@in_schema(SCOPE_SCHEMA)
def check_scope(text: str) -> str:
    """Check what a token may do: `read`, `write`, `admin`, `register:SERVICE` or `edge:NAME`."""
    if text in _SCOPES:
        return text
    kind, _colon, name = text.partition(":")
    if kind not in _SCOPES_OF_ONE or not _NAME.fullmatch(name):
        detail = Message(
            "{text} is not a scope: use read, write, admin, register:SERVICE or edge:NAME", text=shown_text(text)
        )
        raise Refusal("scope.format", detail)
    return text


def check_time(value: Any) -> Any:
    """Check that a time is written as one: pydantic takes numbers, also in a text, for seconds since 1970."""
    if not isinstance(value, str):
        raise Refusal("type.string", Message("this has to be a string with a date, a time and a zone, or null"))
    if not _TIME.match(value):
        raise Refusal("time.format", Message(TIME_WORDS))
    return value


@in_schema(TEXT_SCHEMA, listed=LISTED_PATTERN)
def check_text(text: str) -> str:
    """Check a free text: one line of characters that Traefik can read, see `texts`."""
    if _SURROGATE.search(text):
        raise Refusal("text.surrogate", Message("the text has half of a surrogate pair, which is not a character"))
    if _CONTROL.search(text):
        raise Refusal("text.control", Message("the text has a control character: use a single line of plain text"))
    if found := _NO_CHARACTER.search(text):
        detail = Message("the text has {code}, which is not a character: leave it out", code=f"U+{ord(found[0]):04X}")
        raise Refusal("text.character", detail)
    return text


@in_schema({"pattern": rf"^(?!.*//)(?!.*/\.{{1,2}}(/|$)){_PATH.pattern}$"})
def check_path_prefix(text: str) -> str:
    """Check a path prefix as Traefik compares it: with the cleaned, decoded path of a request."""
    if not _PATH.fullmatch(text):
        raise Refusal(
            "path.format",
            Message(
                "{text} is not a path prefix: begin with '/' and use letters, digits and ._~!$&'()*+,;=:@-",
                text=shown_text(text),
            ),
        )
    if "//" in text or any(part in {".", ".."} for part in text.split("/")):
        raise Refusal(
            "path.segments",
            Message("{text} never matches: Traefik removes '//', '/./' and '/../'", text=shown_text(text)),
        )
    return text


@in_schema({"pattern": f"^(?!//){_HEALTH_PATH.pattern}$"})
def check_health_path(text: str) -> str:
    """Check the path (and query) of a health check. `//host/…` would lead away from the server."""
    if text.startswith("//") or not _HEALTH_PATH.fullmatch(text):
        raise Refusal(
            "path.format",
            Message("{text} is not a path: begin with one '/', and percent-encode the rest", text=shown_text(text)),
        )
    return text


def read_duration(text: str) -> float:
    """Return the seconds of a duration in Go's notation. Raises a `Refusal` for what is none."""
    seconds = durations.find_seconds(text)
    if seconds is None:
        raise Refusal(
            "duration.format", Message("{text} is not a duration: write 500ms, 5s, 1m30s or 1h", text=shown_text(text))
        )
    return seconds


def lasting(least_seconds: float, most_seconds: float, told: str) -> Callable[[str], str]:
    """Return a check of how long a duration in Go's notation is. It is kept as typed."""

    @in_schema(DURATION_SCHEMA)
    def check(text: str) -> str:
        if not least_seconds <= read_duration(text) <= most_seconds:
            raise Refusal("duration.range", Message(told, text=shown_text(text)))
        return text

    return check


check_duration: Final = lasting(0.1, 3600, template("{text} is out of range: between 100ms and 1h"))
"""Check a duration in Go's notation, between 100 ms and one hour. It is kept as typed."""

check_drain_time: Final = lasting(1, LONGEST_DRAIN_SECONDS, template("{text} is out of range: between 1s and 168h"))
"""Check how long servers are drained, in Go's notation, between one second and seven days. It is kept as typed."""


@in_schema({"format": "date-time"})
def check_moment(text: str) -> str:
    """Check a moment with its zone, in ISO 8601, and return it in UTC and whole seconds: `2026-01-01T12:00:00Z`."""
    try:
        moment = moments.read(text)
    except ValueError:
        detail = Message("{text} is not a time with its zone, such as 2026-01-01T12:00:00Z", text=shown_text(text))
        raise Refusal("time.format", detail) from None
    try:
        return moments.written(moment)
    except OverflowError:
        detail = Message("{text} is out of range: such a time does not exist in UTC", text=shown_text(text))
        raise Refusal("time.range", detail) from None


check_ttl: Final = lasting(1, 86_400, template("{text} is out of range: between 1s and 24h"))
"""Check for how long a lease lasts, in Go's notation: between a second and a day. It is kept as typed."""

check_cookie_name: Final = matching(
    _COOKIE, "cookie.name", template("{text} is not a cookie's name: 1 to 64 letters, digits, '_' and '-'")
)
"""Check the name of a sticky cookie: letters, digits, '_' and '-', all safe in a cookie and in a rule."""


def check_weight(weight: int) -> int:
    """Check a server's weight, 1 to 1000.

    With weights of 0, a health check and the other servers down, Traefik's balancer holds its lock for
    ever (measured on 3.7.15), so a server that shall get nothing is drained instead.
    """
    if weight == 0:
        raise Refusal(
            "weight.zero", Message('a weight of 0 is not allowed: drain the server instead ("state": "drain")')
        )
    if not 1 <= weight <= 1000:
        raise Refusal(
            "weight.range", Message("the weight is a whole number from 1 to 1000, not {weight}", weight=weight)
        )
    return weight


class Strategy(StrEnum):
    """How a service chooses a server, as named in Traefik."""

    WRR = "wrr"
    P2C = "p2c"
    HRW = "hrw"
    LEASTTIME = "leasttime"


class OnFailure(StrEnum):
    """What happens to requests whose server fails."""

    NONE = "none"
    RETRY = "retry"
    HOLD_BACK = "hold-back"


class ServerState(StrEnum):
    """The target state of a server: ready, drained or in maintenance."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"
