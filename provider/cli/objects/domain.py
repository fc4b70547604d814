"""`domain`: with its certificate from here, and with what the edges show to its visitors."""

from typing import Annotated, Final

import typer

from provider.cli import outcome
from provider.cli.client import Client, path
from provider.cli.completion import complete_names
from provider.cli.nouns.extras import Extras
from provider.cli.options import waits
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import LABELS, Columns, Rare, field, table
from provider.cli.times import when
from provider.nouns import Domain

_UNISSUED: Final = "missing-certificate"
_WAITING: Final = "waiting"
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


def _words_of_issuance(domain: Item) -> str | None:
    """Say how wayshub-provider is getting on with its certificate, and when something happens next."""
    found = domain.get("issuance")
    if found is None:
        return None
    at = f"{when(found['next'])} ({found['next']})" if found["next"] else ""
    told = {
        "held": f"renewed {at}",
        "ordering": "being ordered",
        "waiting": f"{found['failures']} failed, next attempt {at}",
        "blocked": "cannot be ordered",
    }
    return told[found["state"]]


def _columns(columns: Columns) -> Columns:
    own = {heading: read for heading, read in columns.items() if read is not LABELS}
    issuance = Rare(_words_of_issuance, _words_of_issuance)
    return {
        **own,
        "Order": issuance,
        "Certificate": Rare(_words_of_certificate, _words_of_certificate),
        "Labels": LABELS,
    }


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
    domain = client.get(path("domains", name)).item
    if (issuance := domain.get("issuance")) and issuance["state"] == _WAITING:
        output.line(f"To try at once: wayshub-provider domain retry {name}")
    if shown := domain.get("certificates"):
        output.line()
        table(output, _SHOWN, shown)


@waits
def retry(
    client: Client,
    output: Output,
    name: Annotated[
        str, typer.Argument(metavar="HOST", help="Name of the domain.", autocompletion=complete_names(Domain))
    ],
) -> None:
    """Try again now to get a domain's certificate.

    For a domain with --tls-from acme, once you have fixed the problem that
    `domain show` reports. If the CA allows no order yet, it says until when.

    Examples:
      wayshub-provider domain retry alvin.xyz
      wayshub-provider domain retry alvin.xyz --wait 60
    """
    answer = client.post(path("domains", name, "retry"), {})
    outcome.tell(client, output, answer, f"Trying to get a certificate for {name}")


EXTRAS: Final = Extras(
    columns=_columns,
    show_more=_show_more,
    summaries={"add": "It does nothing until a router uses it."},
    notes={
        "show": "With HTTPS, it also tells which certificate visitors get from each edge: good, expiring, "
        "expired, early (not valid yet), other (for other names), none (the handshake fails) or unknown.",
        "remove": "--cascade also removes routers that have no other domain. Other routers only lose this one.",
    },
    examples={
        "add": ["wayshub-provider domain add '*.alvin.xyz' --description 'One for each class' --label team=video"]
    },
    empty=", or a whole application with `expose`",
    commands={"retry": retry},
)
