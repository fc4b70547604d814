"""What the console's navigation leads to, in its order."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template


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
        (
            Item("/domains", template("Domains")),
            Item("/routers", template("Routers")),
            Item("/services", template("Services")),
        ),
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
