"""`certificate`: what one says of itself, and what is to be told of it."""

from typing import Final

from provider.cli.client import Client
from provider.cli.nouns.extras import Extras
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import LABELS, Columns, field

_PARTS: Final = ("Certificate", "Key")


_SAID: Final[Columns] = {
    "Names": lambda certificate: ", ".join(certificate.get("names") or ()) or "none",
    "Issuer": field("issuer"),
    "Valid from": lambda certificate: _date(certificate, "notBefore"),
    "Valid until": lambda certificate: _date(certificate, "notAfter"),
}


def _date(certificate: Item, key: str) -> str:
    return str(certificate.get(key) or "").partition("T")[0]


def _columns(columns: Columns) -> Columns:
    """Show what it says in place of the text in which it says it."""
    own = {heading: read for heading, read in columns.items() if heading not in _PARTS and read is not LABELS}
    return {**own, **_SAID, "Fingerprint": field("fingerprint"), "Labels": LABELS}


def _show_more(client: Client, output: Output, name: str) -> None:
    for each in client.ask("/conflicts", {"object": f"certificate/{name}"})["items"]:
        output.caution(each["detail"])


EXTRAS: Final = Extras(
    columns=_columns,
    summaries={
        "add": "Edges show it to clients that ask for one of its names.",
        "set": "To renew it, give both: the key has to belong to the certificate.",
        "remove": "Clients that ask for its names then get the default one.",
    },
    notes={"show": "-o json also shows the certificate itself. The key is never shown."},
    examples={"set": ["wayshub-provider certificate set alvin --default"]},
    show_more=_show_more,
)
