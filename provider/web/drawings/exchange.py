"""The first drawing of Learn: a browser asks, a web server answers."""

from typing import Final

from provider.messages import Message
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.languages import Language

_WEB_SERVER: Final = Message("Web server")
_REQUEST: Final = Message("Request")
_RESPONSE: Final = Message("Response")
_PAGE: Final = Message("+ the page")


def draw(host: str, address: str, language: Language, layout: DrawingWidth) -> Drawing:
    """Draw how a request for a page of a host is answered by a server at an address (`10.0.0.11:3000`)."""
    label = Message(
        "A browser on the left, a web server at {address} on the right. One: {host} is typed into the browser. "
        "Two: the browser sends a request. Three: the server makes the answer. Four: the response comes back.",
        host=host,
        address=address,
    )
    make = _wide if layout is DrawingWidth.WIDE else _tall
    return make(host, address, language.say(label), language)


def _wide(host: str, address: str, label: str, language: Language) -> Drawing:
    drawing = Drawing(720, 210, label, DrawingWidth.WIDE)
    drawing.text(122, 20, language.say(Message("Browser")), "name", anchor=Anchor.MIDDLE)
    drawing.browser(12, 32, 220, 160, host)
    drawing.text(598, 20, language.say(_WEB_SERVER), "name", anchor=Anchor.MIDDLE)
    _server(drawing, 488, 32, 220, 160, address)
    drawing.arrow((242, 92), (478, 92))
    drawing.text(360, 58, language.say(_REQUEST), "name", anchor=Anchor.MIDDLE)
    drawing.text(360, 78, "GET /", "code", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.text(360, 112, f"Host: {host}", "code", size=SMALL, anchor=Anchor.MIDDLE, width=230)
    drawing.arrow((478, 158), (242, 158))
    drawing.text(360, 146, language.say(_RESPONSE), "name", anchor=Anchor.MIDDLE)
    drawing.text(360, 178, f"200 OK {language.say(_PAGE)}", "code", size=SMALL, anchor=Anchor.MIDDLE)
    for number, (x, y) in enumerate([(12, 32), (252, 70), (488, 32), (468, 136)], start=1):
        drawing.badge(x, y, number)
    return drawing


def _tall(host: str, address: str, label: str, language: Language) -> Drawing:
    drawing = Drawing(340, 448, label, DrawingWidth.TALL)
    drawing.text(170, 20, language.say(Message("Browser")), "name", anchor=Anchor.MIDDLE)
    drawing.browser(12, 32, 316, 112, host)
    drawing.text(328, 288, language.say(_WEB_SERVER), "name", anchor=Anchor.END)
    _server(drawing, 12, 300, 316, 130, address)
    drawing.arrow((150, 154), (150, 290))
    drawing.text(138, 208, language.say(_REQUEST), "name", anchor=Anchor.END)
    drawing.text(138, 228, "GET /", "code", size=SMALL, anchor=Anchor.END)
    drawing.text(138, 246, host, "code", size=SMALL, anchor=Anchor.END, width=128)
    drawing.arrow((196, 290), (196, 154))
    drawing.text(208, 208, language.say(_RESPONSE), "name")
    drawing.text(208, 228, "200 OK", "code", size=SMALL)
    drawing.text(208, 246, language.say(_PAGE), "code", size=SMALL)
    for number, (x, y) in enumerate([(14, 34), (150, 178), (14, 302), (196, 266)], start=1):
        drawing.badge(x, y, number)
    return drawing


def _server(drawing: Drawing, x: float, y: float, width: float, height: float, address: str) -> None:
    drawing.box(x, y, width, height, "strong")
    for number in range(3):
        top = y + 18 + number * 24
        drawing.box(x + 24, top, width - 48, 18, "words", 4)
        drawing.disc(x + width - 38, top + 9, 3.5, "lamp")
    drawing.text(x + width / 2, y + height - 20, address, "code", anchor=Anchor.MIDDLE, width=width - 20)
