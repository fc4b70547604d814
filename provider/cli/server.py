"""`server`: where a service's requests are answered."""

from typing import Annotated, Final

import typer

from provider.cli import nouns
from provider.cli.client import Client, Item, path
from provider.cli.completion import complete_server, complete_service
from provider.cli.options import (
    CreateOption,
    EtagOption,
    IfMatchOption,
    LabelOption,
    LimitOption,
    NoLabelOption,
    QueryOption,
    WithLabelOption,
    YesOption,
    advise_url,
    given,
    read_labels,
    reads,
    writes,
)
from provider.cli.output import Output
from provider.cli.times import span
from provider.values import ServerState

app = typer.Typer(
    name="server",
    no_args_is_help=True,
    help="Servers: where the requests of a service are answered.",
)

ServiceArgument = Annotated[
    str,
    typer.Argument(metavar="SERVICE", help="Name of the service that it belongs to.", autocompletion=complete_service),
]
NewNameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the server within its service: a-z, 0-9 and inner hyphens.")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the server.", autocompletion=complete_server)
]
ServerURLArgument = Annotated[
    str | None,
    typer.Argument(metavar="SERVER_URL", help="Where it is: http, https or h2c, host and port.", show_default=False),
]
NewServerURLArgument = Annotated[
    str | None, typer.Argument(metavar="SERVER_URL", help="Where it is from now on.", show_default=False)
]
WeightOption = Annotated[
    int | None,
    typer.Option(metavar="NUMBER", help="Part of the traffic relative to the others, 1 to 1000; 1 for a new one."),
]
StateOption = Annotated[
    ServerState | None,
    typer.Option(
        help="ready takes traffic; drain finishes what it has, and gets no new requests; maint is out of service. "
        "A new one is ready.",
    ),
]


def words_of_health(server: Item) -> str:
    """Say how a server is, since when, and why if it is not up."""
    health = server.get("health") or {"state": "unknown"}
    told = str(health["state"])
    if health.get("since"):
        told += f" for {span(health['since'])}"
    return told if told.startswith("up") or not health.get("why") else f"{told}: {health['why']}"


WANTED: Final[nouns.Columns] = {
    "Name": nouns.field("name"),
    "URL": nouns.field("url"),
    "Weight": nouns.field("weight"),
    "State": nouns.field("state"),
    "Share": lambda server: nouns.percent(server.get("share", 0)),
}
"""How a server is shown where nothing can have been observed of it."""

COLUMNS: Final[nouns.Columns] = {**WANTED, "Health": words_of_health, "Labels": nouns.words_of_labels}


def servers_of(service: str) -> nouns.Place:
    """Return the place of a service's servers."""
    return nouns.Place("server", path("services", service, "servers"), COLUMNS, within=f"{service}/")


@app.command("list")
@reads
def list_servers(
    client: Client,
    output: Output,
    service: ServiceArgument,
    query: QueryOption = "",
    label: WithLabelOption = None,
    limit: LimitOption = None,
) -> None:
    """List the servers of a service.

    The share is the part of the service's requests that each gets now: one
    that is down, drained or out of service gets nothing. The health is what
    the edges observe, where the service has a health check.

    --query looks in the name and the URL.

    Examples:
      wayshub-provider server list wayshub
      wayshub-provider server list wayshub -q 127.0.0.1 -o json
    """
    advice = f"service {service} has no servers yet: add one with `wayshub-provider server add {service}`"
    nouns.list_all(client, output, servers_of(service), query, limit, advice, label)


@app.command()
@reads
def show(
    client: Client, output: Output, service: ServiceArgument, name: NameArgument, etag: EtagOption = False
) -> None:
    """Show a server, its share and its health.

    Examples:
      wayshub-provider server show wayshub a
    """
    nouns.show(client, output, servers_of(service), name, etag=etag)


@app.command()
@writes
def add(
    client: Client,
    output: Output,
    service: ServiceArgument,
    name: NewNameArgument,
    server_url: ServerURLArgument = None,
    weight: WeightOption = None,
    state: StateOption = None,
    label: LabelOption = None,
) -> None:
    """Add a server to a service.

    Examples:
      wayshub-provider server add wayshub c http://127.0.0.1:3002 --weight 2
    """
    if server_url is None:
        advice = advise_url(f"server add {service} {name} {nouns.EXAMPLE_URL}")
        raise typer.BadParameter(f"the URL of the server is missing{advice}", param_hint="SERVER_URL")
    document = given(name=name, url=server_url, weight=weight, state=state, labels=read_labels(label))
    nouns.add(client, output, servers_of(service), document)


@app.command("set")
@writes
def change(
    client: Client,
    output: Output,
    service: ServiceArgument,
    name: NameArgument,
    server_url: NewServerURLArgument = None,
    weight: WeightOption = None,
    state: StateOption = None,
    label: LabelOption = None,
    no_label: NoLabelOption = None,
    create: CreateOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Change what is given of a server, and leave the rest as it is.

    With --create and its URL it registers a server, and can be repeated.

    Examples:
      wayshub-provider server set wayshub a --weight 5
      wayshub-provider server set wayshub a --state drain
      wayshub-provider server set wayshub c http://127.0.0.1:3002 --create
    """
    patch = given(url=server_url, weight=weight, state=state, labels=read_labels(label, no_label))
    nouns.change(client, output, servers_of(service), name, patch, create=create, if_match=if_match)


@app.command()
@writes
def remove(
    client: Client,
    output: Output,
    service: ServiceArgument,
    name: NameArgument,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Remove a server. Requests that it has are finished.

    On a terminal it asks first, unless --yes is given.

    Examples:
      wayshub-provider server remove wayshub a
    """
    nouns.remove(client, output, servers_of(service), name, yes=yes, if_match=if_match)
