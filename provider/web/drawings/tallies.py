"""What real requests came to: for each server how many it answered, beside how many the weights promise."""

from collections.abc import Mapping, Sequence
from typing import Final

from provider.messages import Message
from provider.web.drawings.canvas import SMALL, Anchor, Drawing, DrawingWidth
from provider.web.drawings.pool import tone
from provider.web.languages import Language

_ROW: Final = 58.0
_TOP: Final = 6.0


def draw(
    names: Sequence[str],
    answered: Mapping[str, int],
    promised: Mapping[str, float] | None,
    language: Language,
    layout: DrawingWidth,
) -> Drawing:
    """Draw how many requests each server answered, and what it was promised, if anything was."""
    wide = layout is DrawingWidth.WIDE
    width, left = (720.0, 150.0) if wide else (340.0, 12.0)
    row = _ROW if wide else _ROW + 18
    label = "; ".join(_told(name, answered, promised, language) for name in names)
    drawing = Drawing(width, _TOP + row * len(names), label, layout)
    most = max([*answered.values(), *(promised or {}).values(), 1])
    for number, name in enumerate(names):
        top = _TOP + number * row
        if wide:
            drawing.text(left - 12, top + 23, name, "name", anchor=Anchor.END, width=left - 20)
        else:
            drawing.text(left, top + 14, name, "name", width=width - 24)
            top += 18
        scale = (width - left - 130) / most
        count = answered.get(name, 0)
        drawing.box(left, top + 8, max(count * scale, 1.5), 20, f"answered {tone(number)}", 3)
        drawing.text(left + count * scale + 10, top + 23, language.number(count), "name")
        if promised is not None:
            part = promised.get(name, 0.0)
            drawing.box(left, top + 32, max(part * scale, 1.5), 10, f"promised {tone(number)}", 3)
            words = language.say(Message("{number} expected", number=language.number(round(part, 1))))
            drawing.text(left + part * scale + 10, top + 41, words, "soft", size=SMALL)
    return drawing


def _told(name: str, answered: Mapping[str, int], promised: Mapping[str, float] | None, language: Language) -> str:
    count = language.number(answered.get(name, 0))
    if promised is None:
        return language.say(Message("{server} answered {count}", server=name, count=count))
    part = language.number(round(promised.get(name, 0.0), 1))
    return language.say(Message("{server} answered {count}, expected {part}", server=name, count=count, part=part))
