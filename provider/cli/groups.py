"""The commands of a noun, `list`, `show`, `add`, `set` and `remove`, made from its declaration."""

import inspect
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from provider.cli import fields, nouns
from provider.cli.client import Client, Item, path
from provider.cli.completion import complete_noun
from provider.cli.fields import FieldOption
from provider.cli.options import (
    CascadeOption,
    CreateOption,
    EtagOption,
    IfMatchOption,
    LimitOption,
    QueryOption,
    WithLabelOption,
    YesOption,
    reads,
    writes,
)
from provider.cli.output import Output
from provider.nouns import NOUNS, Noun
from provider.nouns.objects import NAME, camel
from provider.nouns.types import Reference, Text

_WIDTH: Final = 76


def _no_users(_client: Client, _name: str) -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class Special:
    """What one noun alone has in its commands.

    `notes` and `examples` stand in the help of a command, by its name. `arguments` are fields that stand without an
    option, with what stands for them in the help. `shows` prints more below an object; `users` names what goes along
    with a cascade; `patches` brings a change in step, given what was set; `missing` says what to do where nothing was
    given. `columns` replaces how objects are shown to people.
    """

    notes: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    shows: Callable[[Client, Output, str], None] | None = None
    users: Callable[[Client, str], list[str]] = _no_users
    patches: Callable[[Item], Item] = dict
    missing: Callable[[str, str], str] | None = None
    columns: nouns.Columns | None = None


def collection(noun: type[Noun], special: Special, owner: str | None = None) -> nouns.Collection:
    """Return where the objects of a noun are, and how they are shown."""
    where = path(noun.plural) if owner is None else path(NOUNS[noun.within].plural, owner, noun.plural)
    columns = special.columns or {**fields.columns(noun), "Labels": nouns.words_of_labels}
    return nouns.Collection(noun.kind, where, columns, within="" if owner is None else f"{owner}/")


def make(noun: type[Noun], special: Special) -> typer.Typer:
    """Return the commands of a noun."""
    app = typer.Typer(name=noun.kind, no_args_is_help=True, help=f"{noun.titles}: {noun.about}.")
    options = fields.list_options(noun)
    own = [option for option in options if option.where[-1] not in special.arguments or len(option.where) > 1]
    at = _Place(noun, special)
    app.command("list")(reads(at.listing()))
    app.command()(reads(at.showing()))
    app.command()(writes(at.adding(options, own)))
    app.command("set")(writes(at.changing(options, own)))
    app.command()(writes(at.removing()))
    return app


class _Place:
    """Makes the commands of one noun: each a function with the parameters that follow from the fields."""

    def __init__(self, noun: type[Noun], special: Special) -> None:
        self._noun = noun
        self._special = special

    def _read(self, options: Sequence[FieldOption], given: Mapping[str, Any]) -> Item:
        """Read what was given. A field without an option has another name there: `--url` is no server's."""
        placed = {self._noun.fields[key].name for key in self._special.arguments}
        return fields.read(options, {**given, **{name: given[f"given_{name}"] for name in placed}})

    def _collection(self, given: dict[str, Any]) -> nouns.Collection:
        owner = given.pop("owner", None)
        return collection(self._noun, self._special, owner)

    def listing(self) -> Callable[..., None]:
        """Return `list`."""
        noun = self._noun

        def list_all(client: Client, output: Output, **given: Any) -> None:
            owner, query, labels = given.get("owner"), given["query"], given["label"]
            add = f"`wayshub-provider {noun.kind} add{f' {owner}' if owner else ''}`"
            advice = f"no {noun.plural} yet: add one with {add}, or a whole application with `expose`"
            if owner:
                advice = f"{noun.within} {owner} has no {noun.plural} yet: add one with {add}"
            nouns.list_all(client, output, self._collection(given), query, given["limit"], advice, labels)

        whose = f"List the {noun.plural} of a {noun.within}." if noun.within else f"List {noun.plural}."
        looked = f"--query looks in {_listed(noun)}."
        parameters = [
            *self._owner(),
            _keyword("query", QueryOption, ""),
            _keyword("label", WithLabelOption, None),
            _keyword("limit", LimitOption, None),
        ]
        return self._made(list_all, "list", whose, parameters, looked)

    def showing(self) -> Callable[..., None]:
        """Return `show`."""

        def show(client: Client, output: Output, **given: Any) -> None:
            name, etag = given["name"], given["etag"]
            nouns.show(client, output, self._collection(given), name, etag=etag)
            if self._special.shows is not None and not etag and not output.is_json:
                self._special.shows(client, output, name)

        parameters = [*self._owner(), self._name(is_new=False), _keyword("etag", EtagOption, False)]
        return self._made(show, "show", f"Show a {self._noun.kind}.", parameters)

    def adding(self, options: Sequence[FieldOption], own: Sequence[FieldOption]) -> Callable[..., None]:
        """Return `add`."""

        def add(client: Client, output: Output, **given: Any) -> None:
            at, name = self._collection(given), given.pop("name")
            document = self._read(options, given)
            if self._special.missing is not None and not self._special.arguments.keys() <= document.keys():
                titles = " and ".join(self._noun.fields[key].title for key in self._special.arguments)
                advice = self._special.missing("add", at.label(name))
                detail = f"the {titles} of the {self._noun.kind} is missing{advice}"
                raise typer.BadParameter(detail, param_hint=", ".join(self._special.arguments.values()))
            nouns.add(client, output, at, {NAME: name} | document)

        shown = [option.describe(is_new=True) for option in own if not option.removes]
        shown.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
        parameters = [*self._owner(), self._name(is_new=True), *self._arguments(), *shown]
        return self._made(add, "add", f"Add a {self._noun.kind}.", parameters)

    def changing(self, options: Sequence[FieldOption], own: Sequence[FieldOption]) -> Callable[..., None]:
        """Return `set`."""

        def change(client: Client, output: Output, **given: Any) -> None:
            at, name, create, if_match = self._collection(given), *map(given.pop, ("name", "create", "if_match"))
            patch = self._special.patches(self._read(options, given))
            advice = self._special.missing("set", at.label(name)) if self._special.missing is not None else ""
            nouns.change(client, output, at, name, patch, create=create, if_match=if_match, advice=advice)

        parameters = [
            *self._owner(),
            self._name(is_new=False),
            *self._arguments(),
            *(option.describe(is_new=False) for option in own),
            _keyword("create", CreateOption, False),
            _keyword("if_match", IfMatchOption, None),
        ]
        summary = f"Change what is given of a {self._noun.kind}, and leave the rest as it is."
        return self._made(change, "set", summary, parameters)

    def removing(self) -> Callable[..., None]:
        """Return `remove`."""

        def remove(client: Client, output: Output, **given: Any) -> None:
            at, name = self._collection(given), given["name"]
            nouns.remove(
                client,
                output,
                at,
                name,
                yes=given["yes"],
                if_match=given["if_match"],
                cascade=given.get("cascade", False),
                users=lambda: self._special.users(client, name),
            )

        cascade = [_keyword("cascade", CascadeOption, False)] if self._noun.cascade else []
        parameters = [
            *self._owner(),
            self._name(is_new=False),
            *cascade,
            _keyword("yes", YesOption, False),
            _keyword("if_match", IfMatchOption, None),
        ]
        asks = "On a terminal it asks first, unless --yes is given."
        if self._noun.cascade:
            asks = f"{asks[:-1]}; elsewhere only --cascade needs --yes."
        return self._made(remove, "remove", f"Remove a {self._noun.kind}.", parameters, asks)

    def _made(
        self,
        command: Callable[..., None],
        verb: str,
        summary: str,
        parameters: Sequence[inspect.Parameter],
        last: str = "",
    ) -> Callable[..., None]:
        """Give a command its parameters and its help."""
        both = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("client", "output")]
        given = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
        command.__signature__ = inspect.Signature([*both, *given])  # type: ignore[attr-defined]  # what typer reads
        command.__name__ = verb
        noted = self._special.notes.get(verb, "")
        first, _dot, more = noted.partition("\n\n")
        if first.startswith(summary.split(" ", 1)[0]):  # a summary of its own
            summary, noted = first, more
        texts = [summary, noted, last, "Examples:\n" + "\n".join(f"  {each}" for each in self._examples(verb))]
        command.__doc__ = "\n\n".join(filter(None, texts))
        return command

    def _owner(self) -> list[inspect.Parameter]:
        if not self._noun.within:
            return []
        above = NOUNS[self._noun.within]
        argument = typer.Argument(
            metavar=above.kind.upper(),
            help=f"Name of the {above.kind} that it belongs to.",
            autocompletion=complete_noun(above),
        )
        return [_keyword("owner", Annotated[str, argument])]

    def _name(self, *, is_new: bool) -> inspect.Parameter:
        declared = self._noun.fields[NAME]
        is_host = self._noun.is_renamed
        metavar = self._noun.kind.upper() if is_host else "NAME"
        if is_new:
            argument = typer.Argument(metavar=metavar, help=declared.help)
        else:
            text = "Host name, as typed or as an A-label." if is_host else f"Name of the {self._noun.kind}."
            argument = typer.Argument(metavar=metavar, help=text, autocompletion=complete_noun(self._noun))
        return _keyword(NAME, Annotated[str, argument])

    def _arguments(self) -> list[inspect.Parameter]:
        found = []
        for key, metavar in self._special.arguments.items():
            argument = typer.Argument(metavar=metavar, help=self._noun.fields[key].help, show_default=False)
            found.append(_keyword(f"given_{self._noun.fields[key].name}", Annotated[str | None, argument], None))
        return found

    def _examples(self, verb: str) -> Sequence[str]:
        """Return the examples of a command: its own, or those that follow from the example of the noun."""
        noun = self._noun
        if verb in self._special.examples:
            return self._special.examples[verb]
        name, begin = str(noun.example[NAME]), f"wayshub-provider {noun.kind} {verb}"
        given = " ".join(_written(fields.list_options(noun), noun.example))
        by_verb = {
            "list": begin,
            "add": f"{begin} {name}-2 {given}",
            "set": f"{begin} {name} {given}",
            "show": f"{begin} {name}",
            "remove": f"{begin} {name}",
        }
        return [by_verb[verb].rstrip()]


def _written(options: Sequence[FieldOption], document: Mapping[str, Any]) -> list[str]:
    """Write a document as the options that stand for it, as far as people type them."""
    written = []
    for option in options:
        value: Any = document
        for key in option.where:
            value = value.get(key) if isinstance(value, dict) else None
        if value in (None, {}, []) or option.removes or isinstance(value, dict):
            continue
        for item in value if isinstance(value, list) else [value]:
            text = "@users" if option.field.is_secret else str(item)
            written.append(f"{option.flags} {shlex.quote(text)}")
    return written


def _listed(noun: type[Noun]) -> str:
    """Say in which fields a search looks."""
    keys = [camel(name) for name in noun.texts if camel(name) in noun.fields]
    keys += [key for key, each in noun.fields.items() if isinstance(each.type, Reference) and key not in keys]
    named = [noun.fields[key].title for key in keys if isinstance(noun.fields[key].type, Text)]
    named = [title if title.isupper() else title[:1].lower() + title[1:] for title in named]
    *others, last = (f"the {title}" for title in ["name", *named[1:]])
    return f"{', '.join(others)} and {last}" if others else last


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
