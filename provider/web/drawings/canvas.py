"""Shapes: what drawings are made of.

Lengths are in pixels of a drawing that is shown in its own size. Colours, lines and fonts come from classes
(`static/learn.css`), so that they follow the theme, and nothing has a style of its own. A drawing is one
image for whoever cannot see it, and says in words what it shows.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

SMALL: Final = 12.0
NORMAL: Final = 14.0
LARGE: Final = 17.0

_SIZES: Final = {SMALL: "small", NORMAL: "normal", LARGE: "large"}
_EM: Final = 0.56
"""How wide a character is on average, as a part of the size of the font; wider than most, so that texts fit."""

_HEAD: Final = 5.0
_ICON: Final = 16.0
_ROOMY: Final = 200.0
"""From which width on a browser's window has room for its buttons."""


class Layout(StrEnum):
    """For which width a drawing is made: that of a phone, or more. A page has both, and shows one."""

    WIDE = "wide"
    TALL = "tall"


class Anchor(StrEnum):
    """Which point of a text is where it is put."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


ICONS: Final = {
    "check": ("M14.5 8A6.5 6.5 0 1 1 1.5 8a6.5 6.5 0 0 1 13 0z", "m5.2 8.2 2 2 3.6-4.2"),
    "cross": ("M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z", "m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"),
    "drain": ("M14.5 8A6.5 6.5 0 1 1 1.5 8a6.5 6.5 0 0 1 13 0z", "M8 4.5v7m-2.8-2.8L8 11.5l2.8-2.8"),
    "off": ("M3.8 1.8h8.4a2 2 0 0 1 2 2v8.4a2 2 0 0 1-2 2H3.8a2 2 0 0 1-2-2V3.8a2 2 0 0 1 2-2z", "M5 8h6"),
}
"""The shapes that go with states, as in `macros/icons.html`: in a square of 16."""


class Drawing:
    """A drawing, which a template shows by its name alone. `label` says in words what it shows."""

    def __init__(self, width: float, height: float, label: str, layout: Layout | None = None) -> None:
        attributes = {"viewBox": f"0 0 {_number(width)} {_number(height)}", "width": _number(width)}
        attributes |= {"height": _number(height), "role": "img", "aria-label": label}
        self._root = Element("svg", attributes | {"class": f"lesson {layout or ''}".strip()})

    def __html__(self) -> str:
        """Return the SVG, in which every text stands as text."""
        return tostring(self._root, encoding="unicode")

    def box(self, x: float, y: float, width: float, height: float, kind: str = "", radius: float = 8) -> None:
        """Draw a rectangle with round corners."""
        self._add("rect", f"box {kind}", x=x, y=y, width=width, height=height, rx=radius)

    def disc(self, x: float, y: float, radius: float, kind: str) -> None:
        """Draw a circle."""
        self._add("circle", kind, cx=x, cy=y, r=radius)

    def line(self, points: Sequence[tuple[float, float]], kind: str, width: float | None = None) -> None:
        """Draw a line through points."""
        self.path("M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points), kind, width)

    def path(self, path: str, kind: str, width: float | None = None, transform: str | None = None) -> None:
        """Draw a path of SVG."""
        made = SubElement(self._root, "path", {"d": path, "class": kind})
        if width is not None:
            made.set("stroke-width", _number(width))
        if transform is not None:
            made.set("transform", transform)

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
            bends = [middle, y, middle, to_y, to_x, to_y]
        else:
            middle = (y + to_y) / 2
            bends = [x, middle, to_x, middle, to_x, to_y]
        self.path(f"M{_number(x)} {_number(y)}C" + " ".join(map(_number, bends)), kind, width)

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
        shown = text if width is None else cut(text, width, size)
        attributes = {"x": _number(x), "y": _number(y), "text-anchor": anchor.value}
        made = SubElement(self._root, "text", attributes | {"class": f"{_SIZES[size]} {kind}".strip()})
        made.text = shown
        if shown != text:
            SubElement(made, "title").text = text

    def lines(self, x: float, y: float, texts: Sequence[str], kind: str = "", *, anchor: Anchor = Anchor.START) -> None:
        """Write some lines of small text below one another."""
        for number, text in enumerate(texts):
            self.text(x, y + number * 1.35 * SMALL, text, kind, size=SMALL, anchor=anchor)

    def badge(self, x: float, y: float, number: int) -> None:
        """Draw a number in a circle, as a text refers to it."""
        self.disc(x, y, 11, "badge-disc")
        self.text(x, y + 4.5, str(number), "badge-number", size=SMALL, anchor=Anchor.MIDDLE)

    def icon(self, x: float, y: float, name: str, kind: str, size: float = _ICON) -> None:
        """Draw the shape of a state, with its upper left corner at a point."""
        moved = f"translate({_number(x)} {_number(y)}) scale({_number(size / _ICON)})"
        for path in ICONS[name]:
            self.path(path, f"shape {kind}", transform=moved)

    def browser(self, x: float, y: float, width: float, height: float, host: str) -> None:
        """Draw the window of a browser that shows a page of a host."""
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

    def _add(self, tag: str, kind: str, **lengths: float) -> None:
        attributes = {name: _number(length) for name, length in lengths.items()}
        SubElement(self._root, tag, attributes | {"class": kind.strip()})


def cut(text: str, width: float, size: float) -> str:
    """Return as much of a text as a width has room for."""
    room = max(1, int(width / (size * _EM)))
    return text if len(text) <= room else text[: room - 1] + "…"


def wrap(text: str, width: float, size: float = SMALL) -> list[str]:
    """Return a text in lines, each at most as wide as `width`, unless one word is wider."""
    room = max(1, int(width / (size * _EM)))
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
