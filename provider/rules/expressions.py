r"""Regular expressions as Traefik has them: RE2's, whose time grows with the text alone.

Traefik uses Go's `regexp`, whose language is that of RE2, so RE2 itself reads and runs them here. They
differ at the edges, and what only one of them takes is refused: `docs/rules.md` lists it. Measured on
Traefik 3.7.15, built with Go 1.26.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from provider.late import Late
from provider.patterns import pattern

if TYPE_CHECKING:
    import re2
else:
    re2 = Late("re2")

DEPTH: Final = 100
"""How many parentheses may stand in one another; Go has a limit on the whole expression, which this keeps."""

_PIECE: Final = pattern(
    r"""
    \\Q.*?(?:\\E|\Z)
    | \\[pP]\{\^?(?P<class>[^}]*)\}
    | \\(?P<escaped>.)
    | (?P<open>\() (?:\?P?<(?P<group>[^>]*)>)?
    | (?P<close>\))
    """,
    re.DOTALL | re.VERBOSE,
)
_CLASS: Final = pattern(r"[A-Z][a-z]*")
GROUP: Final = pattern(r"\$(?:\$|\{(?P<braced>\w*)\}|(?P<bare>\w+))", re.ASCII)
"""What stands for a group in a replacement, or `$$` for a dollar sign."""

_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_LOOKING: Final = pattern(r"\(\?(?:[=!]|<[=!])")


LONGEST_MADE_BYTES: Final = 64 * 1024
"""The most that is made by replacing: `$0` a hundred times, in four expressions after one another, would be 100 MB."""


class BadExpression(ValueError):
    """A text that is not a regular expression; the message says why."""


class Expression:
    """A compiled regular expression."""

    __slots__ = ("_compiled",)

    def __init__(self, pattern: str) -> None:
        """Compile. Raises `BadExpression`."""
        self._compiled = _compile(pattern)

    @property
    def groups(self) -> frozenset[str]:
        """What a replacement can refer to: the numbers of its groups, the whole as 0, and their names."""
        numbers = (str(number) for number in range(self._compiled.groups + 1))
        return frozenset([*numbers, *self._compiled.groupindex])

    def can_begin(self, text: str) -> bool:
        """Tell whether a match at the beginning may begin with an ASCII text; if that cannot be known, it may."""
        try:
            least, most = self._compiled.possiblematchrange(len(text))
        except re2.error:
            return True
        return bool(least[: len(text)] <= text.encode() <= most)

    def found_in(self, text: str) -> bool:
        """Tell whether it matches anywhere in a text. Bytes that are not UTF-8 count as U+FFFD each, as in Go."""
        return self._compiled.search(_known(text)) is not None

    def find(self, text: str) -> str | None:
        """Return what it matches first in a text, or None."""
        found = self._compiled.search(_known(text))
        return None if found is None else str(found[0].decode())

    def replaced(self, text: str, replacement: str) -> str | None:
        """Return a text with another in the place of each match, as Go's `ReplaceAllString` makes it.

        None for one that would be longer than `LONGEST_MADE_BYTES`. In the replacement `$1` and `${name}` stand for
        groups, and `$$` for a dollar sign. No match that is empty follows another one at once.
        """
        known = _known(text)
        made: list[bytes] = []
        done = place = made_bytes = 0
        while place <= len(known) and (found := self._compiled.search(known, place)) is not None:
            begin, end = found.span()
            filled = self._fill(replacement, found) if end > done or begin == 0 else b""
            made += (known[done:begin], filled)
            made_bytes += begin - done + len(filled)
            if made_bytes > LONGEST_MADE_BYTES:
                return None
            done = end
            place = max(end, place + _width(known, place))
        return b"".join([*made, known[done:]]).decode()

    def _fill(self, replacement: str, found: "re2._Match") -> bytes:
        def group(reference: re.Match[str]) -> str:
            name = reference["braced"] if reference["bare"] is None else reference["bare"]
            if name is None:
                return "$"
            known = name if name in self._compiled.groupindex else int(name) if name.isdecimal() else None
            if known is None or (isinstance(known, int) and known > self._compiled.groups):
                return ""
            return (found[known] or b"").decode()

        return GROUP.sub(group, replacement).encode()


def _known(text: str) -> bytes:
    """Return a text as Go's expressions see it."""
    return (text if text.isascii() else _NOT_UTF8.sub("\ufffd", text)).encode()


def _width(text: bytes, place: int) -> int:
    """Return how many bytes the character has that begins at a place."""
    end = place + 1
    while end < len(text) and 0x80 <= text[end] < 0xC0:
        end += 1
    return end - place


@cache
def _options() -> "re2.Options":
    made = re2.Options()
    made.log_errors = False
    return made


def _compile(pattern: str) -> "re2._Regexp":
    if _NOT_UTF8.search(pattern):
        raise BadExpression("it is not UTF-8")
    _check_pieces(pattern)
    try:
        return re2.compile(pattern, _options())
    except re2.error as error:
        (reason,) = error.args
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        advice = ": RE2 has no look-ahead and no look-behind" if _LOOKING.search(pattern) else ""
        raise BadExpression(told + advice) from None


def _check_pieces(pattern: str) -> None:
    """Refuse what RE2 takes, and Go does not. Go looks for the classes of Unicode by other spellings."""
    depth = 0
    for piece in _PIECE.finditer(pattern):
        if piece["escaped"] == "C":
            raise BadExpression(r"invalid escape sequence: \C")
        if piece["group"] and not piece["group"].isascii():
            raise BadExpression(f"invalid named capture: {piece[0]}")
        if piece["class"] is not None and not _CLASS.fullmatch(piece["class"]):
            raise BadExpression(f"invalid character class range: {piece[0]}")
        depth += (piece["open"] is not None) - (piece["close"] is not None)
        if depth > DEPTH:
            raise BadExpression(f"its parentheses are nested more than {DEPTH} deep")
