"""PromQL, as far as this project writes it: a parser that finds what an expression selects, and checks its grammar.

Written after Prometheus's own grammar. It knows nothing of types: what a function takes is not checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

FUNCTIONS = {"absent", "changes", "deriv", "histogram_quantile", "increase", "rate"}
AGGREGATIONS = {"sum", "min", "max", "avg", "count"}
BINARY = [{"or"}, {"and", "unless"}, {"==", "!=", "<=", "<", ">=", ">"}, {"+", "-"}, {"*", "/", "%"}]
"""Operators, those that bind least first."""

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?(?:e\d+)?(?![\w.]))
    | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<range>\[(?:\d+[smhd]|\$__rate_interval|\$__interval)\])
    | (?P<sign>=~|!~|==|!=|<=|>=|[-+*/%<>=(){},])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Matcher:
    label: str
    operator: str
    value: str

    def matches(self, value: str) -> bool:
        same = re.fullmatch(self.value, value) is not None if "~" in self.operator else self.value == value
        return same if self.operator.startswith("=") else not same


@dataclass(frozen=True)
class Selector:
    metric: str
    matchers: tuple[Matcher, ...]


@dataclass
class Expression:
    """What an expression selects, and the labels by which it groups."""

    selectors: list[Selector] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)


def parse(text: str) -> Expression:
    """Raises `ValueError` for what is no PromQL."""
    parser = _Parser(text)
    parser.binary(0)
    if parser.kind != "end":
        raise ValueError(f"{parser.value!r} is too much: {text}")
    return parser.found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text.rstrip()):
        found = TOKEN.match(text, position)
        if found is None:
            raise ValueError(f"not PromQL from {text[position:]!r} on: {text}")
        assert found.lastgroup
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = _tokens(text)
        self.found = Expression()
        self.kind, self.value = "", ""
        self._next()

    def _next(self) -> str:
        """Return the token, and go on to the next."""
        value = self.value
        self.kind, self.value = next(self._rest, ("end", ""))
        return value

    def _take(self, value: str) -> None:
        if self.value != value:
            raise ValueError(f"{value!r} is missing before {self.value!r}: {self._text}")
        self._next()

    def binary(self, level: int) -> None:
        if level == len(BINARY):
            self._unary()
            return
        self.binary(level + 1)
        while self.kind in {"word", "sign"} and self.value in BINARY[level]:
            self._next()
            if self.value in {"on", "ignoring"}:
                self._next()
                self._grouping()
            self.binary(level + 1)

    def _unary(self) -> None:
        if self.kind == "number":
            self._next()
        elif self.value == "(":
            self._next()
            self.binary(0)
            self._take(")")
        elif self.kind == "word":
            self._word(self._next())
        else:
            raise ValueError(f"{self.value!r} is not expected: {self._text}")

    def _word(self, word: str) -> None:
        if word in AGGREGATIONS:
            if self.value in {"by", "without"}:
                self._next()
                self._grouping()
            self._arguments()
        elif self.value == "(":
            if word not in FUNCTIONS:
                raise ValueError(f"there is no function {word}: {self._text}")
            self._arguments()
        else:
            self._selector(word)

    def _arguments(self) -> None:
        self._take("(")
        self.binary(0)
        while self.value == ",":
            self._next()
            self.binary(0)
        self._take(")")

    def _grouping(self) -> None:
        self._take("(")
        while self.kind == "word":
            self.found.labels.add(self._next())
            if self.value == ",":
                self._next()
        self._take(")")

    def _selector(self, metric: str) -> None:
        matchers = []
        if self.value == "{":
            self._next()
            while self.kind == "word":
                label, operator = self._next(), self._next()
                if operator not in {"=", "!=", "=~", "!~"} or self.kind != "text":
                    raise ValueError(f"{label} is matched with nothing: {self._text}")
                matchers.append(Matcher(label, operator, self._next()[1:-1]))
                if self.value == ",":
                    self._next()
            self._take("}")
        if self.kind == "range":
            self._next()
        self.found.selectors.append(Selector(metric, tuple(matchers)))
