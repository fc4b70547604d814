"""Names of Traefik's objects, and ours for them. Pure.

A name there may be any text; in its API the name of the provider stands behind the last `@`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from provider import names

FILE: Final = "file"

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def split(full_name: str) -> tuple[str, str]:
    """Return the name and the provider of a full name, `shop@file`."""
    name, _at, provider = full_name.rpartition("@")
    return name, provider


def qualified(reference: str, provider: str) -> str:
    """Return the full name that a reference means which stands in an object of a provider."""
    return reference if "@" in reference else f"{reference}@{provider}"


def assign(
    full_names: Iterable[str], default: str, known: Mapping[str, str] | None = None, taken: Iterable[str] = ()
) -> dict[str, str]:
    """Give each full name one that fits, and that no other one has, whatever their order.

    A name that fits stays, but where several providers have it; `default` is for a name of which nothing is left.
    Those that are `known` keep theirs, and what is `taken` is given to no other.
    """
    known = known or {}
    given = sorted(full_names, key=lambda full: (_NAME.fullmatch(split(full)[0]) is None, full))
    found = {full: known[full] for full in given if full in known}
    taken = {*taken, *found.values()}
    has_several = bool(taken) or len({split(full)[1] for full in given}) > 1
    for full in given:
        if full in found:
            continue
        name, provider = split(full)
        fitted = names.fitted(name) or default
        if fitted in taken and has_several:
            fitted = names.fitted(f"{fitted}-{provider}")
        fitted = names.free(fitted, taken)
        taken.add(fitted)
        found[full] = fitted
    return found
