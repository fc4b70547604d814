"""`server drain`: so that a server can be stopped without anybody noticing."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from provider import durations, moments
from provider.cli import outcome
from provider.cli.client import Client, Unreachable, path
from provider.cli.completion import complete_names
from provider.cli.options import changes
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.errors import ProviderError
from provider.nouns import Server, Service
from provider.values import Refusal, check_drain_time

_PAUSE_SECONDS: Final = 1.0
_MOST_SECONDS_AWAY: Final = 60.0
"""For so long nobody has to answer who is waited for: wayshub-provider may be started again meanwhile."""


def _read_time(text: str | None) -> str | None:
    try:
        return text if text is None else check_drain_time(text)
    except Refusal as refusal:
        raise typer.BadParameter(str(refusal.detail)) from None


@changes
def drain(
    client: Client,
    output: Output,
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Name of its service.", autocompletion=complete_names(Service))
    ],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the server.", autocompletion=complete_names(Server))
    ],
    time_given: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="DURATION",
            callback=_read_time,
            help="How long it keeps the visitors it has, such as 30m. Needs sticky sessions.",
            show_default="the service's drainFor",
        ),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Keep no visitors. If it is drained already, let them go now.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it keeps no visitors and no edge sends it requests.")
    ] = False,
) -> None:
    """Drain a server, so that it can be stopped.

    It gets no new requests, and finishes those it has.

    On a sticky service it can keep the visitors it has for some time: only
    new ones go elsewhere. --for sets how long; the default is the service's
    drainFor.

    Once --wait returns, stop the server when it has finished its requests.

    Examples:
      wayshub-provider server drain wayshub a --for 30m
      wayshub-provider server drain wayshub a --now --wait
    """
    if now and time_given:
        raise typer.BadParameter("--now and --for cannot be combined: leave one out")
    where = path("services", service, "servers", name)
    patch: Item = {"state": "drain"}
    if now:
        patch["drainUntil"] = None
    elif time_given:
        # By the clock of the service: that is the one that ends it.
        begins = client.get(where).date or datetime.now(UTC)
        patch["drainUntil"] = moments.written(begins + timedelta(seconds=durations.find_seconds(time_given) or 0))
    answer = client.patch(where, patch)
    outcome.tell(client, output, answer, f"Drained server {name} of {service}")
    if output.is_trial:
        return
    if not output.is_json and (until := (answer.item.get("leaving") or {}).get("until")):
        output.line(f"It keeps its visitors until {until}.")
    if wait:
        _wait(client, output, where, f"server {name} of {service}")


def _wait(client: Client, output: Output, where: str, label: str) -> None:
    """Wait until a server may be stopped. Raises `ProviderError` once it is drained no more."""
    away_since: float | None = None
    while True:
        try:
            server = client.get(where).item
        except Unreachable:
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > _MOST_SECONDS_AWAY:
                raise
        else:
            away_since = None
            leaving = server.get("leaving")
            if leaving is None:
                raise ProviderError(f"{label} is not drained any more: its state is {server.get('state')}")
            if leaving.get("until") is None and not leaving.get("edges"):
                break
        time.sleep(_PAUSE_SECONDS)
    output.beside(f"No edge sends requests to {label} any more: stop it once it has finished those it has.")
