"""Conditions of Traefik's circuit breaker and of retries: functions, compared with values, and joined by && and ||.

Traefik reads them by Go's own parser, and takes the values of a comparison for what they are written as: 0 is no
ratio, 0.0 is (measured). What is taken here is what it surely takes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provider.messages import Message, template
from provider.patterns import pattern
from provider.values import FILLED_PATTERN, Refusal, check_text, in_schema, shown_text

Signature = tuple[Sequence[str], str]
"""The kinds of a function's arguments, and of its value: WHOLE, RATIO, TEXT, or TRUTH for one that is a condition."""

WHOLE: Final = template("a whole number")
RATIO: Final = template("a decimal number, such as 0.5")
TEXT: Final = template('text in quotes, such as "GET"')
TRUTH: Final = ""

_DEEPEST: Final = 20
_TOKEN: Final = pattern(
    r"""\s*(?:(?P<join>&&|\|\|)|(?P<compare>[<>=!]=|[<>])|(?P<mark>[(),])|(?P<name>[A-Za-z]\w*)
    |(?P<ratio>[0-9]{1,9}\.[0-9]{1,9})|(?P<whole>(?:0|[1-9][0-9]{0,8})(?![\w.]))|(?P<text>"[^"\\]*"))""",
    re.VERBOSE | re.ASCII,
)
_KINDS: Final = {"whole": WHOLE, "ratio": RATIO, "text": TEXT}


def checking(functions: Mapping[str, Signature], language: str) -> Callable[[str], str]:
    """Return the check of conditions that have these functions. `language` is the `format` of these in JSON Schema."""

    @in_schema({"format": language, "pattern": FILLED_PATTERN})
    def check(text: str) -> str:
        check_text(text)
        reader = _PredicateReader(functions, text)
        reader.read_condition()
        reader.finish()
        return text

    return check


@dataclass
class _PredicateReader:
    """Reads a condition from the left, and raises a `Refusal` where it goes wrong."""

    functions: Mapping[str, Signature]
    text: str
    place: int = 0
    depth: int = 0

    def read_condition(self) -> None:
        """Read comparisons and what joins them."""
        self._read_comparison()
        while self._take("join"):
            self._read_comparison()

    def finish(self) -> None:
        """Refuse what is left."""
        if self.text[self.place :].strip():
            raise self._unread()

    def _read_comparison(self) -> None:
        if self._take("mark", "("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise self._unread()
            self.read_condition()
            self._expect(")")
            self.depth -= 1
            return
        name = self._take("name")
        if name is None:
            raise self._unread()
        if name not in self.functions:
            told = {"name": name, "names": ", ".join(f"{each}()" for each in self.functions)}
            raise Refusal("condition.function", Message("there is no {name}: use {names}", **told))
        arguments, value = self.functions[name]
        self._expect("(")
        for number, each in enumerate(arguments):
            if number:
                self._expect(",")
            self._expect_value(name, each)
        self._expect(")")
        if value != TRUTH:
            compared = self._take("compare")
            if compared is None or (value == TEXT and compared not in {"==", "!="}):
                raise self._unread()
            self._expect_value(name, value)

    def _expect(self, mark: str) -> None:
        if self._take("mark", mark) is None:
            raise self._unread()

    def _expect_value(self, name: str, wanted: str) -> None:
        if not any(kind == wanted and self._take(group) is not None for group, kind in _KINDS.items()):
            detail = Message("{name}() takes {wanted}", name=name, wanted=Message(wanted))
            raise Refusal("condition.value", detail)

    def _take(self, group: str, mark: str | None = None) -> str | None:
        found = _TOKEN.match(self.text, self.place)
        if found is None or found[group] is None or found[group] != (found[group] if mark is None else mark):
            return None
        self.place = found.end()
        return found[group]

    def _unread(self) -> Refusal:
        rest = self.text[self.place :].strip()
        if not rest:
            return Refusal("condition.format", Message("something is missing at the end"))
        return Refusal("condition.format", Message("this cannot be read from here on: {rest}", rest=shown_text(rest)))
