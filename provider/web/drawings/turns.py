"""The third drawing of Learn: when each server is due, on a line of time that is counted in rounds."""

import math
from typing import Final

from provider.messages import Message
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.drawings.pool import condition, tone
from provider.web.languages import Language
from provider.web.replays import Lane, Replay, is_known

_ROW: Final = 46.0
_TOP: Final = 34.0
_MOST_MARKS: Final = 60
"""How many marks of one server are drawn at most; a weight of 1000 has more than there is room for."""

_PAST: Final = 0.62
"""Which part of the line is behind what happens now, once there is enough that is behind."""


class _Window:
    """The part of the time that is shown, in rounds, and where it is drawn."""

    def __init__(self, replay: Replay, left: float, right: float, requests: int, rounds: int) -> None:
        total = sum(lane.server.weight for lane in replay.lanes if is_known(lane.server))
        self.span = min(float(rounds), requests / max(total, 1))
        self.start = max(0.0, float(replay.now) - _PAST * self.span)
        self.left, self.right = left, right

    def place(self, at: float) -> float:
        return self.left + (at - self.start) / self.span * (self.right - self.left)

    def holds(self, at: float) -> bool:
        return self.start - 0.001 <= at <= self.start + self.span + 0.001

    def rounds(self) -> range:
        return range(math.ceil(self.start), math.floor(self.start + self.span) + 1)


def draw(replay: Replay, language: Language, layout: DrawingWidth) -> Drawing:
    """Draw what was replayed: the requests taken, who was passed over, and who is due next."""
    wide = layout is DrawingWidth.WIDE
    width = 720 if wide else 340
    drawing = Drawing(width, _TOP + len(replay.lanes) * _ROW + 8, _label(replay, language), layout)
    window = _Window(replay, 130, width - 16, *((24, 3) if wide else (9, 2)))
    if not wide:
        window.left = 84
    bottom = _TOP + len(replay.lanes) * _ROW
    for number in window.rounds():
        x = window.place(number)
        drawing.line([(x, _TOP - 8), (x, bottom)], "grid")
        words = Message("start") if number == 0 else Message("round {number}", number=language.number(number))
        anchor = Anchor.START if x < window.left + 24 else Anchor.END if x > window.right - 24 else Anchor.MIDDLE
        drawing.text(x, _TOP - 16, language.say(words), "soft", size=SMALL, anchor=anchor)
    if window.holds(float(replay.now)):
        x = window.place(float(replay.now))
        drawing.line([(x, _TOP - 8), (x, bottom)], "now")
    for number, lane in enumerate(replay.lanes):
        _draw_lane(drawing, lane, number, window, language)
    return drawing


def _draw_lane(drawing: Drawing, lane: Lane, number: int, window: _Window, language: Language) -> None:
    middle = _TOP + number * _ROW + _ROW / 2
    drawing.text(8, middle - 2, lane.server.name, "name", width=window.left - 20)
    weight = Message("weight {weight}", weight=language.number(lane.server.weight))
    drawing.text(8, middle + 14, language.say(weight), "soft", size=SMALL, width=window.left - 12)
    drawing.line([(window.left, middle), (window.right, middle)], "lane" if lane.due is not None else "lane absent")
    if lane.due is None:
        words = Message("is not in the configuration")
        middle_x = (window.left + window.right) / 2
        drawing.text(middle_x, middle - 6, language.say(words), "soft", size=SMALL, anchor=Anchor.MIDDLE)
        return
    for mark in [mark for mark in lane.marks if window.holds(float(mark.at))][-_MOST_MARKS:]:
        x = window.place(float(mark.at))
        if mark.request is None:
            drawing.line([(x - 5, middle - 5), (x + 5, middle + 5)], "passed")
            drawing.line([(x - 5, middle + 5), (x + 5, middle - 5)], "passed")
        else:
            drawing.disc(x, middle, 11, f"taken {tone(number)}")
            drawing.text(x, middle + 4, str(mark.request), "taken-number", size=SMALL, anchor=Anchor.MIDDLE)
    if window.holds(float(lane.due)):
        kind = "due next" if lane.is_next else "due down" if condition(lane.server) == "down" else "due"
        drawing.disc(window.place(float(lane.due)), middle, 11, f"{kind} {tone(number)}")
    else:
        drawing.arrow((window.right - 22, middle), (window.right, middle), f"later {tone(number)}")


def _label(replay: Replay, language: Language) -> str:
    told = "; ".join(
        language.say(Message("{server} took {count}", server=lane.server.name, count=language.number(lane.taken)))
        for lane in replay.lanes
    )
    count = language.number(len(replay.answers))
    following = replay.following
    if following is None:
        return language.say(
            Message("After {count} requests: {told}. No server takes the next one.", count=count, told=told)
        )
    words = Message(
        "After {count} requests: {told}. The next one goes to {server}.", count=count, told=told, server=following
    )
    return language.say(words)
