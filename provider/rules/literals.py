r"""Texts in a rule, in back-ticks or in double quotes, as Go writes and reads them.

What Go calls a string is bytes, which need not be UTF-8: `"\xff"` is one byte. Such bytes are held as lone
surrogates here (U+DC80 to U+DCFF), as Python's `surrogateescape` does, so that texts compare as in Go.
"""

import re
from typing import Final

from provider.patterns import pattern

_ESCAPE: Final = pattern(
    r"\\(?:(?P<plain>[abfnrtv\\\"])|(?P<octal>[0-7]{3})|x(?P<byte>[0-9A-Fa-f]{2})"
    r"|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<wrong>.))",
    re.DOTALL,
)
_PLAIN: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


class BadEscape(ValueError):
    """A backslash in double quotes with something behind it that means nothing. `position` is in the literal."""

    def __init__(self, escape: str, position: int) -> None:
        super().__init__(f"{escape} means nothing in double quotes: write \\\\ for a backslash, or use backticks")
        self.position = position


def read(literal: str) -> str:
    """Return the text that a literal stands for. Raises `BadEscape`.

    In back-ticks every character stands for itself, but for carriage returns, which Go leaves out.
    """
    if literal.startswith("`"):
        return literal[1:-1].replace("\r", "")
    return as_text(b"".join(_pieces(literal)))


def as_text(content: bytes) -> str:
    """Return bytes as text, those that are not UTF-8 as lone surrogates."""
    return content.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Return the bytes of such a text."""
    return text.encode("utf-8", "surrogateescape")


def _pieces(literal: str) -> list[bytes]:
    pieces, done = [], 1
    for escape in _ESCAPE.finditer(literal, 1, len(literal) - 1):
        pieces += [literal[done : escape.start()].encode(), _value(escape)]
        done = escape.end()
    return [*pieces, literal[done:-1].encode()]


def _value(escape: re.Match[str]) -> bytes:
    if escape["plain"]:
        return bytes([_PLAIN[escape["plain"]]])
    if digits := escape["short"] or escape["long"]:
        code = int(digits, 16)
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code).encode()
    elif escape["byte"]:
        return bytes([int(escape["byte"], 16)])
    elif escape["octal"] and int(escape["octal"], 8) <= 255:
        return bytes([int(escape["octal"], 8)])
    raise BadEscape(escape[0], escape.start())
