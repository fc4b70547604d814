"""The commands of a noun: to list, show, add, set and remove its objects."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import Parameter
from typing import Annotated, Any, Final

import typer

from provider.cli import outcome
from provider.cli.client import Client, Unreachable, path
from provider.cli.completion import complete_names
from provider.cli.nouns import parameters, values
from provider.cli.nouns.columns import columns_of
from provider.cli.nouns.extras import Extras
from provider.cli.nouns.helps import help_of
from provider.cli.nouns.slots import slots_of
from provider.cli.nouns.words import kebab
from provider.cli.options import (
    CreateOption,
    EtagOption,
    IfMatchOption,
    LimitOption,
    QueryOption,
    WithLabelOption,
    YesOption,
    confirm,
    reads,
    writes,
)
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Collection, list_all
from provider.errors import NotFound
from provider.nouns import NOUNS, Noun, is_used
from provider.nouns.noun import NAME, lowered
from provider.nouns.texts import Text

_MOST_TOLD: Final = 20
_POSITIONAL: Final = ("client", "output", "document")


def about(noun: type[Noun]) -> tuple[str, str]:
    """Return the help of the group of a noun's commands, and what lists of groups say of it."""
    return f"{noun.titles}: {noun.about}.", f"{noun.about[:1].upper()}{noun.about[1:]}."


def group(noun: type[Noun], extras: Extras | None = None) -> typer.Typer:
    app = typer.Typer(name=kebab(noun.kind), rich_markup_mode=None)
    made = Commands(noun, extras or Extras())
    for verb, command in made.all().items():
        app.command(verb, cls=parameters.GroupedCommand)(command)
    for verb, command in made.extras.commands.items():
        app.command(verb)(command)
    return app


def collection_of(noun: type[Noun], owner: str = "", extras: Extras | None = None) -> Collection:
    """Return where the objects of a noun are, those of an `owner` where they belong to one."""
    parts = [NOUNS[noun.within].plural, owner] if noun.within else []
    columns = (extras or Extras()).columns(columns_of(noun))
    return Collection(noun.kind, path(*parts, noun.plural), columns, owner)


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one noun, made of its declaration and of what it has beside that."""

    noun: type[Noun]
    extras: Extras

    def all(self) -> dict[str, Callable[..., None]]:
        slots = slots_of(self.noun)
        return {
            "list": reads(self._command("list", self.list_all)),
            "show": reads(self._command("show", self.show)),
            "add": writes(parameters.fills(slots, is_new=True)(self._command("add", self.add))),
            "set": writes(parameters.fills(slots, is_new=False)(self._command("set", self.change))),
            "remove": writes(self._command("remove", self.remove)),
        }

    def list_all(
        self,
        client: Client,
        output: Output,
        query: QueryOption = "",
        label: WithLabelOption = None,
        limit: LimitOption = None,
        **names: str,
    ) -> None:
        """Print the objects, or what to do where there is none."""
        collection = self._collection(names)
        add = f"`wayshub-provider {kebab(self.noun.kind)} add`"
        advice = f"no {self.noun.many()} yet: add one with {add}{self.extras.empty}"
        if self.noun.within:
            add = f"{add[:-1]} {collection.within}`{self.extras.empty}"
            advice = f"{self.noun.within} {collection.within} has no {self.noun.many()} yet: add one with {add}"
        list_all(client, output, collection, query, limit, advice, label)

    def show(self, client: Client, output: Output, etag: EtagOption = False, **names: str) -> None:
        """Print one object, or its tag alone."""
        answer = client.get(self._collection(names).path_of(names[NAME]))
        tag = answer.etag.strip('"')
        if etag:
            output.line(tag)
        elif output.is_json:
            output.document(answer.item)
        else:
            columns = self.extras.columns(columns_of(self.noun, answer.item))
            output.facts([*((heading, read(answer.item)) for heading, read in columns.items()), ("ETag", tag)])
            self.extras.show_more(client, output, names[NAME])

    def add(self, client: Client, output: Output, document: Item, **names: str) -> None:
        for slot in slots_of(self.noun):
            if slot.is_argument and slot.field.is_required and slot.where[0] not in document:
                advice = self.extras.advice("add", names.get(self.noun.within, ""), names[NAME])
                what = f"{lowered(slot.field.title)} of the {lowered(self.noun.title)}"
                raise typer.BadParameter(f"the {what} is missing{advice}", param_hint=slot.option)
        collection = self._collection(names)
        answer = client.post(collection.path, {NAME: names[NAME]} | document)
        outcome.tell(client, output, answer, f"Added {collection.label(names[NAME])}")

    def change(
        self,
        client: Client,
        output: Output,
        document: Item,
        create: CreateOption = False,
        if_match: IfMatchOption = None,
        **names: str,
    ) -> None:
        """Change some fields of an object, or with `create` make it of them if there is none."""
        name, collection = names[NAME], self._collection(names)
        if create and if_match:
            raise typer.BadParameter("--create and --if-match cannot be combined: leave one out")
        patch = self.extras.completed(document)
        advice = self.extras.advice("set", names.get(self.noun.within, ""), name)
        if not patch and not create:
            raise typer.BadParameter(f"there is nothing to change: --help lists the options{advice}")
        try:
            answer, done = client.patch(collection.path_of(name), patch, if_match), "Changed"
        except Unreachable as error:
            raise Unreachable(error.detail + advice) from error
        except NotFound:
            if not create:
                raise
            answer, done = client.post(collection.path, {NAME: name} | values.without_nulls(patch)), "Added"
        outcome.tell(client, output, answer, f"{done} {collection.label(name)}")

    def remove(
        self,
        client: Client,
        output: Output,
        cascade: bool = False,  # as the options beside it
        yes: YesOption = False,
        if_match: IfMatchOption = None,
        **names: str,
    ) -> None:
        """Remove an object, after asking; with `cascade` what depends on it too."""
        name, collection = names[NAME], self._collection(names)
        if not output.is_trial:
            needs_yes = "--cascade" if cascade else ""
            along = self._along(client, collection, name) if cascade and not yes else []
            question = f"Remove {collection.label(name)}{' with ' + ', '.join(along) if along else ''}?"
            confirm(question, yes=yes, needs_yes=needs_yes)
        answer = client.delete(collection.path_of(name), cascade=cascade, if_match=if_match)
        outcome.tell(client, output, answer, f"Removed {collection.label(name)}")

    def _along(self, client: Client, collection: Collection, name: str) -> list[str]:
        """Name what a removal takes along, and what loses its reference: the service is asked what it would do."""
        tried = client.delete(collection.path_of(name), cascade=True, is_trial=True)
        parts = {noun.kind for noun in NOUNS.values() if noun.within == self.noun.kind}
        key = self.noun.find_key(name)
        told = [
            f"{each['kind']} {each['name']}{'' if each['action'] == 'remove' else ' (which stays)'}"
            for each in tried.item["difference"]["objects"]
            if each["kind"] not in parts
            and not (each["kind"] == self.noun.kind and self.noun.find_key(each["name"]) == key)
        ]
        more = len(told) - _MOST_TOLD
        return [*told[:_MOST_TOLD], f"and {more:,} more"] if more > 0 else told

    def _collection(self, names: dict[str, str]) -> Collection:
        return collection_of(self.noun, names.get(self.noun.within, ""), self.extras)

    def _command(self, verb: str, method: Callable[..., None]) -> Callable[..., None]:
        """Return a method as typer reads it: with the names of the object and its owner, and the verb's options."""

        def run(*arguments: Any, **chosen: Any) -> None:
            method(*arguments, **chosen)

        own = [each for each in inspect.signature(method).parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        given = [each for each in own if each.name in _POSITIONAL]
        options = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in own if each.name not in _POSITIONAL]
        if verb == "remove" and not is_used(self.noun.kind):
            options = [each for each in options if each.name != "cascade"]
        elif verb == "remove":
            told = typer.Option("--cascade", help=self.noun.cascade)
            options = [
                each.replace(annotation=Annotated[bool, told]) if each.name == "cascade" else each for each in options
            ]
        run.__name__ = verb
        run.__doc__ = help_of(self.noun, verb, self.extras)
        run.__signature__ = inspect.Signature([*given, *self._names(verb), *options])  # type: ignore[attr-defined]
        return run

    def _names(self, verb: str) -> Iterator[Parameter]:
        """Give the arguments that say which object is meant."""
        word = lowered(self.noun.title)
        if self.noun.within:
            owner = NOUNS[self.noun.within]
            told = f"Name of its {lowered(owner.title)}."
            yield _argument(owner.kind, owner.kind.upper(), told, complete_names(owner))
        if verb != "list":
            each = self.noun.fields[NAME]
            told = each.help if verb == "add" else f"Name of the {word}."
            completed = None if verb == "add" else complete_names(self.noun)
            yield _argument(NAME, each.type.word if isinstance(each.type, Text) else "NAME", told, completed)


def _argument(name: str, metavar: str, told: str, completed: Any) -> Parameter:
    info = typer.Argument(..., metavar=metavar, help=told, autocompletion=completed)
    return Parameter(name, Parameter.KEYWORD_ONLY, default=info, annotation=str)
