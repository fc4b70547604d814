"""The second drawing of Learn: a reverse proxy in front of servers, and what a request passes in it."""

from collections.abc import Sequence
from typing import Final

from provider.messages import Message
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.drawings.scene import DrawnRouter, DrawnServer
from provider.web.drawings.text import shorten_address
from provider.web.languages import Language

_MOST_SERVERS: Final = 3
_OUTSIDE: Final = Message("the internet")
_INSIDE: Final = Message("your own network")


def draw(
    host: str, router: DrawnRouter, servers: Sequence[DrawnServer], language: Language, layout: DrawingWidth
) -> Drawing:
    """Draw how requests for a host reach the servers of a router's service."""
    label = Message(
        "Three browsers ask for {host}. Their requests reach Traefik: the entry point {entry_point}, then the router "
        "{router}, then the service {service}. From there they go to the servers {servers}.",
        host=host,
        entry_point=router.entry_points[0],
        router=router.name,
        service=router.service,
        servers=", ".join(server.name for server in servers),
    )
    make = _wide if layout is DrawingWidth.WIDE else _tall
    return make(host, router, servers, language.say(label), language)


def _wide(host: str, router: DrawnRouter, servers: Sequence[DrawnServer], label: str, language: Language) -> Drawing:
    drawing = Drawing(720, 318, label, DrawingWidth.WIDE)
    drawing.line([(186, 8), (186, 310)], "border")
    drawing.text(93, 308, language.say(_OUTSIDE), "soft", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.text(600, 308, language.say(_INSIDE), "soft", size=SMALL, anchor=Anchor.MIDDLE)
    for top in (28, 116, 204):
        drawing.browser(12, top, 140, 64, host)
        drawing.stream((154, top + 32), (210, 76), "flow", 2)
    _traefik(drawing, 210, 16, 272, 276, router, language)
    drawing.arrow((210, 76), (228, 76))
    shown = servers[:_MOST_SERVERS]
    step = 256 / max(len(shown), 1)
    for number, server in enumerate(shown):
        middle = 36 + step * (number + 0.5) - 10
        drawing.stream((464, 254), (540, middle), "flow", 2)
        drawing.arrow((538, middle), (552, middle))
        _server(drawing, 552, middle - 25, 156, server)
    _and_more(drawing, 630, 288, len(servers) - len(shown), language)
    drawing.badge(228, 58, 1)
    drawing.badge(228, 126, 2)
    drawing.badge(228, 232, 3)
    drawing.badge(552, 36 + step / 2 - 10 - 25, 4)
    return drawing


def _tall(host: str, router: DrawnRouter, servers: Sequence[DrawnServer], label: str, language: Language) -> Drawing:
    drawing = Drawing(340, 528, label, DrawingWidth.TALL)
    for number in range(3):
        left = 8 + number * 112
        drawing.browser(left, 24, 100, 56, host)
        drawing.stream((left + 50, 82), (170, 118), "flow", 2)
    drawing.text(8, 14, language.say(_OUTSIDE), "soft", size=SMALL)
    drawing.line([(0, 98), (340, 98)], "border")
    _traefik(drawing, 34, 108, 272, 276, router, language)
    shown = servers[:_MOST_SERVERS]
    step = 336 / max(len(shown), 1)
    for number, server in enumerate(shown):
        middle = 2 + step * (number + 0.5)
        drawing.stream((170, 366), (middle, 428), "flow", 2)
        drawing.arrow((middle, 426), (middle, 438))
        _server(drawing, middle - 52, 438, 104, server)
    _and_more(drawing, 170, 506, len(servers) - len(shown), language)
    drawing.text(8, 522, language.say(_INSIDE), "soft", size=SMALL)
    drawing.badge(52, 150, 1)
    drawing.badge(52, 218, 2)
    drawing.badge(52, 324, 3)
    drawing.badge(2 + step / 2 - 52 + 4, 438, 4)
    return drawing


def _traefik(
    drawing: Drawing, x: float, y: float, width: float, height: float, router: DrawnRouter, language: Language
) -> None:
    """Draw Traefik, with what a request passes in it from top to bottom."""
    drawing.box(x, y, width, height, "proxy", 12)
    drawing.text(x + width / 2, y + 20, "Traefik", "name", anchor=Anchor.MIDDLE)
    inner, middle = width - 36, x + width / 2
    stations = [
        (42.0, 38.0, language.say(Message("entry point {name}", name=router.entry_points[0])), ""),
        (110.0, 76.0, language.say(Message("router {name}", name=router.name)), router.rule),
        (216.0, 42.0, language.say(Message("service {name}", name=router.service)), ""),
    ]
    for top, tall, name, rule in stations:
        drawing.box(x + 18, y + top, inner, tall, "station")
        drawing.text(middle, y + top + (tall / 2 + 5 if not rule else 26), name, anchor=Anchor.MIDDLE, width=inner - 30)
        if rule:
            drawing.text(
                middle, y + top + 46, language.say(Message("its rule:")), "soft", size=SMALL, anchor=Anchor.MIDDLE
            )
            drawing.text(middle, y + top + 64, rule, "code", size=SMALL, anchor=Anchor.MIDDLE, width=inner - 12)
    drawing.arrow((middle, y + 80), (middle, y + 110))
    drawing.arrow((middle, y + 186), (middle, y + 216))


def _server(drawing: Drawing, x: float, y: float, width: float, server: DrawnServer) -> None:
    drawing.box(x, y, width, 50, "strong")
    drawing.text(x + width / 2, y + 21, server.name, "name", anchor=Anchor.MIDDLE, width=width - 24)
    address = shorten_address(server.url.partition("://")[2], width - 6, SMALL)
    drawing.text(x + width / 2, y + 39, address, "code", size=SMALL, anchor=Anchor.MIDDLE, width=width - 6)


def _and_more(drawing: Drawing, x: float, y: float, count: int, language: Language) -> None:
    if count > 0:
        words = language.say(Message("and {count} more", count=count))
        drawing.text(x, y, words, "soft", size=SMALL, anchor=Anchor.MIDDLE)
