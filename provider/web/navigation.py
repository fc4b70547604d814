"""What the console's navigation leads to, in its order."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template
from provider.nouns import NOUNS


@dataclass(frozen=True, slots=True)
class Item:
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
    items: tuple[Item, ...]


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
            Item("/", template("Overview")),
            Item("/expose", template("Expose an application")),
            Item("/trace", template("Trace a request")),
        ),
    ),
    Group(
        template("Configuration"),
        tuple(Item(f"/{noun.plural}", noun.titles) for noun in _LISTED),
    ),
    Group(
        template("Activity"),
        (Item("/edges", template("Edges")), Item("/revisions", template("Revisions"))),
    ),
    Group(
        template("Administration"),
        (
            Item("/accounts", template("Accounts"), admin=True),
            Item("/tokens", template("Tokens"), admin=True),
            Item("/audit", template("Audit"), admin=True),
        ),
    ),
    Group(template("Learn"), (Item("/learn", template("How it works")), Item("/docs", template("REST API")))),
)
