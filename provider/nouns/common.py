"""Types of values that several nouns have."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from provider import rules, typed_hosts
from provider.messages import Message, template
from provider.nouns.objects import field
from provider.nouns.types import ListOf, MapOf, Reference, Text
from provider.values import (
    DURATION_SCHEMA,
    ENTRY_POINT_SCHEMA,
    HOSTNAME_SCHEMA,
    LABEL_VALUE_SCHEMA,
    NAME_SCHEMA,
    REFERENCE_SCHEMA,
    TEXT_SCHEMA,
    Refusal,
    check_duration,
    check_entry_point,
    check_hostname,
    check_label_key,
    check_label_value,
    check_name,
    check_reference,
    check_text,
    shown_text,
)

NAME: Final = Text(check_name, said=NAME_SCHEMA, word="NAME")
HOSTNAME: Final = Text(check_hostname, said=HOSTNAME_SCHEMA, meant=typed_hosts.meant, word="DOMAIN")
TEXT: Final = Text(check_text, most=1000, said=TEXT_SCHEMA, is_prose=True)
DURATION: Final = Text(check_duration, most=30, said=DURATION_SCHEMA, word="DURATION")
LABELS: Final = MapOf(
    Text(check_label_value, said=LABEL_VALUE_SCHEMA), key=Text(check_label_key, said=NAME_SCHEMA), most=20
)
ENTRY_POINT: Final = Text(check_entry_point, said=ENTRY_POINT_SCHEMA, word="NAME")
ENTRY_POINTS: Final = ListOf(
    ENTRY_POINT,
    least=1,
    most=20,
    duplicate=("entryPoints.duplicate", template("an entry point is listed twice")),
    is_line=True,
)
SERVICE: Final = Reference(check_reference, said=REFERENCE_SCHEMA, kind="service", is_foreign=True, word="NAME")
MIDDLEWARE: Final = Reference(check_reference, said=REFERENCE_SCHEMA, kind="middleware", is_foreign=True, word="NAME")
SERVICE_ANYWHERE: Final = Reference(
    check_reference, said=REFERENCE_SCHEMA, kind="service", is_foreign=True, word="NAME"
)
MIDDLEWARES: Final = ListOf(
    MIDDLEWARE, most=30, duplicate=("middlewares.duplicate", template("a middleware is listed twice"))
)
MIDDLEWARES_NEEDED: Final = replace(MIDDLEWARES, least=1)


def check_status_range(text: str) -> str:
    """Check a status of HTTP, or a range of them."""
    first, dash, last = text.partition("-")
    bounds = [
        int(each) if each.isascii() and each.isdecimal() and len(each) == 3 else 0 for each in (first, last or first)
    ]
    if not 100 <= bounds[0] <= bounds[1] <= 599 or (dash and not last):
        detail = Message("{text} is not a status: write 503, or 500-599", text=shown_text(text))
        raise Refusal("status.format", detail)
    return text


def check_rule_of(parse: Callable[[str], rules.Rule]) -> Callable[[str], str]:
    """Return a check of a rule: one line, and one that Traefik would not disable the router for. It is kept as typed.

    It raises a `Refusal` with the code of the mistake (`rule.…`), whose detail tells the place.
    """

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
    name: str = field(NAME, title="Name", help="a to z, 0 to 9 and hyphens. Cannot be changed later.")
    return name


def labels_field() -> dict[str, str]:
    """Declare the labels that people give to objects, by which these are found and pruned."""
    labels: dict[str, str] = field(
        LABELS,
        default={},
        title="Labels",
        help="Your own labels, such as team=video, for finding and pruning objects. Not sent to Traefik.",
        rare=True,
        option="--label",
    )
    return labels
