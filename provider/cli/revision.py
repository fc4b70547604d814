"""`revision`: what changed, one after the other."""

from typing import Annotated, Final

import typer

from provider.cli import differences
from provider.cli.client import Client, Item, path
from provider.cli.listed import Collection, list_all
from provider.cli.options import LimitOption, QueryOption, reads
from provider.cli.output import Output
from provider.cli.tables import Columns, field
from provider.cli.times import ago

app = typer.Typer(
    name="revision",
    no_args_is_help=True,
    help="Revisions: what changed, when, by whom and why. `undo` takes one back.",
)

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the revision.")]
CompareOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="NUMBER", help="Compare it with this revision.", show_default="the one before"),
]
ConfigurationOption = Annotated[
    bool, typer.Option("--configuration", help="Print what Traefik was given of it, and nothing else.")
]
ObjectOption = Annotated[
    str | None,
    typer.Option("--object", metavar="KIND/NAME", help="Only what changed this: router/NAME, server/SERVICE/SERVER."),
]

COLUMNS: Final[Columns] = {
    "Number": field("number"),
    "When": lambda revision: ago(revision["time"]),
    "Who": field("author"),
    "What": field("summary"),
    "Why": field("message"),
}
REVISIONS: Final = Collection("revision", path("revisions"), COLUMNS)

FACTS: Final[Columns] = {
    "Number": field("number"),
    "When": lambda revision: f"{ago(revision['time'])} ({revision['time']})",
    "Who": field("author"),
    "What": field("summary"),
    "Why": lambda revision: revision["message"] or "not said",
    "Document": field("digest"),
}


@app.command("list")
@reads
def list_revisions(
    client: Client, output: Output, query: QueryOption = "", object_: ObjectOption = None, limit: LimitOption = 50
) -> None:
    """List revisions, the newest first.

    --query looks in what changed, in who did it and in why. With --object it
    is the history of one object, also of one that was removed.

    Examples:
      wayshub-provider revision list
      wayshub-provider revision list --limit 10 -o json
      wayshub-provider revision list -q wayshub
      wayshub-provider revision list --object router/wayshub
    """
    advice, more = "there is no revision yet: nothing was changed", None
    if object_ is not None:
        advice, more = f"no revision that is kept changed {object_}", {"object": object_}
    list_all(client, output, REVISIONS, query, limit, advice, more=more)


@app.command()
@reads
def show(
    client: Client,
    output: Output,
    number: NumberArgument,
    compare: CompareOption = None,
    configuration: ConfigurationOption = False,
) -> None:
    """Show a revision, and what differs from another.

    The difference to the one before it, or to any other with --compare: object
    by object, in shares of the traffic, and with -o json in the document too.

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
    output.line()
    output.line(f"What leads there from {_words(found)}:")
    differences.tell(output, found["difference"])


def _words(found: Item) -> str:
    return f"revision {found['before']}" if found["before"] else "the empty state"
