"""Options of commands, made from the fields of a noun: one option a field, and how it is read.

A field of an object within another is flattened: `healthCheck.interval` is `--health-check-interval`. A list is an
option to repeat, a map one with `KEY=VALUE`. What can be taken away has a `--no-…`. A secret is never typed where the
list of processes shows it: it is read from a file, or from standard input.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from provider.cli.completion import complete_noun
from provider.cli.options import read_members
from provider.nouns import NOUNS, Field, Noun, Part
from provider.nouns.objects import NAME
from provider.nouns.types import Choice, Flag, ListOf, MapOf, Reference, Text, Type, Whole

_STANDARD_INPUT: Final = "-"
_LONGEST_SECRET: Final = 1_000_000

Where = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldOption:
    """An option for a field: the value at a place in the document, or with `removes` that there is none."""

    where: Where
    field: Field
    flags: str
    removes: bool = False
    is_required: bool = False

    @property
    def parameter(self) -> str:
        """Its name in Python."""
        return _parameter(self.flags)

    def describe(self, *, is_new: bool) -> inspect.Parameter:
        """Return it as typer reads it: for a new object, what is required has to be given."""
        annotation, default, options = self._annotation(is_required=is_new and self.is_required)
        option = typer.Option(
            self.flags, help=self._help(), hidden=self.field.is_rare and len(self.where) > 1, **options
        )
        described: Any = Annotated[annotation, option]
        return inspect.Parameter(self.parameter, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=described)

    def _help(self) -> str:
        if not self.removes:
            text = self.field.help
            if isinstance(self.field.type, ListOf | MapOf):
                text = f"{text.rstrip('.')}; repeat it for several."
            return f"{text} @FILE, or - for standard input." if _is_secret(self.field.type) else text
        if isinstance(self.field.type, MapOf):
            return "Key to remove; repeat it for several."
        title = self.field.title
        return f"Remove the {title if title.isupper() else title[:1].lower() + title[1:]}."

    def _annotation(self, *, is_required: bool) -> tuple[Any, Any, dict[str, Any]]:
        type_ = self.field.type
        if self.removes:
            if isinstance(type_, MapOf):
                return list[str] | None, None, {"metavar": "KEY"}
            return bool, False, {}
        if isinstance(type_, Flag | Part):  # an object of which nothing has to be set is turned on
            return bool | None if isinstance(type_, Flag) else bool, None if isinstance(type_, Flag) else False, {}
        if isinstance(type_, ListOf | MapOf) and _is_plain(type_):
            return list[str] | None, None, {"metavar": _metavar(type_), **_completion(type_)}
        value: Any = str
        if isinstance(type_, Whole):
            value = int
        elif isinstance(type_, Choice):
            value = type_.words
        shown = {} if isinstance(type_, Choice) else {"metavar": _metavar(type_)}
        if is_required:
            return value, inspect.Parameter.empty, {**shown, **_completion(type_)}
        return value | None, None, {**shown, **_completion(type_)}


def list_options(noun: type[Noun]) -> list[FieldOption]:
    """Return the options for all fields of a noun, but for its name."""
    return [option for option in _walk(noun.fields, (), is_required=True) if option.where != (NAME,)]


def _walk(fields: Mapping[str, Field], above: Where, *, is_required: bool) -> Iterator[FieldOption]:
    for key, each in fields.items():
        where = (*above, key)
        base = each.option or "--" + "-".join(map(_kebab, where))
        if isinstance(each.type, Part):
            model = each.type.model
            within = list(_walk(model.fields, where, is_required=False))
            if not any(field.is_required for field in model.fields.values()) and model.is_sparse:
                yield FieldOption(where, each, base)
            yield from within
            if each.is_nullable:
                named = next((option.flags for option in within if option.field.option), base)
                yield FieldOption(where, each, f"--no-{named.removeprefix('--')}", removes=True)
            continue
        flags = f"{base}/--no-{base.removeprefix('--')}" if isinstance(each.type, Flag) and "/" not in base else base
        yield FieldOption(where, each, flags, is_required=is_required and each.is_required)
        if _may_go(each):
            yield FieldOption(where, each, f"--no-{base.removeprefix('--')}", removes=True)


def _may_go(each: Field) -> bool:
    """Tell whether a field can be without a value."""
    if isinstance(each.type, Flag):
        return False
    return each.is_nullable or isinstance(each.type, MapOf) or each.default == []


def read(options: Sequence[FieldOption], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given as the document, or the patch, that it stands for. Raises a usage error."""
    document: dict[str, Any] = {}
    for option in options:
        value = given.get(option.parameter)
        if option.removes or value is None or (value is False and isinstance(option.field.type, Part)):
            continue
        if isinstance(option.field.type, Part):
            _within(document, option.where)
        else:
            _within(document, option.where[:-1])[option.where[-1]] = _read_value(option, value, given)
    for option in options:
        if option.removes and given.get(option.parameter):
            _take_away(document, option, given[option.parameter])
    return document


def _read_value(option: FieldOption, value: Any, given: Mapping[str, Any]) -> Any:
    type_ = option.field.type
    if isinstance(type_, MapOf):
        return read_members(value, given.get(_parameter(f"--no-{option.flags.removeprefix('--')}")), option.flags)
    if _is_secret(type_):
        lines = [line for text in ([value] if isinstance(value, str) else value) for line in _read_secret(option, text)]
        return lines if isinstance(type_, ListOf) else "\n".join(lines)
    if isinstance(type_, ListOf) and not _is_plain(type_):
        try:
            return json.loads(value)
        except ValueError:
            raise typer.BadParameter("write a list of objects, as JSON", param_hint=option.flags) from None
    return value


def _take_away(document: dict[str, Any], option: FieldOption, taken: Any) -> None:
    around = _within(document, option.where[:-1])
    key = option.where[-1]
    if isinstance(option.field.type, MapOf):
        around.setdefault(key, {}).update(dict.fromkeys(taken))
        return
    if key in around:
        raise typer.BadParameter(f"it is either set or taken away, and {key} is both here")
    around[key] = None


def _within(document: dict[str, Any], where: Where) -> dict[str, Any]:
    for key in where:
        document = document.setdefault(key, {})
    return document


def _read_secret(option: FieldOption, text: str) -> list[str]:
    """Return the lines of a secret's file."""
    if text == _STANDARD_INPUT:
        content = sys.stdin.read(_LONGEST_SECRET)
    elif text.startswith("@"):
        content = Path(text[1:]).read_text("utf-8")
    else:
        advice = "a secret is not typed here, where others on this machine see it: give @FILE, or - for standard input"
        raise typer.BadParameter(advice, param_hint=option.flags)
    return [line for line in content.splitlines() if line]


def _is_secret(type_: Type) -> bool:
    return type_.is_secret


def _is_plain(type_: ListOf | MapOf) -> bool:
    """Tell whether items are typed one by one."""
    item = type_.item if isinstance(type_, ListOf) else type_.value
    return isinstance(item, Text | Whole | Choice)


def _completion(type_: Type) -> dict[str, Any]:
    kinds = list(dict.fromkeys(type_.kinds()))
    return {"autocompletion": complete_noun(NOUNS[kinds[0]])} if kinds and kinds[0] in NOUNS else {}


def _metavar(type_: Type) -> str:
    if isinstance(type_, MapOf):
        return "KEY=VALUE"
    if type_.is_secret:
        return "@FILE"
    item = type_.item if isinstance(type_, ListOf) else type_
    if isinstance(item, Whole):
        return "NUMBER"
    if isinstance(item, Reference) and item.kind == "domain":
        return "DOMAIN"
    return item.word if isinstance(item, Text) else "JSON"


def _kebab(key: str) -> str:
    return re.sub(r"([A-Z]+)", lambda found: "-" + found[1].lower(), key)


def _parameter(flags: str) -> str:
    name = flags.partition("/")[0].removeprefix("--").replace("-", "_")
    return f"{name}_" if name in {"list", "from", "import"} else name


# What people see of a field


Read = Callable[[Mapping[str, Any]], object]


def columns(noun: type[Noun]) -> dict[str, Read]:
    """Return how objects are shown to people: headings, and what stands below each."""
    found: dict[str, Read] = {}
    kinds = [key for key, each in noun.fields.items() if each.is_sparse]
    for key, each in noun.fields.items():
        if key not in kinds and not isinstance(each.type, MapOf):
            found["Name" if key == NAME else each.title] = _reads(key)
    if kinds:
        found["Kind"] = lambda item: next((key for key in kinds if item.get(key) is not None), None)
        found["Settings"] = lambda item: next((words(item[key]) for key in kinds if item.get(key) is not None), None)
    return found


def _reads(key: str) -> Read:
    def read_field(item: Mapping[str, Any]) -> object:
        value = item.get(key)
        return words(value) if isinstance(value, dict) else value

    return read_field


def words(value: object) -> str:
    """Write what is set of an object in a line."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(member)}" for key, member in value.items()) or "as it comes"
    if isinstance(value, list):
        return ", ".join(words(item) for item in value)
    return (
        {True: "yes", False: "no", None: "none"}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
    )
