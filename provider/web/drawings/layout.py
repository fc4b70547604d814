"""Where everything in a drawing of the path stands. Lengths are in the drawing's own unit, about a pixel.

From left to right: what a browser asks for, the entry points (tall bars, through which the lines of the
routers go), routers, services, servers. A frame around the middle is the edge. Blocks stand below one
another, and what is in a column of a block stands in its middle, so nothing lies on anything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provider.web.drawings.blocks import Block
from provider.web.drawings.scene import DrawnEdge, DrawnEntryPoint, Scene
from provider.web.drawings.text import width

MOST_BARS: Final = 4
MOST_EDGES: Final = 4
LABEL_SIZE: Final = 12.0
LABEL_PADDING: Final = 12.0
"""Of the names of entry points: their font, and what is left free at either end."""

DENSE: Final = 6
"""From more blocks than these on there is less room between them."""

_HOSTS_WIDTH: Final = 196.0
_BAR_WIDTH: Final = 32.0
_BAR_GAP: Final = 10.0
_FRAME_PADDING: Final = 18.0
_FRAME_TOP: Final = 6.0
_ROUTER: Final = (252.0, 46.0)
_STOP_HEIGHT: Final = 21.0
_STOPS_PADDING: Final = 5.0
_MOST_STOPS: Final = 6
_FEW_STOPS: Final = 3
"""How many lines a router has for its middlewares at most: fewer where there are many blocks."""

_SERVICE: Final = (168.0, 46.0)
_SERVER: Final = (212.0, 42.0)
_AFTER_HOSTS: Final = 24.0
_AFTER_BARS: Final = 56.0
_AFTER_ROUTERS: Final = 36.0
_AFTER_SERVICES: Final = 64.0
_GAP: Final = 8.0
_BLOCK_GAP: Final = 24.0
_DENSE_GAP: Final = 8.0
_EDGE: Final = (242.0, 30.0)
_TITLE_HEIGHT: Final = 24.0
_LEAST_HEIGHT: Final = 132.0
_MOST_FOR_LABELS: Final = 240.0
"""How high a drawing is made so that its entry points have room for their names, at most."""
_HEADS_HEIGHT: Final = 42.0
_MARGIN: Final = 6.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner, and how wide and high it is."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block, and where its parts stand; the boxes are in the order of what stands in them."""

    block: Block
    hosts: Sequence[Box]
    routers: Sequence[Box]
    stops: Sequence[Sequence[Box]]
    """In each router, a line for each of its middlewares; where there are more, the last is for their number."""
    service: Box
    servers: Sequence[Box]
    last: Box | None
    """Where the folded servers stand, or the word that there is none."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole drawing. `bars` are the entry points by name; those that there is no room for share the last one."""

    width: float
    height: float
    frame: Box
    title: Box
    """Of the frame."""
    heads: Sequence[Box]
    """Above the five columns."""
    edges: Sequence[tuple[DrawnEdge, Box]]
    more_edges: Box | None
    bars: Sequence[tuple[Sequence[DrawnEntryPoint], Box]]
    blocks: Sequence[PlacedBlock]

    def boxes(self) -> Iterator[Box]:
        """Give all that must not lie on anything else."""
        yield from (self.title, *self.heads)
        yield from (box for _edge, box in self.edges)
        yield from (box for _points, box in self.bars)
        yield from (self.more_edges,) if self.more_edges is not None else ()
        for block in self.blocks:
            yield from (*block.hosts, *block.routers, block.service, *block.servers)
            yield from (block.last,) if block.last is not None else ()


def lay_out(scene: Scene, blocks: Sequence[Block]) -> Layout:
    bars = _share_bars(list_entry_points(scene))
    bars_x = _MARGIN + _HOSTS_WIDTH + _AFTER_HOSTS
    bars_width = len(bars) * (_BAR_WIDTH + _BAR_GAP) - _BAR_GAP
    routers_x = bars_x + bars_width + _AFTER_BARS
    services_x = routers_x + _ROUTER[0] + _AFTER_ROUTERS
    servers_x = services_x + _SERVICE[0] + _AFTER_SERVICES
    frame_right = services_x + _SERVICE[0] + _FRAME_PADDING
    edges, more_edges, heads_y = _place_edges(scene, bars_x)
    top = heads_y + _HEADS_HEIGHT
    placed, bottom = _place_blocks(blocks, (_MARGIN, routers_x, services_x, servers_x), top)
    least = _least_height(bars)
    if bottom - top < least:
        placed, _bottom = _place_blocks(
            blocks, (_MARGIN, routers_x, services_x, servers_x), top + (least - (bottom - top)) / 2
        )
        bottom = top + least
    columns = [
        (_MARGIN, _HOSTS_WIDTH),
        (bars_x, bars_width + _AFTER_BARS - _GAP),
        (routers_x, _ROUTER[0]),
        (services_x, _SERVICE[0]),
        (servers_x, _SERVER[0]),
    ]
    return Layout(
        width=servers_x + _SERVER[0] + _MARGIN,
        height=bottom + _FRAME_PADDING + _MARGIN,
        frame=Box(
            bars_x - _FRAME_PADDING,
            _FRAME_TOP,
            frame_right - bars_x + _FRAME_PADDING,
            bottom + _FRAME_PADDING - _FRAME_TOP,
        ),
        title=Box(bars_x, _FRAME_TOP + 4, frame_right - bars_x - _FRAME_PADDING, _TITLE_HEIGHT),
        heads=[Box(x, heads_y, width, _HEADS_HEIGHT - _GAP) for x, width in columns],
        edges=edges,
        more_edges=more_edges,
        bars=[
            (points, Box(bars_x + index * (_BAR_WIDTH + _BAR_GAP), top, _BAR_WIDTH, bottom - top))
            for index, points in enumerate(bars)
        ],
        blocks=placed,
    )


def list_entry_points(scene: Scene) -> list[DrawnEntryPoint]:
    """Return the entry points of a scene: those that it names, and those that its routers listen on besides."""
    known = {point.name: point for point in scene.entry_points}
    for router in scene.routers:
        for name in router.entry_points:
            known.setdefault(name, DrawnEntryPoint(name))
    return list(known.values()) or [DrawnEntryPoint("web")]


def _share_bars(points: Sequence[DrawnEntryPoint]) -> list[Sequence[DrawnEntryPoint]]:
    if len(points) <= MOST_BARS:
        return [[point] for point in points]
    return [*([point] for point in points[: MOST_BARS - 1]), points[MOST_BARS - 1 :]]


def _least_height(bars: Sequence[Sequence[DrawnEntryPoint]]) -> float:
    """Return how high the entry points are at least: their names stand upright in them."""
    widths = [width(points[0].label, LABEL_SIZE, bold=True) for points in bars if len(points) == 1]
    return min(max([_LEAST_HEIGHT, *(each + 2 * LABEL_PADDING + 1 for each in widths)]), _MOST_FOR_LABELS)


def _place_edges(scene: Scene, x: float) -> tuple[list[tuple[DrawnEdge, Box]], Box | None, float]:
    """Place the edges, two in a row; return them, the box for a word about more, and where the heads begin."""
    width, height = _EDGE
    top = _FRAME_TOP + 4 + _TITLE_HEIGHT + 4
    shown = scene.edges[:MOST_EDGES]
    places = [
        Box(x + index % 2 * (width + _GAP), top + index // 2 * (height + _GAP), width, height)
        for index in range(max(1, len(shown)))
    ]
    bottom = places[-1].bottom
    hidden = len(scene.edges) - len(shown) + scene.more_edges
    more = None
    if hidden or not shown:
        more = places[0] if not shown else Box(x, bottom + _GAP / 2, width, 20.0)
        bottom = more.bottom
    return list(zip(shown, places, strict=False)), more, bottom + 12


def _place_blocks(
    blocks: Sequence[Block], columns: tuple[float, float, float, float], top: float
) -> tuple[list[PlacedBlock], float]:
    placed = []
    y, gap = top, _BLOCK_GAP if len(blocks) <= DENSE else _DENSE_GAP
    most = _MOST_STOPS if len(blocks) <= DENSE else _FEW_STOPS
    for block in blocks:
        lines = [min(len(router.passage), most) for router in block.routers]
        routers = [_router_height(number) for number in lines]
        height = max(_stacked(routers), _stacked([_SERVER[1]] * _count_servers(block)), _SERVICE[1])
        placed.append(_place(block, columns, (y, height), lines))
        y += height + gap
    return placed, (y - gap if blocks else top)


def _place(
    block: Block, columns: tuple[float, float, float, float], place: tuple[float, float], lines: Sequence[int]
) -> PlacedBlock:
    """Place a block at a height that it takes up; `lines` are those of its routers' middlewares."""
    hosts_x, routers_x, services_x, servers_x = columns
    y, height = place
    middle = y + height / 2
    routers = _stack([_router_height(number) for number in lines], routers_x, middle, _ROUTER[0])
    servers = _stack([_SERVER[1]] * _count_servers(block), servers_x, middle, _SERVER[0])
    shown = len(block.servers)
    return PlacedBlock(
        block,
        [Box(hosts_x, box.y, _HOSTS_WIDTH, box.height) for box in routers],
        routers,
        [_lines(box, number) for box, number in zip(routers, lines, strict=True)],
        _stack([_SERVICE[1]], services_x, middle, _SERVICE[0])[0],
        servers[:shown],
        servers[shown] if len(servers) > shown else None,
    )


def _count_servers(block: Block) -> int:
    return len(block.servers) + (block.fold is not None or not block.servers)


def _router_height(lines: int) -> float:
    return _ROUTER[1] + (lines * _STOP_HEIGHT + _STOPS_PADDING if lines else 0)


def _lines(router: Box, count: int) -> list[Box]:
    """Place the lines of a router's middlewares in it, below its name and its rule."""
    top = router.bottom - _STOPS_PADDING - count * _STOP_HEIGHT
    return [Box(router.x, top + index * _STOP_HEIGHT, router.width, _STOP_HEIGHT) for index in range(count)]


def _stacked(heights: Sequence[float]) -> float:
    return sum(heights) + _GAP * (len(heights) - 1)


def _stack(heights: Sequence[float], x: float, middle: float, width: float) -> list[Box]:
    """Place boxes of some heights below one another around a height."""
    top = middle - _stacked(heights) / 2
    return [Box(x, top + sum(heights[:index]) + index * _GAP, width, height) for index, height in enumerate(heights)]
