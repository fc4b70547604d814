"""The path of requests, drawn: browser, entry points, routers, services, servers, within the edge that they are in.

A share is how wide an arrow is, health is a shape and a colour and a word. Every node is a link to its page,
with all that is to be said of it as its label, in the order in which requests pass.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from provider.messages import Message
from provider.web.drawings import ends, shapes
from provider.web.drawings.blocks import group
from provider.web.drawings.brush import (
    NAME_SIZE,
    PADDING,
    SMALL_SIZE,
    STATE_SIZE,
    Brush,
    arrow,
    page_of,
    rectangle,
    write,
)
from provider.web.drawings.layout import LABEL_PADDING, LABEL_SIZE, Box, Layout, PlacedBlock, lay_out
from provider.web.drawings.markup import classes, element, joined, number
from provider.web.drawings.scene import Carried, DrawnEdge, DrawnEntryPoint, DrawnRouter, Scene, Way
from provider.web.drawings.text import clean, shorten, width
from provider.web.drawings.words import (
    words_of_edge,
    words_of_pool,
    words_of_router,
    words_of_scene,
    words_of_stop,
)
from provider.web.languages import Language
from provider.web.paths import object_path, with_query

MOST_SERVERS: Final = 6
"""Of one service; a service with more is folded."""

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
    return _PathDrawing(scene, layout, language, way, linked=linked, with_acts=with_acts).markup()


class _PathDrawing(Brush):
    """One drawing: a scene with its places, in a language."""

    def __init__(
        self, scene: Scene, layout: Layout, language: Language, way: Way | None, *, linked: bool, with_acts: bool
    ) -> None:
        super().__init__(scene, language, way, linked=linked)
        self._layout = layout
        self._with_acts = with_acts

    def markup(self) -> Markup:
        """Return all of it. What lies below stands before what lies above."""
        layout = self._layout
        return element(
            "svg",
            rectangle(layout.frame, 10, "frame"),
            joined(self._edges()),
            joined(self._heads()),
            joined(line for block in layout.blocks for line in self._lines(block)),
            joined(self._bar(points, box) for points, box in layout.bars),
            joined(dot for block in layout.blocks for dot in self._dots(block)),
            joined(node for block in layout.blocks for node in self._nodes(block)),
            class_=classes("drawing", "traced" if self.way is not None else None),
            viewBox=f"0 0 {number(layout.width)} {number(layout.height)}",
            role="group",
            aria_label=self.say(words_of_scene(self.scene)),
        )

    # The edge, and what stands above the columns

    def _heads(self) -> Iterator[Markup]:
        words = _HEADS if self.scene.carried is Carried.HTTP else _HEADS_OF_STREAMS
        for (word, does), box in zip(words, self._layout.heads, strict=True):
            for said, up, size, kind in ((word, 20, SMALL_SIZE, "head title"), (does, 5, STATE_SIZE, "head")):
                shown = shorten(self.say(said), box.width, size, bold=kind != "head")
                yield write(shown, box.x, box.bottom - up, size, kind)
        title = self._layout.title
        told = self.say(Message("Traefik, the reverse proxy in front of your servers"))
        yield write(shorten(told, title.width, SMALL_SIZE), title.x, title.middle + 4, SMALL_SIZE, "title")

    def _edges(self) -> Iterator[Markup]:
        for edge, box in self._layout.edges:
            yield self._edge(edge, box)
        place = self._layout.more_edges
        if place is not None:
            hidden = len(self.scene.edges) - len(self._layout.edges) + self.scene.more_edges
            word = Message("and {number} more", number=hidden) if hidden else Message("No Traefik is connected yet")
            said = self.say(word)
            text = write(shorten(said, place.width, SMALL_SIZE), place.x, place.middle + 4, SMALL_SIZE, class_="soft")
            yield self.node("/edges", said, "edge more", [text])

    def _edge(self, edge: DrawnEdge, box: Box) -> Markup:
        tone, shape = shapes.of_edge(edge.state)
        room = box.width - 16 - 2 * 10 - 8
        name = shorten(edge.name, room * 0.6, SMALL_SIZE, bold=True)
        x = box.x + 10 + 16 + 8
        name_width = width(name, SMALL_SIZE, bold=True)
        said = self.say(words_of_edge(edge, short=True))
        inside = [
            rectangle(box, box.height / 2, "plate"),
            shapes.shape(shape, box.x + 8, box.y + (box.height - shapes.SIZE) / 2, tone),
            write(name, x, box.middle + 4, SMALL_SIZE, class_="name"),
            write(
                shorten(said, room - name_width - 8, STATE_SIZE),
                box.right - 12,
                box.middle + 4,
                STATE_SIZE,
                class_="soft",
                text_anchor="end",
            ),
        ]
        return self.node(page_of("edges", edge.name), self.say(words_of_edge(edge)), "edge", inside)

    # Entry points

    def _bar(self, points: Sequence[DrawnEntryPoint], box: Box) -> Markup:
        first = points[0]
        label = first.label if len(points) == 1 else self.say(Message("{number} more", number=len(points)))
        x, y = box.x + _DOTS + (box.width - _DOTS) / 2 + 2, box.middle
        said = self.say(Message("Entry point {name}", name=", ".join(point.name for point in points)))
        inside = [
            element("title", said),
            rectangle(box, 8, "bar"),
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
                    lit = self.lit(router.name) if self.passes(used) else None
                    dot = {"cx": bar.x + _DOTS - 3, "cy": box.middle, "r": 4.5}
                    yield element("circle", class_=classes("dot", lit), aria_hidden="true", **dot)

    # What joins

    def _lines(self, block: PlacedBlock) -> Iterator[Markup]:
        for router, host, box in zip(block.block.routers, block.hosts, block.routers, strict=True):
            state = None if router.takes_requests else "none"
            lit = self.lit(router.name)
            shown = width(clean(self._first_host(router)), NAME_SIZE, bold=True)
            start = min(host.right, host.x + shown + 8)
            yield arrow(start, box.middle, box.x, box.middle, 2, classes("line", state, lit))
            lit = self.lit_beyond(router.name)
            yield arrow(box.right, box.middle, block.service.x, block.service.middle, 2, classes("line", state, lit))
        yield from ends.shares(self, block)

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
            yield ends.server_of(self, block, server, box)
        if block.last is not None:
            fold = block.block.fold
            yield ends.folded(self, block, block.last, fold) if fold is not None else ends.nobody(self, block.last)

    def _host(self, router: DrawnRouter, box: Box) -> Markup:
        """Draw what a browser asks for, to be taken by a router."""
        first = self._first_host(router)
        small = self._small(router)
        first_y = box.middle + (-2 if small or self._with_acts else 5)
        inside = [write(shorten(first, box.width, NAME_SIZE, bold=True), box.x, first_y, NAME_SIZE, class_="host")]
        if small:
            shown = shorten(small, box.width - (self._acts_width() if self._with_acts else 0), SMALL_SIZE)
            inside.append(write(shown, box.x, box.middle + 14, SMALL_SIZE, class_="soft"))
        is_http = self.scene.carried is Carried.HTTP
        said = ", ".join(router.domains) or self.say(Message("Any host") if is_http else Message("Any client"))
        is_kept = is_http and not router.has_own_rule
        href = page_of("domains", router.domains[0]) if router.domains and is_kept else None
        lit = self.lit(router.name)
        back = element("rect", x=box.x, y=box.y, width=box.width, height=box.height, class_="ground")
        return self.node(href, said + (router.path_prefix or ""), classes("asked", lit), [back, *inside])

    def _small(self, router: DrawnRouter) -> str:
        """Return what stands below a host: its path prefix, or how many hosts there are besides."""
        rest = len(router.domains) - 1
        return self.say(Message("and {number} more", number=rest)) if rest > 0 else router.path_prefix or ""

    def _first_host(self, router: DrawnRouter) -> str:
        """Return what stands for the hosts of a router."""
        if router.domains:
            return router.domains[0]
        return self.say(Message("Any host") if self.scene.carried is Carried.HTTP else Message("Any client"))

    def _acts(self, router: DrawnRouter, box: Box) -> Iterator[Markup]:
        """Draw what leads to the application, and to a trace of a request to it."""
        small = self._small(router)
        x = box.x + (min(width(clean(small), SMALL_SIZE), box.width - self._acts_width()) + 10 if small else 0)
        trace = with_query("/trace", url=router.url, entry_point=router.entry_points[0]) if router.url else "/trace"
        paths = [object_path("applications", clean(router.name)), trace]
        for word, path in zip(self._words_of_acts(), paths, strict=True):
            said = self.say(word)
            wide = width(said, SMALL_SIZE)
            back = element("rect", x=x - 3, y=box.middle + 1, width=wide + 6, height=20, class_="ground")
            text = write(said, x, box.middle + 15, SMALL_SIZE, "act")
            yield self.node(path, f"{said}: {router.name}", None, [back, text])
            x += wide + 12

    def _words_of_acts(self) -> tuple[Message, Message]:
        return Message("Open"), Message("Trace")

    def _acts_width(self) -> float:
        return sum(width(self.say(word), SMALL_SIZE) + 12 for word in self._words_of_acts())

    def _router(self, router: DrawnRouter, box: Box) -> Markup:
        state = shapes.of_router(router)
        room = box.width - 2 * PADDING
        inside = [rectangle(box, 8, "plate")]
        if state is not None:
            room -= 22
            inside.append(shapes.shape(state[1], box.right - PADDING - 16, box.y + 7, state[0]))
        x, width_left = box.x + PADDING, box.width - 2 * PADDING
        inside.append(write(shorten(router.name, room, NAME_SIZE, bold=True), x, box.y + 19, NAME_SIZE, "name"))
        by = None
        if router.hidden_by is None:
            locked = shapes.SIZE + 4 if router.over_tls else 0.0
            if router.over_tls:
                inside.append(shapes.shape("lock", x, box.y + 25, "quiet"))
            shown = router.rule or self.say(Message("every packet"))
            rule = shorten(shown, width_left - locked, SMALL_SIZE, monospace=True)
            inside.append(write(rule, x + locked, box.y + 37, SMALL_SIZE, "rule"))
        else:  # a link of its own, to the one that hides it
            told = self.say(Message("hidden by {name}", name=router.hidden_by))
            text = write(shorten(told, width_left, SMALL_SIZE), x, box.y + 37, SMALL_SIZE, "warning")
            by = self.node(self.router_page(router.hidden_by), told, None, [text])
        said = self.say(words_of_router(router))
        kind = classes("router", None if state is None else "amiss", self.lit(router.name))
        return joined([self.node(self.router_page(router.name), said, kind, inside), *([by] if by else [])])

    def _passage(self, router: DrawnRouter, lines: Sequence[Box]) -> Iterator[Markup]:
        """Draw the middlewares of a router, one below the other: each says what it does."""
        more = len(router.passage) - len(lines)
        shown = router.passage[: len(lines) - 1] if more else router.passage
        for stop, box in zip(shown, lines, strict=False):
            href = None if stop.page is None else page_of(*stop.page)
            told = stop.name if stop.is_elsewhere else self.say(stop.words)
            yield self._stop_line(router, box, told, (self.say(words_of_stop(stop)), href))
        if more:
            told = self.say(Message("and {number} more", number=more + 1))
            yield self._stop_line(router, lines[-1], told, (told, self.router_page(router.name)))

    def _stop_line(self, router: DrawnRouter, box: Box, told: str, node: tuple[str, str | None]) -> Markup:
        """Draw one line of a passage: a stop on the way down, and what happens there."""
        said, href = node
        x, room = box.x + PADDING + _STOP, box.width - PADDING - _STOP - 6
        inside = [
            rectangle(Box(box.x + 4, box.y + 1, box.width - 8, box.height - 2), 5, "ground"),
            element("path", d=f"M{number(box.x + PADDING + 4)} {number(box.y)}v{number(box.height)}", class_="way"),
            element("circle", cx=box.x + PADDING + 4, cy=box.middle, r=3.5, class_="stop"),
            write(shorten(told, room, SMALL_SIZE), x, box.middle + 4, SMALL_SIZE, "does"),
        ]
        return self.node(href, said, classes("stop-line", self.lit(router.name)), inside)

    def _service(self, block: PlacedBlock) -> Markup:
        box, service = block.service, block.block.service
        room = box.width - 2 * PADDING
        name = shorten(block.block.name, room, NAME_SIZE, bold=True)
        told = self.say(words_of_pool(service))
        detail = told if service is None or not service.detail else self.say(service.detail)
        inside = [
            rectangle(box, 8, "plate"),
            write(name, box.x + PADDING, box.middle - 4, NAME_SIZE, "name"),
            write(shorten(told, room, SMALL_SIZE), box.x + PADDING, box.middle + 15, SMALL_SIZE, "soft"),
        ]
        said = self.say(Message("Service {name}", name=block.block.name)) + f": {detail}"
        lit = any(self.lit_beyond(router.name) for router in block.block.routers)
        kind = classes("service", "amiss" if service is None else None, "lit" if lit else None)
        href = None if "@" in block.block.name else self.service_page(block.block.name)
        return self.node(href, said, kind, inside)
