"""Running a template: its text, and where in the template each part of it comes from. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from provider.imports.templates import functions
from provider.imports.templates.functions import Unset, is_true, printed, unset
from provider.imports.templates.parsing import (
    Call,
    Constant,
    Operand,
    Pipeline,
    Plain,
    Refused,
    TemplateBlock,
    TemplateNode,
    Unknown,
    Variable,
    parse,
)

_LONGEST: Final = 8 * 1024 * 1024
_MOST_STEPS: Final = 200_000
_ENV: Final = "env"
_SHELL_DEFAULT: Final = re.compile(r":?[-?+=]|[$}]")
_DEFAULTING: Final = frozenset({"default", "coalesce", "or"})
"""Functions that ask for no more than whether a variable is set."""


@dataclass(slots=True)
class RenderedTemplate:
    """What came of a template.

    `missing` are the variables of the environment that were asked for and not given, and where in the template;
    `odd` those that are written with a default as shells have it, which is a part of the name for Traefik;
    `assumed` those for which a default was taken, with it.
    """

    text: str
    missing: Mapping[str, int]
    odd: Mapping[str, int]
    assumed: Mapping[str, tuple[int, str]]
    starts: Sequence[int] = (0,)
    sources: Sequence[tuple[int, bool]] = ((0, True),)

    def source(self, at: int) -> int:
        """Return where in the template a place of the text comes from."""
        index = max(bisect_right(self.starts, at) - 1, 0)
        source, is_text = self.sources[index]
        return source + (at - self.starts[index] if is_text else 0)


def render(source: str, environment: Mapping[str, str], data: Any = False) -> RenderedTemplate:
    """Run a template with the variables of an environment, and what `.` is. Raises `TemplateError`.

    For files, Traefik has nothing there but false.
    """
    if "{{" not in source:
        return RenderedTemplate(source, {}, {}, {})
    run = _TemplateRun(environment, scopes=[{".": data, "$": data}])
    run.nodes(parse(source, functions.KNOWN))
    return RenderedTemplate(
        "".join(run.parts), run.missing, run.odd, run.assumed, run.starts or [0], run.sources or [(0, True)]
    )


@dataclass(slots=True)
class _TemplateRun:
    environment: Mapping[str, str]
    scopes: list[dict[str, Any]]
    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    sources: list[tuple[int, bool]] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    odd: dict[str, int] = field(default_factory=dict)
    assumed: dict[str, tuple[int, str]] = field(default_factory=dict)
    length: int = 0
    steps: int = 0

    def nodes(self, nodes: Sequence[TemplateNode]) -> None:
        for node in nodes:
            self._counted(node.at)
            match node:
                case Plain():
                    self._write(node.text, node.at, is_text=True)
                case TemplateBlock():
                    self._block(node)
                case Pipeline():
                    value = self._pipeline(node)
                    if not node.variables:
                        text = "<no value>" if value is None else printed(self._used(value))
                        self._write(text, node.at, is_text=False)

    def _counted(self, at: int) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS or self.length > _LONGEST:
            raise Unknown(at, "the result of this template is too long to be read here")

    def _write(self, text: str, at: int, *, is_text: bool) -> None:
        self.starts.append(self.length)
        self.sources.append((at, is_text))
        self.parts.append(text)
        self.length += len(text)

    def _used(self, value: Any) -> Any:
        """Note a variable of the environment that is not given, where its value is needed."""
        if isinstance(value, Unset):
            self.missing.setdefault(value.name, value.at)
        return value

    def _block(self, block: TemplateBlock) -> None:
        self.scopes.append({})
        value = self._pipeline(block.pipeline)
        is_unset = isinstance(value, Unset)
        before = len(self.missing)
        self._used(value)
        if block.word == "range":
            self._range(block, value)
        else:
            branches = [block.then if is_true(value) else block.otherwise]
            if is_unset or len(self.missing) > before:  # what the other one asks for is told at once
                branches = [block.then, block.otherwise]
            for nodes in branches:
                self.scopes.append({".": value} if block.word == "with" and nodes is block.then else {})
                self.nodes(nodes)
                self.scopes.pop()
        self.scopes.pop()

    def _range(self, block: TemplateBlock, value: Any) -> None:
        items = list(self._items(value, block.at))
        for key, item in items:
            names = block.pipeline.variables
            named = dict(zip(names, (item,) if len(names) == 1 else (key, item), strict=False))
            self.scopes.append({".": item, **named})
            self.nodes(block.then)
            self.scopes.pop()
        if not items:
            self.nodes(block.otherwise)

    def _items(self, value: Any, at: int) -> Iterator[tuple[Any, Any]]:
        match value:
            case None:
                return
            case list():
                yield from enumerate(value)
            case dict():
                yield from sorted(value.items())
            case int() if not isinstance(value, bool):
                yield from ((number, number) for number in range(min(value, _MOST_STEPS)))
            case _:
                raise Refused(at, f"range cannot go through {printed(value) or 'an empty text'}")

    def _pipeline(self, pipeline: Pipeline) -> Any:
        self._counted(pipeline.at)
        first, *others = pipeline.steps
        value = self._operand(first, pipeline.at)
        for step in others:
            if not isinstance(step, Call):
                raise Refused(pipeline.at, "only a function can follow |")
            value = self._call(step, [*self._arguments(step), value])
        for name in pipeline.variables[:1] if len(pipeline.variables) == 1 else ():
            self._assign(name, value, pipeline)
        return value

    def _assign(self, name: str, value: Any, pipeline: Pipeline) -> None:
        if pipeline.is_new:
            self.scopes[-1][name] = value
            return
        scope = next((each for each in reversed(self.scopes) if name in each), None)
        if scope is None:
            raise Refused(pipeline.at, f"there is no variable {name}")
        scope[name] = value

    def _operand(self, operand: Operand, at: int) -> Any:
        match operand:
            case Constant():
                return operand.value
            case Variable():
                return self._variable(operand, at)
            case Call():
                return self._call(operand, self._arguments(operand))
            case Pipeline():
                return self._pipeline(operand)

    def _arguments(self, call: Call) -> list[Any]:
        return [self._operand(each, call.at) for each in call.arguments]

    def _variable(self, operand: Variable, at: int) -> Any:
        scope = next((each for each in reversed(self.scopes) if operand.name in each), None)
        if scope is None:
            raise Refused(at, f"there is no variable {operand.name}")
        value = scope[operand.name]
        for name in operand.fields:
            if not isinstance(value, dict):
                raise Refused(at, f"there is no field {name} here: Traefik gives its files no data")
            value = value.get(name)
        return value

    def _call(self, call: Call, arguments: list[Any]) -> Any:
        if call.name == _ENV:
            return self._variable_of_environment(call, arguments)
        if call.name in _DEFAULTING:
            return self._default(call, arguments)
        for each in arguments:
            self._used(each)
        return functions.call(call.name, arguments, call.at)

    def _variable_of_environment(self, call: Call, arguments: list[Any]) -> str:
        if len(arguments) != 1 or not isinstance(arguments[0], str):
            raise Refused(call.at, "env takes the name of a variable")
        name = arguments[0]
        if name in self.environment:
            return self.environment[name]
        if _SHELL_DEFAULT.search(name):  # which nobody can have set
            self.odd.setdefault(name, call.at)
            return ""
        return unset(name, call.at)

    def _default(self, call: Call, arguments: list[Any]) -> Any:
        value = functions.call(call.name, arguments, call.at)
        for each in arguments:
            if isinstance(each, Unset) and each is not value:
                self.assumed.setdefault(each.name, (each.at, printed(value)))
        return value
