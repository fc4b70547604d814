"""A made-up noun with fields of every form, and the commands that read them: they print what they would send."""

import json
from enum import StrEnum
from typing import ClassVar, Final

import typer

from provider.cli.client import Client
from provider.cli.nouns.parameters import GroupedCommand, fills
from provider.cli.nouns.slots import slots_of
from provider.cli.options import reads
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.nouns import Nested, Noun, Object, field
from provider.nouns.common import DURATION, NAME, TEXT, labels_field, name_field
from provider.nouns.containers import ListOf, MapOf
from provider.nouns.protocol import HEADERS
from provider.nouns.texts import Secrecy, Text
from provider.nouns.types import Choice, Flag, Whole


class Color(StrEnum):
    """What it looks like."""

    RED = "red"
    BLUE = "blue"


class Inner(Object):
    """Something at the third level."""

    least: int = field(Whole(), default=1, title="Least")
    most: int | None = field(Whole(), default=None, title="Most")


class Rate(Object):
    """One of the kinds: it has something that is required, with a short option."""

    is_sparse = True

    average: int = field(Whole(), title="Average", help="How many.", option="--rate")
    period: str = field(DURATION, default="1s", title="Period", help="How long.")
    inner_most: Inner | None = field(Nested(Inner), default=None, title="Inner")


class Squeeze(Object):
    """Another kind, which means something while it is empty."""

    is_sparse = True
    is_empty_meant = True

    colors: list[Color] = field(ListOf(Choice(Color)), default=[Color.RED], title="Colors")
    excluded_ips: list[str] = field(ListOf(TEXT), default=[], title="Addresses", key="excludedIPs")


class Member(Object):
    """One of many."""

    name: str = field(NAME, title="Name")
    weight: int = field(Whole(), default=1, title="Weight")
    is_last: bool = field(Flag(), default=False, title="Last")
    tags: list[str] = field(ListOf(TEXT), default=[], title="Tags")
    key: str = field(Text(secret=Secrecy()), default="", title="Key")


class Thing(Noun):
    """A thing."""

    kind = "oddThing"
    plural = "oddThings"
    title = "Odd thing"
    titles = "Odd things"
    about = "what nobody has seen"
    example: ClassVar = {
        "name": "one",
        "url": "http://a.test",
        "isOn": False,
        "rate": {"average": 3},
        "tags": ["a", "b"],
    }

    name: str = name_field()
    labels: dict[str, str] = labels_field()
    url: str = field(TEXT, title="URL", help="Where.")
    is_on: bool = field(Flag(), default=True, title="On", help="Whether it is on.")
    maybe: bool | None = field(Flag(), default=None, title="Maybe", help="Perhaps.")
    color: Color = field(Choice(Color), default=Color.RED, title="Color", help="Its color.")
    count: int | None = field(Whole(), default=None, title="Count", help="How many.")
    tags: list[str] = field(ListOf(NAME, is_line=True), default=[], title="Tags", help="Words.", option="--tag")
    headers: dict[str, str] = field(HEADERS, default={}, title="Headers", help="By name.", option="--header")
    password: str = field(Text(secret=Secrecy()), default="", title="Password", help="Nobody knows.")
    users: list[str] = field(ListOf(Text(secret=Secrecy())), default=[], title="Users", help="Who.", option="--user")
    members: list[Member] = field(ListOf(Nested(Member)), default=[], title="Members", help="Many.", option="--member")
    by_name: dict[str, Member] = field(MapOf(Nested(Member), key=NAME), default={}, title="By name", help="Many.")
    certificate: str = field(Text(is_long=True), default="", title="Certificate", help="PEM.")
    rate: Rate | None = field(Nested(Rate), default=None, alternative=True, title="Limit the rate", help="Slows down.")
    squeeze: Squeeze | None = field(
        Nested(Squeeze), default=None, alternative=True, title="Squeeze", help="Makes it small."
    )


SLOTS: Final = slots_of(Thing)
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=GroupedCommand)
@reads
@fills(SLOTS, is_new=True)
def add(_client: Client, _output: Output, document: Item) -> None:
    """Print what a new thing is made of."""
    typer.echo(json.dumps(document))


@app.command("set", cls=GroupedCommand)
@reads
@fills(SLOTS, is_new=False)
def change(_client: Client, _output: Output, document: Item) -> None:
    """Print what is changed of a thing."""
    typer.echo(json.dumps(document))


if __name__ == "__main__":
    app()
