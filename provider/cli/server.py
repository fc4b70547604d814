"""What the commands of servers have beside those of other nouns."""

from typing import Final

from provider.cli import nouns
from provider.cli.client import Item
from provider.cli.groups import Special, collection
from provider.cli.options import advise_url
from provider.cli.times import span
from provider.nouns import Server


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


def _advice(verb: str, label: str) -> str:
    """Say what to do where no URL was given, or the one of the service was."""
    service, _slash, name = label.removeprefix("server ").partition("/")
    return advise_url(f"server {verb} {service} {name} {nouns.EXAMPLE_URL}")


SERVER: Final = Special(
    notes={
        "list": "The share is the part of the service's requests that each gets now: one\n"
        "that is down, drained or out of service gets nothing. The health is what\n"
        "the edges observe, where the service has a health check.",
        "show": "Show a server, its share and its health.",
        "add": "Add a server to a service.",
        "set": "With --create and its URL it registers a server, and can be repeated.",
        "remove": "Remove a server. Requests that it has are finished.",
    },
    examples={
        "list": ["wayshub-provider server list wayshub", "wayshub-provider server list wayshub -q 127.0.0.1 -o json"],
        "show": ["wayshub-provider server show wayshub a"],
        "add": ["wayshub-provider server add wayshub c http://127.0.0.1:3002 --weight 2"],
        "set": [
            "wayshub-provider server set wayshub a --weight 5",
            "wayshub-provider server set wayshub a --state drain",
            "wayshub-provider server set wayshub c http://127.0.0.1:3002 --create",
        ],
        "remove": ["wayshub-provider server remove wayshub a"],
    },
    arguments={"url": "SERVER_URL"},
    missing=_advice,
    columns={**WANTED, "Health": words_of_health, "Labels": nouns.words_of_labels},
)


def servers_of(service: str) -> nouns.Collection:
    """Return where the servers of a service are."""
    return collection(Server, SERVER, service)
