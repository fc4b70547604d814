"""What the path of requests is drawn with: its texts, lines and nodes, in a language, and with a way lit up."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from provider.messages import Message
from provider.web.drawings.layout import Box, PlacedBlock
from provider.web.drawings.markup import element, number
from provider.web.drawings.scene import Carried, DrawnServer, Scene, Way
from provider.web.drawings.text import clean, shorten, width
from provider.web.drawings.words import NO_REQUESTS, NO_TRAFFIC
from provider.web.languages import Language
from provider.web.paths import object_path

NAME_SIZE: Final = 14.0
SMALL_SIZE: Final = 12.0
STATE_SIZE: Final = 11.5
PADDING: Final = 12.0


class Brush:
    """Draws a scene in a language. Unless `linked`, no node leads to a page. `way` is lit up."""

    def __init__(self, scene: Scene, language: Language, way: Way | None, *, linked: bool) -> None:
        self.scene = scene
        self.language = language
        self.way = way
        self.linked = linked

    def say(self, text: str) -> str:
        return clean(self.language.say(text))

    def node(self, href: str | None, said: str, kind: str | None, inside: Sequence[Markup]) -> Markup:
        """Return a node: a link to its page, or a picture where there is none. What is said of it is its title."""
        content = [element("title", said), *inside]
        if href is None or not self.linked:
            return element("g", *content, class_=kind, role="img", aria_label=said)
        return element("a", *content, href=href, class_=kind)

    def router_page(self, name: str) -> str:
        return page_of(self.scene.carried.routers, name)

    def service_page(self, name: str) -> str:
        return page_of(self.scene.carried.services, name)

    def nothing(self) -> Message:
        return NO_REQUESTS if self.scene.carried is Carried.HTTP else NO_TRAFFIC

    def share(self, block: PlacedBlock, share: float) -> str | None:
        """Write a share; None where no request comes to the service."""
        return self.language.percent(share) if block.block.is_reached else None

    # The way that is lit up

    def lit(self, router: str) -> str | None:
        return "lit" if self.way is not None and self.way.router == router else None

    def lit_beyond(self, router: str) -> str | None:
        """Return what lights up what follows a router, unless the way ends there."""
        return None if self.way is not None and self.way.ends_at_router else self.lit(router)

    def lit_server(self, block: PlacedBlock, server: DrawnServer) -> str | None:
        way = self.way
        if way is None or way.router not in {router.name for router in block.block.routers}:
            return None
        if way.ends_at_router:
            return None
        is_on_it = server.share > 0 if way.servers is None else server.title in way.servers
        return "lit" if is_on_it else None

    def passes(self, names: Sequence[str]) -> bool:
        return self.way is None or self.way.entry_point is None or self.way.entry_point in names


def page_of(*parts: str) -> str:
    """Return the path of an object's page, whatever it is called."""
    return object_path(*map(clean, parts))


def rectangle(box: Box, radius: float, kind: str) -> Markup:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=radius, class_=kind)


def write(shown: str, x: float, y: float, size: float, class_: str, *, text_anchor: str | None = None) -> Markup:
    return element("text", shown, x=x, y=y, font_size=size, class_=class_, text_anchor=text_anchor, aria_hidden="true")


def pair(
    left: str, right: str, y: float, within: tuple[float, float], size: float, kinds: tuple[str, str]
) -> list[Markup]:
    """Return two texts in a line: the right one whole, the left one in the room that it leaves."""
    x, room = within
    bold = kinds[0] == "name"
    right = shorten(right, room * 0.75, size, bold=True)
    left = shorten(left, room - width(right, size, bold=True) - (8 if right else 0), size, bold=bold)
    shown = [write(left, x, y, size, kinds[0])]
    return [*shown, write(right, x + room, y, size, kinds[1], text_anchor="end")] if right else shown


def fits(left: str, right: str, room: float, size: float) -> bool:
    """Tell whether a name and a word have room in a line."""
    return width(clean(left), size, bold=True) + 8 + width(right, size, bold=True) <= room


def arrow(x1: float, y1: float, x2: float, y2: float, wide: float, kind: str | None) -> Markup:
    """Return an arrow from the left to the right, straight or as a soft curve."""
    bend = (x2 - x1) / 2
    path = f"M{number(x1)} {number(y1)}"
    path += (
        f"H{number(x2)}"
        if abs(y1 - y2) < 0.05
        else f"C{number(x1 + bend)} {number(y1)} {number(x2 - bend)} {number(y2)} {number(x2)} {number(y2)}"
    )
    return element("path", d=path, class_=kind, stroke_width=wide, aria_hidden="true")
