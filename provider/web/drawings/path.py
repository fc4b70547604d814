"""The path of requests, drawn: browser, entry points, routers, services, servers, within the edge that they are in.

A share is how wide an arrow is, health is a shape and a colour and a word. Every node is a link to its page,
with all that is to be said of it as its label, in the order in which requests pass.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from provider.edges.health import HealthState
from provider.messages import Message
from provider.web.drawings import shapes
from provider.web.drawings.blocks import Fold, group
from provider.web.drawings.layout import LABEL_PADDING, LABEL_SIZE, Box, Layout, PlacedBlock, lay_out
from provider.web.drawings.markup import classes, element, joined, number
from provider.web.drawings.scene import Carried, DrawnEdge, DrawnEntryPoint, DrawnRouter, DrawnServer, Scene, Way
from provider.web.drawings.text import clean, shorten, width
from provider.web.drawings.words import (
    NO_REQUESTS,
    NO_TRAFFIC,
    NOBODY,
    SPARE,
    words_of_address,
    words_of_copies,
    words_of_edge,
    words_of_fold,
    words_of_pool,
    words_of_router,
    words_of_scene,
    words_of_server,
    words_of_state,
    words_of_stop,
)
from provider.web.languages import Language
from provider.web.paths import object_path, with_query

MOST_SERVERS: Final = 6
"""Of one service; a service with more is folded."""

_NAME_SIZE: Final = 14.0
_SMALL_SIZE: Final = 12.0
_STATE_SIZE: Final = 11.5
_PADDING: Final = 12.0
_DOTS: Final = 12.0
"""Of a bar, from the left: where the lines of its routers have their dots. Its name stands beside them."""

_STOP: Final = 15.0
"""How much room a line of a passage has for its dot."""

_HEADS: Final = (
    (Message("Browser"), Message("asks for an address")),
    (Message("Entry point"), Message("a port")),
    (Message("Router"), Message("picks a service by its rule")),
    (Message("Service"), Message("balances the load")),
    (Message("Servers"), Message("web servers that answer")),
)
"""What stands above the columns: what is in each, and what it does."""

_HEADS_OF_STREAMS: Final = (
    (Message("Client"), Message("connects")),
    *_HEADS[1:4],
    (Message("Servers"), Message("programs that answer")),
)

_THINNEST: Final = 1.5
_WIDEST: Final = 16.0
"""An arrow with a share of 0 is not drawn at all but for a dashed hint; one with all of it is this wide."""


def draw(
    scene: Scene,
    language: Language,
    *,
    way: Way | None = None,
    linked: bool = True,
    most_servers: int = MOST_SERVERS,
    with_acts: bool = False,
) -> Markup:
    """Return a scene as an inline SVG.

    `way` is lit up, and all else fades. Unless `linked`, nothing leads to a page: for what does not exist.
    Of each service at most `most_servers` servers are drawn, and the rest is folded into one. `with_acts`: beside
    each host stand links to open its application, and to trace a request to it.
    """
    wanted = () if way is None or way.servers is None else way.servers
    layout = lay_out(scene, group(scene, most_servers, wanted))
    return _Drawing(scene, layout, language, way, linked=linked, with_acts=with_acts).markup()


class _Drawing:
    """One drawing: a scene with its places, in a language."""

    def __init__(
        self, scene: Scene, layout: Layout, language: Language, way: Way | None, *, linked: bool, with_acts: bool
    ) -> None:
        self._scene = scene
        self._layout = layout
        self._language = language
        self._way = way
        self._linked = linked
        self._with_acts = with_acts

    def markup(self) -> Markup:
        """Return all of it. What lies below stands before what lies above."""
        layout = self._layout
        return element(
            "svg",
            self._frame(),
            joined(self._edges()),
            joined(self._heads()),
            joined(line for block in layout.blocks for line in self._lines(block)),
            joined(self._bar(points, box) for points, box in layout.bars),
            joined(dot for block in layout.blocks for dot in self._dots(block)),
            joined(node for block in layout.blocks for node in self._nodes(block)),
            class_=classes("drawing", "traced" if self._way is not None else None),
            viewBox=f"0 0 {number(layout.width)} {number(layout.height)}",
            role="group",
            aria_label=self._say(words_of_scene(self._scene)),
        )

    def _say(self, text: str) -> str:
        return clean(self._language.say(text))

    # The edge, and what stands above the columns

    def _frame(self) -> Markup:
        box = self._layout.frame
        return _rectangle(box, 10, "frame")

    def _heads(self) -> Iterator[Markup]:
        words = _HEADS if self._scene.carried is Carried.HTTP else _HEADS_OF_STREAMS
        for (word, does), box in zip(words, self._layout.heads, strict=True):
            for said, up, size, kind in ((word, 20, _SMALL_SIZE, "head title"), (does, 5, _STATE_SIZE, "head")):
                shown = shorten(self._say(said), box.width, size, bold=kind != "head")
                yield _text(shown, box.x, box.bottom - up, size, kind)
        title = self._layout.title
        told = self._say(Message("Traefik, the reverse proxy in front of your servers"))
        yield _text(shorten(told, title.width, _SMALL_SIZE), title.x, title.middle + 4, _SMALL_SIZE, "title")

    def _edges(self) -> Iterator[Markup]:
        for edge, box in self._layout.edges:
            yield self._edge(edge, box)
        place = self._layout.more_edges
        if place is not None:
            hidden = len(self._scene.edges) - len(self._layout.edges) + self._scene.more_edges
            word = Message("and {number} more", number=hidden) if hidden else Message("No Traefik is connected yet")
            said = self._say(word)
            text = _text(shorten(said, place.width, _SMALL_SIZE), place.x, place.middle + 4, _SMALL_SIZE, class_="soft")
            yield self._node("/edges", said, "edge more", [text])

    def _edge(self, edge: DrawnEdge, box: Box) -> Markup:
        tone, shape = shapes.of_edge(edge.state)
        room = box.width - 16 - 2 * 10 - 8
        name = shorten(edge.name, room * 0.6, _SMALL_SIZE, bold=True)
        x = box.x + 10 + 16 + 8
        name_width = width(name, _SMALL_SIZE, bold=True)
        said = self._say(words_of_edge(edge, short=True))
        inside = [
            _rectangle(box, box.height / 2, "plate"),
            shapes.shape(shape, box.x + 8, box.y + (box.height - shapes.SIZE) / 2, tone),
            _text(name, x, box.middle + 4, _SMALL_SIZE, class_="name"),
            _text(
                shorten(said, room - name_width - 8, _STATE_SIZE),
                box.right - 12,
                box.middle + 4,
                _STATE_SIZE,
                class_="soft",
                text_anchor="end",
            ),
        ]
        return self._node(_page("edges", edge.name), self._say(words_of_edge(edge)), "edge", inside)

    # Entry points

    def _bar(self, points: Sequence[DrawnEntryPoint], box: Box) -> Markup:
        first = points[0]
        label = first.label if len(points) == 1 else self._say(Message("{number} more", number=len(points)))
        x, y = box.x + _DOTS + (box.width - _DOTS) / 2 + 2, box.middle
        said = self._say(Message("Entry point {name}", name=", ".join(point.name for point in points)))
        inside = [
            element("title", said),
            _rectangle(box, 8, "bar"),
            element(
                "text",
                shorten(label, box.height - 2 * LABEL_PADDING, LABEL_SIZE, bold=True),
                class_="name",
                font_size=LABEL_SIZE,
                text_anchor="middle",
                transform=f"translate({number(x)} {number(y)}) rotate(-90)",
            ),
        ]
        return element("g", *inside, class_="entry-point", role="img", aria_label=said)

    def _dots(self, block: PlacedBlock) -> Iterator[Markup]:
        for router, box in zip(block.block.routers, block.routers, strict=True):
            for points, bar in self._layout.bars:
                used = [point.name for point in points if point.name in router.entry_points]
                if used:
                    lit = self._lit(router.name) if self._passes(used) else None
                    dot = {"cx": bar.x + _DOTS - 3, "cy": box.middle, "r": 4.5}
                    yield element("circle", class_=classes("dot", lit), aria_hidden="true", **dot)

    # What joins

    def _lines(self, block: PlacedBlock) -> Iterator[Markup]:
        for router, host, box in zip(block.block.routers, block.hosts, block.routers, strict=True):
            state = None if router.takes_requests else "none"
            lit = self._lit(router.name)
            start = min(host.right, host.x + self._host_width(router) + 8)
            yield _line(start, box.middle, box.x, box.middle, 2, classes("line", state, lit))
            lit = self._lit_beyond(router.name)
            yield _line(box.right, box.middle, block.service.x, block.service.middle, 2, classes("line", state, lit))
        yield from self._shares(block)

    def _shares(self, block: PlacedBlock) -> Iterator[Markup]:
        """Give the arrows to the servers: side by side where they begin, each as wide as its share."""
        boxes = [*block.servers, *([block.last] if block.last is not None else [])]
        shares = [server.share for server in block.block.servers]
        fold = block.block.fold
        shares += [0.0 if fold is None else fold.share] * (len(boxes) - len(shares))
        if not block.block.is_reached:
            shares = [0.0] * len(shares)
        lit = [self._lit_server(block, server) for server in block.block.servers]
        lit += [None] * (len(boxes) - len(lit))
        widths = [max(_THINNEST, _WIDEST * share) for share in shares]
        y = block.service.middle - sum(widths) / 2
        for box, share, wide, is_lit in zip(boxes, shares, widths, lit, strict=True):
            kind = classes("share", None if share > 0 else "none", is_lit)
            yield _line(block.service.right, y + wide / 2, box.x, box.middle, wide, kind)
            y += wide

    # Nodes

    def _nodes(self, block: PlacedBlock) -> Iterator[Markup]:
        for router, host, box in zip(block.block.routers, block.hosts, block.routers, strict=True):
            yield self._host(router, host)
            yield from self._acts(router, host) if self._with_acts else ()
            yield self._router(router, box)
        for router, lines in zip(block.block.routers, block.stops, strict=True):
            yield from self._passage(router, lines)
        yield self._service(block)
        for server, box in zip(block.block.servers, block.servers, strict=True):
            yield self._server(block, server, box)
        if block.last is not None:
            fold = block.block.fold
            yield self._fold(block, block.last, fold) if fold is not None else self._nobody(block.last)

    def _host(self, router: DrawnRouter, box: Box) -> Markup:
        """Draw what a browser asks for, to be taken by a router."""
        first = self._first_host(router)
        small = self._small(router)
        first_y = box.middle + (-2 if small or self._with_acts else 5)
        inside = [_text(shorten(first, box.width, _NAME_SIZE, bold=True), box.x, first_y, _NAME_SIZE, class_="host")]
        if small:
            shown = shorten(small, box.width - (self._acts_width() if self._with_acts else 0), _SMALL_SIZE)
            inside.append(_text(shown, box.x, box.middle + 14, _SMALL_SIZE, class_="soft"))
        is_http = self._scene.carried is Carried.HTTP
        said = ", ".join(router.domains) or self._say(Message("Any host") if is_http else Message("Any client"))
        is_kept = is_http and not router.has_own_rule
        href = _page("domains", router.domains[0]) if router.domains and is_kept else None
        lit = self._lit(router.name)
        back = element("rect", x=box.x, y=box.y, width=box.width, height=box.height, class_="ground")
        return self._node(href, said + (router.path_prefix or ""), classes("asked", lit), [back, *inside])

    def _small(self, router: DrawnRouter) -> str:
        """Return what stands below a host: its path prefix, or how many hosts there are besides."""
        rest = len(router.domains) - 1
        return self._say(Message("and {number} more", number=rest)) if rest > 0 else router.path_prefix or ""

    def _first_host(self, router: DrawnRouter) -> str:
        """Return what stands for the hosts of a router."""
        if router.domains:
            return router.domains[0]
        return self._say(Message("Any host") if self._scene.carried is Carried.HTTP else Message("Any client"))

    def _acts(self, router: DrawnRouter, box: Box) -> Iterator[Markup]:
        """Draw what leads to the application, and to a trace of a request to it."""
        small = self._small(router)
        x = box.x + (min(width(clean(small), _SMALL_SIZE), box.width - self._acts_width()) + 10 if small else 0)
        trace = with_query("/trace", url=router.url, entry_point=router.entry_points[0]) if router.url else "/trace"
        paths = [object_path("applications", clean(router.name)), trace]
        for word, path in zip(self._words_of_acts(), paths, strict=True):
            said = self._say(word)
            wide = width(said, _SMALL_SIZE)
            back = element("rect", x=x - 3, y=box.middle + 1, width=wide + 6, height=20, class_="ground")
            text = _text(said, x, box.middle + 15, _SMALL_SIZE, "act")
            yield self._node(path, f"{said}: {router.name}", None, [back, text])
            x += wide + 12

    def _words_of_acts(self) -> tuple[Message, Message]:
        return Message("Open"), Message("Trace")

    def _acts_width(self) -> float:
        return sum(width(self._say(word), _SMALL_SIZE) + 12 for word in self._words_of_acts())

    def _host_width(self, router: DrawnRouter) -> float:
        return width(clean(self._first_host(router)), _NAME_SIZE, bold=True)

    def _router(self, router: DrawnRouter, box: Box) -> Markup:
        state = shapes.of_router(router)
        room = box.width - 2 * _PADDING
        inside = [_rectangle(box, 8, "plate")]
        if state is not None:
            room -= 22
            inside.append(shapes.shape(state[1], box.right - _PADDING - 16, box.y + 7, state[0]))
        x, width_left = box.x + _PADDING, box.width - 2 * _PADDING
        inside.append(_text(shorten(router.name, room, _NAME_SIZE, bold=True), x, box.y + 19, _NAME_SIZE, "name"))
        by = None
        if router.hidden_by is None:
            locked = shapes.SIZE + 4 if router.over_tls else 0.0
            if router.over_tls:
                inside.append(shapes.shape("lock", x, box.y + 25, "quiet"))
            shown = router.rule or self._say(Message("every packet"))
            rule = shorten(shown, width_left - locked, _SMALL_SIZE, monospace=True)
            inside.append(_text(rule, x + locked, box.y + 37, _SMALL_SIZE, "rule"))
        else:  # a link of its own, to the one that hides it
            told = self._say(Message("hidden by {name}", name=router.hidden_by))
            text = _text(shorten(told, width_left, _SMALL_SIZE), x, box.y + 37, _SMALL_SIZE, "warning")
            by = self._node(self._router_page(router.hidden_by), told, None, [text])
        said = self._say(words_of_router(router))
        kind = classes("router", None if state is None else "amiss", self._lit(router.name))
        return joined([self._node(self._router_page(router.name), said, kind, inside), *([by] if by else [])])

    def _router_page(self, name: str) -> str:
        return _page(self._scene.carried.routers, name)

    def _service_page(self, name: str) -> str:
        return _page(self._scene.carried.services, name)

    def _passage(self, router: DrawnRouter, lines: Sequence[Box]) -> Iterator[Markup]:
        """Draw the middlewares of a router, one below the other: each says what it does."""
        more = len(router.passage) - len(lines)
        shown = router.passage[: len(lines) - 1] if more else router.passage
        for stop, box in zip(shown, lines, strict=False):
            href = None if stop.page is None else _page(*stop.page)
            told = stop.name if stop.is_elsewhere else self._say(stop.words)
            yield self._line(router, box, told, (self._say(words_of_stop(stop)), href))
        if more:
            told = self._say(Message("and {number} more", number=more + 1))
            yield self._line(router, lines[-1], told, (told, self._router_page(router.name)))

    def _line(self, router: DrawnRouter, box: Box, told: str, node: tuple[str, str | None]) -> Markup:
        """Draw one line of a passage: a stop on the way down, and what happens there."""
        said, href = node
        x, room = box.x + _PADDING + _STOP, box.width - _PADDING - _STOP - 6
        inside = [
            _rectangle(Box(box.x + 4, box.y + 1, box.width - 8, box.height - 2), 5, "ground"),
            element("path", d=f"M{number(box.x + _PADDING + 4)} {number(box.y)}v{number(box.height)}", class_="way"),
            element("circle", cx=box.x + _PADDING + 4, cy=box.middle, r=3.5, class_="stop"),
            _text(shorten(told, room, _SMALL_SIZE), x, box.middle + 4, _SMALL_SIZE, "does"),
        ]
        return self._node(href, said, classes("stop-line", self._lit(router.name)), inside)

    def _service(self, block: PlacedBlock) -> Markup:
        box, service = block.service, block.block.service
        room = box.width - 2 * _PADDING
        name = shorten(block.block.name, room, _NAME_SIZE, bold=True)
        told = self._say(words_of_pool(service))
        detail = told if service is None or not service.detail else self._say(service.detail)
        inside = [
            _rectangle(box, 8, "plate"),
            _text(name, box.x + _PADDING, box.middle - 4, _NAME_SIZE, "name"),
            _text(shorten(told, room, _SMALL_SIZE), box.x + _PADDING, box.middle + 15, _SMALL_SIZE, "soft"),
        ]
        said = self._say(Message("Service {name}", name=block.block.name)) + f": {detail}"
        lit = any(self._lit_beyond(router.name) for router in block.block.routers)
        kind = classes("service", "amiss" if service is None else None, "lit" if lit else None)
        href = None if "@" in block.block.name else self._service_page(block.block.name)
        return self._node(href, said, kind, inside)

    def _server(self, block: PlacedBlock, server: DrawnServer, box: Box) -> Markup:
        is_http = self._scene.carried is Carried.HTTP
        tone, shape = shapes.of_server(server)
        share = self._share(block, server.share)
        x = box.x + 10 + shapes.SIZE + 8
        room = box.right - _PADDING - x
        size = _NAME_SIZE if is_http else _SMALL_SIZE
        # Those of TCP and UDP have no names: their addresses stand there, and below the service that has them.
        name, below = (server.title, _without_scheme(server.url)) if is_http else (server.name, server.service or "")
        told, is_word = self._told(server, share)
        if server.copies is not None or (is_word and not _fits(name, told, room, size)):
            told, below = "", told  # the name before the address
        y = box.y + 18 if below else box.middle + 5
        inside = [
            _rectangle(box, 8, "plate"),
            shapes.shape(shape, box.x + 10, box.middle - shapes.SIZE / 2, tone),
            *_pair(name, told, y, (x, room), size, ("name", f"number {tone}")),
        ]
        if below:
            inside.append(_text(shorten(below, room, _SMALL_SIZE), x, box.y + 34, _SMALL_SIZE, "soft"))
        kind = classes("server", tone, self._lit_server(block, server))
        owner = server.service or block.block.name
        if not is_http:  # its servers are fields of a service
            href = None if server.is_elsewhere else self._service_page(owner)
            return self._node(href, self._say(words_of_address(server, share)), kind, inside)
        href = None if server.is_elsewhere else _page("services", owner, "servers", server.name)
        if server.copies is not None:
            href = self._service_page(server.name)
        return self._node(href, self._say(words_of_server(server, share)), kind, inside)

    def _told(self, server: DrawnServer, share: str | None) -> tuple[str, bool]:
        """Say what a server gets, or why it gets nothing; and whether that is a word, and no share."""
        state = words_of_state(server)
        if server.copies is not None:
            return self._say(words_of_copies(server.copies)), True
        if state is not None and server.health is not HealthState.UP:
            return self._say(state), True
        if server.is_spare and not server.share:
            return self._say(SPARE), True
        return share or self._say(self._nothing()), share is None

    def _nothing(self) -> Message:
        return NO_REQUESTS if self._scene.carried is Carried.HTTP else NO_TRAFFIC

    def _fold(self, block: PlacedBlock, box: Box, fold: Fold) -> Markup:
        share = self._share(block, fold.share) or self._say(self._nothing())
        title, told = words_of_fold(fold)
        x, room = box.x + _PADDING, box.width - 2 * _PADDING
        detail = ", ".join(map(self._say, told))
        inside = [
            _rectangle(Box(box.x + 5, box.y + 4, box.width - 5, box.height - 4), 8, "behind"),
            _rectangle(Box(box.x, box.y, box.width - 5, box.height - 4), 8, "plate"),
            *_pair(self._say(title), share, box.y + 17, (x, room - 5), _NAME_SIZE, ("name", "number")),
            _text(shorten(detail, room, _SMALL_SIZE), x, box.y + 32, _SMALL_SIZE, "soft"),
        ]
        said = f"{self._say(title)}, {share}: {detail}"
        return self._node(self._service_page(block.block.name), said, "fold", inside)

    def _share(self, block: PlacedBlock, share: float) -> str | None:
        """Write a share; None where no request comes to the service."""
        return self._language.percent(share) if block.block.is_reached else None

    def _nobody(self, box: Box) -> Markup:
        said = self._say(NOBODY[self._scene.carried])
        x, room = box.x + _PADDING, box.width - 2 * _PADDING
        text = _text(shorten(said, room, _SMALL_SIZE), x, box.middle + 4, _SMALL_SIZE, "soft")
        return self._node(None, said, "nobody", [_rectangle(box, 8, "plate"), text])

    def _node(self, href: str | None, said: str, kind: str | None, inside: Sequence[Markup]) -> Markup:
        """Return a node: a link to its page, or a picture where there is none. What is said of it is its title."""
        content = [element("title", said), *inside]
        if href is None or not self._linked:
            return element("g", *content, class_=kind, role="img", aria_label=said)
        return element("a", *content, href=href, class_=kind)

    # The way that is lit up

    def _lit(self, router: str) -> str | None:
        return "lit" if self._way is not None and self._way.router == router else None

    def _lit_beyond(self, router: str) -> str | None:
        """Return what lights up what follows a router, unless the way ends there."""
        return None if self._way is not None and self._way.ends_at_router else self._lit(router)

    def _lit_server(self, block: PlacedBlock, server: DrawnServer) -> str | None:
        way = self._way
        if way is None or way.router not in {router.name for router in block.block.routers}:
            return None
        if way.ends_at_router:
            return None
        is_on_it = server.share > 0 if way.servers is None else server.title in way.servers
        return "lit" if is_on_it else None

    def _passes(self, names: Sequence[str]) -> bool:
        return self._way is None or self._way.entry_point is None or self._way.entry_point in names


def _page(*parts: str) -> str:
    """Return the path of an object's page, whatever it is called."""
    return object_path(*map(clean, parts))


def _without_scheme(url: str) -> str:
    return url.removeprefix("http://")


def _rectangle(box: Box, radius: float, kind: str) -> Markup:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=radius, class_=kind)


def _text(shown: str, x: float, y: float, size: float, class_: str, *, text_anchor: str | None = None) -> Markup:
    return element("text", shown, x=x, y=y, font_size=size, class_=class_, text_anchor=text_anchor, aria_hidden="true")


def _pair(
    left: str, right: str, y: float, within: tuple[float, float], size: float, kinds: tuple[str, str]
) -> list[Markup]:
    """Return two texts in a line: the right one whole, the left one in the room that it leaves."""
    x, room = within
    bold = kinds[0] == "name"
    right = shorten(right, room * 0.75, size, bold=True)
    left = shorten(left, room - width(right, size, bold=True) - (8 if right else 0), size, bold=bold)
    shown = [_text(left, x, y, size, kinds[0])]
    return [*shown, _text(right, x + room, y, size, kinds[1], text_anchor="end")] if right else shown


def _fits(left: str, right: str, room: float, size: float) -> bool:
    """Tell whether a name and a word have room in a line."""
    return width(clean(left), size, bold=True) + 8 + width(right, size, bold=True) <= room


def _line(x1: float, y1: float, x2: float, y2: float, wide: float, kind: str | None) -> Markup:
    """Return an arrow from the left to the right, straight or as a soft curve."""
    bend = (x2 - x1) / 2
    path = f"M{number(x1)} {number(y1)}"
    path += (
        f"H{number(x2)}"
        if abs(y1 - y2) < 0.05
        else f"C{number(x1 + bend)} {number(y1)} {number(x2 - bend)} {number(y2)} {number(x2)} {number(y2)}"
    )
    return element("path", d=path, class_=kind, stroke_width=wide, aria_hidden="true")
