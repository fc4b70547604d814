"""`domain`: with what the edges show to its visitors."""

from typing import Final

from provider.cli.client import Client, Item, path
from provider.cli.nouns.extras import Extras
from provider.cli.output import Output
from provider.cli.tables import LABELS, Columns, Rare, field, table

_UNISSUED: Final = "missing-certificate"
_ACCEPTED: Final = ("good", "expiring")


def _words_of_certificate(domain: Item) -> str | None:
    """Say what the edges show: of several the one that is amiss, or that ends first."""
    shown = domain.get("certificates") or ()
    amiss = [each for each in shown if each["state"] not in _ACCEPTED]
    if amiss:
        first = amiss[0]
        return f"{first['state']} on {first['edge']}: {first['why']}"
    return f"valid until {min(map(_end, shown))}" if shown else None


def _end(shown: Item) -> str:
    return str(shown.get("notAfter") or "unknown").partition("T")[0]


def _columns(columns: Columns) -> Columns:
    own = {heading: read for heading, read in columns.items() if read is not LABELS}
    return {**own, "Certificate": Rare(_words_of_certificate, _words_of_certificate), "Labels": LABELS}


_SHOWN: Final[Columns] = {
    "Edge": field("edge"),
    "Shows": field("state"),
    "Valid until": _end,
    "Issuer": lambda shown: shown.get("issuer") or "unknown",
    "Serial number": lambda shown: shown.get("serial") or "unknown",
    "Detail": field("why"),
}


def _show_more(client: Client, output: Output, name: str) -> None:
    for each in client.ask("/conflicts", {"object": f"domain/{name}"})["items"]:
        if each["conflict"] == _UNISSUED:
            output.caution(each["detail"])
    shown = client.get(path("domains", name)).item.get("certificates")
    if shown:
        output.line()
        table(output, _SHOWN, shown)


EXTRAS: Final = Extras(
    columns=_columns,
    show_more=_show_more,
    summaries={"add": "It does nothing until a router uses it."},
    notes={
        "show": "With HTTPS, it also shows which certificate each edge really shows to visitors: good, expiring, "
        "expired, early (not valid yet), other (for other names), none (the handshake fails) or unknown.",
        "remove": "--cascade also removes routers that have no other domain. Other routers only lose this one.",
    },
    examples={
        "add": ["wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video"]
    },
    empty=", or a whole application with `expose`",
)
