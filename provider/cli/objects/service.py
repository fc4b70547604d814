"""`service`: with its servers, and what keeps requests from it."""

from collections.abc import Callable
from typing import Final

from provider.cli.client import Client, path
from provider.cli.nouns.extras import Extras
from provider.cli.objects.server import servers_of
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Columns, field, percent, table


def _health_check(service: Item) -> str:
    check = service.get("healthCheck")
    return "none" if not check else f"{check['path']} every {check['interval']}, timeout {check['timeout']}"


def _sticky(service: Item) -> str:
    sticky = service.get("sticky")
    return "none" if not sticky else f"cookie {sticky['cookie']['name']}"


def _availability(service: Item) -> object:
    return (service.get("availability") or {}).get("detail")


_OWN: Final[Columns] = {
    "Health check": _health_check,
    "Sticky": _sticky,
    "Host header": lambda service: "the client's" if service.get("passHostHeader") else "the server's",
}
_SHARES: Final[Columns] = {
    "Service": field("service"),
    "Server": lambda share: share.get("server") or "unknown, because it is not managed here",
    "Share": lambda share: percent(share["share"]),
}
_SHORT: Final = {"Sticky sessions": "Sticky", "Servers get the client's Host header": "Host header"}


def _columns(columns: Columns) -> Columns:
    found: dict[str, Callable[[Item], object]] = {}
    for heading, read in columns.items():
        short = _SHORT.get(heading, heading)
        found[short] = _OWN.get(short, read)
        if short == "Sticky":
            found["Availability"] = _availability
    found.setdefault("Availability", _availability)
    return found


def _show_more(client: Client, output: Output, name: str) -> None:
    found = client.ask("/conflicts", {"object": f"service/{name}"})
    for each in found["items"]:
        output.caution(each["detail"])
    servers = servers_of(name)
    listed = list(client.items(servers.path))
    output.line()
    shares = client.get(path("services", name)).item.get("shares")
    if shares:
        table(output, _SHARES, shares)
    elif listed:
        table(output, servers.columns, listed)
    else:
        output.line("It has no servers: requests get 503.")


EXTRAS: Final = Extras(
    columns=_columns,
    summaries={"show": "Its servers are listed below it.", "add": "It has no servers yet."},
    notes={
        "show": "-o json prints only the service; `server list` lists its servers.",
        "remove": "Its servers are removed with it; with --cascade, so are the routers that use it.",
    },
    examples={
        "add": ["wayshub-provider service add api --health-check /health --health-check-interval 10s"],
        "set": [
            "wayshub-provider service set wayshub --sticky-cookie wayshub",
            "wayshub-provider service set wayshub --no-health-check --no-sticky-cookie",
        ],
    },
    empty=", or a whole application with `expose`",
    show_more=_show_more,
)
