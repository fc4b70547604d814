"""What commands share: where the service is, in which form they answer, and other options of many."""

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from provider.cli.client import DEFAULT_URL, TIMEOUT_SECONDS, Client, find_url
from provider.cli.output import Format, Output
from provider.errors import ProviderError

P = ParamSpec("P")

LONGEST_WAIT_SECONDS: Final = 300
NOT_LIVE: Final = 3
"""The exit status for a change that is kept, but not live on every edge, when it was asked to wait for that."""

_WAITS_SECONDS: Final = 10
"""For how long a command that waits by itself does so."""

URLOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Where this service is; PROVIDER_TOKEN has the token, if it needs one.",
        envvar="PROVIDER_URL",
        show_default=DEFAULT_URL,
    ),
]
OutputOption = Annotated[
    Format,
    typer.Option("--output", "-o", help="Tables for people, or JSON as REST answers it; of a list, all its items."),
]
QueryOption = Annotated[
    str, typer.Option("--query", "-q", metavar="TEXT", help="Only what has this text in it, in either case.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, metavar="NUMBER", help="Most to list.", show_default="all")]
CreateOption = Annotated[bool, typer.Option("--create", help="Add it if there is none, so that this can be repeated.")]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Take along what depends on it.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WaitOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=LONGEST_WAIT_SECONDS,
        metavar="SECONDS",
        help="Wait until every edge runs the change, for so long at most. It is kept in any case; exit status "
        f"{NOT_LIVE} tells that an edge was not seen to run it.",
    ),
]
EtagOption = Annotated[bool, typer.Option("--etag", help="Print the ETag alone, for --if-match.")]


def read_tag(text: str | None) -> str | None:
    """Write a tag as HTTP wants it, in quotes; `*` stands for any."""
    if text is None or text == "*":
        return text
    bare = text.removeprefix('"').removesuffix('"')
    if not re.fullmatch(r"[\x21\x23-\x7e]+", bare):
        raise typer.BadParameter("this is not an ETag: copy it from `show`")
    return f'"{bare}"'


IfMatchOption = Annotated[
    str | None,
    typer.Option(
        metavar="ETAG",
        callback=read_tag,
        help="Only if it has not changed since `show` printed this ETag.",
    ),
]

READING: Final = (
    inspect.Parameter("output", inspect.Parameter.KEYWORD_ONLY, default=Format.TABLE, annotation=OutputOption),
    inspect.Parameter("url", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=URLOption),
)
"""The options of every command that asks the service."""

WRITING: Final = (
    *READING,
    inspect.Parameter("wait", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=WaitOption),
)
"""The options of every command that changes something: one that all of them take is added here."""

Command = Callable[Concatenate[Client, Output, P], None]


def reads(command: Command[P]) -> Callable[P, None]:
    """Give a command that reads its client and its output, and the options that say which."""
    return _connected(command, READING)


def writes(command: Command[P]) -> Callable[P, None]:
    """Give a command that changes something its client and its output, and the options that say which."""
    return _connected(command, WRITING)


def writes_and_waits(command: Command[P]) -> Callable[P, None]:
    """Do what `writes` does for a command that waits for the edges by itself, unless it is told not to.

    What it finds is told, and its exit status is that of the change: who wants another asks it to wait.
    """
    return _connected(command, WRITING, _WAITS_SECONDS)


def read_help(command: Callable[..., None]) -> str:
    """Return the help of a command, its docstring, marked so that typer keeps the lines of the examples."""
    return (inspect.getdoc(command) or "").replace("Examples:\n", "\b\nExamples:\n")


def connect(url: str | None, timeout_seconds: float = TIMEOUT_SECONDS, wait_seconds: int = 0) -> Client:
    """Make a client of the service that an option or the environment names."""
    return Client(url or find_url(os.environ), os.environ.get("PROVIDER_TOKEN", ""), timeout_seconds, wait_seconds)


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given on the command line: what was not is None."""
    return {name: value for name, value in fields.items() if value is not None}


def taken_away(**options: tuple[bool, object]) -> dict[str, None]:
    """Return, as None, the fields to take away: each with whether, and what else was given for it.

    Raises a usage error for a field that is set and taken away at once.
    """
    for name, (taken, value) in options.items():
        if taken and value is not None:
            raise typer.BadParameter(f"it is either set or taken away, and {name} is both here")
    return {name: None for name, (taken, _value) in options.items() if taken}


def confirm(question: str, *, yes: bool, cascade: bool = False) -> None:
    """Ask on a terminal before something is removed, unless told not to.

    Where nobody can be asked, the command itself is the answer, but what takes more along needs `--yes`.
    """
    if yes:
        return
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        if cascade:
            raise typer.BadParameter("where nobody can be asked, --cascade needs --yes")
        return
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise ProviderError("nothing was removed")


def _connected(command: Command[P], options: Sequence[inspect.Parameter], wait_seconds: int = 0) -> Callable[P, None]:
    @functools.wraps(command)
    def run(*arguments: P.args, **chosen: P.kwargs) -> None:
        shared: dict[str, Any] = {option.name: chosen.pop(option.name) for option in options}
        asked: int | None = shared.get("wait")
        output = Output(shared["output"])
        with connect(shared["url"], wait_seconds=wait_seconds if asked is None else asked) as client:
            command(client, output, *arguments, **chosen)
        if asked and output.is_pending:
            raise typer.Exit(NOT_LIVE)

    _client, _output, *own = inspect.signature(command).parameters.values()
    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # what typer reads
    run.__doc__ = read_help(command)
    return run
