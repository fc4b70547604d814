"""The words of a rule. Traefik hands rules to Go's own parser of expressions, so they are those of Go.

From Go's language specification, and measured on Traefik 3.7.15: comments are skipped; a line break after
a name, a text or a closing parenthesis ends the expression, as it ends a statement of a Go program; a byte
order mark may stand at the very beginning only, and NUL nowhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from provider.patterns import pattern
from provider.rules.mistakes import BadRule


class LexemeKind(Enum):
    """What a word is; the value says it in a message."""

    NAME = "a name"
    TEXT = "a text"
    SIGN = "a sign"
    BREAK = "a line break"
    END = "the end of the rule"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word, as it stands in the rule, and how many characters are before it."""

    kind: LexemeKind
    text: str
    position: int

    def __str__(self) -> str:
        return self.kind.value if self.kind in {LexemeKind.BREAK, LexemeKind.END} else self.text[:40]


_BYTE_ORDER_MARK: Final = "\ufeff"
_NOWHERE: Final = pattern("[\x00\ufeff]")
_WORD: Final = pattern(
    r"""
    (?P<skipped> [ \t\r\n]+ | //[^\n]* | /\*.*?\*/ )
    | (?P<name> [^\W\d]\w* )
    | (?P<text> `[^`]*` | "(?:[^"\\\n]|\\[^\n])*" )
    | (?P<sign> && | \|\| | \.\.\. | [!(),] )
    """,
    re.VERBOSE | re.DOTALL,
)
# Go reads a place in another file out of such a comment, and refuses those that it cannot read.
_LINE_DIRECTIVE: Final = pattern(r"/[/*]line ")
_ENDING: Final = {LexemeKind.NAME, LexemeKind.TEXT}

_ADVICE: Final = {
    "`": "the text that begins here has no closing backtick",
    '"': 'the text that begins here has no closing "',
    "/": "put a path in backticks: `/path`",
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "=": "there is no '=' here: write Header(`name`, `value`) or Query(`name`, `value`)",
    ";": "leave out the ';'",
    "~": "there is no '~' here: write PathRegexp(`…`) or HostRegexp(`…`)",
    **dict.fromkeys(
        "'\u2018\u2019\u201c\u201d\u00b4\u00ab\u00bb", 'put text in backticks, `…`, or in double quotes, "…"'
    ),
}


def tokens(rule: str) -> Iterator[Lexeme]:
    """Split a rule into its words; the last one is `Kind.END`. Raises `BadRule`."""
    position = 1 if rule.startswith(_BYTE_ORDER_MARK) else 0
    if found := _NOWHERE.search(rule, position):
        name = "NUL" if found[0] == "\x00" else "a byte order mark"
        raise BadRule("rule.syntax", f"{name} cannot be in a rule", found.start())
    ending = False
    while position < len(rule):
        word = _WORD.match(rule, position)
        if word is None:
            raise BadRule("rule.syntax", _why_not(rule, position), position)
        if word["skipped"] is None:
            token = Lexeme(_kind(word), word[0], position)
            ending = token.kind in _ENDING or token.text == ")"
            yield token
        elif _LINE_DIRECTIVE.match(word[0]):
            raise BadRule("rule.syntax", "a comment cannot begin with 'line '", position)
        elif ending and "\n" in word[0]:
            ending = False
            yield Lexeme(LexemeKind.BREAK, "\n", position + word[0].index("\n"))
        position = word.end()
    yield Lexeme(LexemeKind.END, "", len(rule))


def _kind(word: re.Match[str]) -> LexemeKind:
    return {"name": LexemeKind.NAME, "text": LexemeKind.TEXT, "sign": LexemeKind.SIGN}[str(word.lastgroup)]


def _why_not(rule: str, position: int) -> str:
    character = rule[position]
    if rule.startswith("/*", position):
        return "the comment that begins here has no end"
    if character.isdigit():
        return "put a number in backticks, like every argument: `1`"
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return _ADVICE.get(character, f"{shown} is not allowed here: leave it out, or put it in backticks")
