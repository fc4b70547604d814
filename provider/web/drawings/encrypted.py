"""The drawing of what HTTPS adds: a handshake, a certificate, and a pipe that nobody looks into."""

from typing import Final

from provider.messages import Message
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.languages import Language

_HELLO: Final = Message("Hello")
_CERTIFICATE: Final = Message("Certificate")
_ENCRYPTED: Final = Message("Encrypted")
_FOR: Final = Message("for this name")
_PLAIN: Final = Message("Plain")


def draw(host: str, entry_point: str, address: str, language: Language, layout: DrawingWidth) -> Drawing:
    """Draw how a browser gets a page of a host over HTTPS, from a server at an address (`10.0.0.11:3000`)."""
    label = Message(
        "A browser on the left, Traefik in the middle, a server at {address} on the right. One: the browser "
        "says hello at the entry point {entry_point}, and names {host}. Two: Traefik shows a certificate for "
        "{host}. Three: everything else goes through an encrypted pipe. Four: Traefik passes the request on to "
        "the server, not encrypted.",
        host=host,
        entry_point=entry_point,
        address=address,
    )
    make = _wide if layout is DrawingWidth.WIDE else _tall
    return make(host, entry_point, address, language.say(label), language)


def _wide(host: str, entry_point: str, address: str, label: str, language: Language) -> Drawing:
    drawing = Drawing(720, 236, label, DrawingWidth.WIDE)
    drawing.text(97, 20, language.say(Message("Browser")), "name", anchor=Anchor.MIDDLE)
    drawing.browser(12, 32, 170, 192, host)
    drawing.arrow((190, 74), (392, 74))
    drawing.text(291, 48, language.say(_HELLO), "name", anchor=Anchor.MIDDLE)
    drawing.text(291, 66, host, "code", size=SMALL, anchor=Anchor.MIDDLE, width=180)
    drawing.arrow((392, 130), (190, 130))
    drawing.text(291, 104, language.say(_CERTIFICATE), "name", anchor=Anchor.MIDDLE)
    drawing.text(291, 122, language.say(_FOR), "soft", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.box(184, 150, 216, 60, "proxy", 30)
    drawing.icon(206, 172, "lock", "good")
    drawing.text(299, 176, language.say(_ENCRYPTED), "name", anchor=Anchor.MIDDLE)
    drawing.text(299, 194, f"Host: {host}", "code", size=SMALL, anchor=Anchor.MIDDLE, width=156)
    _traefik(drawing, 402, 32, 112, 192, entry_point)
    drawing.arrow((520, 180), (586, 180))
    drawing.text(553, 154, language.say(_PLAIN), "soft", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.text(553, 170, "GET /", "code", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.box(592, 150, 124, 60, "strong")
    drawing.text(654, 140, language.say(Message("Server")), "name", anchor=Anchor.MIDDLE)
    drawing.text(654, 184, address, "code", size=SMALL, anchor=Anchor.MIDDLE, width=122)
    for number, (x, y) in enumerate([(200, 54), (382, 110), (190, 152), (594, 208)], start=1):
        drawing.badge(x, y, number)
    return drawing


def _tall(host: str, entry_point: str, address: str, label: str, language: Language) -> Drawing:
    drawing = Drawing(340, 568, label, DrawingWidth.TALL)
    drawing.text(170, 20, language.say(Message("Browser")), "name", anchor=Anchor.MIDDLE)
    drawing.browser(12, 32, 316, 96, host)
    drawing.arrow((34, 134), (34, 330))
    drawing.text(46, 182, language.say(_HELLO), "name")
    drawing.text(46, 202, host, "code", size=SMALL, width=116)
    drawing.arrow((178, 330), (178, 134))
    drawing.text(166, 276, language.say(_CERTIFICATE), "name", anchor=Anchor.END)
    drawing.text(166, 296, language.say(_FOR), "soft", size=SMALL, anchor=Anchor.END)
    drawing.box(196, 126, 132, 212, "proxy", 30)
    drawing.icon(254, 158, "lock", "good")
    drawing.text(262, 206, language.say(_ENCRYPTED), "name", anchor=Anchor.MIDDLE)
    drawing.text(262, 232, "GET /", "code", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.text(262, 252, host, "code", size=SMALL, anchor=Anchor.MIDDLE, width=112)
    _traefik(drawing, 12, 338, 316, 96, entry_point)
    drawing.arrow((170, 440), (170, 488))
    drawing.text(182, 462, language.say(_PLAIN), "soft", size=SMALL)
    drawing.text(182, 480, "GET /", "code", size=SMALL)
    drawing.box(62, 492, 216, 64, "strong")
    drawing.text(170, 518, language.say(Message("Server")), "name", anchor=Anchor.MIDDLE)
    drawing.text(170, 540, address, "code", size=SMALL, anchor=Anchor.MIDDLE, width=200)
    for number, (x, y) in enumerate([(34, 154), (178, 310), (198, 140), (64, 494)], start=1):
        drawing.badge(x, y, number)
    return drawing


def _traefik(drawing: Drawing, x: float, y: float, width: float, height: float, entry_point: str) -> None:
    """Draw Traefik, with the entry point at which it takes what is encrypted."""
    drawing.box(x, y, width, height, "proxy", 12)
    drawing.text(x + width / 2, y + 26, "Traefik", "name", anchor=Anchor.MIDDLE)
    drawing.box(x + 14, y + 42, width - 28, 34, "station")
    drawing.text(x + width / 2, y + 64, entry_point, "code", size=SMALL, anchor=Anchor.MIDDLE, width=width - 32)
