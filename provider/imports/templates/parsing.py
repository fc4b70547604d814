"""Templates as trees: text, and what stands in braces. Pure."""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

_MOST_NESTED: Final = 100
"""How deep blocks and brackets may stand in one another: Traefik has no bound, and nobody gets there."""

_ACTION: Final = re.compile(r"\{\{(?:- *(?=\s)|-(?=\s))?")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_END: Final = re.compile(r"(?P<trim>\s-)?\}\}")
_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<text>"(?:[^"\\\n]|\\.)*" | `[^`]*`)
    | (?P<character>'(?:[^'\\\n]|\\.)+')
    | (?P<number>[-+]?(?:0[xXoObB][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+))
    | (?P<variable>\$\w*(?:\.\w+)*)
    | (?P<field>(?:\.\w+)+)
    | (?P<word>\w+)
    | (?P<sign>:=|[|(),=.])
    """,
    re.VERBOSE,
)
_CONSTANTS: Final = {"true": True, "false": False, "nil": None}
_BLOCKS: Final = {"if", "with", "range"}
_OTHER_BLOCKS: Final = {"define", "template", "block", "break", "continue"}


class TemplateError(Exception):
    """A template that does not give a text. `at` is where in the file that shows."""

    def __init__(self, at: int, detail: str) -> None:
        super().__init__(detail)
        self.at = at
        self.detail = detail


class Refused(TemplateError):
    """Traefik refuses the template, and with it the file."""


class Unknown(TemplateError):
    """Only Traefik knows what the template gives."""


@dataclass(frozen=True, slots=True)
class Plain:
    """What stands as it is."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number, `true`, `false` or `nil`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; `.` is the one without a name, and `$` what `.` was at first. `fields` are asked of it."""

    name: str
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    at: int
    name: str
    arguments: Sequence["Operand"] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is computed one after the other, each with the result of the one before as its last argument."""

    at: int
    steps: Sequence["Operand"]
    variables: Sequence[str] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class TemplateBlock:
    """What stands between `if`, `with` or `range` and its `end`."""

    at: int
    word: str
    pipeline: Pipeline
    then: Sequence["TemplateNode"]
    otherwise: Sequence["TemplateNode"] = ()


Operand = Constant | Variable | Call | Pipeline
TemplateNode = Plain | Pipeline | TemplateBlock


@dataclass(slots=True)
class _Parser:
    source: str
    known: frozenset[str]
    at: int = 0
    tokens: deque[tuple[str, str, int]] = field(default_factory=deque)
    is_trimmed: bool = False
    depth: int = 0

    @contextmanager
    def _within(self, start: int) -> Iterator[None]:
        """Read what stands in a block or in brackets."""
        if self.depth == _MOST_NESTED:
            raise Unknown(start, f"templates nested deeper than {_MOST_NESTED} levels are not supported here")
        self.depth += 1
        yield
        self.depth -= 1

    def nodes(self, *, is_inner: bool = False) -> tuple[list[TemplateNode], str]:
        """Read what stands up to the end, or up to `else` or `end`, which is returned too."""
        found: list[TemplateNode] = []
        while (action := _ACTION.search(self.source, self.at)) is not None:
            self._text(found, action.start(), is_trimmed="-" in action[0])
            start = action.start()
            self.at = action.end()
            if self._skip_comment():
                continue
            self._scan(start)
            if not self.tokens:
                raise Refused(start, "there is nothing in these braces")
            word = self.tokens[0][1] if self.tokens[0][0] == "word" else ""
            if word in {"else", "end"}:
                if not is_inner:
                    raise Refused(start, f"there is no open block for this {word}")
                return found, word
            if word in _OTHER_BLOCKS:
                raise Unknown(start, f"{word} in templates is not supported here")
            if word in _BLOCKS:
                del self.tokens[0]
                found.append(self._block(word, start))
            else:
                found.append(self._pipeline(start))
                self._finished(start)
        if is_inner:
            raise Refused(len(self.source), "an end is missing")
        self._text(found, len(self.source), is_trimmed=False)
        return found, ""

    def _text(self, found: list[TemplateNode], end: int, *, is_trimmed: bool) -> None:
        start, text = self.at, self.source[self.at : end]
        if self.is_trimmed:
            start += len(text) - len(text.lstrip())
            text = text.lstrip()
        if is_trimmed:
            text = text.rstrip()
        self.is_trimmed = False
        if text:
            found.append(Plain(start, text))

    def _skip_comment(self) -> bool:
        begins = re.compile(r"\s*").match(self.source, self.at)
        comment = _COMMENT.match(self.source, begins.end() if begins else self.at)
        if comment is None:
            return False
        end = re.compile(r"(\s-)?\}\}").match(self.source, comment.end())
        if end is None:
            raise Refused(comment.start(), "braces with a comment can contain nothing else")
        self.is_trimmed = end[1] is not None
        self.at = end.end()
        return True

    def _scan(self, start: int) -> None:
        """Read the tokens of one action."""
        self.tokens = deque()
        while (end := _END.match(self.source, self.at)) is None:
            found = _TOKEN.match(self.source, self.at)
            if found is None:
                where = self.at if self.at < len(self.source) else start
                raise Refused(where, "the braces are not closed, or have a character that templates do not have")
            kind = str(found.lastgroup)
            if kind != "space":
                self.tokens.append((kind, found[0], found.start()))
            self.at = found.end()
        self.at = end.end()
        self.is_trimmed = end["trim"] is not None

    def _block(self, word: str, start: int) -> TemplateBlock:
        pipeline = self._pipeline(start)
        self._finished(start)
        with self._within(start):
            then, ended = self.nodes(is_inner=True)
        otherwise: list[TemplateNode] = []
        if ended == "else":
            del self.tokens[0]
            if self.tokens and self.tokens[0][1] in {"if", "with"}:
                again = self.tokens.popleft()[1]
                with self._within(start):
                    return TemplateBlock(start, word, pipeline, then, [self._block(again, start)])
            self._finished(start)
            with self._within(start):
                otherwise, ended = self.nodes(is_inner=True)
            if ended == "else":
                raise Refused(start, "this has a second else")
        return TemplateBlock(start, word, pipeline, then, otherwise)

    def _finished(self, start: int) -> None:
        if self.tokens:
            raise Refused(self.tokens[0][2] if self.tokens else start, f"{self.tokens[0][1]} does not belong here")

    def _pipeline(self, start: int) -> Pipeline:
        variables, is_new = self._variables()
        steps = [self._command(start)]
        while self.tokens and self.tokens[0][1] == "|":
            del self.tokens[0]
            steps.append(self._command(start))
        return Pipeline(start, steps, variables, is_new)

    def _variables(self) -> tuple[list[str], bool]:
        """Read what the result is called, `$x :=` or `$key, $value :=`."""
        names = [text for kind, text, _at in islice(self.tokens, 0, 3, 2) if kind == "variable"]
        signs = [text for _kind, text, _at in islice(self.tokens, 4)]
        if names and signs[1:2] in ([":="], ["="]):
            self._skip(2)
            return names[:1], signs[1] == ":="
        if len(names) > 1 and signs[1] == "," and signs[3:4] == [":="]:
            self._skip(4)
            return names, True
        return [], False

    def _skip(self, count: int) -> None:
        for _ in range(count):
            self.tokens.popleft()

    def _command(self, start: int) -> Operand:
        """Read one step of a pipeline: a value, or a function with its arguments."""
        operands: list[Operand] = []
        while self.tokens and self.tokens[0][1] not in {"|", ")"}:
            operands.append(self._operand(is_first=not operands))
        if not operands:
            raise Refused(start, "a value is missing here")
        first, *others = operands
        if first == Constant(None):
            raise Refused(start, "nil alone is not a value here")
        if isinstance(first, Call) and not first.arguments:
            return Call(first.at, first.name, others)
        if others:
            raise Refused(start, "only functions have arguments")
        return first

    def _operand(self, *, is_first: bool) -> Operand:
        kind, text, at = self.tokens.popleft()
        if text == "(":
            return self._bracket(at)
        if kind == "word" and text not in _CONSTANTS:
            if text not in self.known:
                raise Refused(at, f"Traefik has no function {text} for templates")
            return Call(at, text) if is_first else Pipeline(at, [Call(at, text)])
        return _value(kind, text, at)

    def _bracket(self, at: int) -> Pipeline:
        with self._within(at):
            found = self._pipeline(at)
        if not self.tokens or self.tokens[0][1] != ")":
            raise Refused(at, "a closing bracket is missing")
        end = self.tokens.popleft()[2]
        if self.tokens and self.tokens[0][0] == "field" and self.tokens[0][2] == end + 1:
            raise Unknown(at, "this template is not supported here")
        return found


def _value(kind: str, text: str, at: int) -> Operand:
    """Return what stands for itself: a constant, a variable, or a field of `.`."""
    if kind in {"text", "number", "character"}:
        return Constant(_constant(kind, text, at))
    if kind == "variable":
        name, *fields = text.split(".")
        return Variable(name, tuple(fields))
    if kind == "field":
        return Variable(".", tuple(text[1:].split(".")))
    if text == ".":
        return Variable(".")
    if kind == "word":
        return Constant(_CONSTANTS[text])
    raise Refused(at, f"{text} does not belong here")


def _constant(kind: str, text: str, at: int) -> Any:
    if kind == "number":
        plain = text.replace("_", "")
        if re.fullmatch(r"[-+]?0[0-7]+", plain):
            return int(plain, 8)
        try:
            return int(plain, 0)
        except ValueError:
            return float(plain)
    if text[0] == "`":
        return text[1:-1]
    try:
        read = json.loads('"' + text[1:-1].replace("\\'", "'") + '"')
    except ValueError:
        raise Unknown(at, f"{text} has an escape that is not supported here") from None
    return ord(read) if kind == "character" and len(read) == 1 else read


def parse(source: str, known: frozenset[str]) -> list[TemplateNode]:
    """Read a template whose functions are among these. Raises `TemplateError`."""
    return _Parser(source, known).nodes()[0]
