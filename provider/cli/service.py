"""`service`: pools of servers."""

from typing import Annotated, Final

import typer

from provider.cli import nouns
from provider.cli.client import Client, Item, path
from provider.cli.completion import complete_service
from provider.cli.options import (
    CascadeOption,
    CreateOption,
    EtagOption,
    IfMatchOption,
    LabelOption,
    LimitOption,
    NoLabelOption,
    QueryOption,
    WithLabelOption,
    YesOption,
    given,
    read_labels,
    reads,
    taken_away,
    writes,
)
from provider.cli.output import Output
from provider.cli.server import servers_of
from provider.values import Strategy

app = typer.Typer(
    name="service",
    no_args_is_help=True,
    help="Services: pools of servers that share requests.",
)


def _health_check(service: Item) -> str:
    check = service.get("healthCheck")
    return "none" if not check else f"{check['path']} every {check['interval']}, timeout {check['timeout']}"


def _sticky(service: Item) -> str:
    sticky = service.get("sticky")
    return "none" if not sticky else f"cookie {sticky['cookie']['name']}"


SERVICES: Final = nouns.Place(
    "service",
    path("services"),
    {
        "Name": nouns.field("name"),
        "Strategy": nouns.field("strategy"),
        "Health check": _health_check,
        "Sticky": _sticky,
        "Availability": lambda service: (service.get("availability") or {}).get("detail"),
        "Host header": lambda service: "the client's" if service.get("passHostHeader") else "the server's",
        "Labels": nouns.words_of_labels,
    },
)

NewNameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the service: a-z, 0-9 and inner hyphens.")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the service.", autocompletion=complete_service)
]
StrategyOption = Annotated[
    Strategy | None,
    typer.Option(
        help="How a server is chosen: weighted round-robin, the better of two random ones, by the client's address, "
        "or the fastest.",
    ),
]
HealthCheckOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="Path that a healthy server answers with 2xx or 3xx.")
]
HealthCheckIntervalOption = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Time between two checks; 5s for a new one."),
]
HealthCheckTimeoutOption = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Time for an answer, at most the interval; 2s for a new one."),
]
NoHealthCheckOption = Annotated[bool, typer.Option("--no-health-check", help="Take the health check away.")]
StickyCookieOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Cookie by which a browser stays with its server."),
]
NoStickyOption = Annotated[bool, typer.Option("--no-sticky-cookie", help="Take the sticky cookie away.")]
PassHostHeaderOption = Annotated[
    bool | None,
    typer.Option(
        "--pass-host-header/--no-pass-host-header",
        help="Whether servers see the Host header that the client sent; a new service lets them.",
    ),
]


@app.command("list")
@reads
def list_services(
    client: Client, output: Output, query: QueryOption = "", label: WithLabelOption = None, limit: LimitOption = None
) -> None:
    """List services.

    --query looks in the name.

    Examples:
      wayshub-provider service list
      wayshub-provider service list -q way -o json
    """
    advice = "no services yet: add one with `wayshub-provider service add`, or a whole application with `expose`"
    nouns.list_all(client, output, SERVICES, query, limit, advice, label)


@app.command()
@reads
def show(client: Client, output: Output, name: NameArgument, etag: EtagOption = False) -> None:
    """Show a service, and its servers.

    With -o json it is the service alone: `server list` has its servers.

    Examples:
      wayshub-provider service show wayshub
    """
    nouns.show(client, output, SERVICES, name, etag=etag)
    if etag or output.is_json:
        return
    nouns.tell_conflicts(client, output, "service", name)
    servers = servers_of(name)
    listed = list(client.items(servers.collection))
    output.line()
    if listed:
        nouns.table(output, servers.columns, listed)
    else:
        output.line("It has no servers: requests are answered with 503.")


@app.command()
@writes
def add(
    client: Client,
    output: Output,
    name: NewNameArgument,
    strategy: StrategyOption = None,
    health_check: HealthCheckOption = None,
    health_check_interval: HealthCheckIntervalOption = None,
    health_check_timeout: HealthCheckTimeoutOption = None,
    sticky_cookie: StickyCookieOption = None,
    pass_host_header: PassHostHeaderOption = None,
    label: LabelOption = None,
) -> None:
    """Add a service, which has no servers yet.

    Examples:
      wayshub-provider service add api
      wayshub-provider service add api --health-check /health --health-check-interval 10s
    """
    checked = health_check_fields(health_check, health_check_interval, health_check_timeout)
    fields = _fields(strategy, checked, sticky_cookie, pass_host_header)
    nouns.add(client, output, SERVICES, {"name": name} | fields | given(labels=read_labels(label)))


@app.command("set")
@writes
def change(
    client: Client,
    output: Output,
    name: NameArgument,
    strategy: StrategyOption = None,
    health_check: HealthCheckOption = None,
    health_check_interval: HealthCheckIntervalOption = None,
    health_check_timeout: HealthCheckTimeoutOption = None,
    no_health_check: NoHealthCheckOption = False,
    sticky_cookie: StickyCookieOption = None,
    no_sticky_cookie: NoStickyOption = False,
    pass_host_header: PassHostHeaderOption = None,
    label: LabelOption = None,
    no_label: NoLabelOption = None,
    create: CreateOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Change what is given of a service, and leave the rest as it is.

    Examples:
      wayshub-provider service set wayshub --health-check / --health-check-timeout 1s
      wayshub-provider service set wayshub --sticky-cookie wayshub
      wayshub-provider service set wayshub --no-health-check --no-sticky-cookie
    """
    checked = health_check_fields(health_check, health_check_interval, health_check_timeout)
    patch = _fields(strategy, checked, sticky_cookie, pass_host_header)
    patch |= given(labels=read_labels(label, no_label))
    patch |= taken_away(healthCheck=(no_health_check, checked), sticky=(no_sticky_cookie, sticky_cookie))
    nouns.change(client, output, SERVICES, name, patch, create=create, if_match=if_match)


@app.command()
@writes
def remove(
    client: Client,
    output: Output,
    name: NameArgument,
    cascade: CascadeOption = False,
    yes: YesOption = False,
    if_match: IfMatchOption = None,
) -> None:
    """Remove a service with its servers, if no router leads to it.

    With --cascade, those routers go too. On a terminal it asks first, unless
    --yes is given; elsewhere only --cascade needs --yes.

    Examples:
      wayshub-provider service remove wayshub --cascade --yes
    """

    def users() -> list[str]:
        listed = client.items(path("routers"), name)
        return [f"router {router.get('name')}" for router in listed if router.get("service") == name]

    nouns.remove(client, output, SERVICES, name, yes=yes, if_match=if_match, cascade=cascade, users=users)


def health_check_fields(path_: str | None, interval: str | None, timeout: str | None) -> Item | None:
    """Return what was given of a health check, or None if nothing was."""
    return given(path=path_, interval=interval, timeout=timeout) or None


def _fields(
    strategy: Strategy | None, health_check: Item | None, sticky_cookie: str | None, pass_host_header: bool | None
) -> Item:
    return given(
        strategy=strategy,
        healthCheck=health_check,
        sticky={"cookie": {"name": sticky_cookie}} if sticky_cookie is not None else None,
        passHostHeader=pass_host_header,
    )
