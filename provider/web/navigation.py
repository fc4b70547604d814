"""What the console's navigation leads to, in its order."""

from dataclasses import dataclass
from typing import Final

from provider.messages import template
from provider.nouns import NOUNS, Noun


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
    """Pages that belong together. The first group has no label. One that few need is folded away."""

    label: str | None
    items: tuple[Destination, ...]
    is_rare: bool = False

    def holds(self, path: str) -> bool:
        """Tell whether a page is one of these, or below one."""
        return any(item.holds(path) for item in self.items)


_ON_THE_WAY: Final = ("domain", "router", "middleware", "service")
"""The nouns that come first: in the order in which a request, or a connection, meets their objects."""


def _nouns(*roots: str) -> tuple[Destination, ...]:
    """Return the lists of nouns, by where Traefik has their objects: those of HTTP where it has none."""
    found = [noun for noun in NOUNS.values() if not noun.within and (noun.place or ("http",))[0] in roots]
    found.sort(key=lambda noun: (roots.index((noun.place or roots)[0]), _rank(noun)))
    return tuple(Destination(f"/{noun.plural}", noun.titles) for noun in found)


def _rank(noun: type[Noun]) -> int:
    kind = (noun.place or ("", noun.plural))[-1].removesuffix("s")
    return _ON_THE_WAY.index(kind) if kind in _ON_THE_WAY else len(_ON_THE_WAY)


NAVIGATION: Final = (
    Group(
        None,
        (
            Destination("/", template("Overview")),
            Destination("/expose", template("Expose an application")),
            Destination("/trace", template("Trace a request")),
            Destination("/learn", template("How it works")),
        ),
    ),
    Group("HTTP", _nouns("http")),
    Group("TLS", _nouns("tls")),
    Group(template("TCP and UDP"), _nouns("tcp", "udp"), is_rare=True),
    Group(
        template("Activity"),
        (
            Destination("/edges", template("Edges")),
            Destination("/check", template("Check")),
            Destination("/events", template("Events")),
            Destination("/revisions", template("Revisions")),
        ),
    ),
    Group(
        template("Administration"),
        (
            Destination("/accounts", template("Accounts"), admin=True),
            Destination("/tokens", template("Tokens"), admin=True),
            Destination("/ca", template("Certificate authority"), admin=True),
            Destination("/audit", template("Audit"), admin=True),
        ),
    ),
)
