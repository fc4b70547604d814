"""Shapes that say what a colour says: those of the console's icons, as parts of a drawing. 16 wide and high."""

from typing import Final

from markupsafe import Markup

from provider.edges.states import EdgeState
from provider.models import ObservedState
from provider.values import ServerState
from provider.web.drawings.markup import element
from provider.web.drawings.scene import DrawnRouter, DrawnServer

SIZE: Final = 16.0

_CIRCLE: Final = element("circle", cx=8, cy=8, r=6.5)
_BROKEN: Final = element("circle", cx=8, cy=8, r=6.5, stroke_dasharray="2.2 2.6")


def _line(path: str) -> Markup:
    return element("path", d=path)


_SHAPES: Final = {
    "check": _CIRCLE + _line("m5.2 8.2 2 2 3.6-4.2"),
    "cross": _line("M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z") + _line("m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"),
    "warning": _line("M8 1.8 14.7 14H1.3z") + _line("M8 6.2v3.6M8 11.9v.1"),
    "clock": _CIRCLE + _line("M8 4.5V8l2.4 1.6"),
    "drain": _CIRCLE + _line("M8 4.5v7m-2.8-2.8L8 11.5l2.8-2.8"),
    "off": element("rect", x=1.8, y=1.8, width=12.4, height=12.4, rx=2) + _line("M5 8h6"),
    "silent": _BROKEN + _line("M8 4.8v3.7m0 2.5v.1"),
    "unknown": _BROKEN + _line("M6.2 6.3a1.9 1.9 0 1 1 2.7 1.8c-.6.3-.9.6-.9 1.2m0 2v.1"),
    "lock": element("rect", x=3, y=7, width=10, height=7, rx=1.5) + _line("M5 7V5a3 3 0 0 1 6 0v2"),
    "ready": _CIRCLE + element("circle", cx=8, cy=8, r=2.2, class_="solid"),
}

_EDGES: Final = {
    EdgeState.LIVE: ("good", "check"),
    EdgeState.PENDING: ("info", "clock"),
    EdgeState.DEGRADED: ("warning", "warning"),
    EdgeState.REJECTED: ("bad", "cross"),
    EdgeState.STALE: ("bad", "silent"),
    EdgeState.UNCONFIRMED: ("quiet", "unknown"),
    EdgeState.NEVER_SEEN: ("quiet", "unknown"),
}


def of_edge(state: EdgeState) -> tuple[str, str]:
    """Return the tone and the shape of an edge's state."""
    return _EDGES[state]


def of_server(server: DrawnServer) -> tuple[str, str]:
    """Return the tone and the shape of a server: of what is wanted of it, and if it is ready of its health."""
    if server.state is ServerState.DRAIN:
        return "info", "drain"
    if server.state is ServerState.MAINT:
        return "quiet", "off"
    if server.health is ObservedState.DOWN:
        return "bad", "cross"
    return ("good", "check") if server.health is ObservedState.UP else ("plain", "ready")


def of_router(router: DrawnRouter) -> tuple[str, str] | None:
    """Return the tone and the shape of a router of which something is to be said."""
    if not router.enabled:
        return "quiet", "off"
    return ("warning", "warning") if router.error is not None or router.hidden_by is not None else None


def shape(name: str, x: float, y: float, tone: str) -> Markup:
    """Return a shape with its upper left corner at a place."""
    return element("g", _SHAPES[name], class_=f"shape {tone}", transform=f"translate({x:.1f} {y:.1f})")
