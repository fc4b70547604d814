"""Types of values that several nouns have."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from provider import durations, rules, typed_hosts
from provider.hosts import check_hostname
from provider.messages import Message, template
from provider.nouns import internals
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.fields import field
from provider.nouns.texts import Reference, Text
from provider.values import (
    FILLED_PATTERN,
    LISTED_PATTERN,
    NAME_PATTERN,
    OTHERS_PATTERN,
    Refusal,
    check_duration,
    check_entry_point,
    check_label_key,
    check_label_value,
    check_name,
    check_reference,
    check_text,
    in_schema,
    whole,
)

MOST_RESERVED: Final = 100_000_000
"""Where Traefik reserves as many bytes as are allowed, for each request (3.7): 100 GB end it, out of memory."""

HIGHEST_OF_TRAEFIK: Final = 2**63 - 1 - 1000
"""Above it Traefik keeps priorities for itself (tried on 3.7.15)."""

NAME: Final = Text(check_name, word="NAME")
HOSTNAME: Final = Text(check_hostname, meant=typed_hosts.meant, word="DOMAIN")
TEXT: Final = Text(check_text, most=1000, is_prose=True)
DURATION: Final = Text(check_duration, most=30, word="DURATION")
LABELS: Final = MapOf(Text(check_label_value), key=Text(check_label_key), most=20)
ENTRY_POINT: Final = Text(check_entry_point, word="NAME")
ENTRY_POINTS: Final = ListOf(
    ENTRY_POINT,
    least=1,
    most=20,
    duplicate=("entryPoints.duplicate", template("an entry point is listed twice")),
    is_line=True,
)
ANY_ENTRY_POINTS: Final = replace(ENTRY_POINTS, least=0)


TCP_LANGUAGE: Final = "traefik-tcp-rule"
"""The `format` of rules of TCP."""


def reference(kind: str) -> Reference:
    """Return the type of a name of an object of a kind, here or at another provider."""

    @in_schema({"pattern": whole("|".join([NAME_PATTERN, OTHERS_PATTERN, *internals.names(kind)]))})
    def check(text: str) -> str:
        return internals.check(kind, text) if internals.is_internal(text) else check_reference(text)

    return Reference(check, kind=kind, is_foreign=True, word="NAME")


def middlewares(kind: str) -> ListOf:
    """Return the type of the names of middlewares of a kind, in order."""
    twice = template("a middleware is listed twice")
    return ListOf(reference(kind), most=30, duplicate=("middlewares.duplicate", twice))


SERVICE: Final = reference("service")
MIDDLEWARE: Final = reference("middleware")
MIDDLEWARES: Final = middlewares("middleware")
MIDDLEWARES_NEEDED: Final = replace(MIDDLEWARES, least=1)


def find_overlap(given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """Refuse a health check that would still be running when the next one begins."""
    interval, timeout = (durations.find_seconds(given.get(key, "")) for key in ("interval", "timeout"))
    if interval is not None and timeout is not None and timeout > interval:
        yield "timeout", Refusal("timeout.interval", Message("the timeout is longer than the interval"))


def check_rule_of(parse: Callable[[str], rules.Rule], language: str = "traefik-rule") -> Callable[[str], str]:
    """Return a check of a rule: one line, and one that Traefik would not disable the router for. It is kept as typed.

    It raises a `Refusal` with the code of the mistake (`rule.…`), whose detail tells the place.
    """

    @in_schema({"format": language, "pattern": FILLED_PATTERN}, listed=LISTED_PATTERN)
    def check(text: str) -> str:
        check_text(text)
        try:
            parse(text)
        except rules.BadRule as mistake:
            detail = Message("at character {position}: {reason}", position=mistake.position + 1, reason=mistake.reason)
            raise Refusal(mistake.code, detail) from None
        return text

    return check


def name_field() -> str:
    """Declare the name of an object: it is its key, and never changes."""
    name: str = field(NAME, "Name", "a to z, 0 to 9 and hyphens. Cannot be changed later.", ours=True)
    return name


def labels_field() -> dict[str, str]:
    """Declare the labels that people give to objects, by which these are found and pruned."""
    labels: dict[str, str] = field(
        LABELS,
        "Labels",
        "Your own labels, such as team=video, for finding and pruning objects. Not sent to Traefik.",
        default={},
        rare=True,
        option="--label",
        ours=True,
    )
    return labels
