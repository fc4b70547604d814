"""What typer gets of the slots of a noun: arguments and options, with their help."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import typer
from typer.core import TyperCommand
from typer.models import ArgumentInfo

from provider.cli.client import Client
from provider.cli.completion import complete_names
from provider.cli.nouns import values
from provider.cli.nouns.slots import OptionSlot
from provider.cli.output import Output, words
from provider.nouns import NOUNS
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.types import Choice, Type, Whole

Parameter = inspect.Parameter

_HIDDEN: Final = "It is a secret: write {word}@FILE, or {word}- to type it hidden or pipe it in."


def parameters(slots: Sequence[OptionSlot], *, is_new: bool) -> list[Parameter]:
    """Return the parameters for slots, arguments first.

    For a new object defaults are shown, and what has none is required; for one that there is, what it has can be
    taken away.
    """
    found = [each for slot in slots for each in _parameters(slot, is_new=is_new)]
    arguments = {slot.parameter for slot in slots if slot.is_argument}
    return sorted(found, key=lambda each: each.name not in arguments)


def fills(slots: Sequence[OptionSlot], *, is_new: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, as its third argument, the JSON of what was given for slots, and the options for that.

    They stand behind the command's own arguments, and before its options.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(client: Client, output: Output, **chosen: Any) -> None:
            given = {name: chosen.pop(name) for name in [*chosen] if name.startswith(("field_", "no_field_"))}
            command(client, output, values.read(slots, given), **chosen)

        client, output, _document, *own = inspect.signature(command).parameters.values()
        own = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in own]
        arguments = [each for each in own if _is_argument(each)]
        options = [each for each in own if not _is_argument(each)]
        signed = [client, output, *arguments, *parameters(slots, is_new=is_new), *options]
        run.__signature__ = inspect.Signature(signed)  # type: ignore[attr-defined]  # what typer reads
        return run

    return decorate


def option(slot: OptionSlot, annotation: Any, default: Any, *names: str, **more: Any) -> Parameter:
    """Return the parameter of an option; `annotation` is what it is where it is given."""
    info = typer.Option(default, *names, rich_help_panel="\n".join(slot.panel) if slot.panel[0] else None, **more)
    return Parameter(slot.parameter, Parameter.KEYWORD_ONLY, default=info, annotation=annotation)


class GroupedCommand(TyperCommand):
    """A command whose options stand in its help below the headings to which they belong."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, those of a heading together."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for each in self.get_params(ctx):
            heading = getattr(each, "rich_help_panel", None) or "Options"
            if (record := each.get_help_record(ctx)) is not None:
                sections.setdefault("Arguments" if each.param_type_name == "argument" else heading, []).append(record)
        for heading, records in sections.items():
            title, _break, about = heading.partition("\n")
            if records:
                with formatter.section(title):
                    if about:
                        formatter.write_text(about)
                        formatter.write_paragraph()
                    formatter.write_dl(records)


def help_of(slot: OptionSlot, *, is_new: bool) -> str:
    """Say what a value does, and how it is typed where that does not follow from its form."""
    type_, told = slot.field.type, " ".join(filter(None, [slot.lead, slot.field.help or f"{slot.field.title}."]))
    if isinstance(choice := _item(type_), Choice) and choice.named:
        named = [word if (title := _meaning(word, choice)) == word else f"{word} ({title})" for word in choice.words]
        told = f"{told} Values: {', '.join(named)}."
    if isinstance(type_, MapOf):
        told += f" Repeat it for several{'' if is_new else '; the others stay'}."
    elif isinstance(type_, ListOf):
        told += " You can also repeat it." if type_.is_line else " Repeat it for several."
    if isinstance(type_, MapOf) and type_.is_secret:
        return f"{told} {_HIDDEN.replace('It', 'One such as Authorization').format(word='KEY=')}"
    return f"{told} {_HIDDEN.format(word='')}" if type_.is_secret else told


def _is_argument(parameter: Parameter) -> bool:
    told = [parameter.default, *getattr(parameter.annotation, "__metadata__", ())]
    return any(isinstance(each, ArgumentInfo) for each in told)


def _parameters(slot: OptionSlot, *, is_new: bool) -> Iterator[Parameter]:
    if slot.option:
        yield _taking(slot, is_new=is_new)
    if slot.removal and not is_new and not slot.is_part:
        yield _taking_away(slot)


def _taking(slot: OptionSlot, *, is_new: bool) -> Parameter:
    about: Mapping[str, Any] = {"help": help_of(slot, is_new=is_new), "autocompletion": _completion(slot.field.type)}
    if slot.is_argument:
        info = typer.Argument(None, metavar=slot.option, show_default=False, **about)
        return Parameter(slot.parameter, Parameter.KEYWORD_ONLY, default=info, annotation=str | None)
    if slot.is_part:
        name = slot.option if is_new else f"{slot.option}/{slot.removal}"
        return option(slot, bool | None, None, name, help=help_of(slot, is_new=is_new))
    if slot.is_flag:
        name = slot.option if "/" in slot.option else f"{slot.option}/--no-{slot.option.removeprefix('--')}"
        shown = _default(slot, name) if is_new else False
        return option(slot, bool | None, None, name, help=help_of(slot, is_new=is_new), show_default=shown)
    is_required = is_new and slot.field.is_required and len(slot.where) == 1
    annotation = _annotation(slot.field.type)
    return option(
        slot,
        annotation if is_required else annotation | None,
        ... if is_required else None,
        slot.option,
        metavar=slot.metavar,
        show_default=_default(slot, "") if is_new else False,
        **about,
    )


def _taking_away(slot: OptionSlot) -> Parameter:
    name = f"no_{slot.parameter}"
    if isinstance(slot.field.type, MapOf):
        told = "Remove one, by its key. Repeat it for several."
        found = option(slot, list[str] | None, None, slot.removal, metavar="KEY", help=told)
    else:
        back = _default(slot, "")
        told = f"Reset it to {back}." if back else "Remove it."
        found = option(slot, bool, False, slot.removal, help=told)
    return found.replace(name=name)


def _annotation(type_: Type) -> Any:
    match type_:
        case ListOf():
            item = _annotation(type_.item)
            return list[item] if isinstance(item, type) and item is not list else list[str]  # type: ignore[valid-type]
        case MapOf():
            return list[str]
        case Choice():
            return type_.words
        case Whole():
            return int
        case _:
            return str


def _item(type_: Type) -> Type:
    return type_.item if isinstance(type_, ListOf) else type_


def _meaning(word: str, choice: Choice) -> str:
    title = choice.named[word].title
    return title.removeprefix(f"{word}: ")


def _default(slot: OptionSlot, flag: str) -> str | bool:
    """Say what a new object has without the option, if that is something."""
    is_first_of_part = len(slot.where) > 1 and slot.field.option
    if slot.field.is_required or is_first_of_part or slot.field.default in (None, "", [], {}):
        return False
    value = slot.field.json(slot.field.first())
    if isinstance(value, bool):
        on, _slash, off = flag.partition("/")
        return (on if value else off).removeprefix("--")
    return words(value)


def _completion(type_: Type) -> Any:
    kinds = [kind for kind in type_.kinds() if kind in NOUNS and not NOUNS[kind].within]
    return complete_names(NOUNS[kinds[0]]) if kinds else None
