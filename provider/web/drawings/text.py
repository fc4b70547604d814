"""Text in drawings: how wide it is at most, and what is left of it where there is too little room.

SVG neither wraps nor cuts, and a server does not know which font a browser takes. So widths are taken
from the wide ones of those that `system-ui` may be: what fits here fits there.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

ELLIPSIS: Final = "…"

_NARROW: Final = frozenset("ijlIftr.,:;'|![]()/\\ -`\"")
_WIDE: Final = frozenset("mwMW@%&—…Q")
_EM_NARROW: Final = 0.42
_EM_USUAL: Final = 0.64
_EM_UPPER: Final = 0.76
_EM_WIDE: Final = 1.02
_EM_OTHER: Final = 1.1
"""Of writing that is not Latin, one character with another; of ideographs and emoji, too."""

_EM_MONOSPACE: Final = 0.64
_BOLD: Final = 1.08

# What changes the direction of what follows, or is not seen at all, would make a drawing lie.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def clean(text: str) -> str:
    """Return a text with a mark in the place of each character that cannot be shown."""
    return _UNSEEN.sub("\ufffd", text)


def width(text: str, size: float, *, bold: bool = False, monospace: bool = False) -> float:
    """Return how wide a text is at most, in the unit of `size`, that of the font."""
    if monospace:
        ems = sum(_EM_MONOSPACE if character.isascii() else _em(character) for character in text)
    else:
        ems = sum(map(_em, text))
    return ems * size * (_BOLD if bold else 1)


def shorten(text: str, room: float, size: float, *, bold: bool = False, monospace: bool = False) -> str:
    """Return a text that is not wider than the room that there is: its beginning, with an ellipsis."""
    return _shorten(clean(text), room, size, bold, monospace)


def shorten_address(text: str, room: float, size: float) -> str:
    """Return an address in a monospaced font that is not wider than its room: of a long host its beginning."""
    host, mark, port = text.rpartition(":")
    if not mark or not port.isdigit():
        return shorten(text, room, size, monospace=True)
    end = mark + port
    return shorten(host, room - width(end, size, monospace=True), size, monospace=True) + end


@lru_cache(maxsize=4096)
def _shorten(text: str, room: float, size: float, bold: bool, monospace: bool) -> str:
    if width(text, size, bold=bold, monospace=monospace) <= room:
        return text
    kept = text
    while kept and width(kept + ELLIPSIS, size, bold=bold, monospace=monospace) > room:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS if kept else ""


@lru_cache(maxsize=4096)
def _em(character: str) -> float:
    if character in _NARROW:
        return _EM_NARROW
    if character in _WIDE:
        return _EM_WIDE
    if unicodedata.combining(character):
        return 0.0
    if character.isascii():
        return _EM_UPPER if character.isupper() else _EM_USUAL
    return _EM_USUAL + 0.12 if unicodedata.name(character, "").startswith("LATIN ") else _EM_OTHER
