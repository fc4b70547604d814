"""The canvas of the drawings of Learn: what they are made of.

Lengths are in pixels of a drawing that is shown in its own size. Colours, lines and fonts come from classes
(`static/learn.css`), so that they follow the theme, and nothing has a style of its own. A drawing is one
image for whoever cannot see it, and says in words what it shows.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from markupsafe import Markup

from provider.web.drawings.markup import classes, element, joined
from provider.web.drawings.shapes import shape
from provider.web.drawings.text import clean, shorten

SMALL: Final = 12.0
NORMAL: Final = 14.0
LARGE: Final = 17.0

_SIZES: Final = {SMALL: "small", NORMAL: "normal", LARGE: "large"}
_HEAD: Final = 5.0
_ROOMY: Final = 200.0
"""From which width on a browser's window has room for its buttons."""


class DrawingWidth(StrEnum):
    """For which width a drawing is made: that of a phone, or more. A page has both, and shows one."""

    WIDE = "wide"
    TALL = "tall"


class Anchor(StrEnum):
    """Which point of a text is where it is put."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


class Drawing:
    """A drawing, which a template shows by its name alone. `label` says in words what it shows."""

    def __init__(self, width: float, height: float, label: str, layout: DrawingWidth | None = None) -> None:
        self._width = width
        self._height = height
        self._label = label
        self._layout = layout
        self._parts: list[Markup] = []

    def __html__(self) -> str:
        """Return the SVG, in which every text stands as text."""
        return element(
            "svg",
            joined(self._parts),
            class_=classes("lesson", self._layout),
            viewBox=f"0 0 {self._width:g} {self._height:g}",
            width=self._width,
            height=self._height,
            role="img",
            aria_label=clean(self._label),
        )

    def box(self, x: float, y: float, width: float, height: float, kind: str = "", radius: float = 8) -> None:
        self._add("rect", x=x, y=y, width=width, height=height, rx=radius, class_=classes("box", kind))

    def disc(self, x: float, y: float, radius: float, kind: str) -> None:
        self._add("circle", cx=x, cy=y, r=radius, class_=kind)

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        self.path("M" + "L".join(_point(x, y) for x, y in points), kind)

    def path(self, path: str, kind: str, width: float | None = None) -> None:
        self._add("path", d=path, class_=kind, stroke_width=width)

    def arrow(self, start: tuple[float, float], end: tuple[float, float], kind: str = "flow") -> None:
        """Draw a straight arrow, to the right, to the left, up or down."""
        (x, y), (to_x, to_y) = start, end
        right, down = _sign(to_x - x), _sign(to_y - y)
        self.line([start, (to_x - right * _HEAD, to_y - down * _HEAD)], kind)
        back_x, back_y = to_x - right * 2 * _HEAD, to_y - down * 2 * _HEAD
        corners = [(back_x + down * _HEAD, back_y + right * _HEAD), (back_x - down * _HEAD, back_y - right * _HEAD)]
        self.line([corners[0], end, corners[1], corners[0]], f"{kind} head")

    def stream(self, start: tuple[float, float], end: tuple[float, float], kind: str, width: float) -> None:
        """Draw a bent band, to the right or down, whichever is farther."""
        (x, y), (to_x, to_y) = start, end
        if abs(to_x - x) >= abs(to_y - y):
            middle = (x + to_x) / 2
            bends = [(middle, y), (middle, to_y), end]
        else:
            middle = (y + to_y) / 2
            bends = [(x, middle), (to_x, middle), end]
        self.path(f"M{_point(x, y)}C" + " ".join(_point(*bend) for bend in bends), kind, width)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        kind: str = "",
        *,
        size: float = NORMAL,
        anchor: Anchor = Anchor.START,
        width: float | None = None,
    ) -> None:
        """Write a line. What is wider than `width` is cut, and shown whole to whoever points at it."""
        monospace = "code" in kind
        shown = clean(text) if width is None else shorten(text, width, size, bold="name" in kind, monospace=monospace)
        title = [element("title", clean(text))] if shown != clean(text) else []
        self._add("text", shown, *title, x=x, y=y, text_anchor=anchor.value, class_=classes(_SIZES[size], kind))

    def badge(self, x: float, y: float, number: int) -> None:
        """Draw a number in a circle, as a text refers to it."""
        self.disc(x, y, 11, "badge-disc")
        self.text(x, y + 4.5, str(number), "badge-number", size=SMALL, anchor=Anchor.MIDDLE)

    def icon(self, x: float, y: float, name: str, tone: str) -> None:
        """Draw the shape of a state, with its upper left corner at a place."""
        self._parts.append(shape(name, x, y, tone))

    def browser(self, x: float, y: float, width: float, height: float, host: str) -> None:
        self.box(x, y, width, height, "strong")
        self.line([(x, y + 30), (x + width, y + 30)], "rim")
        dots = 3 if width >= _ROOMY else 0
        for number in range(dots):
            self.disc(x + 14 + number * 12, y + 15, 3.5, "dot")
        left = 8 + dots * 15
        self.box(x + left, y + 6, width - left - 8, 18, "pill", 9)
        self.text(x + left + 8, y + 19, host, size=SMALL, width=width - left - 22)
        for number, part in enumerate((0.55, 0.8, 0.7, 0.4)):
            top = y + 46 + number * 16
            if top + 8 < y + height - 8:
                self.box(x + 16, top, (width - 32) * part, 7, "words", 3)

    def _add(self, name: str, *inside: str, **attributes: object) -> None:
        self._parts.append(element(name, *inside, **attributes))


def _point(x: float, y: float) -> str:
    return f"{x:.1f} {y:.1f}"


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
