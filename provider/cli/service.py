"""What the commands of services have beside those of other nouns."""

from typing import Annotated, Final

import typer

from provider.cli import nouns
from provider.cli.client import Client, Item, path
from provider.cli.groups import Special
from provider.cli.options import given
from provider.cli.output import Output
from provider.cli.server import servers_of
from provider.nouns import HealthCheck


def _health_check(service: Item) -> str:
    check = service.get("healthCheck")
    return "none" if not check else f"{check['path']} every {check['interval']}, timeout {check['timeout']}"


def _sticky(service: Item) -> str:
    sticky = service.get("sticky")
    return "none" if not sticky else f"cookie {sticky['cookie']['name']}"


def _servers(client: Client, output: Output, name: str) -> None:
    """Print the servers of a service, and what keeps requests from it."""
    nouns.tell_conflicts(client, output, "service", name)
    servers = servers_of(name)
    listed = list(client.items(servers.collection))
    output.line()
    if listed:
        nouns.table(output, servers.columns, listed)
    else:
        output.line("It has no servers: requests are answered with 503.")


def _routers(client: Client, name: str) -> list[str]:
    listed = client.items(path("routers"), name)
    return [f"router {router.get('name')}" for router in listed if router.get("service") == name]


SERVICE: Final = Special(
    notes={
        "show": "Show a service, and its servers.\n\n"
        "With -o json it is the service alone: `server list` has its servers.",
        "add": "Add a service, which has no servers yet.",
        "remove": "Remove a service with its servers, if no router leads to it.\n\n"
        "With --cascade, those routers go too.",
    },
    examples={
        "list": ["wayshub-provider service list", "wayshub-provider service list -q way -o json"],
        "show": ["wayshub-provider service show wayshub"],
        "add": [
            "wayshub-provider service add api",
            "wayshub-provider service add api --health-check /health --health-check-interval 10s",
        ],
        "set": [
            "wayshub-provider service set wayshub --health-check / --health-check-timeout 1s",
            "wayshub-provider service set wayshub --sticky-cookie wayshub",
            "wayshub-provider service set wayshub --no-health-check --no-sticky-cookie",
        ],
        "remove": ["wayshub-provider service remove wayshub --cascade --yes"],
    },
    shows=_servers,
    users=_routers,
    columns={
        "Name": nouns.field("name"),
        "Strategy": nouns.field("strategy"),
        "Health check": _health_check,
        "Sticky": _sticky,
        "Availability": lambda service: (service.get("availability") or {}).get("detail"),
        "Host header": lambda service: "the client's" if service.get("passHostHeader") else "the server's",
        "Labels": nouns.words_of_labels,
    },
)

_CHECK = HealthCheck.fields
HealthCheckOption = Annotated[str | None, typer.Option(metavar="PATH", help=_CHECK["path"].help)]
HealthCheckIntervalOption = Annotated[str | None, typer.Option(metavar="DURATION", help=_CHECK["interval"].help)]
HealthCheckTimeoutOption = Annotated[str | None, typer.Option(metavar="DURATION", help=_CHECK["timeout"].help)]


def health_check_fields(path_: str | None, interval: str | None, timeout: str | None) -> Item | None:
    """Return what was given of a health check, or None if nothing was."""
    return given(path=path_, interval=interval, timeout=timeout) or None
