"""Where the path of requests ends, drawn: the servers of a service, each with its share, and what stands for more."""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from provider.models import ObservedState
from provider.web.drawings import shapes
from provider.web.drawings.blocks import Fold
from provider.web.drawings.brush import (
    NAME_SIZE,
    PADDING,
    SMALL_SIZE,
    Brush,
    arrow,
    fits,
    page_of,
    pair,
    rectangle,
    write,
)
from provider.web.drawings.layout import Box, PlacedBlock
from provider.web.drawings.markup import classes
from provider.web.drawings.scene import Carried, DrawnServer
from provider.web.drawings.text import shorten
from provider.web.drawings.words import (
    NOBODY,
    SPARE,
    words_of_address,
    words_of_copies,
    words_of_fold,
    words_of_server,
    words_of_state,
)

_THINNEST: Final = 1.5
_WIDEST: Final = 16.0
"""An arrow with a share of 0 is not drawn at all but for a dashed hint; one with all of it is this wide."""


def shares(brush: Brush, block: PlacedBlock) -> Iterator[Markup]:
    """Give the arrows to the servers: side by side where they begin, each as wide as its share."""
    boxes = [*block.servers, *([block.last] if block.last is not None else [])]
    shares = [server.share for server in block.block.servers]
    fold = block.block.fold
    shares += [0.0 if fold is None else fold.share] * (len(boxes) - len(shares))
    if not block.block.is_reached:
        shares = [0.0] * len(shares)
    lit = [brush.lit_server(block, server) for server in block.block.servers]
    lit += [None] * (len(boxes) - len(lit))
    widths = [max(_THINNEST, _WIDEST * share) for share in shares]
    y = block.service.middle - sum(widths) / 2
    for box, share, wide, is_lit in zip(boxes, shares, widths, lit, strict=True):
        kind = classes("share", None if share > 0 else "none", is_lit)
        yield arrow(block.service.right, y + wide / 2, box.x, box.middle, wide, kind)
        y += wide


def server_of(brush: Brush, block: PlacedBlock, server: DrawnServer, box: Box) -> Markup:
    is_http = brush.scene.carried is Carried.HTTP
    tone, shape = shapes.of_server(server)
    share = brush.share(block, server.share)
    x = box.x + 10 + shapes.SIZE + 8
    room = box.right - PADDING - x
    size = NAME_SIZE if is_http else SMALL_SIZE
    # Those of TCP and UDP have no names: their addresses stand there, and below the service that has them.
    name, below = (server.title, server.url.removeprefix("http://")) if is_http else (server.name, server.service or "")
    told, is_word = _told(brush, server, share)
    if server.copies is not None or (is_word and not fits(name, told, room, size)):
        told, below = "", told  # the name before the address
    y = box.y + 18 if below else box.middle + 5
    inside = [
        rectangle(box, 8, "plate"),
        shapes.shape(shape, box.x + 10, box.middle - shapes.SIZE / 2, tone),
        *pair(name, told, y, (x, room), size, ("name", f"number {tone}")),
    ]
    if below:
        inside.append(write(shorten(below, room, SMALL_SIZE), x, box.y + 34, SMALL_SIZE, "soft"))
    kind = classes("server", tone, brush.lit_server(block, server))
    owner = server.service or block.block.name
    if not is_http:  # its servers are fields of a service
        href = None if server.is_elsewhere else brush.service_page(owner)
        return brush.node(href, brush.say(words_of_address(server, share)), kind, inside)
    href = None if server.is_elsewhere else page_of("services", owner, "servers", server.name)
    if server.copies is not None:
        href = brush.service_page(server.name)
    return brush.node(href, brush.say(words_of_server(server, share)), kind, inside)


def _told(brush: Brush, server: DrawnServer, share: str | None) -> tuple[str, bool]:
    """Say what a server gets, or why it gets nothing; and whether that is a word, and no share."""
    state = words_of_state(server)
    if server.copies is not None:
        return brush.say(words_of_copies(server.copies)), True
    if state is not None and server.health is not ObservedState.UP:
        return brush.say(state), True
    if server.is_spare and not server.share:
        return brush.say(SPARE), True
    return share or brush.say(brush.nothing()), share is None


def folded(brush: Brush, block: PlacedBlock, box: Box, fold: Fold) -> Markup:
    share = brush.share(block, fold.share) or brush.say(brush.nothing())
    title, told = words_of_fold(fold)
    x, room = box.x + PADDING, box.width - 2 * PADDING
    detail = ", ".join(map(brush.say, told))
    inside = [
        rectangle(Box(box.x + 5, box.y + 4, box.width - 5, box.height - 4), 8, "behind"),
        rectangle(Box(box.x, box.y, box.width - 5, box.height - 4), 8, "plate"),
        *pair(brush.say(title), share, box.y + 17, (x, room - 5), NAME_SIZE, ("name", "number")),
        write(shorten(detail, room, SMALL_SIZE), x, box.y + 32, SMALL_SIZE, "soft"),
    ]
    said = f"{brush.say(title)}, {share}: {detail}"
    return brush.node(brush.service_page(block.block.name), said, "fold", inside)


def nobody(brush: Brush, box: Box) -> Markup:
    said = brush.say(NOBODY[brush.scene.carried])
    x, room = box.x + PADDING, box.width - 2 * PADDING
    text = write(shorten(said, room, SMALL_SIZE), x, box.middle + 4, SMALL_SIZE, "soft")
    return brush.node(None, said, "nobody", [rectangle(box, 8, "plate"), text])
