"""What the console's navigation leads to, in its order."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template


@dataclass(frozen=True, slots=True)
class Item:
    """A page that the navigation leads to. `label` is a template without values."""

    path: str
    label: str

    def holds(self, path: str) -> bool:
        """Tell whether a page is this one, or below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together. The first group has no label."""

    label: str | None
    items: tuple[Item, ...]


NAVIGATION: Final = (
    Group(None, (Item("/", template("Overview")),)),
    Group(template("For programs"), (Item("/docs", template("REST API")),)),
)
