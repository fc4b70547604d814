"""`server`: what is observed of one, and whose URL is whose."""

import sys
from collections.abc import Sequence
from typing import Final

from provider.cli.nouns.columns import columns_of
from provider.cli.nouns.commands import collection_of
from provider.cli.nouns.extras import Extras
from provider.cli.objects.draining import drain
from provider.cli.replies import Item
from provider.cli.tables import LABELS, Collection, Columns, Rare, percent
from provider.cli.times import span, when
from provider.nouns import Server

_EXAMPLE_URL: Final = "http://127.0.0.1:3000"


def words_of_health(server: Item) -> str:
    """Say how a server is, since when, and why if it is not up."""
    health = server.get("health") or {"state": "unknown"}
    told = str(health["state"])
    if health.get("since"):
        told += f" for {span(health['since'])}"
    if health.get("why") and not told.startswith("up"):
        told += f": {health['why']}"
    return told + words_of_kept_out(health.get("keptOut", []))


def words_of_kept_out(kept: Sequence[Item]) -> str:
    """Say that a server is kept out of its pool, and since when on which edges."""
    since = ", ".join(f"for {span(each['since'])} on {each['edge']}" for each in kept)
    return f"; kept out {since}, watched" if kept else ""


def servers_of(service: str) -> Collection:
    return collection_of(Server, service, EXTRAS)


def _wanted(columns: Columns) -> Columns:
    own = {heading: read for heading, read in columns.items() if read is not LABELS}
    return {**own, "Share": _words_of_share}


def _words_of_share(server: Item) -> str:
    share = percent(server.get("share", 0))
    is_down = (server.get("health") or {}).get("state") == "down"
    return f"{share} where it is up" if is_down and server.get("share") else share


def words_of_leaving(server: Item) -> str | None:
    """Say how a drained server leaves; None of any other."""
    leaving = server.get("leaving")
    if leaving is None:
        return None
    if leaving.get("until"):
        return f"keeps its visitors until {leaving['until']}, {when(leaving['until'])}"
    edges = ", ".join(leaving.get("edges") or ())
    return f"still gets requests from {edges}" if edges else "gets no more requests: it can be stopped"


def _words_of_rise(server: Item) -> str | None:
    rising = server.get("rising")
    return None if rising is None else f"{percent(rising['part'])} of its weight, full weight in {rising['seconds']} s"


def _columns(columns: Columns) -> Columns:
    passing = {"Leaving": Rare(words_of_leaving, words_of_leaving), "Rising": Rare(_words_of_rise, _words_of_rise)}
    return {**_wanted(columns), "Health": words_of_health, **passing, "Labels": LABELS}


def _advice(verb: str, service: str, name: str) -> str:
    """Tell what to do where somebody typed `--url` and may have meant the URL of a server."""
    if not any(argument == "--url" or argument.startswith("--url=") for argument in sys.argv[1:]):
        return ""
    place = f"server {verb} {service} {name} {_EXAMPLE_URL}"
    return f"; --url is the URL of wayshub-provider. Give a server's URL without an option: `wayshub-provider {place}`"


WANTED: Final = _wanted(columns_of(Server))
"""How a server is shown where nothing can have been observed of it."""

EXTRAS: Final = Extras(
    columns=_columns,
    notes={
        "list": "The share is how much of the service's traffic a server gets now: none if it is down, drained or in "
        "maintenance. If it is down on some edges only, the share is what it gets on the others. The health is what "
        "the edges observe, if the service has a health check.",
        "set": "With --create and a URL it registers a server, and is safe to repeat.",
    },
    summaries={"remove": "It finishes the requests it has."},
    examples={"set": ["wayshub-provider server set wayshub a --state drain"]},
    advice=_advice,
    commands={"drain": drain},
)
