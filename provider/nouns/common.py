"""Types of values that several nouns have."""

from dataclasses import replace
from typing import Final

from provider import typed_hosts
from provider.messages import template
from provider.nouns.objects import field
from provider.nouns.types import ListOf, MapOf, Reference, Text
from provider.values import (
    DURATION_SCHEMA,
    HOSTNAME_SCHEMA,
    LABEL_VALUE_SCHEMA,
    NAME_SCHEMA,
    REFERENCE_SCHEMA,
    TEXT_SCHEMA,
    check_duration,
    check_hostname,
    check_label_key,
    check_label_value,
    check_name,
    check_reference,
    check_text,
)

NAME: Final = Text(check_name, said=NAME_SCHEMA, word="NAME")
HOSTNAME: Final = Text(check_hostname, said=HOSTNAME_SCHEMA, meant=typed_hosts.meant, word="DOMAIN")
TEXT: Final = Text(check_text, most=1000, said=TEXT_SCHEMA, is_prose=True)
DURATION: Final = Text(check_duration, most=30, said=DURATION_SCHEMA, word="DURATION")
LABELS: Final = MapOf(
    Text(check_label_value, said=LABEL_VALUE_SCHEMA), key=Text(check_label_key, said=NAME_SCHEMA), most=20
)
ENTRY_POINTS: Final = ListOf(
    NAME,
    least=1,
    most=20,
    duplicate=("entryPoints.duplicate", template("an entry point is listed twice")),
    is_line=True,
)
_MIDDLEWARE: Final = Reference(check_reference, said=REFERENCE_SCHEMA, kind="middleware", is_foreign=True, word="NAME")
SERVICE_ANYWHERE: Final = Reference(
    check_reference, said=REFERENCE_SCHEMA, kind="service", is_foreign=True, word="NAME"
)
MIDDLEWARES: Final = ListOf(
    _MIDDLEWARE, most=30, duplicate=("middlewares.duplicate", template("a middleware is listed twice"))
)
MIDDLEWARES_NEEDED: Final = replace(MIDDLEWARES, least=1)


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
