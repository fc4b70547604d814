"""How a service shares its requests: a stream to each server, as wide as its share."""

from collections.abc import Mapping, Sequence
from typing import Final

from provider.messages import Message
from provider.models import ObservedState
from provider.values import ServerState
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.drawings.layout import Box
from provider.web.drawings.scene import DrawnServer, DrawnService
from provider.web.languages import Language

TONES: Final = 5
"""How many servers have a colour of their own; they always have their names too."""

_WHOLE: Final = 56.0
"""The width of all streams together."""

_THIN: Final = 1.5
CONDITIONS: Final[Mapping[str, Message]] = {
    "ready": Message("takes requests"),
    "down": Message("is down"),
    "drain": Message("is drained"),
    "maint": Message("is in maintenance"),
}
"""What can be said of a server, by its condition."""

_SHAPES: Final = {"ready": "check", "down": "cross", "drain": "drain", "maint": "off"}
_TONE_OF: Final = {"ready": "good", "down": "bad", "drain": "info", "maint": "quiet"}


def condition(server: DrawnServer) -> str:
    """Return a server's state as one word: `ready`, `down`, `drain` or `maint`."""
    is_down = server.state is ServerState.READY and server.health is ObservedState.DOWN
    return "down" if is_down else server.state.value


def tone(number: int) -> str:
    """Return the class that gives the server with this number its colour."""
    return f"tone-{number % TONES + 1}"


def draw(service: DrawnService, language: Language, layout: DrawingWidth) -> Drawing:
    """Draw a service and its servers with their shares."""
    told = "; ".join(_told(server, language) for server in service.servers)
    label = language.say(Message("The service {service} shares its requests: {told}.", service=service.name, told=told))
    make = _wide if layout is DrawingWidth.WIDE else _tall
    return make(service, label, language)


def _wide(service: DrawnService, label: str, language: Language) -> Drawing:
    row = 66.0
    height = max(len(service.servers) * row + 8, 140)
    drawing = Drawing(720, height, label, DrawingWidth.WIDE)
    middle = height / 2
    drawing.text(8, middle - 8, language.say(Message("requests")), "soft", size=SMALL)
    drawing.arrow((8, middle), (78, middle), "flow")
    _source(drawing, 84, middle - 40, 150, 80, service.name, language)
    top = (height - len(service.servers) * row) / 2 + row / 2
    starts = _starts(service.servers, middle)
    for number, server in enumerate(service.servers):
        drawing.stream((234, starts[number]), (456, top + number * row), *_kind(server, number))
        _server(drawing, Box(460, top + number * row - 28, 252, 56), server, language, DrawingWidth.WIDE)
        if server.share:
            percent = language.percent(server.share)
            drawing.text(436, top + number * row + 4.5, percent, "share", anchor=Anchor.END)
    return drawing


def _tall(service: DrawnService, label: str, language: Language) -> Drawing:
    row = 92.0
    drawing = Drawing(340, 80 + len(service.servers) * row, label, DrawingWidth.TALL)
    _source(drawing, 8, 8, 324, 46, service.name, language)
    starts = _starts(service.servers, 44)
    for number, server in enumerate(service.servers):
        # The last one starts at the left, so that no stream crosses another.
        across, middle = 88 - starts[number], 106 + number * row
        kind, width = _kind(server, number)
        bend = f"M{across:.1f} 54V{middle - 22:.1f}Q{across:.1f} {middle:.1f} {across + 22:.1f} {middle:.1f}H112"
        drawing.path(bend, kind, width)
        _server(drawing, Box(116, middle - 38, 216, 76), server, language, DrawingWidth.TALL)
        if server.share:
            drawing.text(320, middle - 15, language.percent(server.share), "share", anchor=Anchor.END)
    if not service.servers:
        drawing.text(170, 74, language.say(Message("no server")), "soft", size=SMALL, anchor=Anchor.MIDDLE)
    return drawing


def _source(drawing: Drawing, x: float, y: float, width: float, height: float, name: str, language: Language) -> None:
    drawing.box(x, y, width, height, "station")
    words = language.say(Message("service"))
    drawing.text(x + width / 2, y + height / 2 - 5, words, "soft", size=SMALL, anchor=Anchor.MIDDLE)
    drawing.text(x + width / 2, y + height / 2 + 14, name, "name", anchor=Anchor.MIDDLE, width=width - 16)


def _server(drawing: Drawing, box: Box, server: DrawnServer, language: Language, layout: DrawingWidth) -> None:
    """Draw a server: its name, its weight beside or below it, and its condition."""
    word = condition(server)
    drawing.box(box.x, box.y, box.width, box.height, "strong" if word == "ready" else "off")
    weight = language.say(Message("weight {weight}", weight=language.number(server.weight)))
    if layout is DrawingWidth.WIDE:
        drawing.text(box.right - 14, box.y + 23, weight, "soft", size=SMALL, anchor=Anchor.END)
    else:
        drawing.text(box.x + 14, box.y + 40, weight, "soft", size=SMALL)
    drawing.text(box.x + 14, box.y + 23, server.name, "name", width=box.width - 100)
    bottom = box.bottom - 12
    drawing.icon(box.x + 13, bottom - 12, _SHAPES[word], _TONE_OF[word])
    drawing.text(box.x + 36, bottom, language.say(CONDITIONS[word]), "soft", size=SMALL, width=box.width - 44)


def _kind(server: DrawnServer, number: int) -> tuple[str, float]:
    """Return the class and the width of the stream to a server."""
    if not server.share:
        return "stream nothing", _THIN
    return f"stream {tone(number)}", max(server.share * _WHOLE, _THIN)


def _starts(servers: Sequence[DrawnServer], middle: float) -> list[float]:
    """Return where each stream begins, beside one another around a middle."""
    widths = [_kind(server, number)[1] for number, server in enumerate(servers)]
    place = middle - sum(widths) / 2
    starts = []
    for width in widths:
        starts.append(place + width / 2)
        place += width
    return starts


def _told(server: DrawnServer, language: Language) -> str:
    state = language.say(CONDITIONS[condition(server)])
    words = Message(
        "{server} (weight {weight}) {state} and gets {share}",
        server=server.name,
        weight=language.number(server.weight),
        state=state,
        share=language.percent(server.share),
    )
    return language.say(words)
