"""What takes the place of what an expression matches."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider.messages import Message
from provider.rules.expressions import GROUP, Expression
from provider.values import Refusal, shown_text


def filled(replacement: str) -> str:
    """Return a replacement with a text in the place of each group."""
    return GROUP.sub("1", replacement)


def missing_groups(given: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """Refuse groups that the expression does not have: Traefik puts nothing in their places."""
    if {"regex", "replacement"} <= given.keys():
        groups = Expression(given["regex"]).groups
        for found in GROUP.finditer(given["replacement"]):
            name = found["braced"] if found["bare"] is None else found["bare"]
            if name is not None and name not in groups:
                detail = Message("there is no group {name} in the regular expression", name=shown_text(name))
                yield "replacement", Refusal("replacement.group", detail)
