"""`revision`: what changed, one after the other."""

from typing import Annotated, Final

import typer

from provider.cli import differences
from provider.cli.client import Client, path
from provider.cli.options import LimitOption, QueryOption, reads
from provider.cli.output import Output
from provider.cli.replies import Item
from provider.cli.tables import Collection, Columns, field, list_all
from provider.cli.times import ago, when

app = typer.Typer(
    name="revision",
    no_args_is_help=True,
    help="Revisions: what changed, when, by whom and why. `undo` reverts one.",
)

RevisionArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision.")]
CompareOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="NUMBER", help="Compare it with this revision.", show_default="the one before"),
]
ConfigurationOption = Annotated[bool, typer.Option("--configuration", help="Print exactly what Traefik was given.")]
ObjectOption = Annotated[
    str | None,
    typer.Option(
        "--object",
        metavar="KIND/NAME",
        help="Only revisions that changed this object, as router/NAME or server/SERVICE/SERVER.",
    ),
]

PendingOption = Annotated[
    bool, typer.Option("--pending", help="Only revisions that are rolled back unless somebody confirms them.")
]

COLUMNS: Final[Columns] = {
    "Number": field("number"),
    "When": lambda revision: ago(revision["time"]),
    "Who": field("author"),
    "What": field("summary"),
    "Why": field("message"),
}
REVISIONS: Final = Collection("revision", path("revisions"), COLUMNS)

_RELOADS: Final = {True: "yes: edges got another document", False: "no: the document stayed the same"}

FACTS: Final[Columns] = {
    "Number": field("number"),
    "When": lambda revision: f"{ago(revision['time'])} ({revision['time']})",
    "Who": field("author"),
    "What": field("summary"),
    "Why": lambda revision: revision["message"] or "no reason given",
    "Document": field("digest"),
    "Reload": lambda revision: _RELOADS.get(revision["reload"], "unknown: the revision before is no longer stored"),
}


def _words_of_confirmation(found: Item) -> str:
    """Say what became of a revision that has to be confirmed."""
    told = {
        "pending": f"pending: rolled back {when(found['before'])} ({found['before']}) unless confirmed",
        "confirmed": f"by {found['by']}",
        "undone": f"no: undone by {found['by']} in revision {found['revision']}",
        "rolledBack": f"no: rolled back in revision {found['revision']}" if found["revision"] else "no: rolled back",
    }
    return "; ".join([told[found["state"]], *(f"this stays: {left}" for left in found["left"])])


@app.command("list")
@reads
def list_revisions(
    client: Client,
    output: Output,
    query: QueryOption = "",
    object_: ObjectOption = None,
    pending: PendingOption = False,
    limit: LimitOption = 50,
) -> None:
    """List revisions, newest first.

    --query searches what changed, who did it and why. --object shows the
    history of one object, even a removed one. --pending shows what is rolled
    back unless somebody confirms it.

    Examples:
      wayshub-provider revision list
      wayshub-provider revision list --limit 10 -o json
      wayshub-provider revision list -q wayshub
      wayshub-provider revision list --object router/wayshub
      wayshub-provider revision list --pending
    """
    advice, more = "there is no revision yet: nothing has been changed", None
    if object_ is not None:
        advice, more = f"no stored revision changed {object_}", {"object": object_}
    if pending:
        advice, more = "no change is waiting to be confirmed", {**(more or {}), "pending": "true"}
    list_all(client, output, REVISIONS, query, limit, advice, more=more)


@app.command()
@reads
def show(
    client: Client,
    output: Output,
    number: RevisionArgument,
    compare: CompareOption = None,
    configuration: ConfigurationOption = False,
) -> None:
    """Show a revision and how it differs from another.

    Compares it with the one before, or with any other (--compare): object by
    object, and in traffic shares. -o json adds the changes in the document.

    Examples:
      wayshub-provider revision show 1
      wayshub-provider revision show 1 --compare 1
      wayshub-provider revision show 1 --configuration
    """
    where = REVISIONS.path_of(str(number))
    if configuration:
        output.document(client.get(where + path("configuration")).item)
        return
    revision = client.get(where).item
    found = client.ask(where + path("difference"), {} if compare is None else {"compare": str(compare)})
    if output.is_json:
        output.document(revision | found)
        return
    output.facts((heading, read(revision)) for heading, read in FACTS.items())
    if revision["confirmation"]:
        output.facts([("Confirmed", _words_of_confirmation(revision["confirmation"]))])
    output.line()
    output.line(f"Changes from {f'revision {before}' if (before := found['before']) else 'the empty state'}:")
    differences.tell(output, found["difference"])
