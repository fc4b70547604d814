"""What the console's navigation leads to, in its order."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template
from provider.nouns import NOUNS


@dataclass(frozen=True, slots=True)
class Destination:
    """A page that the navigation leads to. `label` is a template without values; `admin`: only admins see it."""

    path: str
    label: str
    admin: bool = False

    def holds(self, path: str) -> bool:
        """Tell whether a page is this one, or below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together. The first group has no label."""

    label: str | None
    items: tuple[Destination, ...]


_ON_THE_WAY: Final = ("domain", "router", "middleware", "service")
"""The nouns that come first: in the order in which a request meets their objects."""

_LISTED: Final = sorted(
    (noun for noun in NOUNS.values() if not noun.within),
    key=lambda noun: _ON_THE_WAY.index(noun.kind) if noun.kind in _ON_THE_WAY else len(_ON_THE_WAY),
)

NAVIGATION: Final = (
    Group(
        None,
        (
            Destination("/", template("Overview")),
            Destination("/expose", template("Expose an application")),
            Destination("/trace", template("Trace a request")),
        ),
    ),
    Group(
        template("Configuration"),
        tuple(Destination(f"/{noun.plural}", noun.titles) for noun in _LISTED),
    ),
    Group(
        template("Activity"),
        (Destination("/edges", template("Edges")), Destination("/revisions", template("Revisions"))),
    ),
    Group(
        template("Administration"),
        (
            Destination("/accounts", template("Accounts"), admin=True),
            Destination("/tokens", template("Tokens"), admin=True),
            Destination("/audit", template("Audit"), admin=True),
        ),
    ),
    Group(
        template("Learn"), (Destination("/learn", template("How it works")), Destination("/docs", template("REST API")))
    ),
)
