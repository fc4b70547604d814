"""`register`."""

import asyncio
import os
import shutil
from typing import Annotated, Any, Final

import typer

from provider import durations, names
from provider.cli.completion import complete_names
from provider.cli.options import URLOption
from provider.cli.registering.answering import Question
from provider.cli.registering.membership import ControlPlaneAccess, Membership
from provider.cli.registering.running import Registered, Registration
from provider.environment import find_secret, find_url
from provider.errors import ProviderError
from provider.nouns import Server, Service

_DURATION: Final = "DURATION"

ServerURLArgument = Annotated[
    str, typer.Argument(metavar="SERVER_URL", help="Where the server listens, such as http://10.0.0.11:3000.")
]
CommandArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND…]", help="The command that runs the server. Write it after --."),
]
ServiceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Service to register with.", autocompletion=complete_names(Service))
]
OwnNameOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Name of the server.",
        show_default="the one that the service has for this URL, or one made from host and port",
    ),
]
WeightOption = Annotated[int, typer.Option(metavar="NUMBER", help="Weight of the server, 1 to 1000.")]
TTLOption = Annotated[
    str,
    typer.Option(
        metavar=_DURATION,
        help="How long it may go without a heartbeat before it is drained, from 1s to 24h. It sends "
        "about three in that time. With several services on one database, take 10s or more.",
    ),
]
ReadyPathOption = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Wait until this path answers with 2xx or 3xx.",
        show_default="any answer from / except 5xx",
    ),
]
ReadyTimeoutOption = Annotated[str, typer.Option(metavar=_DURATION, help="How long the server may take to answer.")]
GraceOption = Annotated[
    str, typer.Option(metavar=_DURATION, help="How long a drained server may finish its requests before it is stopped.")
]
DrainForOption = Annotated[
    str | None,
    typer.Option(
        metavar=_DURATION,
        help="How long it keeps the visitors it has before it is stopped, such as 30m; 0: not at all. Needs sticky "
        "sessions.",
        show_default="the service's drainFor",
    ),
]
StopTimeoutOption = Annotated[
    str, typer.Option(metavar=_DURATION, help="How long it may take to stop before it is killed.")
]


def register(
    server_url: ServerURLArgument,
    service: ServiceOption,
    command: CommandArgument = None,
    name: OwnNameOption = None,
    weight: WeightOption = 1,
    ttl: TTLOption = "30s",
    ready_path: ReadyPathOption = None,
    ready_timeout: ReadyTimeoutOption = "1m",
    drain_for: DrainForOption = None,
    grace: GraceOption = "10s",
    stop_timeout: StopTimeoutOption = "10s",
    url: URLOption = None,
) -> None:
    """Run a server, and register it for as long as it runs.

    Starts the command, waits until the server answers, registers it and sends
    heartbeats. On SIGTERM or Ctrl-C it drains the server, waits until its
    visitors may leave and no edge sends it requests, gives it --grace to
    finish its requests, stops the command with everything that it started,
    and removes the server. A second signal stops it at once.

    If the command ends, its server is removed at once, and the exit status is
    that of the command. Without a command it registers a server that something
    else runs, and sends heartbeats while it answers.

    If wayshub-provider is down, the server keeps running. A token with
    the scope register:SERVICE is enough, in PROVIDER_TOKEN or
    PROVIDER_TOKEN_FILE. The command does not get PROVIDER_TOKEN.

    Examples:
      wayshub-provider register http://127.0.0.1:3001 --service wayshub --ttl 30s -- npm run start
      wayshub-provider register http://10.0.0.11:3000 --service wayshub --weight 3 --ready-path /healthz
    """
    server = Server.read({"name": name or names.from_url(server_url), "url": server_url, "weight": weight, "ttl": ttl})
    connection = ControlPlaneAccess(url or find_url(os.environ), lambda: find_secret(os.environ, "TOKEN"))
    sent: dict[str, Any] = {"url": server.url, "weight": server.weight, "ttl": server.ttl}
    seconds = _seconds("--ttl", ttl)
    drain = None if drain_for is None else _seconds("--drain-for", drain_for)
    plan = Registration(
        place=Membership(connection, service, name, sent, drain),
        question=Question(server.url, ready_path, min(seconds, 5.0)),
        ttl_seconds=seconds,
        command=_found(command or []),
        ready_seconds=_seconds("--ready-timeout", ready_timeout),
        grace_seconds=_seconds("--grace", grace),
        stop_seconds=_seconds("--stop-timeout", stop_timeout),
    )
    if status := asyncio.run(Registered(plan).run()):
        raise typer.Exit(status)


def _seconds(option: str, text: str) -> float:
    """Read a duration; 0 is one, too."""
    seconds = 0.0 if text == "0" else durations.find_seconds(text)
    if seconds is None:
        raise ProviderError(f"{option} {text} is not a duration: write 500ms, 5s, 1m30s or 1h")
    return seconds


def _found(command: list[str]) -> list[str]:
    """Return a command with the whole path of its program."""
    if not command:
        return []
    program = shutil.which(command[0])
    if program is None:
        raise ProviderError(f"there is no program {command[0]}, or you may not run it")
    return [os.path.abspath(program), *command[1:]]  # noqa: PTH100  # as it was found, not where links lead
