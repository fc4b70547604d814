"""What commands share: where the service is, in which form they answer, and other options of many."""

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer

from provider import durations
from provider.cli.client import DEFAULT_URL, TIMEOUT_SECONDS, Client, Parameters
from provider.cli.output import Format, Output, printable
from provider.environment import find_secret, find_url
from provider.errors import ProviderError

P = ParamSpec("P")

LONGEST_WAIT_SECONDS: Final = 300
NOT_LIVE: Final = 3
"""The exit status for a change that is kept, but not live on every edge, when it was asked to wait for that."""

_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f]")
_WAITS_SECONDS: Final = 10
"""For how long a command that waits by itself does so."""

URLOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="URL of wayshub-provider. The token comes from PROVIDER_TOKEN.",
        envvar="PROVIDER_URL",
        parser=str.strip,
        show_default=DEFAULT_URL,
    ),
]
OutputOption = Annotated[
    Format,
    typer.Option("--output", "-o", help="Tables for people, or JSON as REST returns it, with all items of a list."),
]
QueryOption = Annotated[
    str, typer.Option("--query", "-q", metavar="TEXT", help="Only what contains this text, ignoring case.")
]
WithLabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", help="Only what has this label. Repeat it to require several."),
]
LimitOption = Annotated[
    int | None, typer.Option(min=1, metavar="NUMBER", help="How many to list at most.", show_default="all")
]
CreateOption = Annotated[
    bool, typer.Option("--create", help="Add it if it does not exist, so that the command can be repeated.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def read_wait(text: str) -> int:
    """Read how long to wait, a duration or a number of seconds, as whole seconds."""
    nanoseconds = durations.find_nanoseconds(text.strip())
    if nanoseconds is None:
        raise typer.BadParameter("this is not a time: write 10s, 1m30s or a number of seconds")
    if not 0 <= nanoseconds <= LONGEST_WAIT_SECONDS * 1_000_000_000:
        raise typer.BadParameter(f"this has to be from 0s to {LONGEST_WAIT_SECONDS}s")
    return -(-nanoseconds // 1_000_000_000)


WaitOption = Annotated[
    int | None,
    typer.Option(
        parser=read_wait,
        metavar="TIME",
        help="Wait at most this long, such as 10s, until every edge runs the change. It is saved either way; exit "
        f"status {NOT_LIVE} means that it was not seen live on every edge.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change, without changing anything.")]
ConfirmOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="Confirm a change that removes a lot, with the number in the refusal.",
        show_default=False,
    ),
]
EtagOption = Annotated[bool, typer.Option("--etag", help="Print only the ETag, for --if-match.")]


def read_tag(text: str | None) -> str | None:
    """Write a tag as HTTP wants it, in quotes; `*` stands for any."""
    if text is None or text == "*":
        return text
    bare = text.removeprefix('"').removesuffix('"')
    if not re.fullmatch(r"[\x21\x23-\x7e]+", bare):
        raise typer.BadParameter("this is not an ETag: copy the one that `show` or `plan` printed")
    return f'"{bare}"'


def read_message(text: str) -> str:
    """Read what somebody says about a change: one line, which a header of HTTP can carry."""
    if _BREAKS.search(text):
        raise typer.BadParameter("a message is a single line of plain text")
    return text


MessageOption = Annotated[
    str,
    typer.Option(
        "--message",
        "-m",
        metavar="TEXT",
        callback=read_message,
        help="Why you make this change. Kept with the revision and in the audit.",
        show_default=False,
    ),
]
ConfirmWithinOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Roll the change back unless you confirm it in this time, such as 10m.",
        show_default=False,
    ),
]
IfMatchOption = Annotated[
    str | None,
    typer.Option(
        metavar="ETAG",
        callback=read_tag,
        help="Only if nothing has changed since this ETag was printed.",
    ),
]

READING: Final = (
    inspect.Parameter("output", inspect.Parameter.KEYWORD_ONLY, default=Format.TABLE, annotation=OutputOption),
    inspect.Parameter("url", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=URLOption),
)
"""The options of every command that asks the service."""

WAITING: Final = (
    *READING,
    inspect.Parameter("wait", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=WaitOption),
)
"""The options of every command that does something of which the edges hear."""

REASON: Final = inspect.Parameter("message", inspect.Parameter.KEYWORD_ONLY, default="", annotation=MessageOption)

CHANGING: Final = (
    inspect.Parameter("dry_run", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=DryRunOption),
    inspect.Parameter("confirm", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfirmOption),
    inspect.Parameter("confirm_within", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfirmWithinOption),
    REASON,
)

WRITING: Final = (*WAITING, *CHANGING)
"""The options of every command that changes the state: one that all of them take is added here."""

Command = Callable[Concatenate[Client, Output, P], None]


def reads(command: Command[P]) -> Callable[P, None]:
    """Give a command that reads its client and its output, and the options that say which."""
    return _connected(command, READING)


def waits(command: Command[P]) -> Callable[P, None]:
    """Give a command that changes what the edges get, but not the state, its client and its output."""
    return _connected(command, WAITING)


def waits_with_reason(command: Command[P]) -> Callable[P, None]:
    """Do what `waits` does for a command that makes a revision beside the usual way."""
    return _connected(command, (*WAITING, REASON))


def writes(command: Command[P]) -> Callable[P, None]:
    """Give a command that changes something its client and its output, and the options that say which."""
    return _connected(command, WRITING)


def changes(command: Command[P]) -> Callable[P, None]:
    """Do what `writes` does for a command that has a way to wait of its own."""
    return _connected(command, (*READING, *CHANGING))


def writes_and_waits(command: Command[P]) -> Callable[P, None]:
    """Do what `writes` does for a command that waits for the edges by itself, unless it is told not to.

    What it finds is told, and its exit status is that of the change: who wants another asks it to wait.
    """
    return _connected(command, WRITING, _WAITS_SECONDS)


def read_help(command: Callable[..., None]) -> str:
    """Return the help of a command, its docstring, marked so that typer keeps the lines of the examples."""
    return (inspect.getdoc(command) or "").replace("Examples:\n", "\b\nExamples:\n")


def connect(
    url: str | None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    wait_seconds: int = 0,
    query: Parameters | None = None,
    message: str = "",
) -> Client:
    """Make a client of the service that an option or the environment names; each write has `query` and `message`."""
    token = find_secret(os.environ, "TOKEN")
    return Client(url or find_url(os.environ), token, timeout_seconds, wait_seconds, query, message)


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given on the command line: what was not is None."""
    return {name: value for name, value in fields.items() if value is not None}


def can_ask() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def confirm(question: str, *, yes: bool, needs_yes: str = "") -> None:
    """Ask on a terminal before something is removed, unless told not to.

    Where nobody can be asked, the command itself is the answer, but for what `needs_yes` names.
    """
    if yes:
        return
    if not can_ask():
        if needs_yes:
            raise typer.BadParameter(f"without a terminal, {needs_yes} needs --yes")
        return
    typer.echo(f"{printable(question)} [y/N] ", nl=False, err=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise ProviderError("nothing was changed")


def _tell_deadline(output: Output, revision: str, before: str) -> None:
    """Say until when a change has to be confirmed, and with which command."""
    if output.is_trial:
        output.beside(f"It would be rolled back at {before}, unless you confirm it.")
    else:
        output.beside(f"Revision {revision} will be rolled back at {before}, unless you confirm it:")
        output.beside(f"  wayshub-provider confirm {revision}")


def _connected(command: Command[P], options: Sequence[inspect.Parameter], wait_seconds: int = 0) -> Callable[P, None]:
    @functools.wraps(command)
    def run(*arguments: P.args, **chosen: P.kwargs) -> None:
        shared: dict[str, Any] = {option.name: chosen.pop(option.name) for option in options}
        asked: int | None = shared.get("wait")
        output = Output(shared["output"])
        output.is_trial = shared.get("dry_run", False)
        query: dict[str, str | int] = {"dryRun": "true"} if output.is_trial else {}
        if shared.get("confirm") is not None:
            query["confirm"] = shared["confirm"]
        if shared.get("confirm_within") is not None:
            query["confirmWithin"] = shared["confirm_within"]
        seconds, message = wait_seconds if asked is None else asked, shared.get("message", "")
        with connect(shared["url"], wait_seconds=seconds, query=query, message=message) as client:
            command(client, output, *arguments, **chosen)
            if client.deadline is not None:
                _tell_deadline(output, *client.deadline)
        if asked and output.is_pending:
            raise typer.Exit(NOT_LIVE)

    _client, _output, *own = inspect.signature(command).parameters.values()
    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # what typer reads
    run.__doc__ = read_help(command)
    return run
