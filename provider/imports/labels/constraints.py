"""Constraints: an expression that says of which containers Traefik takes notice, by their labels. Pure.

From the source of Traefik 3.7 (`pkg/provider/constraints`): ``Label(`name`, `value`)`` and
``LabelRegex(`name`, `expression`)`` with `&&`, `||`, `!` and parentheses. It ignores all containers where it cannot
read the expression.
"""

from collections.abc import Callable, Mapping
from typing import Final

from provider.rules import BadRule, literals
from provider.rules.expressions import BadExpression, Expression
from provider.rules.lexemes import Lexeme, LexemeKind, tokens

_MOST: Final = 200


def match(expression: str, labels: Mapping[str, str]) -> bool:
    """Tell whether labels meet an expression. Raises `BadRule`."""
    if sum(map(expression.count, "(!")) > _MOST:
        raise BadRule("rule.depth", f"this has more than {_MOST} conditions", 0)
    reading = _ConstraintReading(expression, labels)
    met = reading.either()
    reading.expect("")
    return met


def _is(value: str, wanted: str) -> bool:
    return value == wanted


def _matches(value: str, pattern: str) -> bool:
    try:
        return Expression(pattern).found_in(value)
    except BadExpression:
        return False


_FUNCTIONS: Final[Mapping[str, Callable[[str, str], bool]]] = {"Label": _is, "LabelRegex": _matches}


class _ConstraintReading:
    """Goes through an expression once."""

    def __init__(self, expression: str, labels: Mapping[str, str]) -> None:
        self._words = [each for each in tokens(expression) if each.kind is not LexemeKind.BREAK]
        self._labels = labels

    def either(self) -> bool:
        """Read what is joined by `||`."""
        met = self._all()
        while self._words[0].text == "||":
            self.expect("||")
            met = self._all() or met
        return met

    def _all(self) -> bool:
        met = self._one()
        while self._words[0].text == "&&":
            self.expect("&&")
            met = self._one() and met
        return met

    def _one(self) -> bool:
        word = self._words[0]
        if word.text == "!":
            self.expect("!")
            return not self._one()
        if word.text == "(":
            self.expect("(")
            met = self.either()
            self.expect(")")
            return met
        function = _FUNCTIONS.get(word.text)
        if function is None:
            raise self._mistake(word, "Label or LabelRegex")
        self.expect(word.text)
        self.expect("(")
        name = self._text()
        self.expect(",")
        value = self._text()
        self.expect(")")
        return function(self._labels.get(name, ""), value)

    def _text(self) -> str:
        word = self._words[0]
        if word.kind is not LexemeKind.TEXT:
            raise self._mistake(word, "text in backticks")
        self.expect(word.text)
        try:
            return literals.read(word.text)
        except literals.BadEscape as error:
            raise BadRule("rule.syntax", str(error), word.position + error.position) from None

    def expect(self, text: str) -> None:
        """Go on behind a word, which is empty at the end."""
        word = self._words[0]
        if word.text != text:
            raise self._mistake(word, text or "&& or ||")
        del self._words[: word.kind is not LexemeKind.END]

    def _mistake(self, word: Lexeme, wanted: str) -> BadRule:
        return BadRule("rule.syntax", f"{wanted} belongs here, not {word}", word.position)
